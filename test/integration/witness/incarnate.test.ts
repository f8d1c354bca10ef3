/** What the first entry of a new log says of the one before, while others still write to that. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import type { KyselyPlugin } from 'kysely';
import { newEntryId } from '../../../src/ledger/format/entry-id.ts';
import { factOf } from '../../../src/ledger/verify/incarnation.ts';
import type { RecordedAt } from '../../../src/ledger/store/record.ts';
import { createSigner, generateLedgerKey } from '../../../src/ledger/sequence/signer.ts';
import { verifyDatabase } from '../../../src/ledger/verify/verify-database.ts';
import { incarnate } from '../../../src/witness/incarnate.ts';
import type { TestDatabase } from '../../support/database.ts';
import { createTestDatabase, query } from '../../support/database.ts';
import {
  ORIGIN,
  integrateAll,
  makeEntry,
  makeSigner,
  recordOne,
  recordSome,
  tamper,
} from '../ledger/ledger-fixture.ts';

const SECOND = 'audit.example.com/ledger/2';
const [KEY, NEXT] = [generateLedgerKey(), generateLedgerKey()];
const ours = createSigner({ origin: ORIGIN, privateKey: KEY });
const next = createSigner({ origin: ORIGIN, privateKey: NEXT, previousKey: KEY });
const second = createSigner({ origin: SECOND, privateKey: NEXT });

let database: TestDatabase;
beforeEach(async () => {
  database = await createTestDatabase();
  await recordSome(database.db, 3);
  await integrateAll(database.writerUrl, ours);
});
afterEach(() => database.drop());

function now(): RecordedAt {
  const time = new Date().toISOString();
  return { id: newEntryId(time, randomBytes), now: time, random: randomBytes };
}

const asked = { signer: second, reason: 'the disk died', witnessed: null };

async function said(): Promise<ReturnType<typeof factOf>> {
  const [row] = await query(
    database.readerUrl,
    'SELECT e.canonical FROM ledger.integration i JOIN ledger.entry e ON e.id = i.entry_id WHERE i.log_id = 2 AND i.index = 0',
  );
  return factOf((row?.['canonical'] as Buffer | undefined) ?? null);
}

const sentences = async (): Promise<string[]> =>
  (await verifyDatabase(database.db)).findings.map(({ sentence }) => sentence);

/** Does something once, when the first answer of a statement has come. */
function afterFirstAnswer(act: () => Promise<void>): KyselyPlugin {
  let done = false;
  return {
    transformQuery: ({ node }) => node,
    transformResult: async ({ result }) => {
      if (!done) {
        done = true;
        await act();
      }
      return result;
    },
  };
}

test('it ends where the log really ended, though a process integrated more when it was looked at', async () => {
  const meanwhile = afterFirstAnswer(async () => {
    await recordSome(database.db, 2, 3);
    await integrateAll(database.writerUrl, ours);
  });
  const { before } = await incarnate(database.db.withPlugin(meanwhile), asked, now());
  expect(before).toEqual({ origin: ORIGIN, size: 5 });
  expect((await said())?.predecessor.size).toBe(5);
  await integrateAll(database.writerUrl, second);
  expect(await sentences()).toEqual([]);
});

test('of two who begin another log at once, one does', async () => {
  const other = createSigner({ origin: 'audit.example.com/ledger/3', privateKey: KEY });
  const meanwhile = afterFirstAnswer(async () => {
    await incarnate(database.db, asked, now());
  });
  await expect(
    incarnate(database.db.withPlugin(meanwhile), { ...asked, signer: other }, now()),
  ).rejects.toMatchObject({ code: 'sequencer_at_work' });
  await integrateAll(database.writerUrl, second);
  expect(await sentences()).toEqual([]);
});

test('it names the key that signed last, and not one that only a row names', async () => {
  await integrateAll(database.writerUrl, next);
  const [row] = await query(database.readerUrl, 'SELECT entry_id FROM ledger.log_key');
  await query(database.writerUrl, 'INSERT INTO ledger.log_key VALUES (1, 2, $1, $2)', [
    makeSigner().vkey,
    row?.['entry_id'],
  ]);
  await incarnate(database.db, asked, now());
  expect((await said())?.predecessor.vkey).toBe(next.vkey);
});

test('the log before can’t be taken away with its rows: the first entry of the one after names it', async () => {
  await incarnate(database.db, asked, now());
  await integrateAll(database.writerUrl, second);
  expect(await sentences()).toEqual([]);
  await tamper(
    database.superuserUrl,
    ['log', 'entry', 'projection', 'integration', 'tile', 'checkpoint', 'head'],
    'UPDATE ledger.log SET predecessor = NULL, predecessor_checkpoint = NULL WHERE log_id = 2',
    'DELETE FROM ledger.entry e USING ledger.integration i WHERE i.entry_id = e.id AND i.log_id = 1',
    'DELETE FROM ledger.projection p WHERE NOT EXISTS (SELECT FROM ledger.entry e WHERE e.id = p.entry_id)',
    ...['integration', 'tile', 'checkpoint', 'head', 'log'].map(
      (table) => `DELETE FROM ledger.${table} WHERE log_id = 1`,
    ),
  );
  expect(await sentences()).toContain(
    `${SECOND} goes on for ${ORIGIN}, whose entries are not in this database: that log was taken away.`,
  );
});

describe('it begins nothing on the newest checkpoint of a log where that', () => {
  const forged = createSigner({ origin: ORIGIN, privateKey: generateLedgerKey() });
  const put = async (size: number, note: string): Promise<void> => {
    // The database takes none beyond the head; an owner can put one there all the same.
    await tamper(
      database.superuserUrl,
      ['checkpoint'],
      `INSERT INTO ledger.checkpoint (log_id, size, root, note) VALUES (1, ${size}, '\\x${'01'.repeat(32)}', $note$${note}$note$)`,
    );
  };

  test('is not signed by the log’s key', async () => {
    await put(4, forged.sign({ size: 4, root: Buffer.alloc(32, 1) }));
    await expect(incarnate(database.db, asked, now())).rejects.toMatchObject({
      code: 'newest_checkpoint_forged',
      message: `the newest checkpoint of ${ORIGIN} in this database, over 4 entries, is not signed by ${ours.vkey}, the key that signs that log, so no other log goes on for it: run \`countersign verify\`, which says what was altered.`,
    });
    expect(await query(database.readerUrl, 'SELECT origin FROM ledger.log')).toHaveLength(1);
  });

  test('is not of the entries that are here', async () => {
    await put(4, ours.sign({ size: 4, root: Buffer.alloc(32, 1) }));
    await expect(incarnate(database.db, asked, now())).rejects.toMatchObject({
      code: 'newest_checkpoint_forged',
      message: expect.stringContaining(
        'over 4 entries, is not of the entries that are here, so no other log',
      ),
    });
  });

  test('is signed by a key that only a rotation names which the log’s key never agreed to', async () => {
    const entry = await recordOne(
      database.db,
      makeEntry(3, {
        kind: 'ledger.rotated',
        documents: [],
        ledger: { act: 'rotated', from: ours.vkey, to: forged.vkey },
      }),
    );
    await query(database.writerUrl, 'INSERT INTO ledger.log_key VALUES (1, 1, $1, $2)', [forged.vkey, entry]);
    await put(4, forged.sign({ size: 4, root: Buffer.alloc(32, 1) }));
    await expect(incarnate(database.db, asked, now())).rejects.toMatchObject({
      code: 'newest_checkpoint_forged',
    });
  });
});
