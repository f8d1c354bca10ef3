import type { Command } from '../../../src/domain/command.ts';
import type { CommandAct } from '../../../src/domain/command-answer.ts';
import type { CommandFacts, DeclaredEmergency } from '../../../src/domain/command-facts.ts';
import type { CommandedEmergency } from '../../../src/domain/emergency-facts.ts';
import { known, unknown } from '../../../src/domain/known.ts';
import type { Policy } from '../../../src/policy/schema.ts';
import {
  alice,
  bob,
  carol,
  cut,
  all,
  dave,
  erin,
  frank,
  makeCommit,
  makeMergedFacts,
  makeRoles,
  sha,
  withProduction,
} from '../../support/make-facts.ts';
import { commandFacts, type CommandCase } from './command-cases.ts';
import { declared, emergencyPolicy } from './emergency-cases.ts';

const allowing = withProduction({ emergency: emergencyPolicy });
const under = (asked: object): Policy => ({
  ...allowing,
  baseline: { version: 1, environments: { production: asked } },
});

const declare = (over: object = {}): Command => ({
  name: 'emergency',
  environment: 'production',
  why: 'nobody can pay',
  incident: 'INC-42',
  ...over,
});
const confirm: Command = { name: 'confirm', emergency: 'a1b2c3d4' };
const review: Command = { name: 'review', emergency: 'a1b2c3d4', verdict: 'justified', why: 'it was right' };

const row = (
  name: string,
  command: Command,
  answer: CommandCase['answer'],
  over: Partial<CommandFacts> = {},
  more: Partial<Pick<CommandCase, 'policy' | 'says'>> = {},
): CommandCase => ({ name, facts: commandFacts(command, over), answer, policy: allowing, ...more });

const merged = known({ state: 'merged', baseRef: 'main', mergeCommit: sha('merge') } as const);
const standing = (over: Partial<DeclaredEmergency> = {}): DeclaredEmergency => ({
  ...declared(),
  commit: sha('merge'),
  ...over,
});
const declaring = (over: Partial<CommandFacts> = {}): Partial<CommandFacts> => ({
  pullRequest: merged,
  declared: known([]),
  ...over,
});
const declaration = (over: Partial<Extract<CommandAct, { kind: 'declare' }>> = {}): CommandAct => ({
  kind: 'declare',
  environment: 'production',
  sha: sha('merge'),
  ref: 'main',
  why: 'nobody can pay',
  incident: 'INC-42',
  expiresAt: '2026-03-03T11:00:00.000Z',
  confirm: 'somebody of team `maintainers`',
  ...over,
});

const declareRows: readonly CommandCase[] = [
  row('somebody who may', declare(), declaration(), declaring()),
  row(
    'another one’s, which was used, is no hindrance',
    declare(),
    declaration(),
    declaring({ declared: known([standing({ usedBy: 'x' })]) }),
  ),
  row(
    'nor one that ended',
    declare(),
    declaration(),
    declaring({
      declared: known([standing({ expiresAt: '2026-03-03T10:00:00.000Z' }), standing({ expired: true })]),
    }),
  ),
  row(
    'nor one of another commit',
    declare(),
    declaration(),
    declaring({ declared: known([standing({ commit: sha('other') })]) }),
  ),
  row('one that stands', declare(), 'already_declared', declaring({ declared: known([standing()]) }), {
    says: '`a1b2c3d4` stands',
  }),
  row(
    'what stands can’t be told',
    declare(),
    'emergency_unknown',
    declaring({ declared: unknown('altered') }),
  ),
  row(
    'the server’s clock is an hour ahead, by which it would last for an hour more',
    declare(),
    'clock_unknown',
    declaring({ githubAhead: known(-3_600_000) }),
    { says: 'see to the clock' },
  ),
  row(
    'GitHub’s time isn’t known',
    declare(),
    'clock_unknown',
    declaring({ githubAhead: unknown('GitHub has told no time yet') }),
  ),
  row(
    'the clocks are half a minute apart',
    declare(),
    declaration(),
    declaring({ githubAhead: known(30_000) }),
  ),
  row('nobody looked what stands', declare(), 'emergency_unknown', { pullRequest: merged }),
  row('who may not', declare(), 'not_allowed', declaring({ commenter: alice })),
  row('the policy lets nobody', declare(), 'nobody_may', declaring(), { policy: withProduction({}) }),
  row('the organisation forbids it', declare(), 'nobody_may', declaring(), {
    policy: under({ emergency: 'forbidden' }),
    says: 'baseline',
  }),
  row(
    'the organisation lets it last less',
    declare(),
    declaration({
      expiresAt: '2026-03-03T10:05:00.000Z',
      confirm: 'somebody of team `maintainers`, and at once somebody of team `maintainers`',
    }),
    declaring(),
    { policy: under({ emergency: { valid: '5m' } }) },
  ),
  row('the organisation lets others deploy', declare(), 'not_allowed', declaring(), {
    policy: under({ deploy: { by: { users: ['erin'] } } }),
  }),
  row(
    'the pull request is open',
    declare(),
    'not_merged',
    declaring({ pullRequest: known({ state: 'open', baseRef: 'main', mergeCommit: null }) }),
  ),
  row(
    'it was merged elsewhere',
    declare(),
    'wrong_branch',
    declaring({ pullRequest: known({ state: 'merged', baseRef: 'next', mergeCommit: sha('merge') }) }),
  ),
];

const named = (over: Partial<CommandedEmergency> = {}): CommandedEmergency => ({
  kind: 'emergency',
  entry: declared().entry,
  environment: 'production',
  commit: sha('merge'),
  pullRequest: 12,
  ref: 'main',
  emergency: declared({ confirmed: null }),
  opened: null,
  reviewed: false,
  madeBy: known([]),
  ...over,
});
const confirming = (
  over: Partial<CommandedEmergency> = {},
  more: Partial<CommandFacts> = {},
): Partial<CommandFacts> => ({
  commenter: carol,
  emergency: known(named(over)),
  change: makeMergedFacts(),
  ...more,
});

const confirmRows: readonly CommandCase[] = [
  row(
    'a second person',
    confirm,
    {
      kind: 'confirm',
      environment: 'production',
      sha: sha('merge'),
      ref: 'main',
      emergency: declared().entry,
      declaredBy: dave,
      expiresAt: declared().expiresAt,
    },
    confirming(),
  ),
  row('whoever declared it', confirm, 'not_second', confirming({}, { commenter: dave }), {
    policy: withProduction({ emergency: { ...emergencyPolicy, confirm: { teams: ['leads'] } } }),
    says: 'dave declared it',
  }),
  row(
    'who made a part of the change',
    confirm,
    'not_second',
    confirming(
      {},
      {
        change: makeMergedFacts({
          commits: all(
            makeCommit('head', { coAuthors: [{ name: 'c', email: 'c@example.com', actor: carol }] }),
          ),
        }),
      },
    ),
    { says: 'carol made commit' },
  ),
  row(
    'who pushed to it',
    confirm,
    'not_second',
    confirming({}, { change: makeMergedFacts({ pushers: known([alice, carol]) }) }),
    { says: 'carol made a part of it' },
  ),
  row('who may not', confirm, 'not_allowed', confirming({}, { commenter: erin })),
  row(
    'whose role can’t be told',
    confirm,
    'role_unknown',
    confirming({}, { roles: makeRoles({ teams: { maintainers: unknown('GitHub answered 403') } }) }),
  ),
  row(
    'not all commits could be read',
    confirm,
    'authors_unknown',
    confirming({}, { change: makeMergedFacts({ commits: cut(all(makeCommit('head'))) }) }),
  ),
  row(
    'who pushed isn’t known',
    confirm,
    'authors_unknown',
    confirming({}, { change: makeMergedFacts({ pushers: unknown('403') }) }),
  ),
  row('there is none of that name', confirm, 'no_such_emergency', { emergency: known(null) }),
  row(
    'it is a bypass',
    confirm,
    'no_such_emergency',
    confirming({ kind: 'bypass', emergency: null, ref: null }),
  ),
  row('the ledger can’t be read', confirm, 'emergency_unknown', { emergency: unknown('altered') }),
  row('nobody looked', confirm, 'emergency_unknown'),
  row(
    'the name of who declared it was erased',
    confirm,
    'emergency_unknown',
    confirming({ emergency: declared({ confirmed: null, declaredBy: null }) }),
  ),
  row('on another pull request', confirm, 'elsewhere', confirming({ pullRequest: 11 }), {
    says: 'pull request 11',
  }),
  row('somebody did', confirm, 'already_confirmed', confirming({ emergency: declared() }), { says: 'carol' }),
  row(
    'somebody whose name was erased did',
    confirm,
    'already_confirmed',
    confirming({ emergency: declared({ confirmed: { by: null, at: '2026-03-03T09:40:00.000Z' } }) }),
  ),
  row(
    'its time is over',
    confirm,
    'emergency_over',
    confirming({ emergency: declared({ confirmed: null, expiresAt: '2026-03-03T10:00:00.000Z' }) }),
  ),
  row(
    'it was used',
    confirm,
    'emergency_over',
    confirming({ emergency: declared({ confirmed: null, usedBy: 'x' }) }),
  ),
  row(
    'the policy names the environment no more',
    confirm,
    'no_such_environment',
    confirming({ environment: 'moon' }),
  ),
  row('the policy knows no emergency any more', confirm, 'nobody_may', confirming(), {
    policy: withProduction({}),
  }),
];

const opened = { at: '2026-03-03T09:45:00.000Z', by: [dave] };
const reviewing = (
  over: Partial<CommandedEmergency> = {},
  more: Partial<CommandFacts> = {},
): Partial<CommandFacts> => ({
  commenter: frank,
  emergency: known(
    named({ emergency: declared({ usedBy: 'x' }), opened, madeBy: known([alice.id]), ...over }),
  ),
  ...more,
});
const bypass = { kind: 'bypass', emergency: null, ref: null, pullRequest: null } as const;
const closing: CommandAct = {
  kind: 'review',
  environment: 'production',
  emergency: declared().entry,
  sha: sha('merge'),
  verdict: 'justified',
  why: 'it was right',
};
const anyone = (...users: readonly string[]) => ({
  policy: withProduction({
    emergency: { ...emergencyPolicy, review: { within: '1h', by: { users: [...users] } } },
  }),
});

const reviewRows: readonly CommandCase[] = [
  row('somebody who took no part', review, closing, reviewing()),
  row('of a bypass', review, closing, reviewing(bypass)),
  row(
    'of a bypass where the policy knows no emergency: whoever approves changes',
    review,
    closing,
    reviewing(bypass, { commenter: bob }),
    { policy: withProduction({}) },
  ),
  row(
    'of a bypass in an environment that the policy doesn’t name',
    review,
    { ...closing, environment: 'prodution' },
    reviewing({ ...bypass, environment: 'prodution' }, { commenter: bob }),
  ),
  row(
    'and not by anybody else there',
    review,
    'not_allowed',
    reviewing({ ...bypass, environment: 'prodution' }, { commenter: erin }),
  ),
  row('who made it is known no more', review, closing, reviewing({ madeBy: unknown('erased') })),
  row('who may not', review, 'not_allowed', reviewing({}, { commenter: erin })),
  row('whoever declared it', review, 'took_part', reviewing({}, { commenter: dave }), {
    ...anyone('dave'),
    says: 'dave declared it',
  }),
  row('whoever confirmed it', review, 'took_part', reviewing({}, { commenter: carol }), {
    ...anyone('carol'),
    says: 'carol confirmed it',
  }),
  row(
    'whoever asked for the deployment',
    review,
    'took_part',
    reviewing({ opened: { ...opened, by: [bob, frank] } }),
    { says: 'asked for' },
  ),
  row('whoever made a part of it', review, 'took_part', reviewing({}, { commenter: alice }), {
    ...anyone('alice'),
    says: 'alice made a part',
  }),
  row('the organisation names others', review, 'not_allowed', reviewing(), {
    policy: under({ emergency: { review: { by: { users: ['erin'] } } } }),
  }),
  row('it was never used', review, 'not_used', reviewing({ opened: null })),
  row('somebody did', review, 'already_reviewed', reviewing({ reviewed: true })),
  row('there is none of that name', review, 'no_such_emergency', { emergency: known(null) }),
  row('the ledger can’t be read', review, 'emergency_unknown', { emergency: unknown('altered') }),
  row('nobody looked', review, 'emergency_unknown'),
];

/** Commands about emergencies; the same table as `command-cases.ts`. */
export const emergencyCommandCases = [
  ['emergency', declareRows],
  ['confirm', confirmRows],
  ['review', reviewRows],
] as const;
