import { describe, expect, test } from '@jest/globals';
import { CodedError } from '../../../src/domain/coded-error.ts';
import { KNOWN_EVENTS, triggersOf } from '../../../src/webhooks/triggers-of.ts';

const SELF = { appId: 77 };
const REPOSITORY = { id: 1, name: 'shop', owner: { login: 'acme' } };
const ALICE = { id: 11, login: 'alice', type: 'User' };
const BOB = { id: 12, login: 'bob', type: 'User' };
const REF = { id: 1, owner: 'acme', name: 'shop', installationId: 5 };
const bob = { id: 12, login: 'bob', kind: 'user' };
const alice = { id: 11, login: 'alice', kind: 'user' };
const SHA = 'a'.repeat(40);
const OTHER_SHA = 'b'.repeat(40);
const ZEROS = '0'.repeat(40);

const envelope = (rest: object): object => ({
  sender: ALICE,
  installation: { id: 5 },
  repository: REPOSITORY,
  ...rest,
});

const mergeGroup = (base = 'main') => ({
  head_sha: SHA,
  head_ref: `refs/heads/gh-readonly-queue/${base}/pr-12-${OTHER_SHA}`,
  base_sha: OTHER_SHA,
  base_ref: `refs/heads/${base}`,
});
const groupOf = (number: number | null, base = 'main') => ({
  headSha: SHA,
  headRef: mergeGroup(base).head_ref,
  baseSha: OTHER_SHA,
  baseRef: base,
  pullRequest: number,
});

const pullRequest = (action: string, rest: object = {}): object =>
  envelope({ action, number: 7, pull_request: { head: { sha: SHA }, merged: false }, ...rest });
const judgeChange = { kind: 'judge_change', repository: REF, number: 7 };
const BEFORE = 'b'.repeat(40);
const recordPush = {
  kind: 'record_push_to_change',
  repository: REF,
  number: 7,
  sha: SHA,
  before: null,
  pusher: alice,
};

const review = (action: string, state: string): object =>
  envelope({
    action,
    review: { id: 3, state, commit_id: SHA, submitted_at: '2026-03-02T10:00:00Z', user: BOB },
    pull_request: { number: 7 },
  });
const recordReview = (state: string, dismisser: object | null = null) => ({
  kind: 'record_review',
  repository: REF,
  number: 7,
  review: { id: 3, author: bob, state, commit: SHA, submittedAt: '2026-03-02T10:00:00.000Z' },
  dismisser,
});

const checkRun = (action: string, appId: number | null, rest: object = {}, run: object = {}): object =>
  envelope({
    action,
    check_run: {
      id: 9,
      head_sha: SHA,
      external_id: 'change:7',
      app: appId === null ? null : { id: appId },
      pull_requests: [
        { number: 7, base: { repo: { id: 1 } } },
        { number: 8, base: { repo: { id: 999 } } },
      ],
      ...run,
    },
    ...rest,
  });
const press = (button: string): object => ({
  kind: 'press_button',
  repository: REF,
  checkRunId: 9,
  externalId: 'change:7',
  button,
  presser: alice,
});
const judgeCommit = { kind: 'judge_commit', repository: REF, sha: SHA };

const push = (rest: object = {}): object =>
  envelope({
    ref: 'refs/heads/main',
    before: OTHER_SHA,
    after: SHA,
    forced: false,
    commits: [{ added: ['a'] }],
    ...rest,
  });
const judgePush = {
  kind: 'judge_push',
  repository: REF,
  branch: 'main',
  before: OTHER_SHA,
  after: SHA,
  forced: false,
  pusher: alice,
};
const judgeMain = { kind: 'judge_open', repository: REF, branch: 'main' };
const judgeOpen = { kind: 'judge_open', repository: REF, branch: null };
const look = { kind: 'look_at_controls', repository: REF, by: alice, named: null };
const coverage = (outcome: string, over: object = {}) => ({
  kind: 'record_coverage',
  installationId: 5,
  repositories: [],
  outcome,
  by: alice,
  detail: { permissions: { checks: 'write' }, events: ['push'], repositories: 'all' },
  ...over,
});
const INSTALLATION = {
  id: 5,
  permissions: { checks: 'write' },
  events: ['push'],
  repository_selection: 'all',
};
const installation = (action: string): object =>
  envelope({ action, repository: undefined, installation: INSTALLATION });
const THE_SHOP = [{ id: 1, fullName: 'acme/shop' }];
const became = (outcome: string, detail: object = {}) =>
  coverage(outcome, {
    repositories: THE_SHOP,
    detail: { nameBefore: null, defaultBranch: null, defaultBranchBefore: null, ...detail },
  });
const judgeInstallation = { kind: 'judge_open_in_installation', installationId: 5 };

const deployment = (rest: object = {}, run: unknown = null): object =>
  envelope({
    action: 'created',
    deployment: {
      id: 40,
      sha: SHA,
      ref: 'main',
      environment: 'production',
      payload: {},
      creator: ALICE,
      performed_via_github_app: null,
      ...rest,
    },
    workflow_run: run,
  });
const requestApi = {
  kind: 'request_deployment',
  repository: REF,
  source: 'api',
  environment: 'production',
  ref: 'main',
  sha: SHA,
  requester: alice,
  githubDeploymentId: 40,
  runId: null,
};
const watchJob = {
  kind: 'watch_job',
  repository: REF,
  environment: 'production',
  ref: 'main',
  sha: SHA,
  requester: alice,
  githubDeploymentId: 40,
  runId: 1,
};
const ours = { performed_via_github_app: { id: 77, slug: 'countersign' } };

const protectionRule = (rest: object = {}): object =>
  envelope({
    action: 'requested',
    environment: 'production',
    deployment_callback_url:
      'https://api.github.com/repos/acme/shop/actions/runs/1234/deployment_protection_rule',
    deployment: { id: 41, sha: SHA, ref: 'main', creator: ALICE },
    ...rest,
  });
const requestActions = { ...requestApi, source: 'actions', githubDeploymentId: 41, runId: 1234 };
const judgeRun = { kind: 'judge_run', repository: REF, runId: 1234 };
const RUN = { workflow_run: { id: 1234 } };

/** What bob wrote into the status of a deployment. */
const status = (over: object = {}): object =>
  envelope({
    action: 'created',
    sender: BOB,
    deployment: { id: 41 },
    deployment_status: {
      state: 'in_progress',
      created_at: '2026-03-03T10:00:00Z',
      creator: BOB,
      performed_via_github_app: null,
      ...over,
    },
    workflow_run: null,
  });
const claim = {
  kind: 'claim_deployment',
  repository: REF,
  githubDeploymentId: 41,
  state: 'in_progress',
  at: '2026-03-03T10:00:00Z',
  by: bob,
};

type Case = [string, string, object, object[]];
const CASES: Case[] = [
  ['a pull request is opened', 'pull_request', pullRequest('opened'), [recordPush, judgeChange]],
  [
    'a pull request is pushed to',
    'pull_request',
    pullRequest('synchronize', { before: BEFORE }),
    [{ ...recordPush, before: BEFORE }, judgeChange],
  ],
  [
    'a pull request is opened by a ghost',
    'pull_request',
    pullRequest('opened', { sender: { id: 10137, login: 'ghost' } }),
    [judgeChange],
  ],
  [
    'a pull request is opened by nobody',
    'pull_request',
    pullRequest('opened', { sender: null }),
    [judgeChange],
  ],
  [
    'a pull request is pushed to by a bot',
    'pull_request',
    pullRequest('synchronize', { sender: { id: 12, login: 'dependabot[bot]', type: 'Bot' } }),
    [{ ...recordPush, pusher: { id: 12, login: 'dependabot[bot]', kind: 'bot' } }, judgeChange],
  ],
  ['a pull request is reopened', 'pull_request', pullRequest('reopened'), [judgeChange]],
  ['a pull request is ready', 'pull_request', pullRequest('ready_for_review'), [judgeChange]],
  ['a pull request becomes a draft', 'pull_request', pullRequest('converted_to_draft'), [judgeChange]],
  ['a pull request is retargeted', 'pull_request', pullRequest('edited'), [judgeChange]],
  ['a pull request is closed', 'pull_request', pullRequest('closed'), [judgeChange]],
  [
    'a pull request is merged',
    'pull_request',
    pullRequest('closed', { pull_request: { head: { sha: SHA }, merged: true } }),
    [{ kind: 'record_merge', repository: REF, number: 7 }, judgeChange],
  ],
  ['a pull request is labelled', 'pull_request', pullRequest('labeled'), [judgeChange]],
  ['a review is asked for', 'pull_request', pullRequest('review_requested'), [judgeChange]],
  ['and is not any more', 'pull_request', pullRequest('review_request_removed'), [judgeChange]],
  ['a label is taken off', 'pull_request', pullRequest('unlabeled'), [judgeChange]],
  ['a pull request is assigned', 'pull_request', pullRequest('assigned'), []],
  [
    'a review is given',
    'pull_request_review',
    review('submitted', 'approved'),
    [recordReview('approved'), judgeChange],
  ],
  [
    'a review is dismissed',
    'pull_request_review',
    review('dismissed', 'dismissed'),
    [recordReview('dismissed', alice), judgeChange],
  ],
  ['a review is edited', 'pull_request_review', review('edited', 'approved'), [judgeChange]],
  ["somebody else's check ends", 'check_run', checkRun('completed', 4), [judgeChange]],
  ["somebody else's check begins", 'check_run', checkRun('created', 4), [judgeChange]],
  [
    "somebody else's check on a fork",
    'check_run',
    checkRun('completed', 4, {}, { pull_requests: [] }),
    [judgeCommit],
  ],
  ['a check of an App that is gone', 'check_run', checkRun('completed', null), [judgeChange]],
  ['our own check begins', 'check_run', checkRun('created', 77), []],
  ['our own check ends', 'check_run', checkRun('completed', 77), []],
  [
    'our button',
    'check_run',
    checkRun('requested_action', 77, { requested_action: { identifier: 'approve' } }),
    [press('approve')],
  ],
  [
    "somebody else's button",
    'check_run',
    checkRun('requested_action', 4, { requested_action: { identifier: 'approve' } }),
    [],
  ],
  ['our re-run', 'check_run', checkRun('rerequested', 77), [press('rerun')]],
  ['a commit status', 'status', envelope({ sha: SHA, state: 'success' }), [judgeCommit]],
  [
    'a check suite ends',
    'check_suite',
    envelope({ action: 'completed', check_suite: { head_sha: SHA, app: { id: 4 }, pull_requests: [] } }),
    [judgeCommit],
  ],
  [
    'our own check suite ends',
    'check_suite',
    envelope({ action: 'completed', check_suite: { head_sha: SHA, app: { id: 77 }, pull_requests: [] } }),
    [],
  ],
  [
    'our checks are all to run again',
    'check_suite',
    envelope({ action: 'rerequested', check_suite: { head_sha: SHA, app: { id: 77 }, pull_requests: [] } }),
    [{ kind: 'run_all_again', repository: REF, sha: SHA }, judgeCommit],
  ],
  ['a push', 'push', push(), [judgePush]],
  [
    'a push of the policy',
    'push',
    push({ commits: [{ modified: ['.github/countersign.yml'] }] }),
    [judgePush, judgeMain],
  ],
  [
    'a push that removes the policy',
    'push',
    push({ commits: [{ removed: ['.github/countersign.yml'] }] }),
    [judgePush, judgeMain],
  ],
  ['a forced push', 'push', push({ forced: true }), [{ ...judgePush, forced: true }, judgeMain]],
  [
    'a push with more commits than are listed',
    'push',
    push({ commits: Array.from({ length: 2048 }, () => ({})) }),
    [judgePush, judgeMain],
  ],
  ['a new branch', 'push', push({ before: ZEROS, created: true }), [{ ...judgePush, before: ZEROS }]],
  ['a deleted branch', 'push', push({ after: ZEROS, deleted: true }), [{ ...judgePush, after: ZEROS }]],
  ['a tag', 'push', push({ ref: 'refs/tags/v1' }), []],
  [
    'a branch whose name looks like a path',
    'push',
    push({ ref: 'refs/heads/refs/heads/x' }),
    [{ ...judgePush, branch: 'refs/heads/x' }],
  ],
  ['a deployment is wanted', 'deployment', deployment(), [requestApi]],
  [
    'a deployment by the job of a workflow, about which our rule should ask us too',
    'deployment',
    deployment({}, { id: 1 }),
    [watchJob],
  ],
  [
    'a deployment by a workflow that calls the API, which no rule asks us about',
    'deployment',
    deployment({ performed_via_github_app: { id: 15368, slug: 'github-actions' } }),
    [requestApi],
  ],
  [
    'our own deployment for a merge',
    'deployment',
    deployment({ ...ours, payload: { countersign: 'x' } }),
    [],
  ],
  [
    'our own deployment, its payload as text',
    'deployment',
    deployment({ ...ours, payload: '{"countersign":"x"}' }),
    [],
  ],
  ['our own deployment that is not for a merge', 'deployment', deployment(ours), [requestApi]],
  [
    "our mark on somebody else's deployment",
    'deployment',
    deployment({ payload: { countersign: 'x' } }),
    [requestApi],
  ],
  [
    'a deployment whose payload is no JSON',
    'deployment',
    deployment({ ...ours, payload: 'countersign' }),
    [requestApi],
  ],
  ['a job waits', 'deployment_protection_rule', protectionRule(), [requestActions]],
  [
    'a job waits without a deployment',
    'deployment_protection_rule',
    protectionRule({ deployment: null, sha: OTHER_SHA, ref: 'refs/heads/topic' }),
    [{ ...requestActions, githubDeploymentId: null, sha: OTHER_SHA, ref: 'topic' }],
  ],
  [
    'a job waits on a GitHub Enterprise Server, the name in other letters',
    'deployment_protection_rule',
    protectionRule({
      deployment_callback_url:
        'https://ghe.example.com/api/v3/repos/Acme/Shop/actions/runs/1234/deployment_protection_rule',
    }),
    [requestActions],
  ],
  ['a deployment is reviewed', 'deployment_review', envelope({ action: 'approved', ...RUN }), [judgeRun]],
  [
    'a deployment is reviewed, its run gone',
    'deployment_review',
    envelope({ action: 'approved', workflow_run: null }),
    [],
  ],
  ['a run ends', 'workflow_run', envelope({ action: 'completed', ...RUN }), [judgeRun]],
  ['a run goes on', 'workflow_run', envelope({ action: 'in_progress', ...RUN }), [judgeRun]],
  ['a run is asked for', 'workflow_run', envelope({ action: 'requested', ...RUN }), []],
  ['a status from Actions', 'deployment_status', envelope({ action: 'created', ...RUN }), [judgeRun]],
  ['a status from elsewhere', 'deployment_status', status(), [claim]],
  [
    'a status from elsewhere that says it ended well',
    'deployment_status',
    status({ state: 'success' }),
    [{ ...claim, state: 'success' }],
  ],
  ['a status from elsewhere that claims nothing', 'deployment_status', status({ state: 'failure' }), []],
  ['a status of our own', 'deployment_status', status({ performed_via_github_app: { id: SELF.appId } }), []],
  [
    'a status of another App',
    'deployment_status',
    status({ performed_via_github_app: { id: 15_368 } }),
    [claim],
  ],
  [
    'branch protection',
    'branch_protection_rule',
    envelope({ action: 'edited', rule: { id: 3, name: 'main' } }),
    [{ ...look, named: { kind: 'branch_rule', pattern: 'main' } }, judgeOpen],
  ],
  [
    'branch protection that doesn’t say which',
    'branch_protection_rule',
    envelope({ action: 'edited', rule: { id: 3 } }),
    [look, judgeOpen],
  ],
  [
    'branch protection as a whole',
    'branch_protection_configuration',
    envelope({ action: 'disabled' }),
    [look, judgeOpen],
  ],
  [
    'a ruleset',
    'repository_ruleset',
    envelope({ action: 'deleted', repository_ruleset: { id: 9 } }),
    [{ ...look, named: { kind: 'ruleset', id: 9 } }, judgeOpen],
  ],
  [
    'a ruleset that it doesn’t name',
    'repository_ruleset',
    envelope({ action: 'deleted' }),
    [look, judgeOpen],
  ],
  [
    "the organisation's ruleset",
    'repository_ruleset',
    envelope({ action: 'deleted', repository: undefined, repository_ruleset: { id: 9 } }),
    [{ ...judgeInstallation, controlsBy: alice, controlNamed: { kind: 'ruleset', id: 9 } }],
  ],
  ['a team', 'team', envelope({ action: 'edited', repository: null }), [judgeInstallation]],
  ["a team's repository", 'team', envelope({ action: 'removed_from_repository' }), [judgeOpen]],
  [
    "a team's member",
    'membership',
    envelope({ action: 'removed', repository: undefined }),
    [judgeInstallation],
  ],
  ["a repository's member", 'member', envelope({ action: 'added' }), [judgeOpen]],
  [
    'a member leaves',
    'organization',
    envelope({ action: 'member_removed', repository: undefined }),
    [judgeInstallation],
  ],
  ['a member is invited', 'organization', envelope({ action: 'member_invited', repository: undefined }), []],
  [
    'we are installed',
    'installation',
    installation('created'),
    [coverage('installed.whole'), judgeInstallation],
  ],
  ['we are suspended', 'installation', installation('suspend'), [coverage('suspended.gap')]],
  [
    'we are not suspended any more',
    'installation',
    installation('unsuspend'),
    [coverage('unsuspended.whole'), judgeInstallation],
  ],
  ['we are taken away', 'installation', installation('deleted'), [coverage('uninstalled.gap')]],
  [
    'our new permissions are accepted',
    'installation',
    installation('new_permissions_accepted'),
    [coverage('permissions_accepted'), judgeInstallation],
  ],
  [
    'we get repositories',
    'installation_repositories',
    envelope({
      action: 'added',
      repository: undefined,
      repositories_added: [{ id: 1, full_name: 'acme/shop' }],
    }),
    [coverage('repository_added.whole', { repositories: THE_SHOP, detail: {} }), judgeInstallation],
  ],
  [
    'we lose repositories',
    'installation_repositories',
    envelope({
      action: 'removed',
      repository: undefined,
      repositories_removed: [{ id: 1, full_name: 'acme/shop' }],
    }),
    [coverage('repository_removed.gap', { repositories: THE_SHOP, detail: {} })],
  ],
  [
    'the account that we are installed on got another name',
    'installation_target',
    envelope({
      action: 'renamed',
      repository: undefined,
      account: { id: 7, login: 'acme-corp' },
      changes: { login: { from: 'acme' } },
      target_type: 'Organization',
    }),
    [judgeInstallation],
  ],
  ...(['archived', 'publicized', 'privatized'] as const).map((action): Case => [
    `the repository is ${action}`,
    'repository',
    envelope({ action }),
    [became(`repository_${action}`)],
  ]),
  ...(['unarchived', 'transferred'] as const).map((action): Case => [
    `the repository is ${action}`,
    'repository',
    envelope({ action }),
    [became(`repository_${action}`), judgeOpen],
  ]),
  [
    'the repository is deleted',
    'repository',
    envelope({ action: 'deleted' }),
    [became('repository_deleted.gap')],
  ],
  [
    'the repository gets another name',
    'repository',
    envelope({ action: 'renamed', changes: { repository: { name: { from: 'store' } } } }),
    [became('repository_renamed', { nameBefore: 'store' }), judgeOpen],
  ],
  [
    'another branch is the default',
    'repository',
    envelope({
      action: 'edited',
      changes: { default_branch: { from: 'master' } },
      repository: { ...REPOSITORY, default_branch: 'main' },
    }),
    [became('default_branch_changed', { defaultBranch: 'main', defaultBranchBefore: 'master' }), judgeOpen],
  ],
  ['the repository gets another description', 'repository', envelope({ action: 'edited', changes: {} }), []],
  [
    'a command in a comment',
    'issue_comment',
    envelope({
      action: 'created',
      issue: { number: 7, pull_request: {} },
      comment: { id: 70, body: '/countersign help', user: ALICE },
    }),
    [
      {
        kind: 'command',
        repository: REF,
        number: 7,
        commentId: 70,
        commenter: alice,
        stranger: true,
        command: { name: 'help' },
      },
    ],
  ],
  [
    'a merge group waits for its checks',
    'merge_group',
    envelope({ action: 'checks_requested', merge_group: mergeGroup() }),
    [{ kind: 'judge_merge_group', repository: REF, group: groupOf(12) }],
  ],
  [
    'of a base with slashes',
    'merge_group',
    envelope({ action: 'checks_requested', merge_group: mergeGroup('release/pr-3') }),
    [{ kind: 'judge_merge_group', repository: REF, group: groupOf(12, 'release/pr-3') }],
  ],
  [
    'whose ref is for another base than it says: it names nobody',
    'merge_group',
    envelope({
      action: 'checks_requested',
      merge_group: { ...mergeGroup(), base_ref: 'refs/heads/other' },
    }),
    [{ kind: 'judge_merge_group', repository: REF, group: { ...groupOf(null), baseRef: 'other' } }],
  ],
  ...(['merged', 'invalidated', 'dequeued'] as const).map((reason): (typeof CASES)[number] => [
    `a merge group is ${reason}`,
    'merge_group',
    envelope({ action: 'destroyed', reason, merge_group: mergeGroup() }),
    [{ kind: 'end_merge_group', repository: REF, group: groupOf(12), reason }],
  ]),
  ['a merge group does something that we don’t know', 'merge_group', envelope({ action: 'x' }), []],
  ['a push to a branch of the merge queue', 'push', push({ ref: mergeGroup().head_ref }), []],
  ['an event that nobody knows', 'constructor', envelope({ action: 'x' }), []],
  ['a delivery that no installation of ours sent', 'push', push({ installation: undefined }), []],
];

describe('what a delivery means', () => {
  test.each(CASES)('%s', (_, event, payload, expected) => {
    expect(triggersOf(event, payload, SELF)).toEqual(expected);
  });

  test('every known event is in the table, with something that it means', () => {
    const meant = new Set(CASES.filter(([, , , expected]) => expected.length > 0).map(([, event]) => event));
    expect([...meant].sort()).toEqual([...KNOWN_EVENTS].sort());
  });
});

describe('a known event that cannot be read is an error that names the field', () => {
  test.each<[string, unknown, string]>([
    ['pull_request', null, '""'],
    ['pull_request', 'text', '""'],
    ['pull_request', pullRequest('opened', { number: '7' }), '"number"'],
    [
      'pull_request',
      pullRequest('opened', { pull_request: { head: { sha: 'HEAD' } } }),
      '"pull_request.head.sha"',
    ],
    ['pull_request', pullRequest('opened', { repository: undefined }), '"repository"'],
    [
      'pull_request',
      pullRequest('opened', { repository: { id: 1.5, name: 'a', owner: { login: 'b' } } }),
      '"repository.id"',
    ],
    ['pull_request', pullRequest('opened', { sender: { login: 'alice' } }), '"sender.id"'],
    [
      'pull_request_review',
      envelope({ action: 'submitted', review: {}, pull_request: { number: 7 } }),
      '"review.id"',
    ],
    ['check_run', checkRun('requested_action', 77), '"requested_action.identifier"'],
    ['check_run', checkRun('completed', 4, {}, { head_sha: 7 }), '"check_run.head_sha"'],
    ['status', envelope({ sha: 'x' }), '"sha"'],
    ['push', push({ after: null }), '"after"'],
    ['deployment', deployment({ environment: '' }), '"deployment.environment"'],
    ['deployment_protection_rule', protectionRule({ environment: undefined }), '"environment"'],
    ['deployment_protection_rule', protectionRule({ deployment: null }), '"sha"'],
    ...[
      'https://api.github.com/repos/acme/other/actions/runs/1234/deployment_protection_rule',
      'https://api.github.com/repos/acme/shop/actions/runs/12x4/deployment_protection_rule',
      'https://api.github.com/repos/acme/shop/actions/runs/0/deployment_protection_rule',
      'https://api.github.com/repos/acme/shop/actions/runs/1234/deployment_protection_rule/x',
      'https://api.github.com/x/repos/acme/shop/actions/runs/1234/deployment_protection_rule',
      '/repos/acme/shop/actions/runs/1234/deployment_protection_rule',
      'no address',
      'https://api.github.com/repos/acme/%zz/actions/runs/1234/deployment_protection_rule',
    ].map((url): [string, unknown, string] => [
      'deployment_protection_rule',
      protectionRule({ deployment_callback_url: url }),
      '"deployment_callback_url"',
    ]),
  ])('%s %#', (event, payload, field) => {
    let thrown: unknown;
    try {
      triggersOf(event, payload, SELF);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(CodedError);
    expect(thrown).toMatchObject({
      code: 'delivery_malformed',
      message: expect.stringContaining(`no usable ${field}`),
    });
  });
});
