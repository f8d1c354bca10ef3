import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { newEntryId } from '../../../src/ledger/format/entry-id.ts';
import { listEntries, readDocument, readEntry } from '../../../src/ledger/store/read.ts';
import { record } from '../../../src/ledger/store/record.ts';
import type { TestDatabase } from '../../support/database.ts';
import { createTestDatabase, query } from '../../support/database.ts';
import { act, makeEntry, recordOne, tamper } from './ledger-fixture.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const at = (): { id: string; now: string; random: (size: number) => Uint8Array } => {
  const now = new Date().toISOString();
  return { id: newEntryId(now, randomBytes), now, random: randomBytes };
};
const rows = async (table: string): Promise<number> => {
  const [row] = await query(database.readerUrl, `SELECT count(*)::int AS n FROM ledger.${table}`);
  return Number(row?.['n']);
};

describe('an entry', () => {
  test('stands or falls with the transaction it is recorded in', async () => {
    const before = await Promise.all(['entry', 'pending', 'projection', 'document'].map(rows));
    const attempt = database.db.transaction().execute(async (tx) => {
      await record(tx, makeEntry(1), at());
      throw new Error('the decision could not be kept');
    });
    await expect(attempt).rejects.toThrow('could not be kept');
    expect(await Promise.all(['entry', 'pending', 'projection', 'document'].map(rows))).toEqual(before);
  });

  test('is read back with its people and documents', async () => {
    const id = await recordOne(
      database.db,
      makeEntry(2, { outcome: 'held', reasons: ['approvals_missing'] }),
    );
    const entry = await readEntry(database.db, id);
    expect(entry).toMatchObject({
      id,
      index: null,
      content: {
        id,
        kind: 'deployment.approved',
        outcome: 'held',
        pullRequest: 2,
        environment: 'production',
        repository: { id: '5', name: 'acme/shop' },
      },
      people: [{ role: 'requester', type: 'user', actor: { id: 102, login: 'carol' } }],
    });
    const body = await readDocument(database.db, entry!.content.documents[0]!.commitment);
    expect(body?.toString()).toBe('{"number":2}');
  });

  test('with any UUID is accepted, and the same twice is not', async () => {
    const fixed = { ...at(), id: 'C0FFEE00-0000-4000-8000-000000000001' };
    const { entryId } = await database.db.transaction().execute((tx) => record(tx, makeEntry(3), fixed));
    expect(entryId).toBe('c0ffee00-0000-4000-8000-000000000001');
    const again = database.db.transaction().execute((tx) => record(tx, makeEntry(3), fixed));
    await expect(again).rejects.toMatchObject({ code: '23505' });
  });

  test('that names nobody and rests on nothing is an entry too', async () => {
    const id = await recordOne(
      database.db,
      makeEntry(4, { kind: 'ledger.heartbeat', who: [], documents: [], repository: null, commit: null }),
    );
    expect((await readEntry(database.db, id))?.people).toEqual([]);
  });
});

describe('people', () => {
  test('who were introduced by a transaction that was rolled back are introduced by the next', async () => {
    const who = [{ role: 'author' as const, actor: { id: 940, login: 'unlucky', kind: 'user' as const } }];
    const attempt = database.db.transaction().execute(async (tx) => {
      await record(tx, makeEntry(1, { who }), at());
      throw new Error('the decision could not be kept');
    });
    await expect(attempt).rejects.toThrow('could not be kept');
    const id = await recordOne(database.db, makeEntry(2, { who }));
    expect((await readEntry(database.db, id))?.people[0]?.actor).toEqual({ id: 940, login: 'unlucky' });
  });

  test('of whom only the name was erased get it back with their next entry', async () => {
    const who = [{ role: 'author' as const, actor: { id: 945, login: 'nameless', kind: 'user' as const } }];
    await recordOne(database.db, makeEntry(1, { who }));
    await act(database.eraserUrl, "DELETE FROM ledger.subject_login WHERE login = 'nameless'");
    const id = await recordOne(database.db, makeEntry(2, { who }));
    expect((await readEntry(database.db, id))?.people[0]?.actor).toEqual({ id: 945, login: 'nameless' });
  });

  test('who are new to two transactions at once become one person', async () => {
    const who = [900, 901, 902].map((id) => ({
      role: 'author' as const,
      actor: { id, login: `person-${id}`, kind: 'user' as const },
    }));
    const ids = await Promise.all(
      Array.from({ length: 8 }, (_, number) =>
        recordOne(database.db, makeEntry(number, { who: number % 2 === 0 ? who : [...who].reverse() })),
      ),
    );
    const references = new Set<string>();
    for (const id of ids)
      for (const { actor } of (await readEntry(database.db, id))!.content.who) references.add(actor);
    expect(references.size).toBe(3);
  });

  test('keep each name they had, and entries the name of their time', async () => {
    const renamed = (login: string): Promise<string> =>
      recordOne(
        database.db,
        makeEntry(0, { who: [{ role: 'author', actor: { id: 950, login, kind: 'user' } }] }),
      );
    const [before, after] = [await renamed('old-name'), await renamed('new-name')];
    expect((await readEntry(database.db, before))?.people[0]?.actor).toEqual({ id: 950, login: 'old-name' });
    expect((await readEntry(database.db, after))?.people[0]?.actor).toEqual({ id: 950, login: 'new-name' });
  });

  test('who were erased are nobody, and come back as somebody else', async () => {
    const who = [{ role: 'author' as const, actor: { id: 960, login: 'leaver', kind: 'user' as const } }];
    const id = await recordOne(database.db, makeEntry(0, { who }));
    await act(database.eraserUrl, 'DELETE FROM ledger.subject WHERE github_id = 960');
    expect((await readEntry(database.db, id))?.people).toEqual([
      { role: 'author', type: 'user', actor: null },
    ]);
    const later = await recordOne(database.db, makeEntry(0, { who }));
    expect((await readEntry(database.db, later))?.people[0]?.actor).toEqual({ id: 960, login: 'leaver' });
    expect((await readEntry(database.db, id))?.people[0]?.actor).toBeNull();
  });

  test('of whom one was erased since are all looked up again, and nobody unknown is named', async () => {
    const who = [965, 966].map((id) => ({
      role: 'author' as const,
      actor: { id, login: `pair-${id}`, kind: 'user' as const },
    }));
    await recordOne(database.db, makeEntry(0, { who }));
    await act(database.eraserUrl, 'DELETE FROM ledger.subject WHERE github_id = 966');
    const before = await rows('entry');
    const id = await recordOne(database.db, makeEntry(0, { who }));
    expect(await rows('entry')).toBe(before + 1);
    expect((await readEntry(database.db, id))?.people.map(({ actor }) => actor)).toEqual([
      { id: 965, login: 'pair-965' },
      { id: 966, login: 'pair-966' },
    ]);
  });

  test('whose row was altered are nobody rather than somebody else', async () => {
    const id = await recordOne(
      database.db,
      makeEntry(0, { who: [{ role: 'author', actor: { id: 970, login: 'mallory', kind: 'user' } }] }),
    );
    await tamper(
      database.ownerUrl,
      ['subject', 'subject_login'],
      `UPDATE ledger.subject_login SET login = 'alice' WHERE login = 'mallory'`,
    );
    expect((await readEntry(database.db, id))?.people[0]?.actor).toEqual({ id: 970, login: null });
    await tamper(
      database.ownerUrl,
      ['subject'],
      'UPDATE ledger.subject SET github_id = 1 WHERE github_id = 970',
    );
    expect((await readEntry(database.db, id))?.people[0]?.actor).toBeNull();
  });
});

describe('a list of entries', () => {
  test('is of those that were asked for, newest first', async () => {
    const staging = { environment: 'staging', repository: { id: 77, fullName: 'acme/other' } };
    const first = await recordOne(database.db, makeEntry(1, { ...staging, kind: 'deployment.requested' }));
    const second = await recordOne(database.db, makeEntry(2, { ...staging, answers: first }));
    await recordOne(database.db, makeEntry(3, { repository: staging.repository }));
    const ids = async (filter: Parameters<typeof listEntries>[1]): Promise<string[]> =>
      (await listEntries(database.db, filter)).map(({ id }) => id);
    expect(await ids({ repositoryId: 77, environment: 'staging' })).toEqual([second, first]);
    expect(await ids({ repositoryId: 77, kinds: ['deployment.requested'] })).toEqual([first]);
    expect(await ids({ answers: first })).toEqual([second]);
    expect(await ids({ repositoryId: 77, pullRequest: 2, commit: makeEntry(2).commit! })).toEqual([second]);
    expect(await ids({ repositoryId: 77, environment: 'staging', limit: 1 })).toEqual([second]);
  });

  test('is refused where the search columns lie', async () => {
    await recordOne(
      database.db,
      makeEntry(1, { repository: { id: 78, fullName: 'acme/lies' }, environment: 'staging' }),
    );
    await tamper(
      database.ownerUrl,
      [],
      `UPDATE ledger.projection SET environment = 'production' WHERE repository_id = 78`,
    );
    await expect(
      listEntries(database.db, { repositoryId: 78, environment: 'production' }),
    ).rejects.toMatchObject({ code: 'projection_forged' });
  });
});

test.each([0, 1, 4, 5, 9])('an entry may rest on %i documents', async (count) => {
  const documents = Array.from({ length: count }, (_, number) => ({
    name: `document ${number}`,
    mediaType: 'text/plain' as const,
    body: Buffer.from(`body ${number}`),
  }));
  const id = await recordOne(database.db, makeEntry(6, { documents }));
  const sealed = (await readEntry(database.db, id))!.content.documents;
  const bodies = await Promise.all(sealed.map(({ commitment }) => readDocument(database.db, commitment)));
  expect(bodies.map(String)).toEqual(documents.map(({ body }) => body.toString()));
});

test('a document that is not what was sealed is refused, and one that was erased is gone', async () => {
  const id = await recordOne(database.db, makeEntry(5));
  const { commitment } = (await readEntry(database.db, id))!.content.documents[0]!;
  const hex = Buffer.from(commitment, 'base64url').toString('hex');
  await tamper(
    database.ownerUrl,
    ['document'],
    `UPDATE ledger.document SET body = 'forged' WHERE commitment = '\\x${hex}'`,
  );
  await expect(readDocument(database.db, commitment)).rejects.toMatchObject({ code: 'document_altered' });
  await act(database.eraserUrl, `DELETE FROM ledger.document WHERE commitment = '\\x${hex}'`);
  expect(await readDocument(database.db, commitment)).toBeNull();
});
