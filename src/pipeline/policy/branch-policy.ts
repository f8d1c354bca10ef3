import type { PolicySource } from '../../domain/policy-reading.ts';
import type { PolicyReading } from '../../policy/policy-reading.ts';
import { readingOf } from '../../policy/reading-of.ts';

/** The policy of a branch, as it stood there when it was read. */
export interface BranchPolicy {
  readonly source: PolicySource;
  readonly reading: PolicyReading;
}

export const branchPolicyOf = (source: PolicySource): BranchPolicy => ({
  source,
  reading: readingOf(source),
});
