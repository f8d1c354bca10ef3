/** Merge groups whose check runs are kept as golden Markdown: decided and explained by the code itself. */
import type { MergeGroupFacts } from '../../../src/domain/merge-group-facts.ts';
import { planBegunGroup, planEndedGroup, planMergeGroup } from '../../../src/effects/plan-merge-group.ts';
import { evaluateMergeGroup } from '../../../src/policy/evaluate-merge-group.ts';
import { explain } from '../../../src/policy/explain.ts';
import { mendsOfGroup } from '../../../src/policy/merge-group/mends-of-group.ts';
import { waitsForChecks } from '../../../src/policy/merge-group/waits-for-checks.ts';
import { shownApprovals } from '../../../src/policy/shown-approvals.ts';
import { known, unknown } from '../../../src/domain/known.ts';
import {
  all,
  makeChangeFacts,
  makeCheck,
  makeGroupCommit,
  makeMergeGroupFacts,
  makeStep,
  policyOf,
  sha,
} from '../../support/make-facts.ts';
import { entryId, policy as note, webUrl } from './example-facts.ts';

const other = makeChangeFacts({ pullRequest: { number: 13 } });
const first = makeStep({
  commits: [makeGroupCommit('first', { parents: [sha('base'), sha('head')] })],
});
const second = (over: Parameters<typeof makeGroupCommit>[1] = {}) =>
  makeStep({
    pullRequest: 13,
    commits: [makeGroupCommit('group', { parents: [sha('first'), sha('head')], ...over })],
  });
const batch = (over: Partial<MergeGroupFacts> = {}) =>
  makeMergeGroupFacts({ steps: all(first, second()), changes: [makeChangeFacts(), other], ...over });

function planned(
  facts: MergeGroupFacts,
  mode: 'enforce' | 'observe' = 'enforce',
  beside: readonly number[] = [],
) {
  const policy = { ...policyOf(), mode };
  const decision = evaluateMergeGroup({ kind: 'valid', policy }, facts);
  return planMergeGroup({
    decision,
    explained: {
      gates: decision.gates.map(({ gate, outcome, reasons }) => ({
        gate,
        outcome,
        sentences: reasons.map(explain),
        byOrganisation: false,
      })),
      missing: mendsOfGroup(decision, facts),
      approvals: [],
      changeApprovals: Object.fromEntries(
        facts.changes.map((change) => [change.pullRequest.number, shownApprovals(policy, change)]),
      ),
      policy: note,
    },
    waits: mode === 'enforce' && waitsForChecks(decision),
    beside,
    facts,
    entryId,
    webUrl,
  });
}

const { repository, group } = makeMergeGroupFacts();
const unapproved = batch({
  changes: [makeChangeFacts(), makeChangeFacts({ pullRequest: { number: 13 }, reviews: all() })],
});

export const mergeGroups = {
  'merge-group-begun': () => planBegunGroup({ repository, group, entryId }),
  'merge-group-approved': () => planned(batch()),
  'merge-group-beside': () => planned(batch(), 'enforce', [66]),
  'merge-group-waits': () => planned(batch({ checks: all(makeCheck({ state: 'pending' })) })),
  'merge-group-unapproved': () => planned(unapproved),
  'merge-group-observed': () => planned(unapproved, 'observe'),
  'merge-group-tampered': () => planned(batch({ steps: all(first, second({ tree: known(sha('evil')) })) })),
  'merge-group-untraced': () =>
    planned(
      batch({
        steps: all(
          first,
          makeStep({
            pullRequest: null,
            method: 'rebase',
            commits: [
              makeGroupCommit('group', {
                parents: [sha('first')],
                signedByGitHub: false,
                tree: unknown('it was not compared'),
                expected: unknown('it was not compared'),
              }),
            ],
          }),
        ),
        changes: [makeChangeFacts()],
      }),
    ),
  'merge-group-not-guarded': () => planned(batch({ group: { ...group, baseRef: 'docs' } })),
  'merge-group-ended': () => planEndedGroup({ repository, group, entryId, state: 'dequeued' }),
};
