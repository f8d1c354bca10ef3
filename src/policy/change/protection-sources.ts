import type { PullRequestFacts } from '../../domain/change-facts.ts';
import type { ProtectionFacts, ProtectionRules } from '../../domain/protection-facts.ts';

/** A branch that something is merged into, with what protects it. */
export interface ProtectedBase {
  readonly protection: ProtectionFacts;
  readonly pullRequest: Pick<PullRequestFacts, 'baseRef'>;
}

export interface ProtectionSources {
  /** Classic protection and every ruleset that could be read. GitHub enforces all of them at once. */
  readonly rules: readonly ProtectionRules[];
  /** Why some could not be read. */
  readonly unknowns: readonly string[];
}

/** Everything that protects the change's base branch, from both of GitHub's mechanisms. */
export function protectionSources({ protection, pullRequest }: ProtectedBase): ProtectionSources {
  const { branch, classic, rulesets } = protection;
  if (branch !== pullRequest.baseRef) {
    return { rules: [], unknowns: [`it was read for the branch ${branch}, not for ${pullRequest.baseRef}`] };
  }
  return {
    rules: [
      ...(classic.known && classic.value !== null ? [classic.value] : []),
      ...(rulesets.known ? rulesets.value : []),
    ],
    unknowns: [...(classic.known ? [] : [classic.why]), ...(rulesets.known ? [] : [rulesets.why])],
  };
}
