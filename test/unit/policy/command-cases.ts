import type { Command } from '../../../src/domain/command.ts';
import type { CommandAct, CommandRefusal } from '../../../src/domain/command-answer.ts';
import type { CommandedPull, CommandFacts, RanThere } from '../../../src/domain/command-facts.ts';
import { type Known, known, unknown } from '../../../src/domain/known.ts';
import type { LockFacts } from '../../../src/domain/timing-facts.ts';
import type { PolicyReading } from '../../../src/policy/policy-reading.ts';
import type { Policy } from '../../../src/policy/schema.ts';
import {
  alice,
  carol,
  dave,
  makeRoles,
  policyOf,
  repository,
  robot,
  sha,
  withProduction,
} from '../../support/make-facts.ts';

/** One row: a command, what is known, and what becomes of it. */
export interface CommandCase {
  readonly name: string;
  readonly policy?: Policy;
  readonly reading?: Exclude<PolicyReading, { kind: 'valid' }>;
  readonly facts: CommandFacts;
  /** What is done, or the code with which it is refused; `help`: neither. */
  readonly answer: CommandAct | CommandRefusal | 'help';
  /** What the refusal says, in part. */
  readonly says?: string;
}

const merged = (over: Partial<CommandedPull> = {}): Known<CommandedPull> =>
  known({ state: 'merged', baseRef: 'main', mergeCommit: sha('merge'), ...over });

const standing: LockFacts = {
  by: carol,
  why: 'the migration runs',
  since: '2026-03-03T09:00:00.000Z',
  pullRequest: null,
  commit: null,
};

const runsOf = (...words: readonly string[]): RanThere['runs'] =>
  words.map((word) => ({ sha: sha(word), startedAt: '2026-03-02T10:00:00.000Z' }));

/** What ran, newest first; the first of them runs now. */
const ranThere = (...words: readonly string[]): Known<RanThere> =>
  known({ running: words[0] === undefined ? null : sha(words[0]), left: null, runs: runsOf(...words) });

/** The same, with what a deployment left there that failed since. */
const leaving = (left: string, running: string, ...earlier: readonly string[]): Known<RanThere> =>
  known({ running: sha(running), left: sha(left), runs: runsOf(running, ...earlier) });

/** The same, with what emergencies let through. */
const withEmergencies = (
  ran: Known<RanThere>,
  inEmergency: NonNullable<RanThere['inEmergency']>,
): Known<RanThere> => (ran.known ? known({ ...ran.value, inEmergency }) : ran);

/** A command of dave's, who leads, on the merged pull request 12. */
export const commandFacts = (command: Command, over: Partial<CommandFacts> = {}): CommandFacts => ({
  schema: 'command-facts/v1',
  gatheredAt: '2026-03-03T10:00:00.000Z',
  repository,
  number: 12,
  commenter: dave,
  command,
  policy: { trusted: true },
  pullRequest: command.name === 'deploy' ? merged() : null,
  lock: command.name === 'unlock' ? known(standing) : command.name === 'rollback' ? known(null) : null,
  ran: command.name === 'rollback' ? ranThere('new', 'old', 'oldest') : null,
  roles: makeRoles(),
  ...over,
});

const deploy = (environment = 'production'): Command => ({ name: 'deploy', environment });
const lock = (over: Partial<Extract<Command, { name: 'lock' }>> = {}): Command => ({
  name: 'lock',
  environment: 'production',
  why: 'it burns',
  only: null,
  ...over,
});
const unlock = (environment = 'production'): Command => ({ name: 'unlock', environment, why: null });
const misread = (problem: Extract<Command, { name: 'misread' }>['problem']): Command => ({
  name: 'misread',
  problem,
});

const deployed = (over: Partial<Extract<CommandAct, { kind: 'deploy' }>> = {}): CommandAct => ({
  kind: 'deploy',
  environment: 'production',
  sha: sha('merge'),
  ref: 'main',
  ...over,
});

const lockable = withProduction({ lock: { by: { teams: ['leads'] } } });
const tightened = (by: { users: string[] }): Policy => ({
  ...lockable,
  baseline: { version: 1, environments: { production: { deploy: { by }, lock: { by } } } },
});

const row = (
  name: string,
  command: Command,
  answer: CommandCase['answer'],
  over: Partial<CommandFacts> = {},
  more: Partial<Pick<CommandCase, 'policy' | 'reading' | 'says'>> = {},
): CommandCase => ({ name, facts: commandFacts(command, over), answer, ...more });

const deployRows: readonly CommandCase[] = [
  row('somebody who may asks for the merge', deploy(), deployed()),
  row(
    'it was merged to a release branch',
    deploy(),
    deployed({ ref: 'release/1' }),
    {
      pullRequest: merged({ baseRef: 'release/1' }),
    },
    { policy: withProduction({ branches: ['release/*'] }) },
  ),
  row(
    'it is open',
    deploy(),
    'not_merged',
    { pullRequest: merged({ state: 'open', mergeCommit: null }) },
    {
      says: 'not merged yet',
    },
  ),
  row(
    'it was closed',
    deploy(),
    'not_merged',
    { pullRequest: merged({ state: 'closed', mergeCommit: null }) },
    {
      says: 'closed without being merged',
    },
  ),
  row('it was merged, and GitHub names no commit', deploy(), 'not_merged', {
    pullRequest: merged({ mergeCommit: null }),
  }),
  row('it is open, and GitHub’s trial merge stands there', deploy(), 'not_merged', {
    pullRequest: merged({ state: 'open' }),
  }),
  row(
    'it was merged to another branch',
    deploy(),
    'wrong_branch',
    {
      pullRequest: merged({ baseRef: 'experiment' }),
    },
    { says: 'merged to `experiment`' },
  ),
  row('the branch only looks alike', deploy(), 'wrong_branch', { pullRequest: merged({ baseRef: 'Main' }) }),
  row(
    'GitHub doesn’t tell',
    deploy(),
    'pull_request_unknown',
    {
      pullRequest: unknown('GitHub answered 403'),
    },
    { says: 'GitHub answered 403' },
  ),
  row('nobody looked it up', deploy(), 'pull_request_unknown', { pullRequest: null }),
  row(
    'somebody who may not',
    deploy(),
    'not_allowed',
    { commenter: alice },
    {
      says: 'alice may not deploy to `production`: the policy asks for somebody of team `leads`.',
    },
  ),
  row('somebody who may not, of an open one: who may is said first', deploy(), 'not_allowed', {
    commenter: alice,
    pullRequest: merged({ state: 'open' }),
  }),
  row('a bot', deploy(), 'not_allowed', { commenter: robot }),
  row('who took over a leader’s login', deploy(), 'not_allowed', { commenter: { ...dave, id: 99 } }),
  row(
    'the team can’t be read',
    deploy(),
    'role_unknown',
    {
      roles: makeRoles({ teams: { leads: unknown('GitHub answered 403') } }),
    },
    { says: 'GitHub answered 403' },
  ),
  row('the team was not looked up', deploy(), 'role_unknown', { roles: { teams: {}, permissions: {} } }),
  row(
    'somebody named is allowed whatever GitHub tells of teams',
    deploy(),
    deployed(),
    {
      roles: { teams: {}, permissions: {} },
    },
    { policy: withProduction({ deploy: { on: 'request', by: { users: ['Dave'] } } }) },
  ),
  row(
    'somebody named who may write',
    deploy(),
    deployed(),
    { roles: makeRoles({ permissions: { [dave.id]: known('write') }, usersMustWrite: true }) },
    { policy: withProduction({ deploy: { on: 'request', by: { users: ['dave'] } } }) },
  ),
  row(
    'somebody who has the login that is named, and may only read',
    deploy(),
    'not_allowed',
    { roles: makeRoles({ permissions: { [dave.id]: known('read') }, usersMustWrite: true }) },
    {
      policy: withProduction({ deploy: { on: 'request', by: { users: ['dave'] } } }),
      says: 'the policy names dave, who may not write to this repository',
    },
  ),
  row(
    'somebody who has the login that is named, and is another account',
    deploy(),
    'not_allowed',
    { roles: makeRoles({ permissions: { [dave.id]: known('admin') }, usersMustWrite: true }) },
    {
      policy: withProduction({ deploy: { on: 'request', by: { users: [{ login: 'dave', id: 123 }] } } }),
      says: 'has the login dave, but isn’t account 123, which the policy names',
    },
  ),
  row(
    'somebody named, and whether they may write is not known',
    deploy(),
    'role_unknown',
    {
      roles: makeRoles({ permissions: { [dave.id]: unknown('GitHub answered 403') }, usersMustWrite: true }),
    },
    { policy: withProduction({ deploy: { on: 'request', by: { users: ['dave'] } } }) },
  ),
  row(
    'by permission',
    deploy(),
    deployed(),
    {
      roles: makeRoles({ permissions: { [dave.id]: known('admin') } }),
    },
    { policy: withProduction({ deploy: { on: 'request', by: { permission: 'maintain' } } }) },
  ),
  row(
    'too weak a permission',
    deploy(),
    'not_allowed',
    {
      roles: makeRoles({ permissions: { [dave.id]: known('write') } }),
    },
    { policy: withProduction({ deploy: { on: 'request', by: { permission: 'maintain' } } }) },
  ),
  row('no such environment', deploy('moon'), 'no_such_environment', {}, { says: 'it names `production`' }),
  row(
    'a slip of the pen',
    deploy('prodution'),
    'no_such_environment',
    {},
    {
      says: 'did you mean `production`?',
    },
  ),
  row('another case is another environment', deploy('Production'), 'no_such_environment'),
  row('the name of what every object has', deploy('constructor'), 'no_such_environment'),
  row(
    'the policy names none',
    deploy(),
    'no_such_environment',
    {},
    {
      policy: { ...policyOf(), environments: {} },
      says: 'it names none',
    },
  ),
  row(
    'an environment of each merge can be asked for as well',
    deploy('staging'),
    deployed({ environment: 'staging' }),
    {
      commenter: carol,
    },
  ),
  row(
    'observe opens nothing',
    deploy(),
    'not_allowed',
    { commenter: alice },
    {
      policy: { ...policyOf(), mode: 'observe' },
    },
  ),
  row(
    'the organisation asks for somebody else',
    deploy(),
    'not_allowed',
    {},
    {
      policy: tightened({ users: ['erin'] }),
      says: 'asks for erin',
    },
  ),
  row(
    'the organisation asks for them too',
    deploy(),
    deployed(),
    {},
    { policy: tightened({ users: ['dave'] }) },
  ),
  row(
    'the organisation allows who the repository doesn’t',
    deploy(),
    'not_allowed',
    { commenter: alice },
    {
      policy: tightened({ users: ['alice'] }),
    },
  ),
];

const lockRows: readonly CommandCase[] = [
  row(
    'somebody who may locks',
    lock(),
    { kind: 'lock', environment: 'production', why: 'it burns', pullRequest: null },
    {},
    {
      policy: lockable,
    },
  ),
  row(
    'for all but one pull request',
    lock({ only: 14 }),
    {
      kind: 'lock',
      environment: 'production',
      why: 'it burns',
      pullRequest: 14,
    },
    {},
    { policy: lockable },
  ),
  row(
    'the policy lets nobody lock',
    lock(),
    'nobody_may',
    {},
    { says: 'nobody the right to lock and unlock' },
  ),
  row('somebody who may not', lock(), 'not_allowed', { commenter: alice }, { policy: lockable }),
  row(
    'the team can’t be read',
    lock(),
    'role_unknown',
    {
      roles: makeRoles({ teams: { leads: unknown('GitHub answered 502') } }),
    },
    { policy: lockable },
  ),
  row('no such environment', lock({ environment: 'moon' }), 'no_such_environment', {}, { policy: lockable }),
  row(
    'the organisation asks for somebody else',
    lock(),
    'not_allowed',
    {},
    {
      policy: tightened({ users: ['erin'] }),
    },
  ),
  row(
    'somebody who may unlocks, also another’s lock',
    unlock(),
    {
      kind: 'unlock',
      environment: 'production',
      why: null,
    },
    {},
    { policy: lockable },
  ),
  row(
    'somebody who may not unlocks, though it is their own',
    unlock(),
    'not_allowed',
    { commenter: carol },
    {
      policy: lockable,
    },
  ),
  row('nobody may unlock', unlock(), 'nobody_may'),
  row('it isn’t locked', unlock(), 'not_locked', { lock: known(null) }, { policy: lockable }),
  row(
    'nobody knows whether it is locked',
    unlock(),
    'lock_unknown',
    {
      lock: unknown('the ledger has an unlocking that answers no lock'),
    },
    { policy: lockable, says: 'lock it anew' },
  ),
  row('nobody looked', unlock(), 'lock_unknown', { lock: null }, { policy: lockable }),
  row('no such environment to unlock', unlock('moon'), 'no_such_environment'),
];

const rollback = (target: string | null = null, why: string | null = null): Command => ({
  name: 'rollback',
  environment: 'production',
  target,
  why,
});
const back = (
  to: string,
  why: string | null = null,
  from = 'new',
): Extract<CommandAct, { kind: 'rollback' }> => ({
  kind: 'rollback',
  environment: 'production',
  sha: sha(to),
  from: sha(from),
  why,
});
const revocable = withProduction({ rollback: { by: { teams: ['leads'] } } });
const roll = (
  name: string,
  command: Command,
  answer: CommandCase['answer'],
  over: Partial<CommandFacts> = {},
  more: Partial<Pick<CommandCase, 'policy' | 'says'>> = {},
): CommandCase => row(name, command, answer, over, { policy: revocable, ...more });

const rollbackRows: readonly CommandCase[] = [
  roll('to what ran before', rollback(), back('old')),
  roll('with a reason', rollback(null, 'it burns'), back('old', 'it burns')),
  roll('to what is named', rollback(sha('oldest')), back('oldest')),
  roll('to what is named by how it begins', rollback(sha('oldest').slice(0, 7)), back('oldest')),
  roll('what runs was deployed twice: before its first time', rollback(), back('old'), {
    ran: ranThere('new', 'new', 'old'),
  }),
  roll('what runs was rolled back to: what it came after, not what was left', rollback(), back('oldest'), {
    ran: ranThere('new', 'bad', 'new', 'oldest'),
  }),
  roll('nothing ran before', rollback(), 'nothing_before', { ran: ranThere('new') }),
  roll('it is rolled back to the first already', rollback(), 'nothing_before', {
    ran: ranThere('new', 'bad', 'new'),
  }),
  roll('nothing runs there', rollback(), 'nothing_before', { ran: ranThere() }),
  roll('what runs there was never approved: back to the newest that was', rollback(), back('old'), {
    ran: known({ running: sha('new'), runs: [{ sha: sha('old'), startedAt: '2026-03-01T10:00:00.000Z' }] }),
  }),
  roll(
    'to what never ran there',
    rollback(sha('never')),
    'never_ran',
    {},
    { says: 'was not approved and deployed' },
  ),
  roll('to what begins two commits', rollback('a'.repeat(7)), 'ambiguous', {
    ran: known({
      running: sha('new'),
      runs: ['b', 'c'].map((end) => ({ sha: 'a'.repeat(39) + end, startedAt: '2026-03-01T10:00:00.000Z' })),
    }),
  }),
  roll('to what runs there', rollback(sha('new')), 'runs_there'),
  roll(
    'what an emergency let through is passed over, and that is said',
    rollback(),
    { ...back('old'), passedOver: [{ sha: sha('rushed'), lifted: ['changes'] }] },
    {
      ran: withEmergencies(ranThere('new', 'old'), [
        { sha: sha('rushed'), lifted: ['changes'], newer: 1 },
        { sha: sha('rushed'), lifted: ['changes'], newer: 1 },
        { sha: sha('rushed before'), lifted: ['approvals'], newer: 2 },
      ]),
    },
  ),
  roll('what an emergency let through runs there', rollback(), back('old', null, 'rushed'), {
    ran: withEmergencies(known({ running: sha('rushed'), left: null, runs: runsOf('old') }), [
      { sha: sha('rushed'), lifted: ['changes'], newer: 0 },
    ]),
  }),
  roll('an emergency’s commit was deployed by the rules as well', rollback(), back('old'), {
    ran: withEmergencies(ranThere('new', 'old', 'rushed'), [
      { sha: sha('rushed'), lifted: ['approvals'], newer: 1 },
    ]),
  }),
  roll(
    'nothing but what an emergency let through ran before',
    rollback(),
    'nothing_before',
    {
      ran: withEmergencies(ranThere('new'), [
        { sha: sha('rushed'), lifted: ['after', 'approvals'], newer: 1 },
      ]),
    },
    {
      says: `\`${sha('rushed').slice(0, 7)}\` ran on \`production\` because an emergency lifted \`after\` and \`approvals\` for that once, so nobody goes back to it.`,
    },
  ),
  roll(
    'to what an emergency let through, by its name',
    rollback(sha('rushed').slice(0, 9)),
    'never_ran',
    {
      ran: withEmergencies(ranThere('new', 'old'), [{ sha: sha('rushed'), lifted: ['changes'], newer: 1 }]),
    },
    { says: 'because an emergency lifted `changes` for that once, so nobody goes back to it. The newest' },
  ),
  roll(
    'a newer one failed and was left there: to the one that last succeeded, and no further',
    rollback(),
    back('new', null, 'left'),
    { ran: leaving('left', 'new', 'old', 'oldest') },
  ),
  roll(
    'a newer one failed and was left there: to the one that last succeeded, by its name',
    rollback(sha('new')),
    back('new', null, 'left'),
    { ran: leaving('left', 'new', 'old', 'oldest') },
  ),
  roll(
    'a newer one failed and was left there: further back, by its name',
    rollback(sha('old')),
    back('old', null, 'left'),
    { ran: leaving('left', 'new', 'old', 'oldest') },
  ),
  roll(
    'a newer one was left there, and what last succeeded was never approved: to the newest that was',
    rollback(),
    back('old', null, 'left'),
    { ran: known({ running: sha('observed'), left: sha('left'), runs: runsOf('old', 'oldest') }) },
  ),
  roll('what last succeeded failed when it was deployed again: to what ran before', rollback(), back('old'), {
    ran: leaving('new', 'new', 'old', 'oldest'),
  }),
  roll(
    'somebody who may deploy and not roll back',
    rollback(),
    'not_allowed',
    {},
    {
      policy: withProduction({ rollback: { by: { users: ['erin'] } } }),
      says: 'dave may not roll back `production`: the policy asks for erin.',
    },
  ),
  roll('the policy lets nobody', rollback(), 'nobody_may', {}, { policy: policyOf() }),
  roll('the team can’t be read', rollback(), 'role_unknown', {
    roles: makeRoles({ teams: { leads: unknown('GitHub answered 502') } }),
  }),
  roll(
    'the environment is locked',
    rollback(),
    'locked',
    { lock: known(standing) },
    {
      says: '`production` is locked by carol: the migration runs. Unlock it first.',
    },
  ),
  roll(
    'the operator locked it',
    rollback(),
    'locked',
    { lock: known({ ...standing, by: null }) },
    {
      says: 'locked by the operator',
    },
  ),
  roll('nobody knows whether it is locked', rollback(), 'lock_unknown', {
    lock: unknown('the ledger is torn'),
  }),
  roll('nobody looked whether it is locked', rollback(), 'lock_unknown', { lock: null }),
  roll('nobody knows what ran', rollback(), 'history_unknown', {
    ran: unknown('one ended nobody knows how'),
  }),
  roll('nobody looked what ran', rollback(), 'history_unknown', { ran: null }),
  roll('no such environment', { ...rollback(), environment: 'moon' } as Command, 'no_such_environment'),
];

const otherRows: readonly CommandCase[] = [
  row('help', { name: 'help' }, 'help'),
  row('help without a policy', { name: 'help' }, 'help', {}, { reading: { kind: 'absent' } }),
  row('help for anybody', { name: 'help' }, 'help', { commenter: alice }),
  row(
    'no such command',
    misread({ kind: 'no_such_command', said: 'fly', meant: null }),
    'misread',
    {},
    {
      says: 'There is no command `fly`',
    },
  ),
  row(
    'a slip of the pen',
    misread({ kind: 'no_such_command', said: 'depoly', meant: 'deploy' }),
    'misread',
    {},
    {
      says: 'Did you mean `deploy`?',
    },
  ),
  row(
    'no environment',
    misread({ kind: 'environment_missing', command: 'deploy' }),
    'misread',
    {},
    {
      says: '`/countersign deploy ENVIRONMENT`',
    },
  ),
  row(
    'no reason',
    misread({ kind: 'why_missing', command: 'lock' }),
    'misread',
    {},
    {
      says: '`/countersign lock ENVIRONMENT [only #NUMBER] REASON`',
    },
  ),
  row(
    'too much',
    misread({ kind: 'too_much', command: 'deploy', more: 'west' }),
    'misread',
    {},
    {
      says: '`west` was not understood',
    },
  ),
  row('too long', misread({ kind: 'too_long' }), 'misread'),
  row(
    'no emergency',
    misread({ kind: 'emergency_missing', command: 'confirm', said: '' }),
    'misread',
    {},
    { says: '`/countersign confirm EMERGENCY`' },
  ),
  row(
    'what is no emergency’s name',
    misread({ kind: 'emergency_missing', command: 'confirm', said: 'mine' }),
    'misread',
    {},
    { says: '`mine` is no emergency’s name' },
  ),
  row(
    'no verdict',
    misread({ kind: 'verdict_missing', command: 'review', said: 'fine' }),
    'misread',
    {},
    { says: 'justified or unjustified' },
  ),
  row('there is no policy', deploy(), 'no_policy', {}, { reading: { kind: 'absent' }, says: 'There is no' }),
  row(
    'the policy is wrong',
    deploy(),
    'no_policy',
    {},
    {
      reading: { kind: 'invalid', problems: ['.github/countersign.yml:3:1 foo: unknown key'] },
      says: 'unknown key',
    },
  ),
  row(
    'the policy can’t be read',
    lock(),
    'no_policy',
    {},
    {
      reading: { kind: 'unreadable', why: 'GitHub answered 500' },
      says: 'GitHub answered 500',
    },
  ),
  row(
    'the policy was changed without review',
    deploy(),
    'policy_unreviewed',
    {
      policy: { trusted: false, since: sha('before'), commits: [sha('sneaked')] },
    },
    { says: 'changed without review' },
  ),
  row(
    'and so for locks, which it may have given away',
    lock(),
    'policy_unreviewed',
    {
      policy: { trusted: false, since: sha('before'), commits: [] },
    },
    { policy: lockable },
  ),
];

export const commandCases = [
  ['deploy', deployRows],
  ['lock and unlock', lockRows],
  ['rollback', rollbackRows],
  ['whatever else', otherRows],
] as const;
