import type { DeploymentFacts } from '../../../src/domain/deployment-facts.ts';
import { type Known, known, unknown } from '../../../src/domain/known.ts';
import type { EnvironmentRun, LockFacts } from '../../../src/domain/timing-facts.ts';
import type { FreezePolicy } from '../../../src/policy/timing-schema.ts';
import {
  all,
  carol,
  dave,
  erin,
  frank,
  inRange,
  makeCommit,
  makeDeploymentFacts as deployment,
  makeDeploymentReview as answer,
  makeMerge,
  makeMergedFacts as merged,
  POLICY,
  policyOf,
  sha,
  withProduction,
} from '../../support/make-facts.ts';
import type { Case } from './case.ts';

type TimingCase = Case<DeploymentFacts>;
type Over = Parameters<typeof deployment>[0];

const row = (
  name: string,
  gate: string,
  codes: TimingCase['codes'],
  facts: DeploymentFacts,
  policy: TimingCase['policy'],
  outcome: TimingCase['outcome'] = 'pending',
): TimingCase => ({
  name,
  gate,
  outcome,
  codes,
  facts,
  ...(policy === undefined ? {} : { policy }),
  verdict: outcome === 'pending' ? 'held' : 'approved',
});

// order and soak: the facts' moment is 10:00 on 3 March 2026

/** The judged commit's deployment to staging, which ended at 09:20. */
export const run = (over: Partial<EnvironmentRun> = {}): EnvironmentRun => ({
  order: 10,
  sha: sha('merge'),
  state: 'success',
  startedAt: '2026-03-03T09:19:00.000Z',
  endedAt: '2026-03-03T09:20:00.000Z',
  ranBefore: false,
  ...over,
});

/** What was deployed after it, from 09:40. */
const later = (over: Partial<EnvironmentRun> = {}): EnvironmentRun =>
  run({
    order: 11,
    sha: sha('next'),
    startedAt: '2026-03-03T09:40:00.000Z',
    endedAt: '2026-03-03T09:41:00.000Z',
    ...over,
  });

export const ran = (...runs: readonly EnvironmentRun[]): Over => ({
  before: [{ environment: 'staging', runs: known(runs) }],
});

const soaked = (soak?: string) => withProduction({ after: { staging: soak === undefined ? {} : { soak } } });

const kept = (name: string, over: Over, policy = soaked('30m')) =>
  row(name, 'order', ['order_kept'], deployment(over), policy, 'passed');
const unkept = (name: string, code: TimingCase['codes'][number], over: Over, policy = soaked('30m')) =>
  row(name, 'order', [code], deployment(over), policy);

const orderRows: readonly TimingCase[] = [
  row('the policy has no order', 'order', [], deployment(ran(run())), policyOf(), 'not_applicable'),
  kept('it soaked for longer than is asked', ran(run())),
  kept('it soaked for exactly as long', ran(run({ endedAt: '2026-03-03T09:30:00.000Z' }))),
  unkept('a second is missing', 'soak_running', ran(run({ endedAt: '2026-03-03T09:30:01.000Z' }))),
  unkept('it was deployed just now', 'soak_running', ran(run({ endedAt: '2026-03-03T10:00:00.000Z' }))),
  unkept(
    'our clock was set back since: it ended in time that is still to come',
    'soak_running',
    ran(run({ endedAt: '2026-03-03T10:05:00.000Z' })),
  ),
  unkept(
    'by our clock it soaked for long enough, and by GitHub’s, which is half a minute behind, it didn’t',
    'soak_running',
    { ...ran(run({ endedAt: '2026-03-03T09:29:45.000Z' })), githubAhead: known(-30_000) },
  ),
  unkept(
    'by GitHub’s clock it soaked for long enough, and by ours, which is half a minute behind, it didn’t',
    'soak_running',
    { ...ran(run({ endedAt: '2026-03-03T09:30:15.000Z' })), githubAhead: known(30_000) },
  ),
  kept('it soaked for long enough by either clock', {
    ...ran(run({ endedAt: '2026-03-03T09:29:30.000Z' })),
    githubAhead: known(-30_000),
  }),
  unkept('the server’s clock is an hour ahead of GitHub’s, so nobody can tell', 'clock_differs', {
    ...ran(run()),
    githubAhead: known(-3_600_000),
  }),
  unkept('GitHub’s time isn’t known, so nobody can tell', 'clock_unknown', {
    ...ran(run()),
    githubAhead: unknown('GitHub has told no time yet'),
  }),
  kept(
    'the clocks are far apart, and no soak is asked',
    { ...ran(run()), githubAhead: known(-3_600_000) },
    soaked(),
  ),
  kept('the clocks are far apart, and the soak was over when another commit took its place', {
    ...ran(run({ endedAt: '2026-03-03T09:10:00.000Z' }), later()),
    githubAhead: known(-3_600_000),
  }),
  kept(
    'only order is asked, and it ended just now',
    ran(run({ endedAt: '2026-03-03T10:00:00.000Z' })),
    soaked(),
  ),
  unkept('two hours are asked', 'soak_running', ran(run()), soaked('2h')),
  unkept('a day is asked', 'soak_running', ran(run()), soaked('1d')),
  kept('a day is asked and it ran for one', ran(run({ endedAt: '2026-03-02T10:00:00.000Z' })), soaked('1d')),
  unkept('it was never deployed there', 'order_missing', ran()),
  unkept('only another commit was', 'order_missing', ran(later())),
  {
    ...row(
      'the organisation asks for an environment that the policy doesn’t name',
      'order',
      ['order_not_named'],
      deployment({ before: [{ environment: 'canary', runs: known([]) }] }),
      {
        ...policyOf(),
        baseline: { version: 1, environments: { production: { after: { canary: {} } } } },
      },
    ),
    askedBy: 'organisation',
  },
  unkept('only another commit was, and no soak is asked', 'order_missing', ran(later()), soaked()),
  unkept('it is being deployed', 'order_running', ran(run({ state: 'running', endedAt: null }))),
  unkept('its deployment failed', 'order_failed', ran(run({ state: 'failure' }))),
  unkept('nobody knows how it ended', 'order_failed', ran(run({ state: 'unknown' }))),
  unkept(
    'it succeeded, and failed when it was deployed there again',
    'order_failed',
    ran(run(), run({ order: 11, state: 'failure' })),
  ),
  kept(
    'it failed, and succeeded when it was deployed there again',
    ran(run({ order: 9, state: 'failure' }), run()),
  ),
  unkept(
    'it is being deployed there again',
    'order_running',
    ran(run(), run({ order: 11, state: 'running', endedAt: null })),
  ),
  unkept(
    'deployed there again, its soak begins anew',
    'soak_running',
    ran(run(), run({ order: 11, endedAt: '2026-03-03T09:45:00.000Z' })),
  ),
  unkept('another commit took its place too early', 'order_replaced', ran(run(), later())),
  kept(
    'another commit took its place when the soak was over',
    ran(run({ endedAt: '2026-03-03T09:05:00.000Z' }), later()),
  ),
  unkept(
    'another commit began to take its place too early',
    'order_replaced',
    ran(run(), later({ state: 'running', endedAt: null })),
  ),
  unkept(
    'nobody knows whether another commit took its place, too early',
    'order_replaced',
    ran(run(), later({ state: 'unknown' })),
  ),
  kept(
    'the deployment of another commit failed, and was switched back',
    ran(run(), later({ state: 'failure' })),
  ),
  unkept('it was taken back', 'order_rolled_back', ran(run(), later({ sha: sha('base'), ranBefore: true }))),
  unkept(
    'it was taken back long after its soak',
    'order_rolled_back',
    ran(run({ endedAt: '2026-03-03T08:00:00.000Z' }), later({ sha: sha('base'), ranBefore: true })),
  ),
  unkept(
    'it was taken back, and no soak is asked',
    'order_rolled_back',
    ran(run(), later({ sha: sha('base'), ranBefore: true })),
    soaked(),
  ),
  kept(
    'it was taken back, and deployed there again',
    ran(
      run({ order: 5 }),
      later({ order: 6, sha: sha('base'), ranBefore: true }),
      run({ order: 12, endedAt: '2026-03-03T09:30:00.000Z' }),
    ),
  ),
  kept(
    'what took its place was taken back to an older commit later',
    ran(
      run({ endedAt: '2026-03-03T09:05:00.000Z' }),
      later(),
      later({ order: 12, sha: sha('base'), ranBefore: true }),
    ),
  ),
  unkept('our records are not the ledger’s', 'order_unknown', {
    before: [{ environment: 'staging', runs: unknown('the ledger does not bear out deployment 7') }],
  }),
  unkept('another environment was looked up', 'order_unknown', {
    before: [{ environment: 'preview', runs: known([run()]) }],
  }),
  unkept('nothing was looked up', 'order_unknown', {}),
  row(
    'two come before, and each says why not',
    'order',
    ['order_missing', 'soak_running'],
    deployment({
      before: [
        { environment: 'staging', runs: known([run({ endedAt: '2026-03-03T09:50:00.000Z' })]) },
        { environment: 'canary', runs: known([]) },
      ],
    }),
    withProduction({ after: { staging: { soak: '30m' }, canary: {} } }),
  ),
  row(
    'two come before, and both are kept',
    'order',
    ['order_kept', 'order_kept'],
    deployment({
      before: [
        { environment: 'staging', runs: known([run()]) },
        { environment: 'canary', runs: known([run()]) },
      ],
    }),
    withProduction({ after: { staging: { soak: '30m' }, canary: {} } }),
    'passed',
  ),
];

// freezes

const freezes = (...freeze: readonly FreezePolicy[]) => withProduction({ freeze: [...freeze] });
const once = (from: string, until: string, timezone: string): FreezePolicy => ({
  name: 'year end',
  from,
  until,
  timezone,
});
const weekly = (from: string, until: string, timezone: string): FreezePolicy => ({
  name: 'weekend',
  weekly: { from, until },
  timezone,
});
const frozen = (name: string, gatheredAt: string, ...each: readonly FreezePolicy[]) =>
  row(name, 'freeze', ['freeze_lasting'], deployment({ gatheredAt }), freezes(...each));
const free = (name: string, gatheredAt: string, ...each: readonly FreezePolicy[]) =>
  row(name, 'freeze', ['no_freeze'], deployment({ gatheredAt }), freezes(...each), 'passed');

const yearEnd = once('2026-12-20', '2027-01-04', 'Europe/London');
const weekend = weekly('friday 16:00', 'monday 08:00', 'Europe/London');
const london = 'Europe/London';
const newYork = 'America/New_York';
const kathmandu = 'Asia/Kathmandu';
const apia = 'Pacific/Apia';

const freezeRows: readonly TimingCase[] = [
  row('the policy has no freeze', 'freeze', [], deployment(), policyOf(), 'not_applicable'),
  row(
    'by our clock it is over, and by GitHub’s, which is half a minute behind, it isn’t',
    'freeze',
    ['freeze_lasting'],
    deployment({ gatheredAt: '2027-01-04T00:00:10.000Z', githubAhead: known(-30_000) }),
    freezes(yearEnd),
  ),
  row(
    'by our clock it has not begun, and by GitHub’s, which is half a minute ahead, it has',
    'freeze',
    ['freeze_lasting'],
    deployment({ gatheredAt: '2026-12-19T23:59:50.000Z', githubAhead: known(30_000) }),
    freezes(yearEnd),
  ),
  row(
    'it lasts by neither clock, and they are a minute apart',
    'freeze',
    ['no_freeze'],
    deployment({ githubAhead: known(60_000) }),
    freezes(yearEnd),
    'passed',
  ),
  row(
    'the server’s clock is a day ahead of GitHub’s',
    'freeze',
    ['clock_differs'],
    deployment({ githubAhead: known(-24 * 3_600_000) }),
    freezes(yearEnd),
  ),
  row(
    'the server’s clock is a little more than a minute behind GitHub’s',
    'freeze',
    ['clock_differs'],
    deployment({ githubAhead: known(60_001) }),
    freezes(yearEnd),
  ),
  row(
    'GitHub’s time isn’t known',
    'freeze',
    ['clock_unknown'],
    deployment({ githubAhead: unknown('GitHub has told no time yet') }),
    freezes(yearEnd),
  ),
  row(
    'the clocks are far apart, and the policy has no freeze',
    'freeze',
    [],
    deployment({ githubAhead: known(3_600_000) }),
    policyOf(),
    'not_applicable',
  ),
  free('the moment before a freeze', '2026-12-19T23:59:59.999Z', yearEnd),
  frozen('its first moment', '2026-12-20T00:00:00.000Z', yearEnd),
  frozen('its last moment', '2027-01-03T23:59:59.999Z', yearEnd),
  free('the day that it lasts until is free from its first moment', '2027-01-04T00:00:00.000Z', yearEnd),
  frozen(
    'with a time of day',
    '2026-12-20T16:00:00.000Z',
    once('2026-12-20T16:00', '2026-12-20T18:30', london),
  ),
  free('until that time', '2026-12-20T18:30:00.000Z', once('2026-12-20T16:00', '2026-12-20T18:30', london)),
  frozen(
    'with a space for the T',
    '2026-12-20T16:00:00.000Z',
    once('2026-12-20 16:00', '2026-12-21', london),
  ),
  frozen(
    'New York’s day begins later',
    '2027-01-04T04:59:59.999Z',
    once('2026-12-20', '2027-01-04', newYork),
  ),
  free('and is over then', '2027-01-04T05:00:00.000Z', once('2026-12-20', '2027-01-04', newYork)),
  frozen(
    'Kathmandu is five hours and 45 minutes ahead',
    '2026-12-19T18:15:00.000Z',
    once('2026-12-20', '2026-12-21', kathmandu),
  ),
  free('not a minute earlier', '2026-12-19T18:14:59.999Z', once('2026-12-20', '2026-12-21', kathmandu)),
  free(
    'Apia had no 30 December 2011: that day is no time at all',
    '2011-12-30T10:00:00.000Z',
    once('2011-12-30', '2011-12-31', apia),
  ),
  frozen(
    'a freeze over the missing day goes from the 29th to the 31st',
    '2011-12-30T09:59:59.999Z',
    once('2011-12-29', '2011-12-31', apia),
  ),
  free('and ends where the 31st begins', '2011-12-30T10:00:00.000Z', once('2011-12-29', '2011-12-31', apia)),
  // London skips 01:00 to 02:00 on 29 March 2026, and has it twice on 25 October
  frozen(
    'from a time that London skips: from the earlier reading',
    '2026-03-29T00:30:00.000Z',
    once('2026-03-29T01:30', '2026-03-30', london),
  ),
  free('not before', '2026-03-29T00:29:59.999Z', once('2026-03-29T01:30', '2026-03-30', london)),
  frozen(
    'until a time that London skips: until the later reading',
    '2026-03-29T01:29:59.999Z',
    once('2026-03-28', '2026-03-29T01:30', london),
  ),
  free('not after', '2026-03-29T01:30:00.000Z', once('2026-03-28', '2026-03-29T01:30', london)),
  frozen(
    'from a time that London has twice: from the first',
    '2026-10-25T00:30:00.000Z',
    once('2026-10-25T01:30', '2026-10-26', london),
  ),
  frozen(
    'until a time that London has twice: until the second',
    '2026-10-25T01:29:59.999Z',
    once('2026-10-24', '2026-10-25T01:30', london),
  ),
  free('not after the second', '2026-10-25T01:30:00.000Z', once('2026-10-24', '2026-10-25T01:30', london)),
  frozen(
    'a whole day of 25 hours in New York',
    '2026-11-02T04:59:59.999Z',
    once('2026-11-01', '2026-11-02', newYork),
  ),
  free(
    'a whole day of 23 hours in New York',
    '2026-03-09T04:00:00.000Z',
    once('2026-03-08', '2026-03-09', newYork),
  ),
  // weekly
  free('the minute before the weekend', '2026-03-06T15:59:59.999Z', weekend),
  frozen('from Friday at four', '2026-03-06T16:00:00.000Z', weekend),
  frozen('on Sunday', '2026-03-08T12:00:00.000Z', weekend),
  frozen('until Monday at eight', '2026-03-09T07:59:59.999Z', weekend),
  free('from Monday at eight', '2026-03-09T08:00:00.000Z', weekend),
  free('in the middle of the week', '2026-03-11T12:00:00.000Z', weekend),
  frozen(
    'the weekend on which London’s clocks go forward ends an hour earlier',
    '2026-03-30T06:59:59.999Z',
    weekend,
  ),
  free('at eight by the new time', '2026-03-30T07:00:00.000Z', weekend),
  frozen('the weekend on which they go back ends an hour later', '2026-10-26T07:59:59.999Z', weekend),
  free('at eight by the old time', '2026-10-26T08:00:00.000Z', weekend),
  frozen('in summer Friday at four is three in UTC', '2026-07-03T15:00:00.000Z', weekend),
  frozen('within one day', '2026-03-04T09:30:00.000Z', weekly('wednesday 09:00', 'wednesday 10:00', 'UTC')),
  free(
    'the same hours on another day',
    '2026-03-05T09:30:00.000Z',
    weekly('wednesday 09:00', 'wednesday 10:00', 'UTC'),
  ),
  frozen(
    'all week but for one hour',
    '2026-03-04T11:00:00.000Z',
    weekly('wednesday 10:00', 'wednesday 09:00', 'UTC'),
  ),
  free('in that hour', '2026-03-04T09:30:00.000Z', weekly('wednesday 10:00', 'wednesday 09:00', 'UTC')),
  frozen(
    'New York’s Friday evening is UTC’s Saturday',
    '2026-03-07T01:00:00.000Z',
    weekly('friday 20:00', 'friday 21:00', newYork),
  ),
  frozen(
    'each week from a time that New York skips: from the earlier reading',
    '2026-03-08T06:30:00.000Z',
    weekly('sunday 02:30', 'sunday 04:00', newYork),
  ),
  frozen(
    'each week until a time that New York has twice: until the second',
    '2026-11-01T06:29:59.999Z',
    weekly('saturday 00:00', 'sunday 01:30', newYork),
  ),
  free('not after the second', '2026-11-01T06:30:00.000Z', weekly('saturday 00:00', 'sunday 01:30', newYork)),
  frozen(
    'Apia’s Monday begins while London has Sunday noon',
    '2026-03-08T11:30:00.000Z',
    weekly('monday 00:00', 'monday 01:00', apia),
  ),
  frozen(
    'Kathmandu’s Sunday begins on UTC’s Saturday',
    '2026-03-07T18:20:00.000Z',
    weekly('sunday 00:00', 'sunday 01:00', kathmandu),
  ),
  // several
  row(
    'two last, and the one that ends first is named first',
    'freeze',
    ['freeze_lasting', 'freeze_lasting'],
    deployment({ gatheredAt: '2026-12-25T18:00:00.000Z' }),
    freezes(yearEnd, weekend),
  ),
  frozen('one of two lasts', '2026-12-23T12:00:00.000Z', weekend, yearEnd),
  free('none of two lasts', '2027-01-05T12:00:00.000Z', weekend, yearEnd),
];

// locks

const lock = (over: Partial<LockFacts> = {}): LockFacts => ({
  by: carol,
  why: 'incident 12 is looked at',
  since: '2026-03-03T09:00:00.000Z',
  pullRequest: null,
  commit: null,
  ...over,
});
const lockable = withProduction({ lock: { by: { teams: ['leads'] } } });
const locked = (
  name: string,
  over: Partial<LockFacts>,
  more: Over = {},
  policy: TimingCase['policy'] = lockable,
) => row(name, 'lock', ['locked'], deployment({ lock: known(lock(over)), ...more }), policy);
const through = (name: string, over: Partial<LockFacts>, more: Over = {}) =>
  row(
    name,
    'lock',
    ['locked_for_this'],
    deployment({ lock: known(lock(over)), ...more }),
    lockable,
    'passed',
  );
const second = merged({ pullRequest: { number: 13, url: 'https://github.com/acme/shop/pull/13' } });

const lockRows: readonly TimingCase[] = [
  row(
    'nobody may lock, and nobody did',
    'lock',
    [],
    deployment({ lock: known(null) }),
    policyOf(),
    'not_applicable',
  ),
  row(
    'facts are older than locks, and so is the policy',
    'lock',
    [],
    deployment(),
    policyOf(),
    'not_applicable',
  ),
  row('facts are older than locks, and the policy isn’t', 'lock', ['lock_unknown'], deployment(), lockable),
  row('nobody locked it', 'lock', ['not_locked'], deployment({ lock: known(null) }), lockable, 'passed'),
  locked('somebody did', {}),
  locked('somebody whose name is gone did', { by: null }),
  locked('the operator did, though the policy names nobody', {}, {}, policyOf()),
  locked('for another pull request', { pullRequest: 13 }),
  through('for this pull request', { pullRequest: 12 }),
  locked(
    'for this pull request, and another comes with it',
    { pullRequest: 12 },
    { changes: [merged(), second] },
  ),
  locked(
    'for this pull request, and a commit of another comes with it',
    { pullRequest: 12 },
    {
      range: {
        commits: all(
          inRange(makeCommit('head')),
          inRange(makeMerge().commit),
          inRange(makeCommit('accepted'), { pullRequests: [13] }),
        ),
        baseline: sha('accepted'),
      },
    },
  ),
  through('for this commit', { commit: sha('merge') }),
  locked('for another commit', { commit: sha('other') }),
  locked('for this pull request at another commit', { pullRequest: 12, commit: sha('other') }),
  through('for this pull request at this commit', { pullRequest: 12, commit: sha('merge') }),
  row(
    'a lock that the ledger doesn’t have',
    'lock',
    ['lock_unknown'],
    deployment({ lock: unknown('the ledger has no such lock') }),
    lockable,
  ),
  row(
    'a lock that the ledger doesn’t have, where nobody may lock',
    'lock',
    ['lock_unknown'],
    deployment({ lock: unknown('the ledger has no such lock') }),
    policyOf(),
  ),
];

// identity

const twoFactor = withProduction({ identity: { two_factor: 'required' } });
const saml = withProduction({ identity: { saml: 'required' } });
const linked = (...ids: readonly number[]): Over => ({
  organization: { twoFactorRequired: null, samlIdentities: known(ids) },
});
const required = (value: boolean): Over => ({
  organization: { twoFactorRequired: known(value), samlIdentities: null },
});

const identityRows: readonly TimingCase[] = [
  row('the policy asks for none', 'identity', [], deployment(), policyOf(), 'not_applicable'),
  row(
    'two-factor is required',
    'identity',
    ['two_factor_required'],
    deployment(required(true)),
    twoFactor,
    'passed',
  ),
  row(
    'two-factor is not required',
    'identity',
    ['two_factor_not_required'],
    deployment(required(false)),
    twoFactor,
  ),
  row(
    'GitHub doesn’t tell',
    'identity',
    ['two_factor_unknown'],
    deployment({ organization: { twoFactorRequired: unknown('GitHub left it out'), samlIdentities: null } }),
    twoFactor,
  ),
  row(
    'it was not looked up',
    'identity',
    ['two_factor_unknown'],
    deployment(linked(dave.id, erin.id)),
    twoFactor,
  ),
  row('nothing was looked up', 'identity', ['two_factor_unknown'], deployment(), twoFactor),
  row(
    'both have a SAML identity',
    'identity',
    ['saml_linked'],
    deployment(linked(dave.id, erin.id)),
    saml,
    'passed',
  ),
  row('the approver has none', 'identity', ['saml_missing'], deployment(linked(dave.id)), saml),
  row('whoever asked has none', 'identity', ['saml_missing'], deployment(linked(erin.id)), saml),
  row('neither has', 'identity', ['saml_missing', 'saml_missing'], deployment(linked()), saml),
  row(
    'somebody whose answer doesn’t count needs none',
    'identity',
    ['saml_linked'],
    deployment({ ...linked(dave.id, erin.id), reviews: all(answer(), answer({ reviewer: carol })) }),
    saml,
    'passed',
  ),
  row(
    'of two approvers one has none',
    'identity',
    ['saml_missing'],
    deployment({ ...linked(dave.id, erin.id), reviews: all(answer(), answer({ reviewer: frank })) }),
    saml,
  ),
  row(
    'where no approval is asked only whoever asked needs one',
    'identity',
    ['saml_linked'],
    deployment(linked(dave.id)),
    withProduction({ approvals: undefined, identity: { saml: 'required' } }),
    'passed',
  ),
  row(
    'GitHub doesn’t tell who has one',
    'identity',
    ['saml_unknown'],
    deployment({ organization: { twoFactorRequired: null, samlIdentities: unknown('GitHub answered 403') } }),
    saml,
  ),
  row('who has one was not looked up', 'identity', ['saml_unknown'], deployment(required(true)), saml),
  row(
    'both are asked, and each says its own',
    'identity',
    ['two_factor_not_required', 'saml_missing'],
    deployment({ organization: { twoFactorRequired: known(false), samlIdentities: known([dave.id]) } }),
    withProduction({ identity: { two_factor: 'required', saml: 'required' } }),
  ),
  row(
    'both are asked and both hold',
    'identity',
    ['two_factor_required', 'saml_linked'],
    deployment({
      organization: { twoFactorRequired: known(true), samlIdentities: known([dave.id, erin.id]) },
    }),
    withProduction({ identity: { two_factor: 'required', saml: 'required' } }),
    'passed',
  ),
  {
    ...row(
      'whoever asked is unknown',
      'identity',
      ['requester_unknown'],
      deployment({ ...linked(dave.id, erin.id), request: { requester: null } }),
      saml,
    ),
  },
];

/** Observed: what would be held by time goes on, and says so. */
const observeRows: readonly TimingCase[] = [
  row(
    'a policy that only observes tells of its freeze too',
    'freeze',
    ['freeze_lasting'],
    deployment({ gatheredAt: '2026-12-25T18:00:00.000Z' }),
    withProduction({ freeze: [yearEnd] }, policyOf(`mode: observe\n${POLICY}`)),
  ),
];

// jobs of Actions: GitHub asks one reviewer once, and only where our rule is on

const job = (over: Over = {}) =>
  deployment({ ...over, request: { source: 'actions', runId: 11, ...over?.request } });
const guarded = (guardedByUs: Known<boolean>, name = 'production'): Over => ({
  environment: known({
    name,
    reviewers: { users: [erin, frank], teams: [], preventSelfReview: true },
    adminsCanBypass: false,
    guardedByUs,
  }),
});
const inRun = answer({ via: 'environment', at: null });
const two = withProduction({ approvals: { required: 2, from: 'environment' } });
const mistyped = (name: string, policy = policyOf()): TimingCase => ({
  ...row(
    `it names ${name}`,
    'environment',
    ['environment_mistyped'],
    job({ request: { environment: name } }),
    policy,
  ),
  verdict: 'error',
});

const jobRows: readonly TimingCase[] = [
  row(
    'our rule is on',
    'environment',
    ['environment_known'],
    job(guarded(known(true))),
    policyOf(),
    'passed',
  ),
  row('our rule is off', 'environment', ['environment_rule_off'], job(guarded(known(false))), policyOf()),
  row(
    'whether it is on is not told, and it asked us',
    'environment',
    ['environment_known'],
    job(guarded(unknown('GitHub answered 404'))),
    policyOf(),
    'passed',
  ),
  row(
    'a GitHub deployment that somebody made needs no rule',
    'environment',
    ['environment_known'],
    deployment(guarded(known(false))),
    policyOf(),
    'passed',
  ),
  mistyped('prodution'),
  mistyped('Production'),
  mistyped('stagging'),
  mistyped('prodution', policyOf(`mode: observe\n${POLICY}`)),
  {
    ...row(
      'it names what is like nothing of ours',
      'environment',
      ['environment_not_in_policy'],
      job({ request: { environment: 'github-pages' } }),
      policyOf(),
      'not_applicable',
    ),
    verdict: 'not_guarded',
  },
  row(
    'one approval is asked, and given in the run',
    'environment_approvals',
    ['deployment_approvals_given'],
    job({ reviews: all(inRun) }),
    policyOf(),
    'passed',
  ),
  row(
    'two are asked, and GitHub asked one person',
    'environment_approvals',
    ['deployment_approvals_missing'],
    job({ reviews: all(inRun) }),
    two,
  ),
  row(
    'two are asked: one in the run, the other by our button',
    'environment_approvals',
    ['deployment_approvals_given'],
    job({ reviews: all(inRun, answer({ reviewer: frank })) }),
    two,
    'passed',
  ),
  row(
    'the same person twice is one person',
    'environment_approvals',
    ['deployment_approvals_missing'],
    job({ reviews: all(inRun, answer()) }),
    two,
  ),
  row(
    'by two buttons, where GitHub has still to hear its own reviewer',
    'environment_approvals',
    ['deployment_approvals_given'],
    job({ reviews: all(answer(), answer({ reviewer: frank })) }),
    two,
    'passed',
  ),
  {
    ...row(
      'one yes in the run, and a no by our button',
      'environment_approvals',
      ['deployment_rejected'],
      job({ reviews: all(inRun, answer({ reviewer: frank, state: 'rejected' })) }),
      two,
      'failed',
    ),
    verdict: 'rejected',
  },
  row(
    'GitHub lets whoever asked approve, and we don’t',
    'environment_approvals',
    ['deployment_approvals_missing', 'deployment_approver_is_requester'],
    job({
      environment: known({
        name: 'production',
        reviewers: { users: [dave, erin], teams: [], preventSelfReview: false },
        adminsCanBypass: false,
        guardedByUs: known(true),
      }),
      reviews: all(answer({ via: 'environment', reviewer: dave })),
    }),
    policyOf(),
  ),
];

/** Order, soak, freezes, locks and accounts; the same table as `deployment-cases.ts`. */
export const timingCases: readonly (readonly [string, readonly TimingCase[]])[] = [
  ['order and soak', orderRows],
  ['freeze', freezeRows],
  ['lock', lockRows],
  ['identity', identityRows],
  ['time, observed', observeRows],
  ['jobs of Actions', jobRows],
];
