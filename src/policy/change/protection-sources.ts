import type { ChangeFacts } from '../../domain/change-facts.ts';
import type { ProtectionRules } from '../../domain/protection-facts.ts';

export interface ProtectionSources {
  /** Classic protection and every ruleset that could be read. GitHub enforces all of them at once. */
  readonly rules: readonly ProtectionRules[];
  /** Why some could not be read. */
  readonly unknowns: readonly string[];
}

/** Everything that protects the change's base branch, from both of GitHub's mechanisms. */
export function protectionSources({
  protection,
  pullRequest,
}: Pick<ChangeFacts, 'protection' | 'pullRequest'>): ProtectionSources {
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
