import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { sql } from 'kysely';
import type { Actor } from '../../../../src/domain/actor.ts';
import type { NamedControl } from '../../../../src/domain/control-facts.ts';
import { known } from '../../../../src/domain/known.ts';
import { newEntryId } from '../../../../src/ledger/format/entry-id.ts';
import { listEntries } from '../../../../src/ledger/store/read.ts';
import { noteControls } from '../../../../src/pipeline/control/note-controls.ts';
import { createTestDatabase, type TestDatabase } from '../../../support/database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const frank: Actor = { id: 6, login: 'frank', kind: 'user' };
const erin: Actor = { id: 5, login: 'erin', kind: 'user' };
const repository = { installationId: 1, id: 5, owner: 'acme', name: 'shop' };
const at = (seconds: number): string => new Date(Date.UTC(2026, 2, 1) + seconds * 1000).toISOString();

const OF_MAIN: NamedControl = { kind: 'branch_rule', pattern: 'main' };

interface Seen {
  readonly begun: number;
  readonly recorded: number;
  readonly by?: Actor | null;
  /** What the delivery of `by` says was changed. */
  readonly named?: NamedControl | null;
  readonly delivery?: string;
}

/** A look at a branch whose classic protection shows `setting`, begun and recorded at these seconds of a day. */
async function look(
  branch: string,
  setting: string,
  { begun, recorded, by = null, named = null, delivery }: Seen,
): Promise<void> {
  const now = () => at(recorded);
  await noteControls(
    { db: database.db, now, newId: () => newEntryId(now(), randomBytes), random: randomBytes },
    repository,
    {
      look: {
        subject: { kind: 'branch', name: branch },
        parts: { 'branch protection': known({ setting }) },
      },
      begunAt: at(begun),
      judge: () => ({ standing: setting === 'strict' ? 'whole' : 'gap', unmet: [] }),
      delivery: delivery ?? (by === null ? null : `of ${by.login}`),
      by,
      named,
    },
  );
}

/** What was recorded in these tests, oldest first: outcome, who, and whether it answers the one before. */
async function recorded(): Promise<readonly (readonly [string, string, boolean])[]> {
  const entries = (await listEntries(database.db, { kinds: ['control.changed'] })).toReversed();
  return entries.map(({ content, people }, index) => [
    content.outcome,
    people.map(({ role, actor }) => `${role} ${actor?.login}`).join(),
    content.answers !== undefined && content.answers === entries[index - 1]?.id,
  ]);
}

/** What `looks` add to it. */
async function added(looks: () => Promise<void>): Promise<readonly (readonly [string, string])[]> {
  const before = (await recorded()).length;
  await looks();
  return (await recorded()).slice(before).map(([outcome, who]) => [outcome, who]);
}

test('whose delivery comes after our own look found a change is recorded, and not that they made it', async () => {
  await look('main', 'strict', { begun: 0, recorded: 1 });
  await look('main', 'lax', { begun: 10, recorded: 11 });
  await look('main', 'lax', { begun: 12, recorded: 13, by: frank, named: OF_MAIN });
  // Another's delivery, whose look began before ours but was slower: each may have made a part of what ours found.
  await look('main', 'strict', { begun: 9, recorded: 14, by: erin });
  const all = [
    ['baseline.whole', '', false],
    ['changed.gap', '', true],
    ['told.gap', 'sender frank', true],
    ['told.gap', 'sender erin', true],
  ];
  await expect(recorded()).resolves.toEqual(all);

  // What the slower look saw is older and counts for nothing: the next one finds no change.
  await look('main', 'lax', { begun: 15, recorded: 16 });
  // Ten minutes after our look a delivery is about something else.
  await look('main', 'lax', { begun: 612, recorded: 613, by: frank, delivery: 'another of frank' });
  await expect(recorded()).resolves.toEqual(all);
});

test('who changed what their delivery names is the changer, and nobody is told of after that', async () => {
  const named: NamedControl = { kind: 'branch_rule', pattern: 'release' };
  const all = await added(async () => {
    await look('release', 'strict', { begun: 0, recorded: 1 });
    await look('release', 'lax', { begun: 10, recorded: 11, by: frank, named });
    await look('release', 'lax', { begun: 12, recorded: 13, by: frank, named });
    await look('release', 'lax', { begun: 5, recorded: 14, by: erin });
  });
  expect(all).toEqual([
    ['baseline.whole', ''],
    ['changed.gap', 'changer frank'],
  ]);
});

test.each<[string, NamedControl | null]>([
  ['another branch', OF_MAIN],
  ['a ruleset', { kind: 'ruleset', id: 9 }],
  ['nothing', null],
])(
  'a change that is found by a delivery that names %s is not said to be its sender’s',
  async (about, named) => {
    const branch = `beside ${about}`;
    const own: NamedControl = { kind: 'branch_rule', pattern: branch };
    const all = await added(async () => {
      await look(branch, 'strict', { begun: 0, recorded: 1 });
      await look(branch, 'lax', { begun: 10, recorded: 11, by: frank, named });
      // The job is tried once more: another of its branches failed.
      await look(branch, 'lax', { begun: 12, recorded: 13, by: frank, named });
      // Whoever did it is told of later.
      await look(branch, 'lax', { begun: 14, recorded: 15, by: erin, named: own });
    });
    expect(all).toEqual([
      ['baseline.whole', ''],
      ['changed.gap', 'sender frank'],
      ['told.gap', 'sender erin'],
    ]);
  },
);

test('a delivery is told of once, however often it is worked and whichever others come between', async () => {
  const all = await added(async () => {
    await look('often', 'strict', { begun: 0, recorded: 1 });
    await look('often', 'lax', { begun: 10, recorded: 11 });
    await look('often', 'lax', { begun: 12, recorded: 13, by: frank });
    await look('often', 'lax', { begun: 14, recorded: 15, by: frank });
    await look('often', 'lax', { begun: 16, recorded: 17, by: erin });
    // Redelivered, and its look is a slow one.
    await look('often', 'lax', { begun: 9, recorded: 18, by: frank });
    await look('often', 'lax', { begun: 19, recorded: 20, by: erin });
    // A second one of the same person is another delivery.
    await look('often', 'lax', { begun: 21, recorded: 22, by: frank, delivery: 'another of frank' });
  });
  expect(all).toEqual([
    ['baseline.whole', ''],
    ['changed.gap', ''],
    ['told.gap', 'sender frank'],
    ['told.gap', 'sender erin'],
    ['told.gap', 'sender frank'],
  ]);
});

test('what an earlier version kept, without the deliveries told of, is read', async () => {
  const all = await added(async () => {
    await look('kept', 'strict', { begun: 0, recorded: 1 });
    await look('kept', 'lax', { begun: 10, recorded: 11 });
    const { numUpdatedRows } = await database.db
      .updateTable('countersign.control_state')
      .set({ kept: sql`kept - 'unnamedTold'` })
      .where(sql<boolean>`kept ? 'unnamedTold' AND kept ? 'unnamedAt'`)
      .where('subject', '=', `control:${repository.id}:branch:kept`)
      .executeTakeFirst();
    expect(numUpdatedRows).toBe(1n);
    await look('kept', 'lax', { begun: 12, recorded: 13, by: frank });
    await look('kept', 'lax', { begun: 14, recorded: 15, by: frank });
  });
  expect(all).toEqual([
    ['baseline.whole', ''],
    ['changed.gap', ''],
    ['told.gap', 'sender frank'],
  ]);
});
