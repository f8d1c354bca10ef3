import type { DeploymentFacts, RanBefore } from '../../../src/domain/deployment-facts.ts';
import { type Known, known, unknown } from '../../../src/domain/known.ts';
import type { Policy } from '../../../src/policy/schema.ts';
import {
  all,
  alice,
  carol,
  cut,
  dave,
  makeDeploymentFacts,
  makeDeploymentReview,
  makeRoles,
  policyOf,
  sha,
  withProduction,
} from '../../support/make-facts.ts';
import type { Case } from './case.ts';

type RollbackCase = Case<DeploymentFacts>;
type Over = Parameters<typeof makeDeploymentFacts>[0];

const proof: Known<RanBefore> = known({
  entry: '0199c0de-0000-7000-8000-000000000001',
  endedAt: '2026-03-01T10:00:00.000Z',
});

/** Dave's rollback to what ran before and was approved; nobody approved the rollback itself. */
export const rollback = ({ request, range, ...over }: Over = {}): DeploymentFacts =>
  makeDeploymentFacts({
    range: { running: sha('newer'), status: 'behind', commits: all(), ...range },
    request: { source: 'rollback', githubDeploymentId: null, ...request },
    changes: [],
    reviews: all(),
    ranBefore: proof,
    lock: known({
      by: dave,
      why: 'rolled back',
      since: '2026-03-03T09:59:00.000Z',
      pullRequest: null,
      commit: sha('merge'),
    }),
    ...over,
  });

const may = { rollback: { by: { teams: ['leads'] } } };
const revocable = withProduction(may);

const row = (
  name: string,
  gate: string,
  outcome: RollbackCase['outcome'],
  codes: RollbackCase['codes'],
  facts: DeploymentFacts,
  policy: Policy = revocable,
): RollbackCase => ({
  name,
  gate,
  outcome,
  codes,
  facts,
  policy,
  verdict: outcome === 'passed' ? 'approved' : outcome === 'failed' ? 'rejected' : 'held',
});

const range = (
  name: string,
  outcome: RollbackCase['outcome'],
  code: RollbackCase['codes'][number],
  over: Over,
) => row(name, 'range', outcome, [code], rollback(over));
const { ranBefore: _, ...unread } = rollback();

const rangeRows: readonly RollbackCase[] = [
  range('it was approved and ran there before', 'passed', 'rollback_proven', {}),
  range('the history was set back since', 'passed', 'rollback_proven', { range: { status: 'diverged' } }),
  range('it runs there already', 'passed', 'rollback_proven', {
    range: { status: 'identical', running: sha('merge') },
  }),
  range('the ledger has no such deployment', 'failed', 'rollback_unproven', { ranBefore: known(null) }),
  range('records and ledger differ', 'pending', 'rollback_unknown', {
    ranBefore: unknown('the entry was altered'),
  }),
  row('nobody looked', 'range', 'pending', ['rollback_unknown'], unread),
  range('it is newer than what runs there', 'failed', 'rollback_not_back', { range: { status: 'ahead' } }),
  range('nothing runs there', 'failed', 'rollback_not_back', { range: { status: 'first', running: null } }),
  range('nobody knows what runs there', 'pending', 'range_unknown', { range: { status: 'unknown' } }),
  range('nobody knows what runs there, and it never ran', 'pending', 'range_unknown', {
    range: { status: 'unknown' },
    ranBefore: known(null),
  }),
  row(
    'only a rollback goes back: a request for the same is refused as ever',
    'range',
    'failed',
    ['range_not_descendant'],
    { ...rollback({ reviews: all(makeDeploymentReview()) }), request: makeDeploymentFacts().request },
  ),
];

const requester = (
  name: string,
  outcome: RollbackCase['outcome'],
  code: RollbackCase['codes'][number],
  over: Over,
  policy?: Policy,
) => row(name, 'requester', outcome, [code], rollback(over), policy);

const requesterRows: readonly RollbackCase[] = [
  requester('whoever may roll back', 'passed', 'requester_allowed', {}),
  requester(
    'who may roll back and not deploy',
    'passed',
    'requester_allowed',
    { request: { requester: carol } },
    withProduction({ rollback: { by: { users: ['carol'] } } }),
  ),
  requester(
    'who may deploy and not roll back',
    'failed',
    'requester_not_allowed',
    {},
    withProduction({ rollback: { by: { users: ['carol'] } } }),
  ),
  requester('who may do neither', 'failed', 'requester_not_allowed', { request: { requester: alice } }),
  requester('who left the team since', 'failed', 'requester_not_allowed', {
    roles: makeRoles({ teams: { leads: known([]) } }),
  }),
  requester('the team can’t be read', 'pending', 'role_unknown', {
    roles: makeRoles({ teams: { leads: unknown('GitHub answered 403') } }),
  }),
  requester('whose account is deleted', 'pending', 'requester_unknown', { request: { requester: null } }),
  requester('the policy lets nobody', 'failed', 'rollback_not_in_policy', {}, policyOf()),
];

const freedRows: readonly RollbackCase[] = [
  row(
    'no freeze holds it',
    'range',
    'passed',
    ['rollback_proven'],
    rollback({ gatheredAt: '2026-12-25T12:00:00.000Z' }),
    withProduction({
      ...may,
      freeze: [{ name: 'year end', from: '2026-12-20', until: '2027-01-04', timezone: 'UTC' }],
    }),
  ),
  row(
    'no order and no soak',
    'range',
    'passed',
    ['rollback_proven'],
    rollback(),
    withProduction({ ...may, after: { staging: { soak: '1d' } } }),
  ),
  row(
    'no approvals of its own',
    'range',
    'passed',
    ['rollback_proven'],
    rollback(),
    withProduction({ ...may, approvals: { required: 2, from: { teams: ['maintainers'] } } }),
  ),
];

const heldRows: readonly RollbackCase[] = [
  row('the lock that it set lets it through', 'lock', 'passed', ['locked_for_this'], rollback()),
  row(
    'it isn’t locked any more',
    'lock',
    'passed',
    ['not_locked'],
    rollback({ lock: known(null) }),
    withProduction({ ...may, lock: { by: { teams: ['leads'] } } }),
  ),
  row(
    'somebody locked it for another commit since',
    'lock',
    'pending',
    ['locked'],
    rollback({
      lock: known({
        by: carol,
        why: 'wait',
        since: '2026-03-03T09:59:30.000Z',
        pullRequest: null,
        commit: sha('other'),
      }),
    }),
  ),
  row(
    'somebody locked it since',
    'lock',
    'pending',
    ['locked'],
    rollback({
      lock: known({
        by: carol,
        why: 'wait',
        since: '2026-03-03T09:59:30.000Z',
        pullRequest: null,
        commit: null,
      }),
    }),
  ),
  row(
    'nobody knows whether it is locked',
    'lock',
    'pending',
    ['lock_unknown'],
    rollback({ lock: unknown('torn') }),
  ),
  row(
    'it is on no branch of the environment any more',
    'branch',
    'pending',
    ['branch_not_allowed'],
    rollback({
      branches: known([{ name: 'experiment', tip: sha('merge') }]),
    }),
  ),
  row(
    'which branches it is on is not known',
    'branch',
    'pending',
    ['branch_unknown'],
    rollback({
      branches: unknown('GitHub answered 502'),
    }),
  ),
  row(
    'GitHub doesn’t tell of the environment',
    'environment',
    'pending',
    ['environment_unknown'],
    rollback({
      environment: unknown('GitHub answered 403'),
    }),
  ),
  row(
    'the organisation requires no two-factor authentication',
    'identity',
    'pending',
    ['two_factor_not_required'],
    rollback({
      organization: { twoFactorRequired: known(false), samlIdentities: null },
    }),
    withProduction({ ...may, identity: { two_factor: 'required' } }),
  ),
  row(
    'whoever asked has no SAML identity',
    'identity',
    'pending',
    ['saml_missing'],
    rollback({
      organization: { twoFactorRequired: null, samlIdentities: known([]) },
    }),
    withProduction({ ...may, identity: { saml: 'required' } }),
  ),
  row(
    'not everything could be read',
    'completeness',
    'pending',
    ['facts_incomplete'],
    rollback({
      range: { commits: cut(all()) },
    }),
  ),
];

/** Rollbacks; the same table as `deployment-cases.ts`. */
export const rollbackCases: readonly (readonly [string, readonly RollbackCase[]])[] = [
  ['a rollback’s range', rangeRows],
  ['a rollback’s requester', requesterRows],
  ['what a rollback is free from', freedRows],
  ['what holds a rollback', heldRows],
];
