import type { Actor } from '../../../src/domain/actor.ts';
import type { ChangeFacts, CommitFacts } from '../../../src/domain/change-facts.ts';
import { known, unknown } from '../../../src/domain/known.ts';
import {
  alice,
  all,
  bob,
  carol,
  cut,
  github,
  identity,
  makeChangeFacts,
  makeCommit,
  makeFile,
  makeMergedFacts,
  makeReview as review,
  policyOf,
  robot,
  sha,
  webFlow,
  withChanges,
  workflow,
} from '../../support/make-facts.ts';
import type { Case } from './case.ts';

type ChangeCase = Case<ChangeFacts>;

const listed = withChanges({
  bots: [{ login: 'Robot[bot]', paths: ['package.json', '**/package-lock.json', 'deps/**'] }],
});
const pinned = withChanges({ bots: [{ login: 'robot[bot]', id: robot.id, paths: ['**'] }] });
const none = withChanges({ bots: [] });
const other: Actor = { id: 91, login: 'other[bot]', kind: 'bot' };

const files = (...paths: readonly string[]) => all(...paths.map((path) => makeFile(path)));
type Over = Parameters<typeof makeChangeFacts>[0];

/** As Dependabot makes them: the bot wrote it, GitHub committed and signed it, the bot pushed it. */
const byRobot = (over: Partial<CommitFacts> = {}) =>
  makeCommit('head', { author: identity(robot), committer: github, signedByGitHub: true, ...over });
const bots = ({ pullRequest, ...over }: Over = {}): ChangeFacts =>
  makeChangeFacts({
    pullRequest: { author: robot, ...pullRequest },
    commits: all(byRobot()),
    pushers: known([robot]),
    files: files('package.json'),
    ...over,
  });

const row = (
  name: string,
  outcome: ChangeCase['outcome'],
  codes: ChangeCase['codes'],
  facts: ChangeFacts,
  more: Partial<ChangeCase> = {},
): ChangeCase => ({
  name,
  gate: 'identity',
  outcome,
  codes,
  facts,
  policy: listed,
  verdict: outcome === 'pending' ? 'held' : 'approved',
  ...more,
});
const OK = ['identities_known'] as const;
const approvals = (
  name: string,
  codes: ChangeCase['codes'],
  facts: ChangeFacts,
  more: Partial<ChangeCase> = {},
) =>
  row(name, codes[0] === 'approvals_given' ? 'passed' : 'pending', codes, facts, {
    gate: 'approvals',
    ...more,
  });

const listRows: readonly ChangeCase[] = [
  row('a listed bot within its paths', 'passed', OK, bots()),
  row(
    'a listed bot in a directory of its paths',
    'passed',
    OK,
    bots({ files: files('package-lock.json', 'web/package-lock.json', 'deps/a/b.txt') }),
  ),
  row(
    'a listed bot outside of its paths',
    'pending',
    ['bot_outside_paths'],
    bots({ files: files('package.json', 'src/till.ts') }),
  ),
  row(
    'a listed bot that moves a file into its paths',
    'pending',
    ['bot_outside_paths'],
    bots({ files: all(makeFile('deps/till.ts', { status: 'renamed', previousPath: 'src/till.ts' })) }),
  ),
  row(
    'a listed bot whose files could not all be read',
    'pending',
    ['facts_incomplete'],
    bots({ files: cut(files('package.json')) }),
  ),
  row('a path of another case', 'pending', ['bot_outside_paths'], bots({ files: files('Package.json') })),
  row(
    'a bot that is not listed',
    'pending',
    ['bot_not_listed'],
    bots({ pullRequest: { author: other }, pushers: known([other]) }),
  ),
  row('an empty list lets no bot', 'pending', ['bot_not_listed'], bots(), { policy: none }),
  row(
    'without a list any bot may, on its own pull request',
    'passed',
    OK,
    bots({ files: files('src/till.ts') }),
    { policy: policyOf() },
  ),
  row('a bot listed with its id', 'passed', OK, bots({ files: files('src/till.ts') }), { policy: pinned }),
  row(
    'another App that took the login of a bot listed with its id',
    'pending',
    ['bot_not_listed'],
    bots({ pullRequest: { author: { ...robot, id: 92 } }, pushers: known([{ ...robot, id: 92 }]) }),
    { policy: pinned },
  ),
  row(
    'GitHub Actions opened it and pushed',
    'pending',
    ['pusher_is_bot', 'bot_not_listed'],
    bots({ pullRequest: { author: workflow }, pushers: known([workflow]) }),
  ),
  row(
    'a listed bot pushed to a person’s pull request',
    'pending',
    ['pusher_is_bot'],
    bots({ pullRequest: { author: alice }, pushers: known([alice, robot]) }),
  ),
  row('another bot pushed on top', 'pending', ['pusher_is_bot'], bots({ pushers: known([robot, other]) })),
  row(
    'nobody knows who pushed',
    'pending',
    ['pusher_unknown'],
    bots({ pushers: unknown('GitHub shows no activity') }),
  ),
  row('a person’s change is not a bot’s to bound', 'passed', OK, makeChangeFacts()),
];

const disguiseRows: readonly ChangeCase[] = [
  row(
    'a person whose login looks like the bot’s is judged as a person',
    'passed',
    OK,
    bots({
      pullRequest: { author: { id: 93, login: 'robot-bot', kind: 'user' } },
      pushers: known([{ id: 93, login: 'robot-bot', kind: 'user' }]),
      files: files('src/till.ts'),
    }),
  ),
  approvals(
    'and can’t approve it',
    ['approvals_missing', 'approver_is_author'],
    bots({
      pullRequest: { author: { ...bob, login: 'robot-bot' } },
      pushers: known([{ ...bob, login: 'robot-bot' }]),
    }),
  ),
  approvals(
    'somebody who writes the bot’s e-mail into their commits is an author by their push',
    ['approvals_missing', 'approver_is_author'],
    bots({
      pushers: known([robot, bob]),
      commits: all(byRobot({ committer: identity(robot), signedByGitHub: false })),
    }),
  ),
  row(
    'a commit in the bot’s name and with GitHub’s, that GitHub did not sign',
    'pending',
    ['identity_unmapped'],
    bots({ commits: all(byRobot({ signedByGitHub: false })) }),
  ),
  row(
    'a commit in the bot’s name with an e-mail of nobody',
    'pending',
    ['identity_unmapped'],
    bots({
      commits: all(
        byRobot({
          author: { name: 'robot[bot]', email: '90+robot[bot]@users.noreply.example', actor: null },
        }),
      ),
    }),
  ),
  row(
    'a commit in the bot’s name makes a person’s change no bot’s',
    'passed',
    OK,
    bots({ pullRequest: { author: alice }, pushers: known([alice]), files: files('src/till.ts') }),
  ),
];

const personRows: readonly ChangeCase[] = [
  approvals('a bot’s change needs a person’s approval', ['approvals_missing'], bots({ reviews: all() })),
  approvals('any maintainer may give it: nobody is its author', ['approvals_given'], bots()),
  approvals(
    'the bot’s own approval never counts',
    ['approvals_missing', 'approver_is_bot'],
    bots({ reviews: all(review({ author: robot })) }),
  ),
  approvals(
    'a person who pushed on top is an author',
    ['approvals_missing', 'approver_is_author'],
    bots({
      pushers: known([robot, bob]),
      commits: all(byRobot(), makeCommit('more', { author: identity(bob), committer: identity(bob) })),
    }),
  ),
  row(
    'a person who pushed on top outside of the bot’s paths',
    'pending',
    ['bot_outside_paths'],
    bots({ pushers: known([robot, carol]), files: files('package.json', 'src/till.ts') }),
  ),
  approvals(
    'a bot that acts for somebody names them as co-author',
    ['approvals_missing', 'approver_is_author'],
    bots({ commits: all(byRobot({ coAuthors: [identity(bob)] })) }),
  ),
  row(
    'a bot that acts for somebody whom nobody knows',
    'pending',
    ['identity_unmapped'],
    bots({ commits: all(byRobot({ coAuthors: [{ name: '@somebody', email: '', actor: null }] })) }),
  ),
  approvals(
    'a person who rebased the bot’s commits committed them',
    ['approvals_missing', 'approver_is_author'],
    bots({
      commits: all(byRobot({ committer: identity(bob), signedByGitHub: false })),
      pushers: known([robot, bob]),
    }),
  ),
  approvals(
    'a person who pressed “Update branch” on it pushed a merge',
    ['approvals_missing', 'approver_is_author'],
    bots({
      pushers: known([robot, bob]),
      commits: all(
        byRobot(),
        makeCommit('update', {
          parents: [sha('head'), sha('base')],
          author: identity(bob),
          committer: github,
          signedByGitHub: true,
        }),
      ),
    }),
  ),
];

/** What GitHub writes for what people press: it commits and signs, and the person is the author. */
const pressed = (word: string, who: Actor, over: Partial<CommitFacts> = {}) =>
  makeCommit(word, { author: identity(who), committer: github, signedByGitHub: true, ...over });
const change = (commit: CommitFacts, over: Over = {}) =>
  makeChangeFacts({ commits: all(makeCommit('head'), commit), ...over });
const AUTHOR = ['approvals_missing', 'approver_is_author'] as const;
const GIVEN = ['approvals_given'] as const;

const buttonRows: readonly ChangeCase[] = [
  approvals('edited in the browser by who approves', AUTHOR, change(pressed('edit', bob))),
  approvals('edited in the browser by somebody else', GIVEN, change(pressed('edit', carol))),
  approvals(
    'the browser’s edit where GitHub’s account is told with it',
    AUTHOR,
    change(pressed('edit', bob, { committer: { ...github, actor: webFlow } })),
  ),
  approvals(
    'applied a suggestion of the approver’s, who is its co-author',
    AUTHOR,
    change(pressed('suggestion', alice, { coAuthors: [identity(bob)] })),
  ),
  approvals(
    'the approver applied somebody’s suggestion',
    AUTHOR,
    change(pressed('suggestion', bob, { coAuthors: [identity(carol)] })),
  ),
  approvals(
    'applied suggestions of several people at once, of whom one approves',
    AUTHOR,
    change(pressed('batch', alice, { coAuthors: [identity(carol), identity(bob)] })),
  ),
  approvals(
    'applied a suggestion of somebody who doesn’t approve',
    GIVEN,
    change(pressed('suggestion', alice, { coAuthors: [identity(carol)] })),
  ),
  approvals(
    'the approver pressed “Revert”: the revert’s commit and pull request are theirs',
    AUTHOR,
    makeChangeFacts({
      pullRequest: { author: bob },
      commits: all(pressed('head', bob)),
      pushers: known([bob]),
    }),
  ),
  approvals(
    'who wrote what is reverted may approve the revert',
    GIVEN,
    makeChangeFacts({
      pullRequest: { author: alice },
      commits: all(pressed('head', alice, { message: 'Revert "Bob’s till"' })),
    }),
  ),
  approvals(
    'the approver pressed “Update branch”',
    AUTHOR,
    change(pressed('update', bob, { parents: [sha('head'), sha('base')] }), { pushers: known([alice, bob]) }),
  ),
  approvals(
    'the approver resolved a conflict in the browser',
    AUTHOR,
    change(
      pressed('merge', bob, {
        parents: [sha('head'), sha('base')],
        message: "Merge branch 'main' into sell-more",
      }),
    ),
  ),
  approvals(
    'the approver pushed what somebody else wrote',
    AUTHOR,
    makeChangeFacts({ pushers: known([alice, bob]) }),
  ),
  approvals(
    'the approver applied a patch that somebody sent',
    AUTHOR,
    change(makeCommit('patch', { author: identity(carol), committer: identity(bob) })),
  ),
  approvals('the approver merged it, and made nothing of it', GIVEN, makeMergedFacts()),
];

const accountRows: readonly ChangeCase[] = [
  approvals(
    'an author who was renamed since, by their new login',
    AUTHOR,
    makeChangeFacts({ reviews: all(review({ author: { ...alice, login: 'alice-new' } })) }),
  ),
  approvals(
    'an approver who took an author’s old login is somebody else, and no maintainer',
    ['approvals_missing', 'approver_not_eligible'],
    makeChangeFacts({ reviews: all(review({ author: { id: 77, login: 'alice', kind: 'user' } })) }),
  ),
  row(
    'a commit of an account that is deleted',
    'pending',
    ['identity_unmapped'],
    makeChangeFacts({
      commits: all(makeCommit('head', { author: { name: 'Ghost', email: 'gone@example.com', actor: null } })),
    }),
  ),
  row(
    'both who wrote and who committed it are nobody',
    'pending',
    ['identity_unmapped', 'identity_unmapped'],
    makeChangeFacts({
      commits: all(makeCommit('head', { author: identity(null), committer: identity(null) })),
    }),
  ),
  row(
    'a co-author whose account is deleted',
    'pending',
    ['identity_unmapped'],
    makeChangeFacts({ commits: all(makeCommit('head', { coAuthors: [identity(null)] })) }),
  ),
  row(
    'an e-mail without a domain',
    'pending',
    ['identity_unmapped'],
    makeChangeFacts({ commits: all(makeCommit('head', { author: identity(null, 'root') })) }),
  ),
  row(
    'the account that opened it is deleted, and its commits too',
    'pending',
    ['author_unknown', 'identity_unmapped'],
    makeChangeFacts({
      pullRequest: { author: null },
      commits: all(makeCommit('head', { author: identity(null) })),
    }),
  ),
];

/** Who made a change: bots, what people press on GitHub, and accounts that are not what they were. */
export const botCases: readonly (readonly [string, readonly ChangeCase[]])[] = [
  ['bots and their paths', listRows],
  ['disguised as a bot', disguiseRows],
  ['people in a bot’s change', personRows],
  ['what GitHub writes for what people press', buttonRows],
  ['accounts', accountRows],
];
