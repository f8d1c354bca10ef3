import type { ChangeFacts, MergeFacts } from '../../../src/domain/change-facts.ts';
import type { DeploymentFacts } from '../../../src/domain/deployment-facts.ts';
import { known, unknown } from '../../../src/domain/known.ts';
import type { BaseMergeFacts, LandingFacts } from '../../../src/domain/landing-facts.ts';
import {
  all,
  alice,
  bob,
  carol,
  github,
  identity,
  inRange,
  makeBaseMerge as update,
  makeChangeFacts as change,
  makeCommit,
  makeDeploymentFacts as deployment,
  makeGroupCommit,
  makeLanding,
  makeMerge,
  makeMergedFacts as merged,
  makeReview as review,
  policyOf,
  sha,
  withProduction,
} from '../../support/make-facts.ts';
import type { Case } from './case.ts';

type ChangeCase = Case<ChangeFacts>;
type DeploymentCase = Case<DeploymentFacts>;
type Facts = ChangeFacts | DeploymentFacts;

const row = <F extends Facts>(
  name: string,
  gate: string,
  outcome: Case<F>['outcome'],
  codes: Case<F>['codes'],
  facts: F,
  more: Partial<Case<F>> = {},
): Case<F> => ({
  name,
  gate,
  outcome,
  codes,
  facts,
  verdict: outcome === 'pending' ? 'held' : outcome === 'failed' ? 'rejected' : 'approved',
  ...more,
});

/** Alice's branch: `seen` was approved, and main was merged into it since. */
const commitOf = ({ sha: id, onto, merged: other }: BaseMergeFacts) =>
  makeCommit('update', {
    sha: id,
    parents: [onto, other],
    author: identity(alice),
    committer: github,
    signedByGitHub: true,
  });
const updated = (baseMerges: readonly BaseMergeFacts[], over: Parameters<typeof change>[0] = {}) =>
  change({
    commits: all(makeCommit('seen'), ...baseMerges.map(commitOf)),
    reviews: all(review({ commit: sha('seen') })),
    ...(baseMerges.length === 0 ? {} : { baseMerges }),
    ...over,
  });
const clean = update('head', 'seen');
const missing = 'approvals_missing';

const asked = (over: Parameters<typeof change>[0] = {}) =>
  change({ reviews: all(review()), pullRequest: { reviewAsked: [bob.id] }, ...over });

const askedRows: readonly ChangeCase[] = [
  row(
    'whoever approved was asked again',
    'approvals',
    'passed',
    ['approvals_given', 'approval_asked_again'],
    asked(),
  ),
  row(
    'whoever approved was asked again, and the base was merged in since',
    'approvals',
    'passed',
    ['approvals_given', 'approval_kept', 'approval_asked_again'],
    updated([clean], { pullRequest: { reviewAsked: [bob.id] } }),
  ),
  row(
    'somebody else was asked',
    'approvals',
    'passed',
    ['approvals_given'],
    asked({ pullRequest: { reviewAsked: [carol.id] } }),
  ),
  row(
    'whoever approved an older commit was asked again',
    'approvals',
    'pending',
    [missing, 'approval_stale'],
    asked({ reviews: all(review({ commit: sha('seen') })) }),
  ),
  row(
    'whoever’s approval was dismissed was asked again',
    'approvals',
    'pending',
    [missing],
    asked({ reviews: all(review({ state: 'dismissed' })) }),
  ),
  row(
    'whoever wanted changes was asked again: GitHub lets that stand as well',
    'changes_requested',
    'pending',
    ['changes_requested'],
    asked({ reviews: all(review({ state: 'changes_requested' })) }),
  ),
];

const keptRows: readonly ChangeCase[] = [
  row(
    'the base was merged in since',
    'approvals',
    'passed',
    ['approvals_given', 'approval_kept'],
    updated([clean]),
  ),
  row(
    'the base was merged in twice since',
    'approvals',
    'passed',
    ['approvals_given', 'approval_kept'],
    updated([update('head', 'first'), update('first', 'seen')]),
  ),
  row(
    'approved between two merges of the base',
    'approvals',
    'passed',
    ['approvals_given', 'approval_kept'],
    updated([update('head', 'first'), update('first', 'seen')], {
      reviews: all(review({ commit: sha('first') })),
    }),
  ),
  row(
    'something was put into the merge',
    'approvals',
    'pending',
    [missing, 'approval_before_altered_merge'],
    updated([update('head', 'seen', { tree: known(sha('evil')) })]),
  ),
  row(
    'something was put into the first of two merges',
    'approvals',
    'pending',
    [missing, 'approval_before_altered_merge'],
    updated([update('head', 'first'), update('first', 'seen', { tree: known(sha('evil')) })]),
  ),
  row(
    'something was put into a merge before it was approved',
    'approvals',
    'passed',
    ['approvals_given', 'approval_kept'],
    updated([update('head', 'first'), update('first', 'seen', { tree: known(sha('evil')) })], {
      reviews: all(review({ commit: sha('first') })),
    }),
  ),
  row(
    'another branch than the base was merged in',
    'approvals',
    'pending',
    [missing, 'approval_before_other_merge'],
    updated([update('head', 'seen', { fromBase: known(false) })]),
  ),
  row(
    'what was merged in is on the base by now, and is the pull request’s own all the same',
    'approvals',
    'pending',
    [missing, 'approval_before_other_merge'],
    updated([clean], {
      commits: all(makeCommit('seen'), makeCommit('unseen', { sha: clean.merged }), commitOf(clean)),
    }),
  ),
  row(
    'the merge has conflicts, so whoever resolved them wrote something',
    'approvals',
    'pending',
    [missing, 'approval_before_merge_unknown'],
    updated([update('head', 'seen', { expected: unknown('the merge has conflicts') })]),
  ),
  row(
    'the copy of the repository could not be reached',
    'approvals',
    'pending',
    [missing, 'approval_before_merge_unknown'],
    updated([update('head', 'seen', { tree: unknown('git could not fetch a commit that it is made of') })]),
  ),
  row(
    'whether the base had it is not known',
    'approvals',
    'pending',
    [missing, 'approval_before_merge_unknown'],
    updated([update('head', 'seen', { fromBase: unknown('GitHub shows no branch main') })]),
  ),
  row(
    'the merge was not made anew',
    'approvals',
    'pending',
    [missing, 'approval_stale'],
    updated([], {
      commits: all(makeCommit('seen'), commitOf(clean)),
    }),
  ),
  row(
    'a merge in between was not made anew',
    'approvals',
    'pending',
    [missing, 'approval_stale'],
    updated([update('head', 'second'), update('first', 'seen')]),
  ),
  row(
    'a commit of one’s own came with the merge',
    'approvals',
    'pending',
    [missing, 'approval_stale'],
    updated([update('head', 'more')], {
      commits: all(makeCommit('seen'), makeCommit('more'), commitOf(clean)),
    }),
  ),
  row(
    'a suggested change was committed since: GitHub signs that too, and it is no merge',
    'approvals',
    'pending',
    [missing, 'approval_stale'],
    updated([], {
      commits: all(
        makeCommit('seen'),
        makeCommit('head', {
          parents: [sha('seen')],
          committer: github,
          coAuthors: [identity(carol)],
          signedByGitHub: true,
        }),
      ),
    }),
  ),
  row(
    'a file was edited on the web since',
    'approvals',
    'pending',
    [missing, 'approval_stale'],
    updated([], {
      commits: all(
        makeCommit('seen'),
        makeCommit('head', { parents: [sha('seen')], committer: github, signedByGitHub: true }),
      ),
    }),
  ),
  row(
    'whoever merged the base in has pushed: their own approval doesn’t count',
    'approvals',
    'pending',
    [missing, 'approver_is_author'],
    updated([clean], { pushers: known([alice, bob]) }),
  ),
  row(
    'the base was replaced between the approval and the merge',
    'approvals',
    'pending',
    [missing, 'approval_before_base_change'],
    updated([clean], { pullRequest: { baseChangedAt: known('2026-03-02T11:00:00Z') } }),
  ),
  row(
    'the approval was dismissed since',
    'approvals',
    'pending',
    [missing],
    updated([clean], { reviews: all(review({ commit: sha('seen'), state: 'dismissed' })) }),
  ),
  row(
    'the approval was taken back by an objection since',
    'changes_requested',
    'pending',
    ['changes_requested'],
    updated([clean], {
      reviews: all(
        review({ commit: sha('seen') }),
        review({ state: 'changes_requested', submittedAt: '2026-03-02T11:00:00Z' }),
      ),
    }),
  ),
  row(
    'an approval of a commit that is gone',
    'approvals',
    'pending',
    [missing, 'approval_stale'],
    updated([clean], { reviews: all(review({ commit: null })) }),
  ),
];

const landedAs = (landing: MergeFacts['landing'], over: Partial<MergeFacts> = {}) => {
  const { landing: _, ...merge } = makeMerge();
  return merged({
    pullRequest: { merged: { ...merge, ...(landing === undefined ? {} : { landing }), ...over } },
  });
};
const holding = (over: Parameters<typeof makeLanding>[0]) => known(makeLanding(over));
const evil = { tree: known(sha('evil')) };
const last = makeCommit('merge', { parents: [sha('copy')] });
const copies = (...commits: LandingFacts['commits']): MergeFacts['landing'] =>
  known({ method: 'rebase', base: sha('base'), commits });
const copy = makeGroupCommit('copy', { signedByGitHub: false });
const lastCopy = makeGroupCommit('merge', { parents: [sha('copy')], signedByGitHub: false });

const landingRows: readonly ChangeCase[] = [
  row('what landed is what was approved', 'landing', 'passed', ['landed_as_approved'], merged()),
  row(
    'as a squash',
    'landing',
    'passed',
    ['landed_as_approved'],
    merged({ pullRequest: { merged: makeMerge({ parents: [sha('base')] }) } }),
  ),
  row(
    'as a rebase of two commits',
    'landing',
    'passed',
    ['landed_as_approved'],
    landedAs(copies(copy, lastCopy), { commit: last }),
  ),
  row(
    'the head itself was pushed',
    'landing',
    'passed',
    ['landed_as_approved'],
    landedAs(undefined, { commit: makeCommit('head') }),
  ),
  row('what landed has other files', 'landing', 'failed', ['landing_differs'], landedAs(holding(evil))),
  row(
    'a commit of a rebase has other files, which the next one takes back',
    'landing',
    'failed',
    ['landing_differs'],
    landedAs(copies({ ...copy, ...evil }, lastCopy), { commit: last }),
  ),
  row(
    'our own merge has conflicts',
    'landing',
    'pending',
    ['landing_unknown'],
    landedAs(holding({ expected: unknown('the merge has conflicts') })),
  ),
  row(
    'the copy of the repository could not be reached',
    'landing',
    'pending',
    ['landing_unknown'],
    landedAs(holding({ tree: unknown('git could not fetch a commit that it is made of') })),
  ),
  row(
    'GitHub calls it merged by something else',
    'landing',
    'pending',
    ['landing_unknown'],
    landedAs(unknown('what GitHub calls its merge is a merge of something else than its head')),
  ),
  row('it was not compared', 'landing', 'pending', ['landing_unknown'], landedAs(undefined)),
  row(
    'another commit was compared',
    'landing',
    'pending',
    ['landing_unknown'],
    landedAs(holding({ sha: sha('another') })),
  ),
];

const shipping = (facts: ChangeFacts, over: Parameters<typeof deployment>[0] = {}) =>
  deployment({ changes: [facts], ...over });
const keptMerge = makeMerge({ parents: [sha('base'), sha('head')] });
const kept = merged({
  pullRequest: { merged: keptMerge },
  commits: all(makeCommit('seen'), commitOf(clean)),
  reviews: all(review({ commit: sha('seen') })),
  baseMerges: [clean],
});
const keptRange = {
  range: {
    commits: all(inRange(makeCommit('seen')), inRange(commitOf(clean)), inRange(keptMerge.commit)),
  },
};

const rangeRows: readonly DeploymentCase[] = [
  row('a change that landed as approved', 'range', 'passed', ['range_traced'], shipping(merged())),
  row(
    'a change that landed otherwise, though it is approved',
    'range',
    'pending',
    ['landing_differs'],
    shipping(landedAs(holding(evil))),
  ),
  row(
    'a change that landed otherwise and isn’t approved',
    'range',
    'pending',
    ['change_not_approved', 'approvals_missing', 'landing_differs'],
    shipping({ ...landedAs(holding(evil)), reviews: all() }),
  ),
  row(
    'a change of which nobody knows as what it landed',
    'range',
    'pending',
    ['landing_unknown'],
    shipping(landedAs(undefined)),
  ),
  row(
    'it is under the declared baseline',
    'range',
    'passed',
    ['range_traced', 'commit_accepted'],
    shipping(landedAs(holding(evil))),
    { policy: withProduction({ baseline: sha('merge') }, policyOf()) },
  ),
  row(
    'a change whose approval was kept over a merge of the base',
    'range',
    'passed',
    ['range_traced'],
    shipping(kept, keptRange),
  ),
  row(
    'a change whose approval came before a merge that had more in it',
    'range',
    'pending',
    ['change_not_approved', 'approvals_missing', 'approval_before_altered_merge'],
    shipping({ ...kept, baseMerges: [{ ...clean, tree: known(sha('evil')) }] }, keptRange),
  ),
];

export const seenChangeCases: readonly (readonly [string, readonly ChangeCase[]])[] = [
  ['somebody whose review is asked for again', askedRows],
  ['an approval, and a merge of the base after it', keptRows],
  ['what landed', landingRows],
];
export const seenDeploymentCases: readonly (readonly [string, readonly DeploymentCase[]])[] = [
  ['what landed in the range', rangeRows],
];
