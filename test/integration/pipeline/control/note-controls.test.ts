import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Actor } from '../../../../src/domain/actor.ts';
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

/** A look at a branch that shows `setting`, begun and recorded at these seconds of a day. */
async function look(
  branch: string,
  setting: string,
  { begun, recorded, by = null }: { begun: number; recorded: number; by?: Actor | null },
): Promise<void> {
  const now = () => at(recorded);
  await noteControls(
    { db: database.db, now, newId: () => newEntryId(now(), randomBytes), random: randomBytes },
    repository,
    {
      look: { subject: { kind: 'branch', name: branch }, parts: { rules: known({ setting }) } },
      begunAt: at(begun),
      judge: () => ({ standing: setting === 'strict' ? 'whole' : 'gap', unmet: [] }),
      delivery: by === null ? null : `of ${by.login}`,
      by,
    },
  );
}

/** What was recorded in these tests, oldest first: outcome, who, and whether it answers the one before. */
async function recorded(): Promise<readonly (readonly [string, string, boolean])[]> {
  const entries = (await listEntries(database.db, { kinds: ['control.changed'] })).toReversed();
  return entries.map(({ content, people }, index) => [
    content.outcome,
    people.map(({ actor }) => actor?.login).join(),
    content.answers !== undefined && content.answers === entries[index - 1]?.id,
  ]);
}

test('who made a change is recorded also where our own look was faster than the delivery that tells of it', async () => {
  await look('main', 'strict', { begun: 0, recorded: 1 });
  await look('main', 'lax', { begun: 10, recorded: 11 });
  await look('main', 'lax', { begun: 12, recorded: 13, by: frank });
  // Another's delivery, whose look began before ours but was slower: each may have made a part of what ours found.
  await look('main', 'strict', { begun: 9, recorded: 14, by: erin });
  const all = [
    ['baseline.whole', '', false],
    ['changed.gap', '', true],
    ['told.gap', 'frank', true],
    ['told.gap', 'erin', true],
  ];
  await expect(recorded()).resolves.toEqual(all);

  // What the slower look saw is older and counts for nothing: the next one finds no change.
  await look('main', 'lax', { begun: 15, recorded: 16 });
  // Ten minutes after our look a delivery is about something else.
  await look('main', 'lax', { begun: 612, recorded: 613, by: frank });
  await expect(recorded()).resolves.toEqual(all);
});

test('nobody is told of late about a change whose author was named at once', async () => {
  const before = (await recorded()).length;
  await look('release', 'strict', { begun: 0, recorded: 1 });
  await look('release', 'lax', { begun: 10, recorded: 11, by: frank });
  await look('release', 'lax', { begun: 12, recorded: 13, by: frank });
  await look('release', 'lax', { begun: 5, recorded: 14, by: erin });
  const added = (await recorded()).slice(before).map(([outcome, who]) => [outcome, who]);
  expect(added).toEqual([
    ['baseline.whole', ''],
    ['changed.gap', 'frank'],
  ]);
});
