import type { ControlChange, ControlSubject, NamedControl } from '../../domain/control-facts.ts';

/**
 * Whether a delivery names all that changed, so that whoever sent it did it. A pattern with signs in it names no branch: a rule by
 * the branch's own name goes before it, and then it says nothing about that branch.
 * https://docs.github.com/en/repositories/configuring-branches-and-merges-in-your-repository/managing-protected-branches/managing-a-branch-protection-rule#about-branch-protection-rules
 */
export function namesChanges(
  named: NamedControl | null,
  subject: ControlSubject,
  changes: readonly ControlChange[],
): boolean {
  if (named === null || subject.kind !== 'branch' || changes.length === 0) return false;
  if (named.kind === 'ruleset')
    return changes.every(({ setting }) => /: ruleset (\d+)[ .]/.exec(setting)?.[1] === String(named.id));
  return named.pattern === subject.name && changes.every(({ setting }) => setting.startsWith(CLASSIC_PART));
}

/** Of the part of a look that has classic protection, as `compare-controls.ts` writes settings. */
const CLASSIC_PART = 'branch protection: ';
