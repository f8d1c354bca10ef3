/** What other ledgers on PostgreSQL were caught by, and ours is not: clocks, precision, sequences, JSON, second structures. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createHmac, randomBytes } from 'node:crypto';
import type { NewEntry } from '../../../src/domain/entry.ts';
import { openCheckpoint } from '../../../src/ledger/format/checkpoint.ts';
import { newEntryId } from '../../../src/ledger/format/entry-id.ts';
import { proofAtIndex } from '../../../src/ledger/prove/entry-proof.ts';
import { leafHash } from '../../../src/ledger/format/hash.ts';
import { formatNote, parseNote, parseVerifierKey } from '../../../src/ledger/format/note.ts';
import { parseProof, verifyProof } from '../../../src/ledger/format/proof.ts';
import { listEntries, readEntry, readEntryAt } from '../../../src/ledger/store/read.ts';
import { record } from '../../../src/ledger/store/record.ts';
import { startSequencer } from '../../../src/ledger/sequence/sequencer.ts';
import type { LedgerSigner } from '../../../src/ledger/sequence/signer.ts';
import { verifyDatabase } from '../../../src/ledger/verify/verify-database.ts';
import type { TestDatabase } from '../../support/database.ts';
import { createTestDatabase, query } from '../../support/database.ts';
import {
  integrateAll,
  makeEntry,
  makeSigner,
  recordOne,
  recordSome,
  sizeOf,
  until,
} from './ledger-fixture.ts';

let database: TestDatabase;
let signer: LedgerSigner;

beforeEach(async () => {
  database = await createTestDatabase();
  signer = makeSigner();
});
afterEach(() => database.drop());

/** By a clock that says `now`. */
async function recordAt(now: string, entry: NewEntry): Promise<string> {
  const at = { id: newEntryId(now, randomBytes), now, random: randomBytes };
  return await database.db.transaction().execute(async (tx) => (await record(tx, entry, at)).entryId);
}

async function expectHolds(size: number): Promise<void> {
  const report = await verifyDatabase(database.db, { vkey: signer.vkey });
  expect(report).toMatchObject({ found: 0, size });
}

describe('a clock that is set back', () => {
  /** One day, then the one before it, and one before that. */
  const TIMES = ['2026-05-03T12:00:00.000Z', '2026-05-02T12:00:00.000Z', '2026-05-01T12:00:00.000Z'];

  test('changes neither the order nor the proof of what it recorded', async () => {
    const ids: string[] = [];
    for (const now of TIMES) ids.push(await recordAt(now, makeEntry(ids.length)));
    await integrateAll(database.writerUrl, signer);
    const found = await Promise.all(TIMES.map((_, index) => readEntryAt(database.db, index)));
    expect(found.map((entry) => [entry?.id, entry?.content.recorded])).toEqual(
      TIMES.map((time, index) => [ids[index], time]),
    );
    await expectHolds(3);
  });

  test('makes no older entry the newest, before they are integrated and after', async () => {
    const policy = { kind: 'policy.changed' as const, repository: { id: 9, fullName: 'acme/late' } };
    const newest = async (): Promise<string[]> =>
      (await listEntries(database.db, { repositoryId: 9 })).map(({ id }) => id);
    const [first, second] = [
      await recordAt(TIMES[0]!, makeEntry(1, policy)),
      await recordAt(TIMES[1]!, makeEntry(2, policy)),
    ];
    expect(await newest()).toEqual([second, first]);
    await integrateAll(database.writerUrl, signer);
    expect(await newest()).toEqual([second, first]);
    const third = await recordAt(TIMES[2]!, makeEntry(3, policy));
    expect(await newest()).toEqual([third, second, first]);
  });
});

test('a time keeps the milliseconds that its bytes have, whatever else of it a database would round', async () => {
  const id = await recordOne(database.db, makeEntry(1, { occurredAt: '2026-03-01T12:00:00.123999999Z' }));
  await integrateAll(database.writerUrl, signer);
  const [row] = await query(
    database.readerUrl,
    `SELECT convert_from(canonical, 'UTF8') AS text, p.occurred_at = '2026-03-01T12:00:00.123Z' AS exact
     FROM ledger.entry e JOIN ledger.projection p ON p.entry_id = e.id WHERE e.id = $1`,
    [id],
  );
  expect(row).toEqual({
    text: expect.stringContaining('"occurred":"2026-03-01T12:00:00.123Z"'),
    exact: true,
  });
  await expectHolds(1);
});

test('a transaction that is rolled back leaves a gap in no index, though it does in a sequence', async () => {
  const [first] = await recordSome(database.db, 1);
  const attempt = database.db.transaction().execute(async (tx) => {
    await recordOne(tx, makeEntry(1));
    throw new Error('no');
  });
  await expect(attempt).rejects.toThrow('no');
  const [second] = await recordSome(database.db, 1, 2);
  const positions = await query(
    database.readerUrl,
    'SELECT position::int FROM ledger.pending ORDER BY position',
  );
  expect(positions).toEqual([{ position: 1 }, { position: 3 }]);
  await integrateAll(database.writerUrl, signer);
  const placed = await query(
    database.readerUrl,
    'SELECT index::int, entry_id FROM ledger.integration ORDER BY index',
  );
  expect(placed).toEqual([
    { index: 0, entry_id: first },
    { index: 1, entry_id: second },
  ]);
  await expectHolds(2);
});

test('a sequencer that saw the head long before it got the lock goes on from where the head is then', async () => {
  await recordSome(database.db, 3);
  const first = await startSequencer({ url: database.writerUrl, signer });
  const second = await startSequencer({ url: database.writerUrl, signer, pollMs: 20 });
  await until(() => first.state === 'integrating' && second.state === 'standing by');
  await recordSome(database.db, 300, 3);
  await until(async () => (await sizeOf(database.db)) === 303);
  await first.stop();
  await until(() => second.state === 'integrating');
  await recordSome(database.db, 5, 303);
  await second.stop();
  await expectHolds(308);
});

describe('JSON', () => {
  test('is nowhere what evidence is stored as', async () => {
    const columns = await query(
      database.readerUrl,
      `SELECT table_name, column_name, data_type FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)
       WHERE table_schema = 'ledger' AND table_type = 'BASE TABLE' AND (data_type LIKE 'json%' OR (table_name = 'entry' AND column_name = 'canonical'))`,
    );
    expect(columns).toEqual([{ table_name: 'entry', column_name: 'canonical', data_type: 'bytea' }]);
  });

  test('comes back byte for byte as it was hashed', async () => {
    const environment = 'é, e\u0301, \u{1f602}, \\u0000, 1.10 and 1e2';
    const id = await recordOne(database.db, makeEntry(1, { environment }));
    await integrateAll(database.writerUrl, signer);
    const { extra } = parseProof((await proofAtIndex(database.db, 0, true))!.proof);
    const [row] = await query(database.readerUrl, 'SELECT canonical FROM ledger.entry WHERE id = $1', [id]);
    expect(row).toEqual({ canonical: extra });
    expect(Buffer.from(extra!).toString()).toContain(`"environment":${JSON.stringify(environment)}`);
    expect((await readEntry(database.db, id))?.content.environment).toBe(environment);
    await expectHolds(1);
  });
});

test('there is one structure: no entry names the hash of the one before it', async () => {
  await recordSome(database.db, 2);
  await integrateAll(database.writerUrl, signer);
  const columns = await query(
    database.readerUrl,
    `SELECT table_name || '.' || column_name AS name FROM information_schema.columns
     WHERE table_schema = 'ledger' AND table_name NOT LIKE 'entry\\_%' AND (column_name LIKE '%hash%' OR column_name LIKE '%root%' OR column_name LIKE '%prev%') ORDER BY 1`,
  );
  expect(columns.map(({ name }) => name)).toEqual([
    'checkpoint.root',
    'entry.leaf_hash',
    'head.root',
    'integration.leaf_hash',
    'tile.hashes',
    'tile.root',
  ]);
  const after = await readEntryAt(database.db, 1);
  const { extra } = parseProof((await proofAtIndex(database.db, 0, true))!.proof);
  const hash = Buffer.from(leafHash(extra!));
  for (const encoding of ['hex', 'base64', 'base64url'] as const)
    expect(JSON.stringify(after?.content)).not.toContain(hash.toString(encoding));
});

test('whoever verifies needs no secret, and can sign nothing with what they have', async () => {
  await recordSome(database.db, 3);
  await integrateAll(database.writerUrl, signer);
  const { proof } = (await proofAtIndex(database.db, 1, true))!;
  const { checkpoint, extra } = parseProof(proof);
  expect(verifyProof(proof, leafHash(extra!), signer.vkey)).toMatchObject({ index: 1 });
  const key = parseVerifierKey(signer.vkey);
  const { text } = parseNote(checkpoint);
  const mac = createHmac('sha512', signer.vkey).update(text).digest();
  const forged = formatNote({ text, signatures: [{ name: key.name, id: key.id, signature: mac }] });
  expect(() => openCheckpoint(forged, key)).toThrow(expect.objectContaining({ code: 'checkpoint_forged' }));
});

test('an entry that is recorded twice under one id is recorded once', async () => {
  const id = newEntryId('2026-05-01T12:00:00.000Z', randomBytes);
  const attempts = await Promise.allSettled(
    Array.from({ length: 5 }, async (_, number) => await recordOne(database.db, makeEntry(number), id)),
  );
  expect(attempts.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  await integrateAll(database.writerUrl, signer);
  await expectHolds(1);
});
