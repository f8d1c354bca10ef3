import { describe, expect, test } from '@jest/globals';
import type { Actor } from '../../../src/domain/actor.ts';
import {
  type BranchActivity,
  isWhole,
  pushersOf,
  reachesBack,
  withSeen,
} from '../../../src/facts/pushers-of.ts';

const alice: Actor = { id: 1, login: 'alice', kind: 'user' };
const bob: Actor = { id: 2, login: 'bob', kind: 'user' };
const carol: Actor = { id: 3, login: 'carol', kind: 'user' };

const NONE = '0'.repeat(40);
const sha = (name: string) => name.padEnd(40, '0');
const [base, one, two, three] = [sha('ba5e'), sha('a1'), sha('a2'), sha('a3')];

const move = (kind: string, before: string, after: string, actor: Actor | null): BranchActivity => ({
  kind,
  before,
  after,
  actor,
  at: '2026-03-01T09:00:00Z',
});
const head = (tip: string, ...commits: string[]) => ({
  sha: tip,
  commits: { complete: true, items: commits },
});
/** Newest first. */
const activity = (...items: BranchActivity[]) => ({ complete: true, items });

describe('who pushed what the head holds', () => {
  test.each([
    ['nobody told, no activity', head(one, one), [], null, 'unknown'],
    [
      'a webhook told of all of it',
      head(one, one),
      [{ sha: one, before: base, common: base, pusher: bob }],
      null,
      ['bob'],
    ],
    [
      'it was there when the pull request was opened',
      head(one, one),
      [{ sha: one, before: null, pusher: bob }],
      null,
      'unknown',
    ],
    [
      'a webhook told of a push onto what was there when it was opened',
      head(two, one, two),
      [
        { sha: two, before: one, pusher: alice },
        { sha: one, before: null, pusher: alice },
      ],
      null,
      'unknown',
    ],
    [
      'webhooks told of each step',
      head(three, one, two, three),
      [
        { sha: three, before: two, pusher: carol },
        { sha: two, before: base, common: base, pusher: bob },
      ],
      null,
      ['bob', 'carol'],
    ],
    [
      'every commit was made anew and pushed by force; who opened it counts as well',
      head(two, two),
      [
        { sha: two, before: one, common: base, pusher: bob },
        { sha: one, before: null, pusher: alice },
      ],
      null,
      ['alice', 'bob'],
    ],
    [
      'a force push carried on one of the commits that were there when it was opened',
      head(three, one, three),
      [
        { sha: three, before: two, common: one, pusher: alice },
        { sha: two, before: null, pusher: alice },
      ],
      null,
      'unknown',
    ],
    [
      'nobody can tell what a force push carried on',
      head(two, two),
      [{ sha: two, before: one, common: null, pusher: alice }],
      null,
      'unknown',
    ],
    [
      'a webhook told only of an older push',
      head(two, one, two),
      [{ sha: one, before: base, pusher: bob }],
      null,
      'unknown',
    ],
    [
      'the branch was created with it',
      head(one, one),
      [],
      activity(move('branch_creation', NONE, one, alice)),
      ['alice'],
    ],
    [
      'the activity has not got the head yet',
      head(two, one, two),
      [],
      activity(move('branch_creation', NONE, one, alice)),
      'unknown',
    ],
    [
      'the activity has not got the head yet, a webhook has',
      head(two, one, two),
      [{ sha: two, before: one, pusher: bob }],
      activity(move('branch_creation', NONE, one, alice)),
      ['alice', 'bob'],
    ],
    [
      'two people, one after the other',
      head(two, one, two),
      [],
      activity(move('push', one, two, bob), move('branch_creation', NONE, one, alice)),
      ['alice', 'bob'],
    ],
    [
      'those whom a webhook told of count as well',
      head(two, one, two),
      [{ sha: one, before: null, pusher: carol }],
      activity(move('push', one, two, bob), move('branch_creation', base, base, alice)),
      ['alice', 'bob', 'carol'],
    ],
    [
      'pushes onto what the base has already are of no interest',
      head(two, two),
      [],
      activity(move('push', one, two, bob), move('push', base, one, alice)),
      ['bob'],
    ],
    [
      'a force push may carry on what it replaces',
      head(two, two),
      [],
      activity(move('force_push', one, two, bob), move('branch_creation', NONE, one, alice)),
      ['alice', 'bob'],
    ],
    [
      'all that a force push may carry on counts, back to where the branch began',
      head(three, three),
      [],
      activity(
        move('force_push', two, three, bob),
        move('push', one, two, alice),
        move('branch_creation', NONE, one, carol),
      ),
      ['alice', 'bob', 'carol'],
    ],
    [
      'a restored branch was pushed by whoever pushed it before it was deleted',
      head(one, one),
      [],
      activity(
        move('branch_creation', NONE, one, alice),
        move('branch_deletion', one, NONE, alice),
        move('branch_creation', NONE, one, bob),
      ),
      ['alice', 'bob'],
    ],
    [
      'a branch of the same name that was deleted before is another',
      head(one, one),
      [],
      activity(
        move('branch_creation', NONE, one, alice),
        move('branch_deletion', three, NONE, carol),
        move('branch_creation', NONE, three, carol),
      ),
      ['alice'],
    ],
    [
      'what came after the head is of no interest',
      head(one, one),
      [],
      activity(move('branch_deletion', one, NONE, carol), move('branch_creation', NONE, one, alice)),
      ['alice'],
    ],
    [
      'one push is of a deleted account',
      head(two, one, two),
      [],
      activity(move('push', one, two, bob), move('branch_creation', NONE, one, null)),
      'unknown',
    ],
    [
      'the activity does not reach back',
      head(two, one, two),
      [],
      activity(move('push', one, two, bob)),
      'unknown',
    ],
    [
      "the commits aren't all known, so that no push is known to be the first",
      { sha: two, commits: { complete: false, items: [two] } },
      [],
      activity(move('push', one, two, bob)),
      'unknown',
    ],
  ] as const)('%s', (_, tip, seen, moves, expected) => {
    const pushers = pushersOf(tip, seen, moves);
    const logins = pushers.known ? pushers.value.map(({ login }) => login).sort() : 'unknown';
    expect(logins).toEqual(expected);
  });

  test('the reason names the commit that nobody is known to have pushed', () => {
    expect(pushersOf(head(one, one), [], null)).toEqual({
      known: false,
      why: expect.stringContaining('a10000000000'),
    });
  });

  test('reading stops as soon as enough is read', () => {
    const moves = [
      move('push', one, two, bob),
      move('push', base, one, alice),
      move('push', three, base, carol),
    ];
    expect([1, 2, 3].map((count) => reachesBack(head(two, one, two), moves.slice(0, count)))).toEqual([
      false,
      true,
      true,
    ]);
  });
});

describe('whether later ones can be missing among the moves of the head', () => {
  const four = sha('a4');
  test.each<[string, ReturnType<typeof head>, readonly BranchActivity[], boolean]>([
    ['no moves at all', head(one, one), [], false],
    ['another head', head(two, one, two), [move('branch_creation', NONE, one, bob)], false],
    ['created with it', head(one, one), [move('branch_creation', NONE, one, bob)], true],
    [
      'pushed in two steps',
      head(two, one, two),
      [move('push', one, two, bob), move('branch_creation', NONE, one, alice)],
      true,
    ],
    [
      'a step between them isn’t shown yet',
      head(three, one, two, three),
      [move('push', two, three, bob), move('branch_creation', NONE, one, alice)],
      false,
    ],
    [
      'a force push isn’t shown yet',
      head(three, three),
      [move('force_push', four, three, bob), move('branch_creation', NONE, one, alice)],
      false,
    ],
    ['it isn’t shown where it began', head(two, one, two), [move('push', one, two, bob)], false],
    ['onto what is in the base', head(two, two), [move('push', base, two, bob)], true],
    [
      'moved on since',
      head(one, one),
      [move('push', one, two, carol), move('branch_creation', NONE, one, bob)],
      true,
    ],
    [
      'restored as it was',
      head(one, one),
      [
        move('branch_creation', NONE, one, carol),
        move('branch_deletion', one, NONE, carol),
        move('branch_creation', NONE, one, bob),
      ],
      true,
    ],
    [
      'restored, and what it was isn’t shown',
      head(two, one, two),
      [
        move('branch_creation', NONE, two, carol),
        move('branch_deletion', two, NONE, carol),
        move('branch_creation', NONE, one, bob),
      ],
      false,
    ],
  ])('%s', (_, of, moves, whole) => {
    expect(isWhole(of, moves)).toBe(whole);
  });

  test('a webhook that comes later adds who it names, once', () => {
    const told = [
      { sha: two, before: one, pusher: carol },
      { sha: one, before: null, pusher: bob },
    ];
    expect(withSeen([bob, alice], told)).toEqual([carol, bob, alice]);
    expect(withSeen([bob], [])).toEqual([bob]);
  });
});
