import type { GroupStep, MergeGroupFacts } from '../../../src/domain/merge-group-facts.ts';
import { known, unknown } from '../../../src/domain/known.ts';
import { readingOf } from '../../../src/policy/reading-of.ts';
import {
  all,
  cut,
  makeChangeFacts as change,
  makeCheck,
  makeGroupCommit as commit,
  makeMergeGroupFacts as group,
  makeReview as review,
  makeStep as step,
  policyOf,
  sha,
  withChanges,
} from '../../support/make-facts.ts';
import type { Case } from './case.ts';

type MergeGroupCase = Case<MergeGroupFacts>;

const row = (
  name: string,
  gate: string,
  outcome: MergeGroupCase['outcome'],
  codes: MergeGroupCase['codes'],
  facts: MergeGroupFacts,
  more: Partial<MergeGroupCase> = {},
): MergeGroupCase => ({
  name,
  gate,
  outcome,
  codes,
  facts,
  verdict: outcome === 'pending' ? 'held' : outcome === 'failed' ? 'rejected' : 'approved',
  ...more,
});

const steps = (...items: readonly GroupStep[]) => ({ steps: all(...items) });
const other = change({ pullRequest: { number: 13 } });
const queued = [sha('base'), sha('head')];
/** #12 first, then #13 on it. */
const first = step({ commits: [commit('first', { parents: queued })] });
const second = step({
  pullRequest: 13,
  commits: [commit('group', { parents: [sha('first'), sha('head')] })],
});
const both = { ...steps(first, second), changes: [change(), other] };
const unapproved = change({ pullRequest: { number: 13 }, reviews: all() });
const squash = step({ method: 'squash', commits: [commit('group')] });
const copy = (word: string, parent: string) =>
  commit(word, { parents: [sha(parent)], signedByGitHub: false });
const rebased = step({ method: 'rebase', commits: [copy('copy', 'base'), copy('group', 'copy')] });

const traceRows: readonly MergeGroupCase[] = [
  row('one merge of a queued pull request', 'merge_group', 'passed', ['group_traced'], group()),
  row('two pull requests, one on the other', 'merge_group', 'passed', ['group_traced'], group(both)),
  row('one squash', 'merge_group', 'passed', ['group_traced'], group(steps(squash))),
  row('the commits of a rebase', 'merge_group', 'passed', ['group_traced'], group(steps(rebased))),
  row(
    'the branch was moved by something else since',
    'merge_group',
    'pending',
    ['group_not_on_base'],
    group({ status: 'diverged', tip: sha('hotfix') }),
  ),
  row(
    'GitHub can’t compare the group with its branch',
    'merge_group',
    'pending',
    ['group_range_unknown'],
    group({ status: 'unknown' }),
  ),
  row(
    'the branch has it all already',
    'merge_group',
    'pending',
    ['group_range_unknown'],
    group({ status: 'identical', steps: all() }),
  ),
  row(
    'GitHub ended the list of its commits early',
    'merge_group',
    'pending',
    ['facts_incomplete'],
    group({ steps: cut(all(step())) }),
  ),
  row(
    'its last commit isn’t the head that the check is for',
    'merge_group',
    'pending',
    ['group_range_unknown'],
    group(steps(step({ commits: [commit('another', { parents: queued })] }))),
  ),
  row(
    'its first commit doesn’t stand on the branch',
    'merge_group',
    'pending',
    ['group_range_unknown'],
    group({ tip: sha('elsewhere') }),
  ),
  row(
    'a commit behind the last one that the queue names',
    'merge_group',
    'pending',
    ['group_commit_untraced'],
    group(steps(first, step({ pullRequest: null, method: 'rebase', commits: [copy('group', 'first')] }))),
  ),
  row(
    'a commit before the merge that the queue names',
    'merge_group',
    'pending',
    ['group_commit_untraced'],
    group(
      steps(
        step({
          commits: [copy('more', 'base'), commit('group', { parents: [sha('more'), sha('head')] })],
        }),
      ),
    ),
  ),
  row(
    'a commit before the squash that the queue names',
    'merge_group',
    'pending',
    ['group_commit_untraced'],
    group(
      steps(
        step({
          method: 'squash',
          commits: [copy('more', 'base'), commit('group', { parents: [sha('more')] })],
        }),
      ),
    ),
  ),
  row(
    'a merge among the commits of a rebase',
    'merge_group',
    'pending',
    ['group_commit_untraced'],
    group(
      steps(
        step({
          method: 'rebase',
          commits: [commit('copy', { parents: [sha('base'), sha('x')] }), copy('group', 'copy')],
        }),
      ),
    ),
  ),
  row(
    'a merge of three',
    'merge_group',
    'pending',
    ['group_commit_untraced'],
    group(steps(step({ commits: [commit('group', { parents: [...queued, sha('x')] })] }))),
  ),
  row(
    'a merge that GitHub didn’t sign',
    'merge_group',
    'pending',
    ['group_commit_untraced'],
    group(steps(step({ commits: [commit('group', { parents: queued, signedByGitHub: false })] }))),
  ),
  row(
    'one pull request that is named twice',
    'merge_group',
    'pending',
    ['group_commit_untraced', 'group_commit_untraced'],
    group(steps(first, { ...second, pullRequest: 12 })),
  ),
  row(
    'a pull request that was not read',
    'merge_group',
    'pending',
    ['group_commit_untraced'],
    group({ ...both, changes: [change()] }),
  ),
  row(
    'a pull request for another branch',
    'merge_group',
    'pending',
    ['group_change_elsewhere'],
    group({ changes: [change({ pullRequest: { baseRef: 'release/1' } })] }),
    { policy: withChanges({ branches: ['main', 'release/*'] }) },
  ),
  row(
    'a pull request that was pushed to since it was queued',
    'merge_group',
    'pending',
    ['group_head_differs'],
    group(steps(step({ commits: [commit('group', { parents: [sha('base'), sha('older head')] })] }))),
  ),
];

const treeRows: readonly MergeGroupCase[] = [
  row('the files are those that we get', 'group_tree', 'passed', ['group_tree_same'], group()),
  row('of a batch, at each step', 'group_tree', 'passed', ['group_tree_same'], group(both)),
  row('of a rebase, at each commit', 'group_tree', 'passed', ['group_tree_same'], group(steps(rebased))),
  row(
    'the merge has other files',
    'group_tree',
    'pending',
    ['group_tree_differs'],
    group(steps(step({ commits: [commit('group', { parents: queued, tree: known(sha('evil')) })] }))),
  ),
  row(
    'one of two has other files, even though the other has what it should',
    'group_tree',
    'pending',
    ['group_tree_differs'],
    group({
      ...both,
      ...steps(step({ commits: [commit('first', { parents: queued, tree: known(sha('evil')) })] }), second),
    }),
  ),
  row(
    'a step of a rebase has other files, which the next one takes back',
    'group_tree',
    'pending',
    ['group_tree_differs'],
    group(
      steps(
        step({
          method: 'rebase',
          commits: [{ ...copy('copy', 'base'), tree: known(sha('evil')) }, copy('group', 'copy')],
        }),
      ),
    ),
  ),
  row(
    'our own merge has conflicts',
    'group_tree',
    'pending',
    ['group_tree_unknown'],
    group(
      steps(
        step({
          commits: [commit('group', { parents: queued, expected: unknown('the merge has conflicts') })],
        }),
      ),
    ),
  ),
  row(
    'what files it has is not known',
    'group_tree',
    'pending',
    ['group_tree_unknown'],
    group(
      steps(step({ commits: [commit('group', { parents: queued, tree: unknown('it was not compared') })] })),
    ),
  ),
  row(
    'a commit of no pull request is compared with nothing',
    'group_tree',
    'pending',
    ['group_range_unknown'],
    group(steps(first, step({ pullRequest: null, method: 'rebase', commits: [copy('group', 'first')] }))),
  ),
  row(
    'there is nothing to compare',
    'group_tree',
    'pending',
    ['group_range_unknown'],
    group({ steps: all() }),
  ),
];

const changesRows: readonly MergeGroupCase[] = [
  row('its one pull request is approved', 'changes', 'passed', ['group_changes_approved'], group()),
  row('both pull requests are approved', 'changes', 'passed', ['group_changes_approved'], group(both)),
  row(
    'one of two lost its approval',
    'changes',
    'pending',
    ['group_change_not_approved'],
    group({ ...both, changes: [change(), unapproved] }),
  ),
  row(
    'the one before it in the queue is not approved',
    'changes',
    'pending',
    ['group_change_not_approved'],
    group({ ...both, changes: [change({ reviews: all() }), other] }),
  ),
  row(
    'an approval of another head than the one that is queued',
    'changes',
    'pending',
    ['group_change_not_approved'],
    group({ changes: [change({ reviews: all(review({ commit: sha('x') })) })] }),
  ),
  row(
    'a pull request was closed',
    'changes',
    'failed',
    ['group_change_not_approved'],
    group({ changes: [change({ pullRequest: { state: 'closed' } })] }),
  ),
  row(
    'nobody knows what is in it',
    'changes',
    'pending',
    ['group_range_unknown'],
    group({ ...steps(step({ pullRequest: null })), changes: [] }),
  ),
  row(
    'it is only observed',
    'changes',
    'pending',
    ['group_change_not_approved'],
    group({ ...both, changes: [change(), unapproved] }),
    { policy: { ...policyOf(), mode: 'observe' } },
  ),
];

// By the policy of any App, and by GitHub's protection of one: each is said.
const checkRows: readonly MergeGroupCase[] = [
  row('a required check passed on the group itself', 'checks', 'passed', ['checks_passed'], group()),
  row(
    'it passed on the pull request, and not on the group',
    'checks',
    'pending',
    ['check_missing', 'check_missing'],
    group({ checks: all() }),
  ),
  row(
    'it still runs on the group',
    'checks',
    'pending',
    ['check_pending', 'check_pending'],
    group({ checks: all(makeCheck({ state: 'pending' })) }),
  ),
  row(
    'it failed on the group',
    'checks',
    'pending',
    ['check_failed', 'check_failed'],
    group({ checks: all(makeCheck({ state: 'failure' })) }),
  ),
  row(
    'not all of its checks could be read',
    'checks',
    'pending',
    ['checks_passed', 'facts_incomplete'],
    group({ checks: cut(all(makeCheck())) }),
  ),
  row(
    'no pull request is known, so neither is what protects the branch',
    'checks',
    'not_applicable',
    [],
    group({ ...steps(step({ pullRequest: null })), changes: [] }),
    { verdict: 'held' },
  ),
];

const policyRows: readonly MergeGroupCase[] = [
  row('the branch has no policy', 'policy', 'pending', ['policy_absent'], group(), {
    reading: { kind: 'absent' },
    verdict: 'error',
  }),
  row(
    'the policy doesn’t guard the branch',
    'branch',
    'not_applicable',
    ['branch_not_guarded'],
    group({ group: { ...group().group, baseRef: 'docs' } }),
    { verdict: 'not_guarded' },
  ),
  row(
    'GitHub gave no facts',
    'facts',
    'pending',
    ['facts_unreadable'],
    group({ unreadable: 'GitHub answered 502' }),
    { reading: unreadable(), verdict: 'error' },
  ),
];

function unreadable() {
  const reading = readingOf({
    path: '.github/countersign.yml',
    ref: 'main',
    commit: null,
    text: null,
    unreadable: 'GitHub answered 502',
  });
  if (reading.kind === 'valid') throw new Error('a policy that could not be read is none');
  return reading;
}

export const mergeGroupCases: readonly (readonly [string, readonly MergeGroupCase[]])[] = [
  ['where its commits come from', traceRows],
  ['its files', treeRows],
  ['its pull requests', changesRows],
  ['its checks', checkRows],
  ['the policy', policyRows],
];
