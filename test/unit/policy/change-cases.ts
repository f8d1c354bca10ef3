import type { ChangeFacts } from '../../../src/domain/change-facts.ts';
import { type Known, known, unknown } from '../../../src/domain/known.ts';
import type { Permission } from '../../../src/domain/role-facts.ts';
import {
  alice,
  all,
  bob,
  carol,
  cut,
  dave,
  github,
  identity,
  makeChangeFacts as change,
  makeCheck,
  makeCommit,
  makeMerge,
  makeMergedFacts,
  makeProtection,
  makeReview as review,
  makeRoles,
  makeRules,
  policyOf,
  robot,
  sha,
  webFlow,
  withChanges,
  workflow,
} from '../../support/make-facts.ts';
import type { Case } from './case.ts';
import { protectionCases } from './protection-cases.ts';
import { changeRuleCases } from './change-rule-cases.ts';

type ChangeCase = Case<ChangeFacts>;

/** As required checks, with the App that ours is asked of. */
const requiredOf = (appId: number | null) => [
  { name: 'countersign/change', appId },
  { name: 'ci/test', appId: 15_368 },
];

const row = (
  name: string,
  gate: string,
  outcome: ChangeCase['outcome'],
  codes: ChangeCase['codes'],
  facts: ChangeFacts,
  more: Partial<ChangeCase> = {},
): ChangeCase => ({
  name,
  gate,
  outcome,
  codes,
  facts,
  verdict: outcome === 'pending' ? 'held' : outcome === 'failed' ? 'rejected' : 'approved',
  ...more,
});

const two = withChanges({ approvals: { required: 2, from: { teams: ['maintainers'] } } });
const byPermission = withChanges({ approvals: { required: 1, from: { permission: 'maintain' } } });
const byUsers = withChanges({ approvals: { required: 1, from: { users: ['Dave', 'bob'] } } });
const byAccount = withChanges({
  approvals: { required: 1, from: { users: [{ login: 'bob', id: bob.id }] } },
});
/** Whoever registered the login when bob gave it up. */
const stranger = { ...bob, id: 99_999_999 };
const granting = (id: number, permission: Known<Permission>) =>
  makeRoles({ permissions: { [id]: permission }, usersMustWrite: true });
const anyOf = withChanges({
  approvals: { required: 1, from: { teams: ['maintainers'], users: ['erin'], permission: 'admin' } },
});
const at = (minute: number) => `2026-03-02T10:${String(minute).padStart(2, '0')}:00Z`;

const policyRows: readonly ChangeCase[] = [
  row('there is no policy', 'policy', 'pending', ['policy_absent'], change(), {
    reading: { kind: 'absent' },
    verdict: 'error',
  }),
  row('the policy is broken', 'policy', 'pending', ['policy_invalid'], change(), {
    reading: {
      kind: 'invalid',
      problems: ['.github/countersign.yml:5:3 changes.aprovals: unknown key; did you mean approvals?'],
    },
    verdict: 'error',
  }),
  row('GitHub did not give the policy', 'policy', 'pending', ['policy_unreadable'], change(), {
    reading: { kind: 'unreadable', why: 'GitHub answered 502' },
    verdict: 'error',
  }),
  row(
    'the base branch is not guarded',
    'branch',
    'not_applicable',
    ['branch_not_guarded'],
    change({ pullRequest: { baseRef: 'sketches' } }),
    { verdict: 'not_guarded' },
  ),
];

const pullRequestRows: readonly ChangeCase[] = [
  row('open', 'pull_request', 'passed', ['pull_request_open'], change()),
  row('merged', 'pull_request', 'passed', ['pull_request_merged'], makeMergedFacts()),
  row(
    'closed without being merged',
    'pull_request',
    'failed',
    ['pull_request_closed'],
    change({ pullRequest: { state: 'closed' } }),
  ),
  row('a draft', 'pull_request', 'pending', ['pull_request_draft'], change({ pullRequest: { draft: true } })),
];

const approvalRows: readonly ChangeCase[] = [
  row('a maintainer approved the head', 'approvals', 'passed', ['approvals_given'], change()),
  row(
    'of a merged change, what was merged counts as the head',
    'approvals',
    'passed',
    ['approvals_given'],
    makeMergedFacts(),
  ),
  row('nobody reviewed', 'approvals', 'pending', ['approvals_missing'], change({ reviews: all() })),
  row(
    'only a comment',
    'approvals',
    'pending',
    ['approvals_missing'],
    change({ reviews: all(review({ state: 'commented' })) }),
  ),
  row(
    'a review that was not submitted yet',
    'approvals',
    'pending',
    ['approvals_missing'],
    change({ reviews: all(review({ state: 'pending', submittedAt: null })) }),
  ),
  row('one of two', 'approvals', 'pending', ['approvals_missing'], change(), { policy: two }),
  row(
    'two of two',
    'approvals',
    'passed',
    ['approvals_given'],
    change({ reviews: all(review(), review({ author: carol })) }),
    { policy: two },
  ),
  row(
    'the same person twice is once',
    'approvals',
    'pending',
    ['approvals_missing'],
    change({ reviews: all(review(), review({ submittedAt: at(30) })) }),
    { policy: two },
  ),
  row(
    'the same person under a new login is once',
    'approvals',
    'pending',
    ['approvals_missing'],
    change({ reviews: all(review(), review({ author: { ...bob, login: 'bobby' } })) }),
    { policy: two },
  ),
  row(
    'approved before a push',
    'approvals',
    'pending',
    ['approvals_missing', 'approval_stale'],
    change({ reviews: all(review({ commit: sha('older') })) }),
  ),
  row(
    'approved on a commit that is gone',
    'approvals',
    'pending',
    ['approvals_missing', 'approval_stale'],
    change({ reviews: all(review({ commit: null })) }),
  ),
  row(
    'approved before it was pointed at this base',
    'approvals',
    'pending',
    ['approvals_missing', 'approval_before_base_change'],
    change({
      pullRequest: { baseChangedAt: known(at(2)) },
      reviews: all(review({ submittedAt: at(1) })),
    }),
  ),
  row(
    'approved in the second in which the base changed',
    'approvals',
    'pending',
    ['approvals_missing', 'approval_before_base_change'],
    change({
      pullRequest: { baseChangedAt: known(at(2)) },
      reviews: all(review({ submittedAt: at(2) })),
    }),
  ),
  row(
    'approved after the base changed',
    'approvals',
    'passed',
    ['approvals_given'],
    change({
      pullRequest: { baseChangedAt: known(at(2)) },
      reviews: all(review({ submittedAt: at(3) })),
    }),
  ),
  row(
    'when the base changed is not known',
    'approvals',
    'pending',
    ['approvals_missing', 'approval_before_base_change'],
    change({ pullRequest: { baseChangedAt: unknown('GitHub hides it') } }),
  ),
  row(
    'a stale approval beside one that counts',
    'approvals',
    'passed',
    ['approvals_given', 'approval_stale'],
    change({ reviews: all(review(), review({ author: carol, commit: sha('older') })) }),
  ),
  row(
    'approved again after the push',
    'approvals',
    'passed',
    ['approvals_given'],
    change({
      reviews: all(review({ commit: sha('older'), submittedAt: at(1) }), review({ submittedAt: at(2) })),
    }),
  ),
  row(
    'approved, then approved something else that was taken back again',
    'approvals',
    'passed',
    ['approvals_given'],
    change({
      reviews: all(review({ submittedAt: at(1) }), review({ commit: sha('older'), submittedAt: at(2) })),
    }),
  ),
  row(
    'approved, objected, then approved something else',
    'approvals',
    'pending',
    ['approvals_missing', 'approval_stale'],
    change({
      reviews: all(
        review({ submittedAt: at(1) }),
        review({ state: 'changes_requested', submittedAt: at(2) }),
        review({ commit: sha('older'), submittedAt: at(3) }),
      ),
    }),
  ),
  row(
    'a comment after the approval leaves it standing',
    'approvals',
    'passed',
    ['approvals_given'],
    change({
      reviews: all(review({ submittedAt: at(1) }), review({ state: 'commented', submittedAt: at(2) })),
    }),
  ),
  row(
    'changes requested after the approval take it back',
    'approvals',
    'pending',
    ['approvals_missing'],
    change({
      reviews: all(
        review({ submittedAt: at(1) }),
        review({ state: 'changes_requested', submittedAt: at(2) }),
      ),
    }),
  ),
  row(
    'approved after requesting changes',
    'approvals',
    'passed',
    ['approvals_given'],
    change({
      reviews: all(
        review({ state: 'changes_requested', submittedAt: at(1) }),
        review({ submittedAt: at(2) }),
      ),
    }),
  ),
  row(
    'a dismissed approval',
    'approvals',
    'pending',
    ['approvals_missing'],
    change({ reviews: all(review({ state: 'dismissed' })) }),
  ),
  row(
    'a dismissed objection does not bring an older approval back',
    'approvals',
    'pending',
    ['approvals_missing'],
    change({
      reviews: all(review({ submittedAt: at(1) }), review({ state: 'dismissed', submittedAt: at(2) })),
    }),
  ),
  row(
    'of two reviews in the same second the one with the higher id is newer',
    'approvals',
    'pending',
    ['approvals_missing'],
    change({ reviews: all(review({ id: 8, state: 'dismissed' }), review({ id: 7 })) }),
  ),
  row(
    'times with and without milliseconds compare as times',
    'approvals',
    'pending',
    ['approvals_missing'],
    change({
      reviews: all(
        review({ id: 9, submittedAt: '2026-03-02T10:00:00Z' }),
        review({ id: 8, state: 'dismissed', submittedAt: '2026-03-02T10:00:00.500Z' }),
      ),
    }),
  ),
  row(
    'an objection without a time is taken as the newest',
    'approvals',
    'pending',
    ['approvals_missing'],
    change({ reviews: all(review(), review({ state: 'dismissed', submittedAt: null })) }),
  ),
  row(
    'the author of the pull request',
    'approvals',
    'pending',
    ['approvals_missing', 'approver_is_author'],
    change({ pullRequest: { author: bob } }),
  ),
  row(
    'the author of a commit',
    'approvals',
    'pending',
    ['approvals_missing', 'approver_is_author'],
    change({ commits: all(makeCommit('head'), makeCommit('other', { author: identity(bob) })) }),
  ),
  row(
    'the committer of a commit',
    'approvals',
    'pending',
    ['approvals_missing', 'approver_is_author'],
    change({ commits: all(makeCommit('head', { committer: identity(bob) })) }),
  ),
  row(
    'a co-author by trailer',
    'approvals',
    'pending',
    ['approvals_missing', 'approver_is_author'],
    change({ commits: all(makeCommit('head', { coAuthors: [identity(bob)] })) }),
  ),
  row(
    'somebody who pushed to the branch',
    'approvals',
    'pending',
    ['approvals_missing', 'approver_is_author'],
    change({ pushers: known([alice, bob]) }),
  ),
  row(
    'the co-author of a change that is merged already',
    'approvals',
    'pending',
    ['approvals_missing', 'approver_is_author'],
    makeMergedFacts({ commits: all(makeCommit('head', { coAuthors: [identity(bob)] })) }),
  ),
  row(
    'whoever merged it may have approved it',
    'approvals',
    'passed',
    ['approvals_given'],
    makeMergedFacts({ pullRequest: { merged: makeMerge({ author: identity(bob) }) } }),
  ),
  row(
    'somebody outside of the team',
    'approvals',
    'pending',
    ['approvals_missing', 'approver_not_eligible'],
    change({ reviews: all(review({ author: dave })) }),
  ),
  row(
    'somebody who left the team',
    'approvals',
    'pending',
    ['approvals_missing', 'approver_not_eligible'],
    change({ roles: makeRoles({ teams: { maintainers: known([carol.id]) } }) }),
  ),
  row(
    'the team could not be read',
    'approvals',
    'pending',
    ['approvals_missing', 'role_unknown'],
    change({ roles: makeRoles({ teams: { maintainers: unknown('GitHub answered 403') } }) }),
  ),
  row(
    'the team was not looked up',
    'approvals',
    'pending',
    ['approvals_missing', 'role_unknown'],
    change({ roles: { teams: {}, permissions: {} } }),
  ),
  row(
    'a bot',
    'approvals',
    'pending',
    ['approvals_missing', 'approver_is_bot'],
    change({
      reviews: all(review({ author: robot })),
      roles: makeRoles({ teams: { maintainers: known([robot.id]) } }),
    }),
  ),
  row(
    'an account that is deleted',
    'approvals',
    'pending',
    ['approvals_missing', 'approver_unknown'],
    change({ reviews: all(review({ author: null })) }),
  ),
  row(
    'a named user, whatever the case',
    'approvals',
    'passed',
    ['approvals_given'],
    change({ reviews: all(review({ author: dave })) }),
    { policy: byUsers },
  ),
  row(
    'a named user who may write',
    'approvals',
    'passed',
    ['approvals_given'],
    change({ roles: granting(bob.id, known('write')) }),
    { policy: byUsers },
  ),
  row(
    'a stranger who took the login of a named user: they may only read',
    'approvals',
    'pending',
    ['approvals_missing', 'approver_not_eligible'],
    change({ reviews: all(review({ author: stranger })), roles: granting(stranger.id, known('read')) }),
    { policy: byUsers },
  ),
  row(
    'a named user, and whether they may write is not known',
    'approvals',
    'pending',
    ['approvals_missing', 'role_unknown'],
    change({ roles: granting(bob.id, unknown('GitHub answered 403')) }),
    { policy: byUsers },
  ),
  row(
    'a named user whose permission was not looked up',
    'approvals',
    'pending',
    ['approvals_missing', 'role_unknown'],
    change({ roles: makeRoles({ usersMustWrite: true }) }),
    { policy: byUsers },
  ),
  row(
    'a named user who may only read, and is in a team that is asked too',
    'approvals',
    'passed',
    ['approvals_given'],
    change({ roles: granting(bob.id, known('read')) }),
    { policy: withChanges({ approvals: { required: 1, from: { teams: ['maintainers'], users: ['bob'] } } }) },
  ),
  row(
    'a user who is named with the account',
    'approvals',
    'passed',
    ['approvals_given'],
    change({ roles: granting(bob.id, known('write')) }),
    { policy: byAccount },
  ),
  row(
    'another account that has the login, whatever it may do',
    'approvals',
    'pending',
    ['approvals_missing', 'approver_not_eligible'],
    change({ reviews: all(review({ author: stranger })), roles: granting(stranger.id, known('admin')) }),
    { policy: byAccount },
  ),
  row(
    'the account under another login',
    'approvals',
    'pending',
    ['approvals_missing', 'approver_not_eligible'],
    change({
      reviews: all(review({ author: { ...bob, login: 'robert' } })),
      roles: granting(bob.id, known('write')),
    }),
    { policy: byAccount },
  ),
  row(
    'a permission that is enough',
    'approvals',
    'passed',
    ['approvals_given'],
    change({ roles: makeRoles({ permissions: { [bob.id]: known('admin') } }) }),
    { policy: byPermission },
  ),
  row(
    'a permission that is too weak',
    'approvals',
    'pending',
    ['approvals_missing', 'approver_not_eligible'],
    change({ roles: makeRoles({ permissions: { [bob.id]: known('write') } }) }),
    { policy: byPermission },
  ),
  row(
    'a permission that could not be read',
    'approvals',
    'pending',
    ['approvals_missing', 'role_unknown'],
    change({ roles: makeRoles({ permissions: { [bob.id]: unknown('GitHub answered 500') } }) }),
    { policy: byPermission },
  ),
  row(
    'one way is enough where another is unknown',
    'approvals',
    'passed',
    ['approvals_given'],
    change({
      roles: makeRoles({
        teams: { maintainers: unknown('GitHub answered 403') },
        permissions: { [bob.id]: known('admin') },
      }),
    }),
    { policy: anyOf },
  ),
  row(
    'no way and one unknown is unknown',
    'approvals',
    'pending',
    ['approvals_missing', 'role_unknown'],
    change({
      roles: makeRoles({
        teams: { maintainers: known([]) },
        permissions: { [bob.id]: unknown('GitHub answered 500') },
      }),
    }),
    { policy: anyOf },
  ),
];

const objectionRows: readonly ChangeCase[] = [
  row('nobody asks for changes', 'changes_requested', 'passed', ['no_changes_requested'], change()),
  row(
    'a maintainer asks for changes',
    'changes_requested',
    'pending',
    ['changes_requested'],
    change({ reviews: all(review(), review({ author: carol, state: 'changes_requested' })) }),
  ),
  row(
    'on an older commit it still stands',
    'changes_requested',
    'pending',
    ['changes_requested'],
    change({
      reviews: all(review(), review({ author: carol, state: 'changes_requested', commit: sha('older') })),
    }),
  ),
  row(
    'somebody who could not approve does not hold it',
    'changes_requested',
    'passed',
    ['no_changes_requested'],
    change({ reviews: all(review(), review({ author: dave, state: 'changes_requested' })) }),
  ),
  row(
    'a maintainer who wrote a part of it may hold it',
    'changes_requested',
    'pending',
    ['changes_requested'],
    change({
      commits: all(makeCommit('head', { coAuthors: [identity(carol)] })),
      reviews: all(review(), review({ author: carol, state: 'changes_requested' })),
    }),
  ),
  row(
    'whether they could approve is unknown',
    'changes_requested',
    'pending',
    ['changes_requested'],
    change({
      reviews: all(review({ author: dave, state: 'changes_requested' })),
      roles: makeRoles({ teams: { maintainers: unknown('GitHub answered 403') } }),
    }),
  ),
  row(
    'an account that is deleted asked for changes',
    'changes_requested',
    'pending',
    ['changes_requested'],
    change({ reviews: all(review(), review({ author: null, state: 'changes_requested' })) }),
  ),
  row(
    'it was dismissed',
    'changes_requested',
    'passed',
    ['no_changes_requested'],
    change({ reviews: all(review(), review({ author: carol, state: 'dismissed' })) }),
  ),
];

const identityRows: readonly ChangeCase[] = [
  row('everyone is known', 'identity', 'passed', ['identities_known'], change()),
  row(
    'an author whose e-mail belongs to nobody',
    'identity',
    'pending',
    ['identity_unmapped'],
    change({ commits: all(makeCommit('head', { author: identity(null) })) }),
  ),
  row(
    'a committer whose e-mail belongs to nobody',
    'identity',
    'pending',
    ['identity_unmapped'],
    change({ commits: all(makeCommit('head', { committer: identity(null) })) }),
  ),
  row(
    'a co-author without an e-mail',
    'identity',
    'pending',
    ['identity_unmapped'],
    change({ commits: all(makeCommit('head', { coAuthors: [identity(null, '')] })) }),
  ),
  row(
    'GitHub committed it, by its signature',
    'identity',
    'passed',
    ['identities_known'],
    change({ commits: all(makeCommit('head', { committer: github, signedByGitHub: true })) }),
  ),
  row(
    'GitHub committed it, known by its e-mail and signature alone',
    'identity',
    'passed',
    ['identities_known'],
    change({
      commits: all(makeCommit('head', { committer: { ...github, actor: null }, signedByGitHub: true })),
    }),
  ),
  row(
    'somebody wrote GitHub’s e-mail into a commit',
    'identity',
    'pending',
    ['identity_unmapped'],
    change({ commits: all(makeCommit('head', { committer: github })) }),
  ),
  row(
    'somebody wrote GitHub’s e-mail into an author',
    'identity',
    'pending',
    ['identity_unmapped'],
    change({ commits: all(makeCommit('head', { author: identity({ ...webFlow, id: 1234 }) })) }),
  ),
  row(
    'an account without a name in a commit that GitHub signed',
    'identity',
    'pending',
    ['identity_unmapped'],
    change({
      commits: all(makeCommit('head', { author: identity(null), committer: github, signedByGitHub: true })),
    }),
  ),
  row(
    'nobody told us who pushed',
    'identity',
    'pending',
    ['pusher_unknown'],
    change({ pushers: unknown('the push came before Countersign was installed') }),
  ),
  row(
    'a bot pushed to a person’s pull request',
    'identity',
    'pending',
    ['pusher_is_bot'],
    change({ pushers: known([alice, robot]) }),
  ),
  row(
    'a bot pushed to its own pull request',
    'identity',
    'passed',
    ['identities_known'],
    change({
      pullRequest: { author: robot },
      pushers: known([robot]),
      commits: all(makeCommit('head', { author: identity(robot), committer: identity(robot) })),
    }),
  ),
  row(
    'a workflow pushed to its own pull request',
    'identity',
    'pending',
    ['pusher_is_bot'],
    change({ pullRequest: { author: workflow }, pushers: known([workflow]) }),
  ),
  row(
    'the account that opened it is deleted',
    'identity',
    'pending',
    ['author_unknown'],
    change({ pullRequest: { author: null } }),
  ),
];

const pinned = withChanges({ checks: [{ name: 'ci/test', app: 15_368 }] });
const unprotected = makeProtection({ classic: known(null) });
const checkRows: readonly ChangeCase[] = [
  row('the required check succeeded', 'checks', 'passed', ['checks_passed'], change()),
  row(
    'it was skipped',
    'checks',
    'passed',
    ['checks_passed'],
    change({ checks: all(makeCheck({ state: 'skipped' })) }),
  ),
  row(
    'it is neutral',
    'checks',
    'passed',
    ['checks_passed'],
    change({ checks: all(makeCheck({ state: 'neutral' })) }),
  ),
  row(
    'it failed, and can be run again',
    'checks',
    'pending',
    ['check_failed'],
    change({ checks: all(makeCheck({ state: 'failure' })) }),
    { policy: pinned },
  ),
  row(
    'it is running',
    'checks',
    'pending',
    ['check_pending'],
    change({ checks: all(makeCheck({ state: 'pending' })) }),
    { policy: pinned },
  ),
  row('it was not reported', 'checks', 'pending', ['check_missing'], change({ checks: all() }), {
    policy: pinned,
  }),
  row(
    'another app reported it',
    'checks',
    'pending',
    ['check_missing'],
    change({ checks: all(makeCheck({ appId: 666 })) }),
    { policy: pinned },
  ),
  row(
    'a pinned check is not forged by a status',
    'checks',
    'pending',
    ['check_missing'],
    change({ checks: all(makeCheck({ appId: null })) }),
    { policy: pinned },
  ),
  row(
    'two apps report one name, and the worse counts',
    'checks',
    'pending',
    ['check_failed'],
    change({
      checks: all(makeCheck(), makeCheck({ appId: 666, state: 'failure' })),
      protection: unprotected,
    }),
    { policy: withChanges({ checks: ['ci/test'], protection: undefined }) },
  ),
  row(
    'GitHub’s protection requires one more',
    'checks',
    'pending',
    ['check_missing'],
    change({
      protection: makeProtection({
        rulesets: known([
          { ...makeRules({ requiredChecks: [{ name: 'security', appId: null }] }), id: 1, source: 'acme' },
        ]),
      }),
    }),
  ),
  row(
    'what GitHub requires could not be read',
    'checks',
    'pending',
    ['protection_unknown'],
    change({ protection: makeProtection({ rulesets: unknown('GitHub answered 403') }) }),
  ),
  row(
    'our own check is not waited for',
    'checks',
    'not_applicable',
    [],
    change({ checks: all(), protection: unprotected }),
    { policy: withChanges({ checks: ['countersign/change'], protection: undefined }) },
  ),
  row(
    'none is required',
    'checks',
    'not_applicable',
    [],
    change({ checks: all(), protection: unprotected }),
    { policy: withChanges({ checks: undefined, protection: undefined }) },
  ),
];

const none = makeRules({
  pullRequestRequired: false,
  dismissesStaleApprovals: false,
  requiredChecks: [],
  forcePushBlocked: false,
  deletionBlocked: false,
  adminsIncluded: known(false),
});
const ruleset = (rules = makeRules()) => ({ ...rules, id: 3, source: 'acme/shop' });
const asks = (protection: NonNullable<Parameters<typeof withChanges>[0]['protection']>) =>
  withChanges({ protection });
const protectedBy = (over: Parameters<typeof makeProtection>[0]) =>
  change({ protection: makeProtection(over) });
const protectionRows: readonly ChangeCase[] = [
  row('all of it, by classic protection', 'protection', 'passed', ['protection_holds'], change()),
  row(
    'all of it, by a ruleset',
    'protection',
    'passed',
    ['protection_holds'],
    protectedBy({ classic: known(null), rulesets: known([ruleset()]) }),
  ),
  row(
    'half by each',
    'protection',
    'passed',
    ['protection_holds'],
    protectedBy({
      classic: known({ ...none, pullRequestRequired: true, adminsIncluded: known(true) }),
      rulesets: known([ruleset({ ...none, forcePushBlocked: true, adminsIncluded: known(true) })]),
    }),
    { policy: asks({ pull_request: 'required', force_push: 'blocked', admins: 'included' }) },
  ),
  row(
    'there is none',
    'protection',
    'pending',
    [
      'protection_missing',
      'protection_missing',
      'protection_missing',
      'protection_missing',
      'protection_missing',
    ],
    protectedBy({ classic: known(null) }),
  ),
  row(
    'stale approvals are kept',
    'protection',
    'pending',
    ['protection_missing'],
    protectedBy({ classic: known(makeRules({ dismissesStaleApprovals: false })) }),
  ),
  row(
    'a check of the policy is not required by GitHub',
    'protection',
    'pending',
    ['protection_missing'],
    protectedBy({ classic: known(makeRules({ requiredChecks: [] })) }),
  ),
  row(
    'GitHub requires our check of anybody who reports it',
    'protection',
    'pending',
    ['protection_missing'],
    change({
      protection: makeProtection({
        classic: known(makeRules({ requiredChecks: requiredOf(null) })),
      }),
    }),
  ),
  row(
    'GitHub requires our check of another app',
    'protection',
    'pending',
    ['protection_missing'],
    change({
      protection: makeProtection({
        classic: known(makeRules({ requiredChecks: requiredOf(78) })),
      }),
    }),
  ),
  row(
    'a check is required without the app that the policy pins',
    'protection',
    'pending',
    ['protection_missing'],
    protectedBy({
      classic: known(
        makeRules({
          requiredChecks: [
            { name: 'countersign/change', appId: 77 },
            { name: 'ci/test', appId: null },
          ],
        }),
      ),
    }),
    { policy: withChanges({ checks: [{ name: 'ci/test', app: 15_368 }] }) },
  ),
  row(
    'administrators can bypass it',
    'protection',
    'pending',
    ['protection_missing'],
    protectedBy({ classic: known(makeRules({ adminsIncluded: known(false) })) }),
  ),
  row(
    'administrators can bypass the only rules that block force pushes',
    'protection',
    'pending',
    ['protection_missing'],
    protectedBy({
      classic: known({ ...none, forcePushBlocked: true }),
      rulesets: known([ruleset({ ...makeRules(), forcePushBlocked: false })]),
    }),
  ),
  row(
    'who can bypass it is not shown',
    'protection',
    'pending',
    ['protection_unknown'],
    protectedBy({
      classic: known(null),
      rulesets: known([
        ruleset(makeRules({ adminsIncluded: unknown('GitHub hides bypass actors from Apps') })),
      ]),
    }),
  ),
  row(
    'classic protection is unknown, and a ruleset meets it all',
    'protection',
    'passed',
    ['protection_holds'],
    protectedBy({ classic: unknown('GitHub answered 404'), rulesets: known([ruleset()]) }),
    { verdict: 'held' },
  ),
  row(
    'classic protection is unknown, and nothing else meets it',
    'protection',
    'pending',
    ['protection_unknown'],
    protectedBy({ classic: unknown('GitHub answered 404') }),
    { policy: asks({ deletion: 'blocked' }) },
  ),
  row(
    'it was read for another branch',
    'protection',
    'pending',
    ['protection_unknown'],
    protectedBy({ branch: 'other' }),
    { policy: asks({ deletion: 'blocked' }) },
  ),
  row('only that administrators are bound', 'protection', 'passed', ['protection_holds'], change(), {
    policy: asks({ admins: 'included' }),
  }),
  row(
    'only that administrators are bound, where there are no rules',
    'protection',
    'pending',
    ['protection_missing'],
    protectedBy({ classic: known(null) }),
    { policy: asks({ admins: 'included' }) },
  ),
  row('the policy asks for none', 'protection', 'not_applicable', [], protectedBy({ classic: known(null) }), {
    policy: withChanges({ protection: undefined }),
  }),
];

const completenessRows: readonly ChangeCase[] = [
  row('all of it was read', 'completeness', 'passed', ['facts_complete'], change()),
  row(
    'not all commits',
    'completeness',
    'pending',
    ['facts_incomplete'],
    change({ commits: cut(change().commits) }),
  ),
  row(
    'not all reviews',
    'completeness',
    'pending',
    ['facts_incomplete'],
    change({ reviews: cut(change().reviews) }),
  ),
  row(
    'not all checks',
    'completeness',
    'pending',
    ['facts_incomplete'],
    change({ checks: cut(change().checks) }),
  ),
  row(
    'the commits are those of another head',
    'completeness',
    'pending',
    ['facts_incomplete'],
    change({ commits: all(makeCommit('older')) }),
  ),
  row(
    'merged, but nobody knows as what',
    'completeness',
    'pending',
    ['facts_incomplete'],
    change({ pullRequest: { state: 'merged' } }),
  ),
];

const observing = policyOf(undefined);
export const changeCases: readonly (readonly [string, readonly ChangeCase[]])[] = [
  ['policy', policyRows],
  ['pull request', pullRequestRows],
  ['approvals', approvalRows],
  ['changes requested', objectionRows],
  ['identity', identityRows],
  ['checks', checkRows],
  ['protection', protectionRows],
  ['protection, setting by setting', protectionCases],
  ['completeness', completenessRows],
  [
    'mode',
    [
      row(
        'to observe decides as to enforce',
        'approvals',
        'pending',
        ['approvals_missing'],
        change({ reviews: all() }),
        { policy: { ...observing, mode: 'observe' } },
      ),
    ],
  ],
  ...changeRuleCases,
];
