import type { DeploymentFacts, RangeCommit } from '../../../src/domain/deployment-facts.ts';
import { known, unknown } from '../../../src/domain/known.ts';
import {
  alice,
  all,
  bob,
  carol,
  cut,
  dave,
  erin,
  frank,
  github,
  identity,
  inRange,
  makeCommit,
  makeDeploymentFacts as deployment,
  makeDeploymentReview as answer,
  makeMerge,
  makeMergedFacts as merged,
  makeReview,
  makeRoles,
  POLICY,
  policyOf,
  robot,
  sha,
  withProduction,
} from '../../support/make-facts.ts';
import type { Case } from './case.ts';

type DeploymentCase = Case<DeploymentFacts>;

const row = (
  name: string,
  gate: string,
  outcome: DeploymentCase['outcome'],
  codes: DeploymentCase['codes'],
  facts: DeploymentFacts,
  more: Partial<DeploymentCase> = {},
): DeploymentCase => ({
  name,
  gate,
  outcome,
  codes,
  facts,
  verdict: outcome === 'pending' ? 'held' : outcome === 'failed' ? 'rejected' : 'approved',
  ...more,
});

const policyRows: readonly DeploymentCase[] = [
  row('there is no policy', 'policy', 'pending', ['policy_absent'], deployment(), {
    reading: { kind: 'absent' },
    verdict: 'error',
  }),
  row('GitHub did not give the policy', 'policy', 'pending', ['policy_unreadable'], deployment(), {
    reading: { kind: 'unreadable', why: 'GitHub answered 502' },
    verdict: 'error',
  }),
  row(
    'the policy was changed by a push past review',
    'policy',
    'pending',
    ['policy_unreviewed'],
    deployment({ policy: { trusted: false, since: sha('base'), commits: [sha('stray')] } }),
    { policy: policyOf(`mode: observe\n${POLICY}`) },
  ),
  row(
    'the history of the policy was rewritten',
    'policy',
    'pending',
    ['policy_unreviewed'],
    deployment({ policy: { trusted: false, since: sha('base'), commits: [] } }),
  ),
  row(
    'the policy does not name the environment',
    'environment',
    'not_applicable',
    ['environment_not_in_policy'],
    deployment({ request: { environment: 'prodution' } }),
    { verdict: 'not_guarded' },
  ),
  row(
    'the name differs in case',
    'environment',
    'not_applicable',
    ['environment_not_in_policy'],
    deployment({ request: { environment: 'Production' } }),
    { verdict: 'not_guarded' },
  ),
  row(
    'the name is one of JavaScript’s own',
    'environment',
    'not_applicable',
    ['environment_not_in_policy'],
    deployment({ request: { environment: 'constructor' } }),
    { verdict: 'not_guarded' },
  ),
];

const environmentRows: readonly DeploymentCase[] = [
  row('it exists', 'environment', 'passed', ['environment_known'], deployment()),
  row(
    'it could not be read',
    'environment',
    'pending',
    ['environment_unknown'],
    deployment({ environment: unknown('GitHub answered 404') }),
  ),
  row(
    'GitHub answered for another',
    'environment',
    'pending',
    ['environment_unknown'],
    deployment({
      environment: known({
        name: 'Production',
        reviewers: null,
        adminsCanBypass: null,
        guardedByUs: known(true),
      }),
    }),
  ),
];

const staging = { environment: 'staging', source: 'merge', requester: bob } as const;
const requesterRows: readonly DeploymentCase[] = [
  row('a lead asked', 'requester', 'passed', ['requester_allowed'], deployment()),
  row(
    'somebody else asked',
    'requester',
    'failed',
    ['requester_not_allowed'],
    deployment({ request: { requester: carol } }),
  ),
  row(
    'who asked has a login that the policy names, and may not write here',
    'requester',
    'failed',
    ['requester_not_allowed'],
    deployment({ roles: makeRoles({ permissions: { [dave.id]: known('read') }, usersMustWrite: true }) }),
    { policy: withProduction({ deploy: { on: 'request', by: { users: ['dave'] } } }) },
  ),
  row(
    'who asked has left the team',
    'requester',
    'failed',
    ['requester_not_allowed'],
    deployment({ roles: makeRoles({ teams: { leads: known([]) } }) }),
  ),
  row(
    'the team could not be read',
    'requester',
    'pending',
    ['role_unknown'],
    deployment({ roles: makeRoles({ teams: { leads: unknown('GitHub answered 403') } }) }),
  ),
  row(
    'nobody knows who asked',
    'requester',
    'pending',
    ['requester_unknown'],
    deployment({ request: { requester: null } }),
  ),
  row(
    'after a merge it is whoever merged',
    'requester',
    'passed',
    ['requester_allowed'],
    deployment({ request: staging }),
  ),
  row(
    'after a merge by somebody who may not deploy',
    'requester',
    'failed',
    ['requester_not_allowed'],
    deployment({ request: { ...staging, requester: dave } }),
  ),
  row(
    'after a merge, where the policy wants a request',
    'requester',
    'failed',
    ['request_required'],
    deployment({ request: { source: 'merge' } }),
  ),
];

const branchRows: readonly DeploymentCase[] = [
  row('on the allowed branch', 'branch', 'passed', ['branch_allowed'], deployment()),
  row(
    'on no branch at all',
    'branch',
    'pending',
    ['branch_not_allowed'],
    deployment({ branches: known([]) }),
  ),
  row(
    'on another branch only',
    'branch',
    'pending',
    ['branch_not_allowed'],
    deployment({ branches: known([{ name: 'release/1', tip: sha('merge') }]) }),
  ),
  row(
    'the branches could not be read',
    'branch',
    'pending',
    ['branch_unknown'],
    deployment({ branches: unknown('GitHub answered 500') }),
  ),
];

const BASELINE = sha('head');
const based = withProduction({ baseline: BASELINE });
const only = (...commits: readonly RangeCommit[]) => ({ commits: all(...commits) });
const head = makeCommit('head');
const merge = makeMerge().commit;
const step = makeCommit('step');
const stepped = makeCommit('head', { parents: [step.sha] });
const unmerged = merged({ pullRequest: { state: 'open', merged: null } });
const rangeRows: readonly DeploymentCase[] = [
  row('a merge commit and the commit it merged', 'range', 'passed', ['range_traced'], deployment()),
  row(
    'what runs there already',
    'range',
    'passed',
    ['nothing_to_deploy'],
    deployment({ range: { status: 'identical', running: sha('merge'), ...only() } }),
  ),
  row(
    'identical, but to something else',
    'range',
    'pending',
    ['range_unknown'],
    deployment({ range: { status: 'identical', running: sha('other'), ...only() } }),
  ),
  row(
    'older than what runs there',
    'range',
    'failed',
    ['range_not_descendant'],
    deployment({ range: { status: 'behind', ...only() } }),
  ),
  row(
    'older than the baseline, where nothing runs there yet',
    'range',
    'failed',
    ['range_not_descendant'],
    deployment({ range: { status: 'behind', running: null, baseline: sha('newer'), ...only() } }),
  ),
  row(
    'on another line than what runs there',
    'range',
    'failed',
    ['range_not_descendant'],
    deployment({ range: { status: 'diverged' } }),
  ),
  row(
    'how it relates is not known',
    'range',
    'pending',
    ['range_unknown'],
    deployment({ range: { status: 'unknown', ...only() } }),
  ),
  row(
    'not all of it was read',
    'range',
    'pending',
    ['facts_incomplete'],
    deployment({ range: { commits: cut(deployment().range.commits) } }),
  ),
  row(
    'it does not end at the target',
    'range',
    'pending',
    ['range_unknown'],
    deployment({ range: only(inRange(head)) }),
  ),
  row(
    'the first deployment, without a baseline',
    'range',
    'pending',
    ['range_first_without_baseline'],
    deployment({
      range: { status: 'first', running: null, baseline: null, commits: { complete: false, items: [] } },
      changes: [],
    }),
  ),
  row(
    'the first deployment, from the baseline',
    'range',
    'passed',
    ['range_traced'],
    deployment({ range: { status: 'first', running: null, baseline: sha('base') } }),
    { policy: withProduction({ baseline: sha('base') }) },
  ),
  row(
    'the first deployment, of the baseline itself',
    'range',
    'passed',
    ['range_traced'],
    deployment({ range: { status: 'first', running: null, baseline: sha('merge'), ...only() } }),
    { policy: withProduction({ baseline: sha('merge') }) },
  ),
  row(
    'the first deployment, from another baseline',
    'range',
    'pending',
    ['range_unknown'],
    deployment({ range: { status: 'first', running: null, baseline: sha('other') } }),
    { policy: based },
  ),
  row(
    'a commit from no pull request',
    'range',
    'pending',
    ['commit_untraced'],
    deployment({
      range: only(inRange(head), inRange(merge), inRange(makeCommit('stray'), { pullRequests: [] })),
    }),
  ),
  row(
    'a commit that only an open pull request has',
    'range',
    'pending',
    ['commit_untraced', 'commit_untraced'],
    deployment({ changes: [unmerged] }),
  ),
  row(
    'a commit of a pull request that was merged elsewhere',
    'range',
    'pending',
    ['commit_untraced', 'commit_untraced'],
    deployment({ changes: [merged({ pullRequest: { baseRef: 'release/1' } })] }),
  ),
  row(
    'a pull request that GitHub names but that has not the commit',
    'range',
    'pending',
    ['commit_untraced'],
    deployment({ range: only(inRange(head), inRange(merge), inRange(makeCommit('stray'))) }),
  ),
  row(
    'a commit that was pushed past review',
    'range',
    'pending',
    ['commit_unreviewed'],
    deployment({
      range: only(
        inRange(head),
        inRange(merge),
        inRange(makeCommit('stray'), { pullRequests: [], recordedUnreviewed: true }),
      ),
    }),
  ),
  row(
    'it was reviewed afterwards',
    'range',
    'passed',
    ['range_traced', 'commit_reviewed_late'],
    deployment({ range: only(inRange(head, { recordedUnreviewed: true }), inRange(merge)) }),
  ),
  row(
    'its pull request is still not approved',
    'range',
    'pending',
    ['commit_unreviewed', 'change_not_approved', 'approvals_missing'],
    deployment({
      changes: [merged({ reviews: all() })],
      range: only(inRange(head, { recordedUnreviewed: true }), inRange(merge)),
    }),
  ),
  row(
    'it is under the declared baseline',
    'range',
    'passed',
    ['range_traced', 'commit_accepted'],
    deployment({
      range: only(
        inRange(makeCommit('stray', { parents: [] })),
        inRange(makeCommit('head', { parents: [sha('stray')] }), { recordedUnreviewed: true }),
        inRange(merge),
      ),
    }),
    { policy: based },
  ),
  row(
    'the baseline accepts nothing beside its own line',
    'range',
    'pending',
    ['commit_untraced'],
    deployment({ range: only(inRange(makeCommit('stray')), inRange(head), inRange(merge)) }),
    { policy: based },
  ),
  row(
    'a change that nobody approved',
    'range',
    'pending',
    ['change_not_approved', 'approvals_missing'],
    deployment({ changes: [merged({ reviews: all() })] }),
  ),
  row(
    'a change that was approved before its last push',
    'range',
    'pending',
    ['change_not_approved', 'approvals_missing', 'approval_stale'],
    deployment({ changes: [merged({ reviews: all(makeReview({ commit: sha('older') })) })] }),
  ),
  row(
    'a change that its co-author approved',
    'range',
    'pending',
    ['change_not_approved', 'approvals_missing', 'approver_is_author'],
    deployment({ changes: [merged({ commits: all(makeCommit('head', { coAuthors: [identity(bob)] })) })] }),
  ),
  row(
    'a change with an objection',
    'range',
    'pending',
    ['change_not_approved', 'changes_requested'],
    deployment({
      changes: [
        merged({ reviews: all(makeReview(), makeReview({ author: carol, state: 'changes_requested' })) }),
      ],
    }),
  ),
  row(
    'a change whose author is unknown',
    'range',
    'pending',
    ['change_not_approved', 'author_unknown'],
    deployment({ changes: [merged({ pullRequest: { author: null } })] }),
  ),
  row(
    'a change whose pusher is unknown',
    'range',
    'pending',
    ['change_not_approved', 'pusher_unknown'],
    deployment({ changes: [merged({ pushers: unknown('it came before Countersign') })] }),
  ),
  row(
    'a change of which not all was read',
    'range',
    'pending',
    ['change_not_approved', 'facts_incomplete'],
    deployment({ changes: [merged({ reviews: cut(merged().reviews) })] }),
  ),
  row(
    'a change whose checks were not read: they were judged at the merge',
    'range',
    'passed',
    ['range_traced'],
    deployment({ changes: [merged({ checks: cut(all()) })] }),
  ),
  row(
    'a change to a branch that nobody guards',
    'range',
    'pending',
    ['change_not_approved', 'branch_not_guarded'],
    deployment({
      branches: known([{ name: 'sketches', tip: sha('merge') }]),
      changes: [merged({ pullRequest: { baseRef: 'sketches' } })],
    }),
    { policy: withProduction({ branches: ['sketches'] }) },
  ),
  row(
    'a merge that somebody made at home',
    'range',
    'pending',
    ['merge_not_by_github'],
    deployment({
      changes: [
        merged({ pullRequest: { merged: makeMerge({ signedByGitHub: false, committer: identity(bob) }) } }),
      ],
    }),
  ),
  row(
    'a merge of which nobody knows how it came',
    'range',
    'pending',
    ['merge_unknown'],
    deployment({
      changes: [merged({ pullRequest: { merged: { ...makeMerge(), onGitHub: unknown('not yet') } } })],
    }),
  ),
  ...(
    [
      ['that was pushed, though GitHub signed it for an App', {}, known(false)],
      ['of something else than the head', { parents: [sha('base'), sha('other')] }, known(true)],
      ['that brings a third line', { parents: [sha('base'), sha('head'), sha('third')] }, known(true)],
      ['that is an edit on top of the head', { parents: [sha('head')] }, known(true)],
      ['that is made on top of the head', { parents: [sha('head'), sha('head')] }, known(true)],
    ] as const
  ).map(([name, over, onGitHub]) =>
    row(
      `a merge ${name}`,
      'range',
      'pending',
      ['merge_not_by_github'],
      deployment({
        changes: [merged({ pullRequest: { merged: { ...makeMerge(over), onGitHub } } })],
        range: only(inRange(head), inRange(makeMerge(over).commit)),
      }),
    ),
  ),
  row(
    'a merge whose signature the range does not have',
    'range',
    'pending',
    ['merge_not_by_github'],
    deployment({ range: only(inRange(head), inRange({ ...merge, signedByGitHub: false })) }),
  ),
  row(
    'a squash that GitHub made',
    'range',
    'passed',
    ['range_traced'],
    deployment({
      changes: [
        merged({ pullRequest: { merged: makeMerge({ parents: [sha('base')], author: identity(alice) }) } }),
      ],
      range: only(inRange(makeMerge({ parents: [sha('base')], author: identity(alice) }).commit)),
    }),
  ),
  row(
    'a squash with a co-author whom nobody knows',
    'range',
    'pending',
    ['identity_unmapped'],
    deployment({
      range: only(inRange(head), inRange({ ...merge, parents: [sha('base')], coAuthors: [identity(null)] })),
    }),
  ),
  row(
    'the pull request’s commits as they are, pushed',
    'range',
    'passed',
    ['range_traced'],
    deployment({
      request: { sha: sha('head') },
      changes: [
        merged({ pullRequest: { merged: { ...makeMerge(), onGitHub: known(false), commit: head } } }),
      ],
      range: only(inRange(head)),
      reviews: all(answer({ sha: sha('head') })),
    }),
  ),
  row(
    'a step inside of an approved change',
    'range',
    'pending',
    ['target_inside_change'],
    deployment({
      request: { sha: sha('step') },
      changes: [merged({ commits: all(step, stepped) })],
      range: only(inRange(step)),
      reviews: all(answer({ sha: sha('step') })),
    }),
  ),
  row(
    'a step of one change that is the head of another',
    'range',
    'passed',
    ['range_traced'],
    deployment({
      request: { sha: sha('step') },
      changes: [merged({ commits: all(step, stepped) }), endsAtStep()],
      range: only(inRange(step)),
      reviews: all(answer({ sha: sha('step') })),
    }),
  ),
  row(
    'a step of one change that is the head of another, which nobody approved',
    'range',
    'pending',
    ['target_inside_change'],
    deployment({
      request: { sha: sha('step') },
      changes: [merged({ commits: all(step, stepped) }), { ...endsAtStep(), reviews: all() }],
      range: only(inRange(step)),
      reviews: all(answer({ sha: sha('step') })),
    }),
  ),
  row(
    'a commit under the baseline that is no merge',
    'range',
    'pending',
    ['target_inside_change'],
    deployment({
      request: { sha: sha('step') },
      range: only(inRange(step, { pullRequests: [] }), inRange(stepped)),
      changes: [],
      reviews: all(answer({ sha: sha('step') })),
    }),
    { policy: based },
  ),
  row(
    'two changes have it, and one is approved',
    'range',
    'passed',
    ['range_traced'],
    deployment({ changes: [merged({ pullRequest: { number: 3 }, reviews: all() }), merged()] }),
  ),
  row('a change for each of two commits', 'range', 'passed', ['range_traced'], twoChanges()),
];

function endsAtStep(): DeploymentFacts['changes'][number] {
  return merged({
    pullRequest: {
      number: 13,
      headSha: sha('step'),
      merged: makeMerge({ sha: sha('merge 13'), parents: [sha('base'), sha('step')] }),
    },
    commits: all(step),
    reviews: all(makeReview({ commit: sha('step') })),
  });
}

function twoChanges(): DeploymentFacts {
  const later = makeCommit('later', { author: identity(carol), committer: identity(carol) });
  const change = merged({
    pullRequest: {
      number: 13,
      author: carol,
      headSha: later.sha,
      merged: makeMerge({ sha: sha('merge 13'), parents: [sha('merge'), later.sha] }),
    },
    commits: all(later),
    reviews: all(makeReview({ commit: later.sha })),
    pushers: known([carol]),
  });
  const target = { ...merge, sha: sha('merge 13') };
  return deployment({
    request: { sha: target.sha },
    changes: [change, merged()],
    range: only(inRange(head), inRange(merge), inRange(later), inRange(target)),
    reviews: all(answer({ sha: target.sha })),
  });
}

const answeredBy = (...reviewers: readonly Parameters<typeof answer>[0][]) =>
  deployment({ reviews: all(...reviewers.map((over) => answer(over))) });
const twice = withProduction({ approvals: { required: 2, from: 'environment' } });
const named = withProduction({ approvals: { required: 1, from: { teams: ['leads'], users: ['carol'] } } });
const reviewedBy = (teams: readonly string[], users = [erin]) =>
  known({
    name: 'production',
    reviewers: { users, teams, preventSelfReview: false },
    adminsCanBypass: false,
    guardedByUs: known(true),
  });
const missing = 'deployment_approvals_missing';
const approvalRows: readonly DeploymentCase[] = [
  row(
    'a reviewer of the environment approved',
    'environment_approvals',
    'passed',
    ['deployment_approvals_given'],
    deployment(),
  ),
  row(
    'in the workflow run',
    'environment_approvals',
    'passed',
    ['deployment_approvals_given'],
    answeredBy({ via: 'environment', at: null }),
  ),
  row('nobody answered', 'environment_approvals', 'pending', [missing], answeredBy()),
  row('one of two', 'environment_approvals', 'pending', [missing], deployment(), { policy: twice }),
  row(
    'one person twice, in two ways, is once',
    'environment_approvals',
    'pending',
    [missing],
    answeredBy({}, { via: 'environment' }),
    { policy: twice },
  ),
  row(
    'two of two',
    'environment_approvals',
    'passed',
    ['deployment_approvals_given'],
    answeredBy({}, { reviewer: frank }),
    { policy: twice },
  ),
  row(
    'for another commit',
    'environment_approvals',
    'pending',
    [missing, 'deployment_approval_stale'],
    answeredBy({ sha: sha('older') }),
  ),
  row(
    'for another commit, and for this one',
    'environment_approvals',
    'passed',
    ['deployment_approvals_given'],
    answeredBy({ sha: sha('older') }, {}),
  ),
  row(
    'somebody whom the environment does not name',
    'environment_approvals',
    'pending',
    [missing, 'deployment_approver_not_reviewer'],
    answeredBy({ reviewer: carol }),
  ),
  row(
    'somebody whom GitHub let review, but the environment does not name',
    'environment_approvals',
    'pending',
    [missing, 'deployment_approver_not_reviewer'],
    answeredBy({ reviewer: dave, via: 'environment' }),
  ),
  row(
    'a member of a team that the environment names',
    'environment_approvals',
    'passed',
    ['deployment_approvals_given'],
    deployment({
      environment: reviewedBy(['operators'], []),
      roles: makeRoles({ teams: { operators: known([erin.id]) } }),
    }),
  ),
  row(
    'the team could not be read',
    'environment_approvals',
    'pending',
    [missing, 'role_unknown'],
    deployment({
      environment: reviewedBy(['operators'], []),
      roles: makeRoles({ teams: { operators: unknown('GitHub answered 403') } }),
    }),
  ),
  row(
    'whoever asked for it',
    'environment_approvals',
    'pending',
    [missing, 'deployment_approver_is_requester'],
    deployment({ environment: reviewedBy(['leads']), reviews: all(answer({ reviewer: dave })) }),
  ),
  row(
    'whoever wrote a part of it',
    'environment_approvals',
    'pending',
    [missing, 'deployment_approver_is_author'],
    deployment({ environment: reviewedBy([], [alice]), reviews: all(answer({ reviewer: alice })) }),
  ),
  row(
    'whoever pushed a part of it',
    'environment_approvals',
    'pending',
    [missing, 'deployment_approver_is_author'],
    deployment({ changes: [merged({ pushers: known([alice, erin]) })] }),
  ),
  row(
    'a co-author of a commit in range',
    'environment_approvals',
    'pending',
    [missing, 'deployment_approver_is_author'],
    deployment({
      range: only(inRange(head), inRange({ ...merge, parents: [sha('base')], coAuthors: [identity(erin)] })),
    }),
  ),
  row(
    'whoever opened a pull request in range',
    'environment_approvals',
    'pending',
    [missing, 'deployment_approver_is_author'],
    deployment({ changes: [merged({ pullRequest: { author: erin } })] }),
  ),
  row(
    'whoever pressed the merge button made nothing',
    'environment_approvals',
    'passed',
    ['deployment_approvals_given'],
    deployment({ range: only(inRange(head), inRange({ ...merge, author: identity(erin) })) }),
  ),
  row(
    'whoever merged main into the branch, resolving conflicts, did',
    'environment_approvals',
    'pending',
    [missing, 'deployment_approver_is_author'],
    deployment({
      range: only(
        inRange(head),
        inRange(
          makeCommit('resolved', {
            parents: [sha('head'), sha('base')],
            author: identity(erin),
            committer: github,
            signedByGitHub: true,
          }),
        ),
        inRange(merge),
      ),
    }),
    { verdict: 'held' },
  ),
  row(
    'a bot',
    'environment_approvals',
    'pending',
    [missing, 'approver_is_bot'],
    deployment({ environment: reviewedBy([], [robot]), reviews: all(answer({ reviewer: robot })) }),
  ),
  row(
    'an account that is deleted',
    'environment_approvals',
    'pending',
    [missing, 'deployment_reviewer_unknown'],
    answeredBy({ reviewer: null }),
  ),
  row(
    'a reviewer rejected it',
    'environment_approvals',
    'failed',
    ['deployment_rejected'],
    answeredBy({}, { reviewer: frank, state: 'rejected' }),
  ),
  row(
    'a reviewer rejected it and then approved',
    'environment_approvals',
    'failed',
    ['deployment_rejected'],
    answeredBy({ state: 'rejected' }, {}),
  ),
  row(
    'a reviewer who wrote a part of it may reject it',
    'environment_approvals',
    'failed',
    ['deployment_rejected'],
    deployment({
      environment: reviewedBy([], [alice]),
      reviews: all(answer({ reviewer: alice, state: 'rejected' })),
    }),
  ),
  row(
    'somebody else rejected it',
    'environment_approvals',
    'passed',
    ['deployment_approvals_given', 'deployment_approver_not_reviewer'],
    answeredBy({}, { reviewer: carol, state: 'rejected' }),
  ),
  row(
    'the rejection was for another commit',
    'environment_approvals',
    'passed',
    ['deployment_approvals_given', 'deployment_approval_stale'],
    answeredBy({}, { reviewer: frank, state: 'rejected', sha: sha('older') }),
  ),
  row(
    'an account that is deleted rejected it',
    'environment_approvals',
    'pending',
    ['deployment_reviewer_unknown'],
    answeredBy({}, { reviewer: null, state: 'rejected' }),
  ),
  row(
    'whether who rejected it may is unknown',
    'environment_approvals',
    'pending',
    ['role_unknown'],
    deployment({
      environment: reviewedBy(['operators']),
      roles: makeRoles({ teams: { operators: unknown('GitHub answered 403') } }),
      reviews: all(answer(), answer({ reviewer: carol, state: 'rejected' })),
    }),
  ),
  row(
    'a run that was started again, with the answers to another attempt',
    'environment_approvals',
    'pending',
    ['run_is_rerun'],
    deployment({ request: { source: 'actions', runId: 11 }, runAttempt: 2 }),
  ),
  row(
    'the environment names nobody',
    'environment_approvals',
    'pending',
    ['environment_without_reviewers'],
    deployment({ environment: reviewedBy([], []) }),
  ),
  row(
    'the environment has no reviewers at all',
    'environment_approvals',
    'pending',
    ['environment_without_reviewers'],
    deployment({
      environment: known({
        name: 'production',
        reviewers: null,
        adminsCanBypass: null,
        guardedByUs: known(false),
      }),
    }),
  ),
  row(
    'the environment could not be read',
    'environment_approvals',
    'pending',
    ['environment_unknown'],
    deployment({ environment: unknown('GitHub answered 404') }),
  ),
  row(
    'whoever the policy names',
    'environment_approvals',
    'passed',
    ['deployment_approvals_given'],
    answeredBy({ reviewer: carol }),
    { policy: named },
  ),
  row(
    'whoever has the login that the policy names, and may not write here',
    'environment_approvals',
    'pending',
    [missing, 'deployment_approver_not_reviewer'],
    deployment({
      reviews: all(answer({ reviewer: carol })),
      roles: makeRoles({ permissions: { [carol.id]: known('none') }, usersMustWrite: true }),
    }),
    { policy: named },
  ),
  row(
    'the environment’s reviewer, where the policy names others',
    'environment_approvals',
    'pending',
    [missing, 'deployment_approver_not_reviewer'],
    deployment(),
    { policy: named },
  ),
  row(
    'nobody knows who asked, so any approver may have',
    'environment_approvals',
    'pending',
    ['requester_unknown'],
    deployment({ request: { requester: null } }),
  ),
  row(
    'the policy asks for none',
    'environment_approvals',
    'not_applicable',
    [],
    deployment({ request: staging, reviews: all() }),
  ),
];

const completenessRows: readonly DeploymentCase[] = [
  row('all of it was read', 'completeness', 'passed', ['facts_complete'], deployment()),
  row(
    'not all commits',
    'completeness',
    'pending',
    ['facts_incomplete'],
    deployment({ range: { commits: cut(deployment().range.commits) } }),
  ),
  row(
    'not all answers',
    'completeness',
    'pending',
    ['facts_incomplete'],
    deployment({ reviews: cut(deployment().reviews) }),
  ),
];

export const deploymentCases: readonly (readonly [string, readonly DeploymentCase[]])[] = [
  ['policy', policyRows],
  ['environment', environmentRows],
  ['requester', requesterRows],
  ['branch', branchRows],
  ['range', rangeRows],
  ['approvals', approvalRows],
  ['completeness', completenessRows],
  [
    'mode',
    [
      row(
        'to observe decides as to enforce',
        'range',
        'pending',
        ['range_unknown'],
        deployment({ range: { status: 'unknown' } }),
        { policy: { ...policyOf(), mode: 'observe' } },
      ),
    ],
  ],
];
