import type { MergeGroupDecision, MergeGroupFacts } from '../../domain/merge-group-facts.ts';
import { type Missing, whoCanMend } from '../who-can-mend.ts';

/**
 * What stands between a merge group and its landing: of the group itself first, then of each pull request in it, and last
 * the checks on the group, which may only have to finish.
 */
export function mendsOfGroup(decision: MergeGroupDecision, facts: MergeGroupFacts): readonly Missing[] {
  const ofChanges = decision.changes.flatMap(({ pullRequest, decision: judged }) => {
    const change = facts.changes.find((each) => each.pullRequest.number === pullRequest);
    if (change === undefined || judged.verdict === 'approved' || judged.verdict === 'not_guarded') return [];
    const named = (what: string) => (what.startsWith('#') ? what : `#${pullRequest}: ${what}`);
    return whoCanMend(judged, change).map(({ short, ...each }) => ({
      ...each,
      what: named(each.what),
      ...(short === undefined ? {} : { short: named(short) }),
    }));
  });
  const ofGroup = whoCanMend(decision, facts);
  const isCheck = ({ gate }: Missing): boolean => gate === 'checks';
  return [...ofGroup.filter((each) => !isCheck(each)), ...ofChanges, ...ofGroup.filter(isCheck)];
}
