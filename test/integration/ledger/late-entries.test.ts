/** What an alteration gains by a time that is still to come, or by an entry that never gets an index: nothing. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { queryOf } from '../../../src/ledger/store/query.ts';
import type { LedgerSigner } from '../../../src/ledger/sequence/signer.ts';
import { resumeTree } from '../../../src/ledger/store/stored-tree.ts';
import { verifyDatabase } from '../../../src/ledger/verify/verify-database.ts';
import type { TestDatabase } from '../../support/database.ts';
import { createTestDatabase, query } from '../../support/database.ts';
import { integrateAll, makeEntry, makeSigner, recordOne, recordSome, tamper } from './ledger-fixture.ts';

let database: TestDatabase;
let signer: LedgerSigner;

/** Eight entries, under checkpoints at 5 and 8. */
beforeEach(async () => {
  database = await createTestDatabase();
  signer = makeSigner();
  for (const [count, from] of [
    [5, 0],
    [3, 5],
  ] as const) {
    await recordSome(database.db, count, from);
    await integrateAll(database.writerUrl, signer);
  }
});
afterEach(() => database.drop());

const sentences = async (): Promise<string[]> =>
  (await verifyDatabase(database.db, { vkey: signer.vkey })).findings.map(({ sentence }) => sentence);

const HOUR = "interval '1 hour'";

/** Entry 6 with another pull request, everything that hangs on it, and the checkpoint over it gone. */
async function alterTail(): Promise<void> {
  const entry = '(SELECT entry_id FROM ledger.integration WHERE index = 6)';
  await tamper(
    database.superuserUrl,
    ['entry', 'integration', 'checkpoint'],
    `UPDATE ledger.entry SET canonical = convert_to(replace(convert_from(canonical, 'UTF8'), '"pullRequest":6,', '"pullRequest":9,'), 'UTF8')`,
    `UPDATE ledger.projection SET pull_request = 9 WHERE entry_id = ${entry}`,
    'UPDATE ledger.integration i SET leaf_hash = e.leaf_hash FROM ledger.entry e WHERE e.id = i.entry_id',
    'DELETE FROM ledger.checkpoint WHERE size > 5',
  );
  const tree = await resumeTree(queryOf(database.db), 1, 8);
  const root = Buffer.from(tree.root()).toString('hex');
  await tamper(database.superuserUrl, ['head'], `UPDATE ledger.head SET root = '\\x${root}'`);
}

const UNSIGNED = expect.stringMatching(/^Entries 5 to 7 are under no checkpoint/);

test.each([
  ['all times are as they were, but for the first, which is new', 'now()', 'WHERE index = 5'],
  ['all times are still to come', `now() + ${HOUR}`, ''],
])('an altered tail whose checkpoints were taken away is found where %s', async (_, time, which) => {
  await alterTail();
  await tamper(
    database.superuserUrl,
    ['entry'],
    `UPDATE ledger.entry SET recorded_at = now() - ${HOUR}`,
    `UPDATE ledger.entry SET recorded_at = ${time} WHERE id IN (SELECT entry_id FROM ledger.integration ${which})`,
  );
  expect(await sentences()).toEqual([UNSIGNED]);
});

test('what is left of a log is not taken for nothing because its times are still to come', async () => {
  await tamper(
    database.superuserUrl,
    ['entry', 'integration', 'checkpoint', 'head', 'log'],
    `UPDATE ledger.entry SET recorded_at = now() + ${HOUR}`,
    'DELETE FROM ledger.integration',
    'DELETE FROM ledger.checkpoint',
    'DELETE FROM ledger.head',
    'DELETE FROM ledger.log',
  );
  await expect(verifyDatabase(database.db)).rejects.toMatchObject({ code: 'ledger_altered' });
});

/** Takes away entry 3's document, of which no entry in the log says that it was erased. */
async function takeDocument(): Promise<string> {
  const [row] = await query(
    database.readerUrl,
    `SELECT convert_from(e.canonical, 'UTF8')::jsonb -> 'documents' -> 0 ->> 'commitment' AS commitment
     FROM ledger.integration i JOIN ledger.entry e ON e.id = i.entry_id WHERE i.index = 3`,
  );
  const commitment = String(row?.['commitment']);
  await query(database.eraserUrl, 'DELETE FROM ledger.document WHERE commitment = $1', [
    Buffer.from(commitment, 'base64url'),
  ]);
  return commitment;
}

const GONE = expect.stringMatching(/^The sealed document "facts" of entry 3 .* is gone, and no entry says/);

test.each([
  [
    'long ago',
    `now() - ${HOUR}`,
    /^An entry \(ledger\.erased, .*\) has been without an index for 36\d\d seconds/,
  ],
  [
    'in an hour',
    `now() + ${HOUR}`,
    /^An entry \(ledger\.erased, .*\) has no index, and its time is still to come/,
  ],
])(
  'a forged record of an erasure that never gets an index, recorded %s, is found itself',
  async (_, time, says) => {
    const commitment = await takeDocument();
    expect(await sentences()).toEqual([GONE]);
    const id = await recordOne(
      database.db,
      makeEntry(0, {
        kind: 'ledger.erased',
        documents: [],
        ledger: { act: 'erased', subjects: [], documents: [commitment] },
      }),
    );
    await query(database.writerUrl, 'DELETE FROM ledger.pending WHERE entry_id = $1', [id]);
    await tamper(
      database.superuserUrl,
      ['entry'],
      `UPDATE ledger.entry SET recorded_at = ${time} WHERE id = '${id}'`,
    );
    expect(await sentences()).toEqual([expect.stringMatching(says)]);
  },
);

test('what is no entry, put in as a record of an erasure, ends nothing and accounts for nothing', async () => {
  await takeDocument();
  const id = randomUUID();
  await query(database.writerUrl, 'INSERT INTO ledger.entry (id, canonical) VALUES ($1, $2)', [
    id,
    Buffer.from([0xff, 0x00, 0x7b]),
  ]);
  await query(
    database.writerUrl,
    `INSERT INTO ledger.projection (entry_id, kind, outcome, occurred_at, recorded_at) VALUES ($1, 'ledger.erased', 'erased', now(), now())`,
    [id],
  );
  expect(await sentences()).toEqual([GONE]);
  await tamper(
    database.superuserUrl,
    ['entry'],
    `UPDATE ledger.entry SET recorded_at = now() - ${HOUR} WHERE id = '${id}'`,
  );
  expect(await sentences()).toEqual([
    GONE,
    expect.stringMatching(/^An entry \(ledger\.erased, .*\) has been without an index for 36\d\d seconds/),
  ]);
});
