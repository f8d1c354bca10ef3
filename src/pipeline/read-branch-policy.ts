import { CodedError } from '../domain/coded-error.ts';
import type { PolicySource } from '../domain/policy-reading.ts';
import type { RepositoryRef } from '../domain/repository.ts';
import type { GitHubReader } from '../facts/github-reader.ts';
import { POLICY_PATH, readPolicy } from '../facts/read-policy.ts';
import type { PolicyReading } from '../policy/policy-reading.ts';
import { readingOf } from '../policy/reading-of.ts';

export interface BranchPolicy {
  readonly source: PolicySource;
  readonly reading: PolicyReading;
}

/** The policy of a branch, as it stands there now. GitHub being down is thrown: the job is then done again. */
export async function readBranchPolicy(
  github: GitHubReader,
  repository: RepositoryRef,
  branch: string,
): Promise<BranchPolicy> {
  try {
    const source = await readPolicy(github, repository, branch);
    return { source, reading: readingOf(source) };
  } catch (error) {
    // A file that is there and can't be taken as a policy: that stays so until somebody mends it.
    if (!(error instanceof CodedError) || error.code !== 'policy_unreadable') throw error;
    const source = { path: POLICY_PATH, ref: branch, commit: null, text: null, unreadable: error.message };
    return { source, reading: readingOf(source) };
  }
}
