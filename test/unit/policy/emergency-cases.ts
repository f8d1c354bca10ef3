import type { DeploymentFacts } from '../../../src/domain/deployment-facts.ts';
import type { EmergencyFacts, OpenReview } from '../../../src/domain/emergency-facts.ts';
import { type Known, known, unknown } from '../../../src/domain/known.ts';
import type { EmergencyPolicy, Policy } from '../../../src/policy/schema.ts';
import {
  all,
  alice,
  bob,
  carol,
  dave,
  erin,
  frank,
  identity,
  inRange,
  makeCommit,
  makeDeploymentFacts,
  makeDeploymentReview,
  makeMerge,
  makeMergedFacts,
  makeRoles,
  policyOf,
  sha,
  withProduction,
} from '../../support/make-facts.ts';
import type { Case } from './case.ts';

type EmergencyCase = Case<DeploymentFacts>;
type Over = Parameters<typeof makeDeploymentFacts>[0];

export const emergencyPolicy: EmergencyPolicy = {
  by: { teams: ['leads'] },
  confirm: { teams: ['maintainers'] },
  valid: '1h',
  lifts: ['approvals', 'after', 'freeze'],
  review: { within: '24h', by: { users: ['frank'] } },
};
const everything: EmergencyPolicy = {
  ...emergencyPolicy,
  lifts: ['approvals', 'after', 'freeze', 'changes'],
};
const soaked = { after: { staging: { soak: '1d' } } };
const year = [{ name: 'year end', from: '2026-03-01', until: '2026-04-01', timezone: 'UTC' }];

/** Dave declared it half an hour ago, and carol confirmed it. */
export const declared = (over: Partial<EmergencyFacts> = {}): EmergencyFacts => ({
  entry: '0199c0de-0000-7000-8000-0000a1b2c3d4',
  declaredBy: dave,
  declaredAt: '2026-03-03T09:30:00.000Z',
  expiresAt: '2026-03-03T10:30:00.000Z',
  why: 'nobody can pay',
  incident: 'INC-42',
  pullRequest: 12,
  confirmed: { by: carol, at: '2026-03-03T09:40:00.000Z' },
  usedBy: null,
  expired: false,
  ...over,
});

/** Production, with nobody's approval and without its soak. */
export const urgent = ({ emergency = known(declared()), ...over }: Over = {}): DeploymentFacts =>
  makeDeploymentFacts({
    reviews: all(),
    before: [{ environment: 'staging', runs: known([]) }],
    lock: known(null),
    openReviews: known([]),
    emergency,
    ...over,
  });

export const withEmergency = (over: Partial<EmergencyPolicy> = {}): Policy =>
  withProduction({ ...soaked, emergency: { ...emergencyPolicy, ...over } });
const allowing = withEmergency();

const row = (
  name: string,
  gate: string,
  outcome: EmergencyCase['outcome'],
  codes: EmergencyCase['codes'],
  facts: DeploymentFacts,
  more: Partial<Pick<EmergencyCase, 'policy' | 'verdict'>> = {},
): EmergencyCase => ({ name, gate, outcome, codes, facts, policy: allowing, verdict: 'held', ...more });

const approved = { verdict: 'approved' } as const;

const liftedRows: readonly EmergencyCase[] = [
  row('it is confirmed', 'emergency', 'passed', ['emergency_lifts'], urgent(), approved),
  row(
    'no incident was named',
    'emergency',
    'passed',
    ['emergency_lifts'],
    urgent({ emergency: known(declared({ incident: null })) }),
    approved,
  ),
  row(
    'the approval that is missing',
    'environment_approvals',
    'lifted',
    ['deployment_approvals_missing'],
    urgent(),
    approved,
  ),
  row(
    'the approval of whoever asked',
    'environment_approvals',
    'lifted',
    ['deployment_approvals_missing', 'deployment_approver_is_requester'],
    urgent({ reviews: all(makeDeploymentReview({ reviewer: dave })) }),
    {
      ...approved,
      policy: withProduction({
        emergency: emergencyPolicy,
        approvals: { required: 1, from: { teams: ['leads'] } },
      }),
    },
  ),
  row('the order', 'order', 'lifted', ['order_missing'], urgent(), approved),
  row(
    'the soak',
    'order',
    'lifted',
    ['soak_running'],
    urgent({
      before: [
        {
          environment: 'staging',
          runs: known([
            {
              order: 1,
              sha: sha('merge'),
              state: 'success',
              startedAt: '2026-03-03T09:00:00.000Z',
              endedAt: '2026-03-03T09:10:00.000Z',
              ranBefore: false,
            },
          ]),
        },
      ],
    }),
    approved,
  ),
  row('a freeze', 'freeze', 'lifted', ['freeze_lasting'], urgent(), {
    ...approved,
    policy: withProduction({ ...soaked, freeze: year, emergency: emergencyPolicy }),
  }),
  row(
    'nothing would have held',
    'emergency',
    'passed',
    ['emergency_not_needed'],
    urgent({ reviews: all(makeDeploymentReview()) }),
    { ...approved, policy: withProduction({ emergency: emergencyPolicy }) },
  ),
  row('none was declared', 'emergency', 'not_applicable', [], urgent({ emergency: known(null) })),
  row(
    'it was this deployment that used it',
    'emergency',
    'passed',
    ['emergency_lifts'],
    urgent({ emergency: known(declared({ usedBy: urgent().request.id })) }),
    approved,
  ),
];

const unapproved = makeMergedFacts({ reviews: all() });
const ghostly = makeMerge({ author: identity(null) }).commit;

const changeRows: readonly EmergencyCase[] = [
  row(
    'a change that nobody approved, where it may',
    'range',
    'lifted',
    ['change_not_approved', 'approvals_missing'],
    urgent({ changes: [unapproved] }),
    { ...approved, policy: withEmergency(everything) },
  ),
  row(
    'the same, recorded as unreviewed when it was merged',
    'range',
    'lifted',
    ['commit_unreviewed', 'change_not_approved', 'approvals_missing', 'commit_unreviewed'],
    urgent({
      changes: [unapproved],
      range: {
        commits: all(
          inRange(makeCommit('head'), { recordedUnreviewed: true }),
          inRange(makeMerge().commit, { recordedUnreviewed: true }),
        ),
      },
    }),
    { ...approved, policy: withEmergency(everything) },
  ),
  row(
    'a change that nobody approved, where that isn’t named',
    'range',
    'pending',
    ['change_not_approved', 'approvals_missing'],
    urgent({ changes: [unapproved] }),
  ),
  row(
    'a commit of no pull request',
    'range',
    'pending',
    ['commit_untraced'],
    urgent({
      range: {
        commits: all(
          inRange(makeCommit('head')),
          inRange(makeMerge().commit),
          inRange(makeCommit('pushed'), { pullRequests: [] }),
        ),
      },
    }),
    { policy: withEmergency(everything) },
  ),
  row(
    'somebody asks for changes',
    'range',
    'pending',
    ['change_not_approved', 'approvals_missing', 'changes_requested'],
    urgent({
      changes: [
        makeMergedFacts({
          reviews: all({
            id: 1,
            author: bob,
            state: 'changes_requested',
            commit: sha('head'),
            submittedAt: '2026-03-02T10:00:00Z',
          }),
        }),
      ],
    }),
    { policy: withEmergency(everything) },
  ),
  row(
    'who pushed an unapproved change isn’t known',
    'range',
    'pending',
    ['change_not_approved', 'approvals_missing', 'pusher_unknown'],
    urgent({ changes: [makeMergedFacts({ reviews: all(), pushers: unknown('GitHub answered 403') })] }),
    { policy: withEmergency(everything) },
  ),
  row(
    'who made an unapproved commit isn’t known, so it may be the second person',
    'emergency',
    'pending',
    ['emergency_second_unknown'],
    urgent({
      changes: [unapproved],
      range: { commits: all(inRange(makeCommit('head')), inRange(ghostly)) },
    }),
    { policy: withEmergency(everything) },
  ),
];

const notRows: readonly EmergencyCase[] = [
  row(
    'nobody confirmed it',
    'emergency',
    'pending',
    ['emergency_unconfirmed'],
    urgent({ emergency: known(declared({ confirmed: null })) }),
  ),
  row(
    'nobody confirmed it, and nothing would have held',
    'emergency',
    'not_applicable',
    ['emergency_unconfirmed'],
    urgent({ emergency: known(declared({ confirmed: null })), reviews: all(makeDeploymentReview()) }),
    { ...approved, policy: withProduction({ emergency: emergencyPolicy }) },
  ),
  row(
    'whoever declared it confirmed it',
    'emergency',
    'pending',
    ['emergency_confirmer_not_second'],
    urgent({ emergency: known(declared({ confirmed: { by: dave, at: '2026-03-03T09:40:00.000Z' } })) }),
    { policy: withEmergency({ confirm: { teams: ['leads'] } }) },
  ),
  row(
    'whoever asked for the deployment confirmed it',
    'emergency',
    'pending',
    ['emergency_confirmer_not_second'],
    urgent({ request: { requester: carol } }),
    {
      policy: withProduction({
        deploy: { on: 'request', by: { users: ['carol'] } },
        emergency: emergencyPolicy,
      }),
    },
  ),
  row(
    'an author confirmed it',
    'emergency',
    'pending',
    ['emergency_confirmer_is_author'],
    urgent({ emergency: known(declared({ confirmed: { by: alice, at: '2026-03-03T09:40:00.000Z' } })) }),
    { policy: withEmergency({ confirm: { users: ['alice'] } }) },
  ),
  row(
    'who confirmed it may not',
    'emergency',
    'pending',
    ['emergency_confirmer_not_allowed'],
    urgent({ emergency: known(declared({ confirmed: { by: erin, at: '2026-03-03T09:40:00.000Z' } })) }),
  ),
  row(
    'who confirmed it has a login that the policy names, and is another account',
    'emergency',
    'pending',
    ['emergency_confirmer_not_allowed'],
    urgent({ roles: makeRoles({ usersMustWrite: true }) }),
    { policy: withEmergency({ confirm: { users: [{ login: 'carol', id: 123 }] } }) },
  ),
  row(
    'who confirmed it left the team since',
    'emergency',
    'pending',
    ['emergency_confirmer_not_allowed'],
    urgent({ roles: makeRoles({ teams: { maintainers: known([bob.id]) } }) }),
  ),
  row(
    'who declared it left the team since',
    'emergency',
    'pending',
    ['emergency_declarer_not_allowed'],
    urgent({ request: { requester: frank } }),
    {
      policy: withProduction({
        deploy: { on: 'request', by: { users: ['frank'] } },
        emergency: { ...emergencyPolicy, by: { users: ['erin'] } },
      }),
    },
  ),
  row(
    'the team of who confirmed it can’t be read',
    'emergency',
    'pending',
    ['role_unknown'],
    urgent({ roles: makeRoles({ teams: { maintainers: unknown('GitHub answered 403') } }) }),
    {},
  ),
  row(
    'the team of who declared it can’t be read',
    'emergency',
    'pending',
    ['role_unknown'],
    urgent({ request: { requester: frank } }),
    {
      policy: withProduction({
        deploy: { on: 'request', by: { users: ['frank'] } },
        emergency: { ...emergencyPolicy, by: { teams: ['on-call'] } },
      }),
    },
  ),
  row(
    'its time is over',
    'emergency',
    'pending',
    ['emergency_expired'],
    urgent({ gatheredAt: '2026-03-03T10:30:00.000Z' }),
  ),
  row(
    'by our clock it lasts, and by GitHub’s, which is half a minute ahead, its time is over',
    'emergency',
    'pending',
    ['emergency_expired'],
    urgent({ gatheredAt: '2026-03-03T10:29:45.000Z', githubAhead: known(30_000) }),
  ),
  row(
    'by GitHub’s clock it lasts, and by ours, which is half a minute ahead, its time is over',
    'emergency',
    'pending',
    ['emergency_expired'],
    urgent({ gatheredAt: '2026-03-03T10:30:15.000Z', githubAhead: known(-30_000) }),
  ),
  row(
    'the server’s clock was set back by an hour, so nobody can tell whether it lasts',
    'emergency',
    'pending',
    ['clock_differs'],
    urgent({ gatheredAt: '2026-03-03T10:00:00.000Z', githubAhead: known(3_600_000) }),
  ),
  row(
    'GitHub’s time isn’t known, so nobody can tell whether it lasts',
    'emergency',
    'pending',
    ['clock_unknown'],
    urgent({ githubAhead: unknown('GitHub has told no time yet') }),
  ),
  row(
    'it was declared under a clock that was ahead, at a time that is still to come',
    'emergency',
    'pending',
    ['emergency_unknown'],
    urgent({
      emergency: known(
        declared({ declaredAt: '2026-03-03T10:20:00.000Z', expiresAt: '2026-03-03T11:20:00.000Z' }),
      ),
    }),
  ),
  row('the policy gives it less time since', 'emergency', 'pending', ['emergency_expired'], urgent(), {
    policy: withEmergency({ valid: '30m' }),
  }),
  row(
    'the ledger says that it ended',
    'emergency',
    'pending',
    ['emergency_expired'],
    urgent({ emergency: known(declared({ expired: true })) }),
  ),
  row(
    'another deployment used it',
    'emergency',
    'pending',
    ['emergency_spent'],
    urgent({ emergency: known(declared({ usedBy: '6f7f3c1e-0000-4000-8000-000000000002' })) }),
  ),
  row(
    'what was declared was erased',
    'emergency',
    'pending',
    ['emergency_erased'],
    urgent({ emergency: known(declared({ erased: true })) }),
  ),
  row(
    'the ledger can’t be read',
    'emergency',
    'pending',
    ['emergency_unknown'],
    urgent({ emergency: unknown('its entry was altered') }),
  ),
  row(
    'the name of who declared it was erased',
    'emergency',
    'pending',
    ['emergency_unknown'],
    urgent({ emergency: known(declared({ declaredBy: null })) }),
  ),
  row(
    'the name of who confirmed it was erased',
    'emergency',
    'pending',
    ['emergency_unknown'],
    urgent({ emergency: known(declared({ confirmed: { by: null, at: '2026-03-03T09:40:00.000Z' } })) }),
  ),
  row('the policy knows no emergency', 'emergency', 'not_applicable', ['emergency_not_in_policy'], urgent(), {
    policy: withProduction(soaked),
  }),
];

const neverRows: readonly EmergencyCase[] = [
  row(
    'a lock',
    'lock',
    'pending',
    ['locked'],
    urgent({
      lock: known({
        by: frank,
        why: 'the database is moved',
        since: '2026-03-03T09:00:00.000Z',
        pullRequest: null,
        commit: null,
      }),
    }),
  ),
  row(
    'identity',
    'identity',
    'pending',
    ['two_factor_not_required'],
    urgent({ organization: { twoFactorRequired: known(false), samlIdentities: null } }),
    { policy: withProduction({ identity: { two_factor: 'required' }, emergency: everything }) },
  ),
  row(
    'the SAML identity of who confirmed it',
    'identity',
    'pending',
    ['saml_missing'],
    urgent({ organization: { twoFactorRequired: null, samlIdentities: known([dave.id]) } }),
    { policy: withProduction({ identity: { saml: 'required' }, emergency: everything }) },
  ),
  row(
    'a reviewer’s no',
    'environment_approvals',
    'failed',
    ['deployment_rejected'],
    urgent({ reviews: all(makeDeploymentReview({ state: 'rejected' })) }),
    { verdict: 'rejected' },
  ),
  row(
    'a run that was started again',
    'environment_approvals',
    'pending',
    ['run_is_rerun'],
    urgent({ runAttempt: 2 }),
  ),
  row('another branch', 'branch', 'pending', ['branch_not_allowed'], urgent({ branches: known([]) }), {
    policy: withEmergency(everything),
  }),
  row(
    'what isn’t known of the order',
    'order',
    'pending',
    ['order_unknown'],
    urgent({ before: [{ environment: 'staging', runs: unknown('the ledger doesn’t bear it out') }] }),
  ),
  row('what the policy doesn’t name', 'order', 'pending', ['order_missing'], urgent(), {
    policy: withEmergency({ lifts: ['freeze'] }),
  }),
  row(
    'who may not ask',
    'requester',
    'failed',
    ['requester_not_allowed'],
    urgent({ request: { requester: alice } }),
    { verdict: 'rejected' },
  ),
];

const asked = (over: Over = {}) =>
  urgent({ ...over, request: { source: 'emergency', githubDeploymentId: null, ...over?.request } });
const onCall = withProduction({
  ...soaked,
  deploy: { on: 'request', by: { users: ['frank'] } },
  emergency: emergencyPolicy,
});
const requester = (
  name: string,
  outcome: EmergencyCase['outcome'],
  code: EmergencyCase['codes'][number],
  facts: DeploymentFacts,
  verdict: EmergencyCase['verdict'],
  policy = onCall,
) => row(name, 'requester', outcome, [code], facts, { verdict, policy });

const requesterRows: readonly EmergencyCase[] = [
  requester(
    'whoever declared it asks, who may not ask otherwise',
    'passed',
    'requester_allowed',
    asked(),
    'approved',
  ),
  requester(
    'its time is over before it started',
    'failed',
    'emergency_expired',
    asked({ gatheredAt: '2026-03-03T10:30:00.000Z' }),
    'rejected',
  ),
  requester(
    'another deployment used it',
    'failed',
    'emergency_spent',
    asked({ emergency: known(declared({ usedBy: 'another' })) }),
    'rejected',
  ),
  requester(
    'what was declared was erased before it started',
    'failed',
    'emergency_erased',
    asked({ emergency: known(declared({ erased: true })) }),
    'rejected',
  ),
  requester('the ledger has none', 'pending', 'emergency_unknown', asked({ emergency: known(null) }), 'held'),
  requester(
    'it can’t be read',
    'pending',
    'emergency_unknown',
    asked({ emergency: unknown('altered') }),
    'held',
  ),
  requester(
    'the ledger has no confirmation',
    'pending',
    'emergency_unconfirmed',
    asked({ emergency: known(declared({ confirmed: null })) }),
    'held',
  ),
  requester(
    'nobody knows who asked',
    'pending',
    'requester_unknown',
    asked({ request: { requester: null } }),
    'held',
  ),
  requester(
    'somebody else asks in its name',
    'failed',
    'requester_not_allowed',
    asked({ request: { requester: erin } }),
    'rejected',
  ),
];

const open = (over: Partial<OpenReview> = {}): OpenReview => ({
  entry: '0199c0de-0000-7000-8000-0000beefcafe',
  kind: 'emergency',
  commit: sha('base'),
  at: '2026-03-02T10:00:01.000Z',
  dueAt: '2026-03-03T10:00:01.000Z',
  ...over,
});
const overdue = open({ at: '2026-03-02T10:00:00.000Z', dueAt: '2026-03-03T10:00:00.000Z' });
const reviewed = (openReviews: Known<readonly OpenReview[]>) =>
  makeDeploymentFacts({ lock: known(null), openReviews });
const plain = withProduction({ emergency: emergencyPolicy });
const bare = { policy: policyOf() };
const { openReviews: _, ...older } = reviewed(known([]));

const reviewRows: readonly EmergencyCase[] = [
  row('none is open', 'emergency_reviews', 'passed', ['emergencies_reviewed'], reviewed(known([])), {
    ...approved,
    policy: plain,
  }),
  row(
    'one is open, and has time',
    'emergency_reviews',
    'passed',
    ['emergency_review_open'],
    reviewed(known([open()])),
    { ...approved, policy: plain },
  ),
  row(
    'one is overdue from its very moment on',
    'emergency_reviews',
    'pending',
    ['emergency_review_overdue'],
    reviewed(known([overdue])),
    { policy: plain },
  ),
  row(
    'one is overdue by GitHub’s clock alone, which is half a minute ahead',
    'emergency_reviews',
    'pending',
    ['emergency_review_overdue'],
    { ...reviewed(known([open({ dueAt: '2026-03-03T10:00:15.000Z' })])), githubAhead: known(30_000) },
    { policy: plain },
  ),
  row(
    'one is open, and the server’s clock was set back by a day, so nobody can tell whether it has time',
    'emergency_reviews',
    'pending',
    ['clock_differs'],
    { ...reviewed(known([open()])), githubAhead: known(24 * 3_600_000) },
    { policy: plain },
  ),
  row(
    'one is overdue, one has time',
    'emergency_reviews',
    'pending',
    ['emergency_review_overdue'],
    reviewed(known([open({ entry: '1' }), overdue])),
    { policy: plain },
  ),
  row(
    'one of another environment is overdue',
    'emergency_reviews',
    'pending',
    ['emergency_review_overdue'],
    reviewed(known([{ ...overdue, environment: 'staging' }])),
    { policy: plain },
  ),
  row(
    'one of an environment that the policy doesn’t name is overdue',
    'emergency_reviews',
    'pending',
    ['emergency_review_overdue'],
    reviewed(known([{ ...overdue, kind: 'bypass', environment: 'preview' }])),
    { policy: plain },
  ),
  row(
    'one is overdue, and a confirmed emergency doesn’t lift that',
    'emergency_reviews',
    'pending',
    ['emergency_review_overdue'],
    urgent({ openReviews: known([overdue]) }),
    { policy: withEmergency(everything) },
  ),
  row(
    'a bypass is overdue where the policy knows no emergency',
    'emergency_reviews',
    'pending',
    ['emergency_review_overdue'],
    reviewed(known([{ ...overdue, kind: 'bypass' }])),
    bare,
  ),
  row(
    'a bypass has time where the policy knows no emergency',
    'emergency_reviews',
    'passed',
    ['emergency_review_open'],
    reviewed(known([open({ kind: 'bypass' })])),
    { ...bare, ...approved },
  ),
  row(
    'none is open where the policy knows no emergency',
    'emergency_reviews',
    'not_applicable',
    [],
    reviewed(known([])),
    { ...bare, ...approved },
  ),
  row(
    'the ledger can’t be read',
    'emergency_reviews',
    'pending',
    ['emergency_reviews_unknown'],
    reviewed(unknown('altered')),
    bare,
  ),
  row(
    'facts are older than emergencies, and so is the policy',
    'emergency_reviews',
    'not_applicable',
    [],
    older,
    { ...bare, ...approved },
  ),
  row(
    'facts are older than emergencies, and the policy isn’t',
    'emergency_reviews',
    'pending',
    ['emergency_reviews_unknown'],
    older,
    { policy: plain },
  ),
];

const under = (environment: object, more: object = {}): Policy => ({
  ...allowing,
  baseline: { version: 1, environments: { production: environment }, ...more },
});
const baseline = (
  name: string,
  policy: Policy,
  verdict: EmergencyCase['verdict'] = 'held',
  facts = urgent(),
) => row(name, 'emergency', 'passed', ['emergency_lifts'], facts, { policy, verdict });

const baselineRows: readonly EmergencyCase[] = [
  baseline('it asks for nothing here', under({ lock: { by: { teams: ['leads'] } } }), 'approved'),
  baseline(
    'it asks for the approvals that are lifted, and names no emergency',
    under({ approvals: { required: 1, from: { teams: ['maintainers'] } } }),
  ),
  baseline(
    'it asks for approvals, and lets an emergency lift them',
    under({
      approvals: { required: 1, from: { teams: ['maintainers'] } },
      emergency: { lifts: ['approvals', 'after'] },
    }),
    'approved',
  ),
  baseline(
    'it lets an emergency lift less than the repository does',
    under({ emergency: { lifts: ['freeze'] } }),
  ),
  baseline('it forbids emergencies', under({ emergency: 'forbidden' })),
  baseline('it asks for other people to confirm', under({ emergency: { confirm: { users: ['erin'] } } })),
  baseline('it gives it less time', under({ emergency: { valid: '10m' } })),
  baseline(
    'it names who may deploy, and whoever declared it isn’t among them',
    under({ deploy: { by: { users: ['erin'] } } }),
    'rejected',
    asked(),
  ),
];

/** Emergencies and their reviews; the same table as `deployment-cases.ts`. */
export const emergencyCases: readonly (readonly [string, readonly EmergencyCase[]])[] = [
  ['what an emergency lifts', liftedRows],
  ['changes in an emergency', changeRows],
  ['an emergency that lifts nothing', notRows],
  ['what no emergency lifts', neverRows],
  ['an emergency’s requester', requesterRows],
  ['reviews of emergencies', reviewRows],
  ['an emergency under the organisation’s baseline', baselineRows],
];
