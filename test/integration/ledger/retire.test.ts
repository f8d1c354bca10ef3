import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, readdir, rm, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Client } from 'pg';
import { run as prove } from '../../../src/cli/prove.ts';
import { run as retireCommand } from '../../../src/cli/retire.ts';
import { run as verifyCommand } from '../../../src/cli/verify.ts';
import { entryYear } from '../../../src/db/entry-years.ts';
import { openDatabase } from '../../../src/db/open-database.ts';
import { exportLog } from '../../../src/ledger/export/export.ts';
import type { VerifyReport } from '../../../src/ledger/source/finding.ts';
import { readEntry, readEntryAt } from '../../../src/ledger/store/read.ts';
import { rotateKey } from '../../../src/ledger/sequence/rotate-key.ts';
import { assertLedgerSafe } from '../../../src/ledger/verify/safety.ts';
import { startSequencer } from '../../../src/ledger/sequence/sequencer.ts';
import type { LedgerSigner } from '../../../src/ledger/sequence/signer.ts';
import { createSigner, generateLedgerKey } from '../../../src/ledger/sequence/signer.ts';
import { verifyDatabase } from '../../../src/ledger/verify/verify-database.ts';
import { verifyDirectory } from '../../../src/ledger/verify/verify-directory.ts';
import { incarnate } from '../../../src/witness/incarnate.ts';
import type { TestDatabase } from '../../support/database.ts';
import { createTestDatabase, query } from '../../support/database.ts';
import {
  act,
  copyDatabase,
  integrateAll,
  makeEntry,
  makeSigner,
  recordOne,
  until,
} from './ledger-fixture.ts';
import type { SavedProof } from './retire-fixture.ts';
import {
  MINIMUM,
  MIXED_FROM,
  NOW,
  SIZE,
  claimRetirement,
  idIn,
  proveAnew,
  recordIn,
  retire,
  saveProofs,
  yearOf,
} from './retire-fixture.ts';

const PROCESS = join(import.meta.dirname, 'retire-process.ts');

let built: TestDatabase;
let database: TestDatabase;
let signer: LedgerSigner;
let directory: string;
/** An export of `built`, for those tests that need none of their own. */
let exported: string;
let saved: SavedProof[];
const ids: string[] = [];

/** 800 entries under checkpoints at 300, 600 and 800; 80 of them with a document. */
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'countersign-retire-'));
  built = await createTestDatabase();
  signer = makeSigner();
  for (let number = 0; number < SIZE; number += 1) {
    ids.push(await recordIn(built, yearOf(number), number));
    if ([299, 599, 799].includes(number)) await integrateAll(built.writerUrl, signer);
  }
  saved = await saveProofs(built, [0, 1, 255, 256, 303, 511, 512, MIXED_FROM, MIXED_FROM + 1, 799]);
  exported = join(directory, 'exported');
  await exportLog(built.db, { directory: exported, now: NOW });
  await built.db.destroy();
});
afterAll(async () => {
  await built.drop();
  await rm(directory, { recursive: true });
});

let archive: string;
let numbered = 0;
beforeEach(async () => {
  database = await copyDatabase(built);
  archive = join(directory, `archive-${(numbered += 1)}`);
});
afterEach(() => database.drop());

const first = ({ findings }: VerifyReport): string => findings[0]?.sentence ?? 'nothing is wrong';
const count = async (from: string): Promise<number> =>
  Number((await query(database.superuserUrl, `SELECT count(*) AS n FROM ${from}`))[0]?.['n']);
const isThere = async (): Promise<boolean> =>
  (await query(database.readerUrl, `SELECT to_regclass('ledger.entry_2026') AS at`))[0]?.['at'] !== null;
const statements = async (): Promise<number> => await count(`ledger.projection WHERE kind = 'ledger.pruned'`);
const copyOfExport = async (): Promise<string> => {
  await cp(exported, archive, { recursive: true });
  return archive;
};

describe('a retired year', () => {
  test('leaves a ledger that holds, and in which every entry can be proven as before', async () => {
    const before = { other: await count('ledger.document'), all: await count('ledger.entry') };
    const { minimum, done } = await retire(database, signer, { archive });
    expect(minimum).toBe(MINIMUM);
    expect(done).toMatchObject({ entries: MINIMUM, documents: 51, stayed: 600 - MINIMUM, index: SIZE });

    expect(await isThere()).toBe(false);
    expect(await count('ledger.entry')).toBe(before.all + 1 - MINIMUM);
    expect(await count('ledger.document')).toBe(before.other + 1 - 51);
    expect(await count('ledger.projection')).toBe(SIZE + 1 - MINIMUM);
    expect(await count('ledger.integration')).toBe(SIZE + 1);
    const db = openDatabase(database.writerUrl, { max: 1 });
    await assertLedgerSafe(db);
    await db.destroy();

    const report = await verifyDatabase(database.db, { vkey: signer.vkey });
    expect(report).toMatchObject({
      found: 0,
      size: SIZE + 1,
      retired: { minimum: MINIMUM, missing: MINIMUM, statedBy: SIZE, archive: SIZE },
    });
    for (const proof of saved) expect(await proveAnew(database, proof, signer.vkey)).toBe(SIZE + 1);
  });

  test('has its documents in the archive, and not in the database', async () => {
    const commitments = async (): Promise<unknown[]> =>
      (await query(database.readerUrl, `SELECT encode(commitment, 'hex') AS hex FROM ledger.document`)).map(
        ({ hex }) => hex,
      );
    const before = await commitments();
    await retire(database, signer, { archive });
    const after = await commitments();
    const gone = before.filter((hex) => !after.includes(hex));
    expect(gone).toHaveLength(51);
    const there = await readdir(join(archive, 'documents'));
    expect(gone.every((hex) => there.includes(String(hex)) && there.includes(`${String(hex)}.salt`))).toBe(
      true,
    );
  });

  test('is explained in an entry, with the archive and the policy', async () => {
    await retire(database, signer, { archive, reason: 'Two years, says the policy.' });
    const entry = await readEntryAt(database.db, SIZE);
    expect(entry?.content).toMatchObject({
      kind: 'ledger.pruned',
      ledger: {
        act: 'pruned',
        minimum: MINIMUM,
        kept: '',
        archive: await readFile(join(archive, 'checkpoint'), 'utf8'),
      },
    });
    const [document] = await query(
      database.readerUrl,
      `SELECT convert_from(body, 'UTF8') AS body FROM ledger.document WHERE convert_from(body, 'UTF8') LIKE '%retirement/v1%'`,
    );
    expect(JSON.parse(String(document?.['body']))).toEqual({
      schema: 'countersign.retirement/v1',
      year: 2026,
      entries: 600,
      from: 0,
      minimum: MINIMUM,
      size: SIZE,
      manifest: expect.stringMatching(/^[0-9a-f]{64}$/),
      reason: 'Two years, says the policy.',
    });
  });

  test('can be exported without, and verified with its archive as one whole log', async () => {
    await retire(database, signer, { archive });
    const live = join(directory, 'live');
    await exportLog(database.db, { directory: live, now: NOW });
    expect(JSON.parse(await readFile(join(live, 'manifest.json'), 'utf8'))).toMatchObject({
      size: SIZE + 1,
      minimum: MINIMUM,
    });
    expect(await readdir(join(live, 'tile/entries'))).toEqual(['002', '003.p']);
    expect(await verifyDirectory(live, { vkey: signer.vkey })).toMatchObject({
      found: 0,
      archived: 0,
      retired: { minimum: MINIMUM, missing: MINIMUM },
      documents: { held: 30, erased: 0 },
    });
    for (const report of [
      await verifyDirectory(live, { vkey: signer.vkey, archives: [archive] }),
      await verifyDatabase(database.db, { vkey: signer.vkey, archives: [archive] }),
    ]) {
      expect(report).toMatchObject({
        found: 0,
        archived: MINIMUM,
        retired: null,
        documents: { held: 81, erased: 0 },
      });
    }
    // Without the entry's word, what is missing is missing.
    const manifest = await readFile(join(live, 'manifest.json'), 'utf8');
    await writeFile(join(live, 'manifest.json'), manifest.replace('"minimum": 512', '"minimum": 768'));
    await unlink(join(live, 'tile/entries/002'));
    expect(first(await verifyDirectory(live))).toBe(
      'Entries 512 to 767 are gone, and no entry says that they were retired.',
    );
    await rm(live, { recursive: true });
  });

  test('does not take in the archive of another log, nor one that was altered', async () => {
    await retire(database, signer, { archive });
    const other = await createTestDatabase();
    await recordOne(other.db, makeEntry(1));
    await integrateAll(other.writerUrl, signer);
    const foreign = join(directory, 'foreign');
    await exportLog(other.db, { directory: foreign, now: NOW });
    await other.drop();
    expect(first(await verifyDatabase(database.db, { archives: [foreign] }))).toBe(
      `The archive ${foreign} is no part of this log: the first 1 entries here do not lead to the root that it was signed over.`,
    );
    const bundle = join(archive, 'tile/entries/000');
    const bytes = await readFile(bundle);
    bytes.writeUInt8(bytes.readUInt8(1000) ^ 1, 1000);
    await writeFile(bundle, bytes);
    expect(first(await verifyDatabase(database.db, { archives: [archive] }))).toMatch(
      /^Entry \d was altered|^Entry \d \(.*\) was altered \(in the archive .*\); it was last known good under checkpoint 801/,
    );
    await expect(verifyDatabase(database.db, { archives: [directory] })).rejects.toMatchObject({
      code: 'archive_unreadable',
    });
  });

  test('is missed by nobody who reads one of its entries', async () => {
    await retire(database, signer, { archive });
    const gone = {
      code: 'entry_retired',
      message: `entry 7 (${ids[7]}) was retired: its bytes are in the archive under checkpoint 800, and not in this database any more.`,
    };
    await expect(readEntry(database.db, ids[7] ?? '')).rejects.toMatchObject(gone);
    await expect(readEntryAt(database.db, 7)).rejects.toMatchObject(gone);
    expect((await readEntryAt(database.db, MINIMUM))?.id).toBe(ids[MINIMUM]);
    expect(await readEntryAt(database.db, 5000)).toBeNull();
    expect(await readEntry(database.db, idIn(2026))).toBeNull();
  });

  test('says what stays of it, and is not carried out where more would have to', async () => {
    const uses = [[ids[7] ?? ''], [ids[7] ?? '', ids[9] ?? '']];
    let asked = 0;
    const inUse = (): Promise<string[]> => Promise.resolve(uses[Math.min(asked++, 1)] ?? []);
    await expect(retire(database, signer, { archive, inUse })).rejects.toMatchObject({
      code: 'more_stays',
      message:
        'entry 9 came into use since the log was told what stays, so nothing was dropped: run this again, and the log is told anew.',
    });
    expect(await isThere()).toBe(true);
    await retire(database, signer, { archive, inUse });
    // What was said to stay does, whatever has become of it since.
    const facts = [await readEntryAt(database.db, SIZE), await readEntryAt(database.db, SIZE + 1)];
    expect(facts.map((entry) => entry?.content.ledger)).toMatchObject([{ kept: '7' }, { kept: '7,9' }]);
    expect(await verifyDatabase(database.db)).toMatchObject({
      found: 0,
      retired: { minimum: MINIMUM, missing: MINIMUM - 2, statedBy: SIZE + 1 },
    });
  });

  test('is followed by the next, which takes along what was left of it', async () => {
    await retire(database, signer, { archive });
    for (let number = 0; number < 300; number += 1) await recordIn(database, 2028, number);
    await integrateAll(database.writerUrl, signer);
    const second = `${archive}-2027`;
    const { minimum, done } = await retire(database, signer, { archive: second, year: 2027, at: at(2029) });
    // The first entry of 2028 is the one that said that 2026 was retired.
    expect(minimum).toBe(768);
    expect(done).toMatchObject({ entries: 768 - MINIMUM, stayed: SIZE - 768 });
    expect(await count(`ledger.entry WHERE id < '${entryYear(2027).from}'`)).toBe(0);
    const report = await verifyDatabase(database.db, { archives: [archive, second] });
    expect(report).toMatchObject({ found: 0, archived: 768, retired: null, documents: { erased: 0 } });
    expect(await verifyDatabase(database.db)).toMatchObject({ found: 0, retired: { missing: 768 } });
    const part = await verifyDatabase(database.db, { archives: [second] });
    expect(part).toMatchObject({ found: 1, archived: 768 - MINIMUM, retired: { missing: MINIMUM } });
    expect(first(part)).toMatch(
      /^Entries 0 to 511 are in none of the archives that were given, and entry \d+ says that they were retired to the one under checkpoint \d+: /,
    );
    for (const proof of saved) await proveAnew(database, proof, signer.vkey);
  });

  test('keeps the entries by which the key was rotated, so that the chain of keys can be followed without the archive', async () => {
    const own = await createTestDatabase();
    const [old, next] = [generateLedgerKey(), generateLedgerKey()];
    const origin = signer.origin;
    const before = createSigner({ origin, privateKey: old });
    const both = createSigner({ origin, privateKey: next, previousKey: old });
    for (let number = 0; number < 5; number += 1) await recordIn(own, 2026, number);
    await integrateAll(own.writerUrl, before);
    await rotateKey(own.db, 1, both, { ...at(2026), id: idIn(2026) });
    await integrateAll(own.writerUrl, both);
    for (let number = 6; number < 300; number += 1) await recordIn(own, number < 280 ? 2026 : 2027, number);
    await integrateAll(own.writerUrl, both);
    await retire(own, both, { archive });
    expect(await verifyDatabase(own.db, { vkey: before.vkey })).toMatchObject({
      found: 0,
      retired: { minimum: 256, missing: 255 },
      vkeys: [before.vkey, both.vkey],
    });
    expect((await readEntryAt(own.db, 300))?.content.ledger).toMatchObject({ act: 'pruned', kept: '5' });
    const live = `${archive}-live`;
    await exportLog(own.db, { directory: live, now: NOW });
    expect(await readdir(join(live, 'kept'))).toEqual(['5']);
    expect(await verifyDirectory(live, { vkey: before.vkey })).toMatchObject({
      found: 0,
      retired: { minimum: 256, missing: 255 },
    });
    await own.drop();
  });
});

const at = (year: number) => ({
  id: idIn(year),
  now: `${year}-02-01T00:00:00.000Z`,
  random: (size: number) => Buffer.alloc(size, year % 256),
});

describe('verify', () => {
  test('finds a year that was dropped without a word', async () => {
    await act(database.ownerUrl, 'SET ROLE countersign_owner', 'DROP TABLE ledger.entry_2026');
    const report = await verifyDatabase(database.db);
    expect(first(report)).toMatch(
      /^Entries 0 to 590 are gone, and no entry says that they were retired; they were last known good under checkpoint 800, said to be signed at .*\.$/,
    );
    expect(report.findings.filter(({ code }) => code === 'entry_deleted').length).toBeLessThan(20);
    expect(report.retired).toBeNull();
  });

  test('finds what is missing beyond what was retired', async () => {
    await retire(database, signer, { archive });
    await act(
      database.ownerUrl,
      'SET ROLE countersign_owner',
      'ALTER TABLE ONLY ledger.entry_other DISABLE TRIGGER USER',
      `DELETE FROM ledger.entry_other WHERE id IN ('${ids[513]}', '${ids[514]}')`,
      'ALTER TABLE ONLY ledger.entry_other ENABLE ALWAYS TRIGGER refuse_change',
    );
    expect(first(await verifyDatabase(database.db))).toMatch(
      /^Entries 513 to 514 are gone, and no entry says that they were retired; they were last known good/,
    );
  });

  test('finds a document that the archive has lost, and that no entry says was erased', async () => {
    await retire(database, signer, { archive });
    const live = join(directory, `live-${numbered}`);
    await exportLog(database.db, { directory: live, now: NOW });
    const here = new Set(await readdir(join(live, 'documents')));
    const [name = ''] = (await readdir(join(archive, 'documents'))).filter(
      (each) => !each.endsWith('.salt') && !here.has(each),
    );
    await unlink(join(archive, 'documents', name));
    await unlink(join(archive, 'documents', `${name}.salt`));
    expect(first(await verifyDirectory(live, { archives: [archive] }))).toMatch(
      /^The sealed document "facts" of entry \d+ \(.*\) is gone, and no entry says that it was erased\.$/,
    );
  });

  test('finds an entry that the archive which was given should have', async () => {
    await retire(database, signer, { archive });
    await unlink(join(archive, 'tile/entries/001'));
    const report = await verifyDatabase(database.db, { archives: [archive] });
    expect(first(report)).toBe(
      'Entries 256 to 511 are in none of the archives that were given, and entry 800 says that they were retired to the one under checkpoint 800: give that with another --archive; if nobody has it, they are lost.',
    );
    expect(report.found).toBe(1);
  });

  test('does not believe a retirement into an archive of another history', async () => {
    const [row] = await query(database.readerUrl, 'SELECT note FROM ledger.checkpoint WHERE size = 300');
    const lines = String(row?.['note']).split('\n');
    const archive = lines.with(2, Buffer.alloc(32, 7).toString('base64')).join('\n');
    await claimRetirement(database, { minimum: 256, archive }, { asOwner: true });
    await integrateAll(database.writerUrl, signer);
    await act(
      database.ownerUrl,
      'SET ROLE countersign_owner',
      'ALTER TABLE ledger.entry_2026 DISABLE TRIGGER USER',
      'DELETE FROM ledger.entry_2026 e USING ledger.integration i WHERE i.entry_id = e.id AND i.index < 256',
      'ALTER TABLE ledger.entry_2026 ENABLE ALWAYS TRIGGER refuse_change',
    );
    const { findings } = await verifyDatabase(database.db);
    expect(findings.map(({ sentence }) => sentence)).toContain(
      `Entry ${SIZE} says that the entries below 256 are in an archive, and the checkpoint that it gives of it is none of this log's: nothing shows that they were kept.`,
    );
  });

  test('reads the archives of a log together with the log that goes on for it', async () => {
    await retire(database, signer, { archive });
    const next = createSigner({ origin: 'audit.example.com/ledger/2', privateKey: generateLedgerKey() });
    const at = { id: idIn(2028), now: NOW, random: (size: number) => Buffer.alloc(size, 1) };
    await incarnate(database.db, { signer: next, reason: 'the key was lost', witnessed: null }, at);
    await integrateAll(database.writerUrl, next);
    const report = await verifyDatabase(database.db, { archives: [archive] });
    expect(report).toMatchObject({
      found: 0,
      archived: 0,
      predecessors: [{ archived: MINIMUM, retired: null }],
      documents: { erased: 0 },
    });
    const live = join(directory, `live-${numbered}`);
    await exportLog(database.db, { directory: live, now: NOW });
    expect(await verifyDirectory(live, { archives: [archive] })).toMatchObject({ found: 0 });
    await act(
      database.ownerUrl,
      'SET ROLE countersign_owner',
      'ALTER TABLE ledger.integration DISABLE TRIGGER USER',
      'DELETE FROM ledger.integration WHERE log_id = 1 AND index = 7',
    );
    const { findings } = await verifyDatabase(database.db, { archives: [archive] });
    expect(findings.map(({ sentence }) => sentence).join('\n')).toContain(
      '1 rows of ledger.integration are gone, of entries below 512, which were retired; the tree holds without them.',
    );
  });

  test('does not believe search columns that say so, without the entry', async () => {
    await retire(database, signer, { archive });
    const statement = `(SELECT entry_id FROM ledger.integration WHERE index = ${SIZE})`;
    await act(
      database.ownerUrl,
      'SET ROLE countersign_owner',
      `UPDATE ledger.projection SET kind = 'ledger.heartbeat' WHERE entry_id = ${statement}`,
    );
    expect(first(await verifyDatabase(database.db))).toMatch(
      /^Entries 0 to 511 are gone, and no entry says that they were retired/,
    );
  });

  test('finds an altered hash of an entry that was retired, in the index and in the tree', async () => {
    await retire(database, signer, { archive });
    await act(
      database.ownerUrl,
      'SET ROLE countersign_owner',
      'ALTER TABLE ledger.integration DISABLE TRIGGER USER',
      `UPDATE ledger.integration SET leaf_hash = sha256('forged') WHERE index = 5`,
      'DELETE FROM ledger.integration WHERE index = 9',
    );
    expect((await verifyDatabase(database.db)).findings.map(({ sentence }) => sentence)).toEqual([
      'The hash of entry 5, which was retired, was altered in ledger.integration.',
      '1 rows of ledger.integration are gone, of entries below 512, which were retired; the tree holds without them.',
    ]);
    await act(
      database.ownerUrl,
      'SET ROLE countersign_owner',
      'ALTER TABLE ledger.tile DISABLE TRIGGER USER',
      `UPDATE ledger.tile SET hashes = overlay(hashes PLACING sha256('forged') FROM 1) WHERE level = 0 AND index = 0`,
    );
    expect(first(await verifyDatabase(database.db))).toMatch(
      /^Of the entries 0 to 299, at least one was altered or removed together with its stored hash/,
    );
  });
});

describe('an interrupted retirement', () => {
  test('begins an unfinished export anew', async () => {
    await mkdir(`${archive}.unfinished/tile/0`, { recursive: true });
    await writeFile(`${archive}.unfinished/tile/0/000`, 'half');
    await retire(database, signer, { archive });
    expect(await isThere()).toBe(false);
    await expect(readdir(`${archive}.unfinished`)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('without a sequencer drops nothing, and goes on with the same entry when one is at work', async () => {
    await expect(retire(database, null, { archive })).rejects.toMatchObject({
      code: 'entry_not_integrated',
      message: expect.stringContaining('start Countersign'),
    });
    expect([await isThere(), await statements(), await count('ledger.entry_2026')]).toEqual([true, 1, 600]);
    await integrateAll(database.writerUrl, signer);
    // Said, signed, and not carried out: nothing is missing yet.
    expect(await verifyDatabase(database.db)).toMatchObject({ found: 0, retired: null });
    const looked = await retire(database, signer, { archive, reason: null });
    expect([looked.done, looked.plan.from]).toEqual([null, 0]);
    await retire(database, signer, { archive });
    expect([await isThere(), await statements()]).toEqual([false, 1]);
    expect(await verifyDatabase(database.db, { archives: [archive] })).toMatchObject({
      found: 0,
      archived: 512,
    });
  });

  test('that ends in the midst of dropping leaves everything as it was', async () => {
    const reader = new Client({ connectionString: database.readerUrl });
    reader.on('error', () => undefined);
    await reader.connect();
    await reader.query('BEGIN; SELECT count(*) FROM ledger.entry');
    const retiring = retire(database, signer, { archive });
    const failed = expect(retiring).rejects.toThrow();
    // It has deleted documents and search columns by now, and waits for the reader.
    const waits = `pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE 'LOCK TABLE ledger.entry%'`;
    await until(async () => (await count(waits)) > 0);
    await query(
      database.superuserUrl,
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND query LIKE 'LOCK TABLE%'`,
    );
    await failed;
    await reader.end();
    expect(await isThere()).toBe(true);
    expect([await count('ledger.entry_2026'), await count('ledger.projection')]).toEqual([600, SIZE + 1]);
    expect(await verifyDatabase(database.db)).toMatchObject({ found: 0, documents: { held: 81, erased: 0 } });
    await retire(database, signer, { archive });
    expect(await verifyDatabase(database.db)).toMatchObject({ found: 0, retired: { missing: MINIMUM } });
    expect(await statements()).toBe(1);
  });

  test.each([
    ['while it exports', 'archive 512', 0],
    ['once the archive is there', 'done: archive', 0],
    ['while it verifies', 'verify 256', 0],
    ['once the archive was verified', 'done: verify', 1],
    ['once the entry is signed', 'done: state', 1],
    ['while it compares', 'drop 256', 1],
  ])('killed %s goes on where it was', async (_, word, most) => {
    const sequencer = await startSequencer({ url: database.writerUrl, signer, pollMs: 50 });
    const child = spawn(process.execPath, [PROCESS, database.ownerUrl, archive]);
    let said = '';
    const ended = new Promise((resolve) => child.on('close', resolve));
    for await (const text of child.stdout) {
      said += String(text);
      if (!said.includes(word)) continue;
      child.kill('SIGKILL');
      break;
    }
    await ended;
    expect(said).toContain(word);
    // Its transaction ends when the server notices.
    const left = `pg_stat_activity WHERE datname = current_database() AND query LIKE '%staying%' AND pid <> pg_backend_pid()`;
    await until(async () => (await count(left)) === 0);
    const carriedOut = !(await isThere());
    const missing = carriedOut ? { retired: { missing: MINIMUM } } : { retired: null };
    expect(await verifyDatabase(database.db)).toMatchObject({ found: 0, ...missing });
    expect(await statements()).toBeLessThanOrEqual(most);
    if (!carriedOut)
      await retire(database, null, { archive, patienceMs: { sequencer: 20_000, readers: 20_000 } });
    await sequencer.stop();
    expect([await isThere(), await statements()]).toEqual([false, 1]);
    expect(await verifyDatabase(database.db, { archives: [archive] })).toMatchObject({
      found: 0,
      archived: MINIMUM,
      documents: { held: 81, erased: 0 },
    });
  });

  test('waits for whoever reads the whole ledger, and lets others record meanwhile', async () => {
    const reader = new Client({ connectionString: database.readerUrl });
    await reader.connect();
    await reader.query('BEGIN; SELECT count(*) FROM ledger.entry');
    const retiring = retire(database, signer, { archive });
    await wait(1500);
    const written = await recordIn(database, 2028, 1);
    expect(await isThere()).toBe(true);
    await reader.end();
    expect((await retiring).done).not.toBeNull();
    expect((await readEntry(database.db, written))?.id).toBe(written);
  });

  test('keeps what comes into the year meanwhile and gets its index in a log that goes on for this one', async () => {
    const reader = new Client({ connectionString: database.readerUrl });
    await reader.connect();
    await reader.query('BEGIN; SELECT count(*) FROM ledger.entry');
    const retiring = retire(database, signer, { archive });
    await wait(1500);
    const late = idIn(2026);
    await act(
      database.superuserUrl,
      `INSERT INTO ledger.log (log_id, origin, vkey, predecessor, predecessor_checkpoint)
         SELECT 2, 'audit.example.com/ledger/2', vkey, 1, 'none' FROM ledger.log WHERE log_id = 1`,
      `INSERT INTO ledger.head (log_id, size, root) VALUES (2, 1, sha256('not looked at'))`,
      `WITH late AS (
         INSERT INTO ledger.entry (id, canonical, recorded_at)
         SELECT '${late}', canonical, recorded_at FROM ledger.entry WHERE id = '${ids[5]}' RETURNING id, canonical)
       INSERT INTO ledger.integration (log_id, index, entry_id, leaf_hash)
         SELECT 2, 0, id, sha256('\\x00'::bytea || canonical) FROM late`,
    );
    await reader.end();
    expect((await retiring).done).not.toBeNull();
    expect(await count(`ledger.entry WHERE id = '${late}'`)).toBe(1);
  });

  test('gives up after a time', async () => {
    const reader = new Client({ connectionString: database.readerUrl });
    await reader.connect();
    await reader.query('BEGIN; SELECT count(*) FROM ledger.entry');
    await expect(
      retire(database, signer, { archive, patienceMs: { sequencer: 20_000, readers: 0 } }),
    ).rejects.toMatchObject({ code: 'ledger_busy' });
    await reader.end();
    expect(await isThere()).toBe(true);
  });
});

test('whoever records meanwhile loses nothing', async () => {
  const sequencer = await startSequencer({ url: database.writerUrl, signer, pollMs: 50 });
  const stopping = new AbortController();
  const written: string[] = [];
  const write = async (year: number): Promise<void> => {
    for (let number = 1000; !stopping.signal.aborted; number += 1)
      written.push(await recordOne(database.db, makeEntry(number), idIn(year)));
  };
  // A process with a clock that is years behind is among them.
  const writers = [write(2028), write(2028), write(2026)];
  try {
    // However slow the machine is, some was recorded before and some after; the test's own time limit is the net.
    while (written.length < 10) await wait(20);
    await retire(database, null, { archive, patienceMs: { sequencer: 20_000, readers: 20_000 } });
    const before = written.length;
    while (written.length < before + 10) await wait(20);
  } finally {
    stopping.abort();
    await Promise.all(writers);
    await sequencer.stop();
  }
  const there = await query(database.readerUrl, 'SELECT id FROM ledger.entry');
  const known = new Set(there.map(({ id }) => id));
  expect(written.filter((id) => !known.has(id))).toEqual([]);
  expect(await verifyDatabase(database.db)).toMatchObject({
    found: 0,
    size: SIZE + 1 + written.length,
    retired: { missing: MINIMUM },
  });
});

describe('it refuses, and changes nothing,', () => {
  afterEach(async () => {
    expect(await isThere()).toBe(true);
    expect([await count('ledger.entry_2026'), await statements()]).toEqual([600, 0]);
  });

  test.each([
    ['a year that is not over', { year: 2028 }, 'year_not_over'],
    ['a year without a partition', { year: 2025 }, 'year_absent'],
    ['a year before which another was not retired', { year: 2027 }, 'earlier_year_unretired'],
  ])('%s', async (_, options, code) => {
    await expect(retire(database, signer, { archive, ...options })).rejects.toMatchObject({ code });
    await expect(readdir(archive)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test.each(['readerUrl', 'writerUrl', 'eraserUrl'] as const)('the login of %s', async (login) => {
    await expect(retire(database, signer, { archive, url: database[login] })).rejects.toMatchObject({
      code: 'not_the_owner',
      message: expect.stringContaining(
        'MIGRATION_DATABASE_URL must name a login that may act as countersign_owner',
      ),
    });
  });

  test('a year without entries', async () => {
    const own = await createTestDatabase();
    await recordIn(own, 2027, 1);
    await integrateAll(own.writerUrl, signer);
    await expect(retire(own, signer, { archive })).rejects.toMatchObject({ code: 'year_empty' });
    await own.drop();
  });

  test('a directory of something else', async () => {
    await mkdir(archive);
    await writeFile(join(archive, 'notes.txt'), 'mine');
    await expect(retire(database, signer, { archive })).rejects.toMatchObject({ code: 'archive_unreadable' });
    expect(await readdir(archive)).toEqual(['notes.txt']);
  });

  test.each([
    ['an entry', 'tile/entries/001', 5000],
    ['a hash', 'tile/0/001', 100],
    ['the checkpoint', 'checkpoint', 30],
  ])('an archive of which one bit of %s was altered', async (_, name, position) => {
    const file = join(await copyOfExport(), name);
    const bytes = await readFile(file);
    bytes.writeUInt8(bytes.readUInt8(position) ^ 1, position);
    await writeFile(file, bytes);
    await expect(retire(database, signer, { archive })).rejects.toMatchObject({ code: 'archive_altered' });
  });

  test('an archive of another log, or of another history under the same key', async () => {
    for (const other of [makeSigner(), signer]) {
      const elsewhere = await createTestDatabase();
      for (let number = 0; number < 20; number += 1) await recordIn(elsewhere, 2026, number);
      await integrateAll(elsewhere.writerUrl, other);
      const foreign = `${archive}-${other === signer ? 'same' : 'other'}`;
      await exportLog(elsewhere.db, { directory: foreign, now: NOW });
      await elsewhere.drop();
      await expect(retire(database, signer, { archive: foreign })).rejects.toMatchObject({
        code: other === signer ? 'archive_foreign' : 'archive_altered',
      });
    }
  });

  test('an archive from before the year was over', async () => {
    const own = await createTestDatabase();
    for (let number = 0; number < 20; number += 1) await recordIn(own, 2026, number);
    await integrateAll(own.writerUrl, signer);
    await exportLog(own.db, { directory: archive, now: NOW });
    for (let number = 20; number < 270; number += 1) await recordIn(own, 2026, number);
    await recordIn(own, 2027, 270);
    await integrateAll(own.writerUrl, signer);
    await expect(retire(own, signer, { archive })).rejects.toMatchObject({
      code: 'archive_too_old',
      message: expect.stringContaining('is over 20 entries, and entry 269 is of 2026 too'),
    });
    await own.drop();
  });

  test('a key that is not the log’s', async () => {
    await expect(
      retire(database, signer, { archive: await copyOfExport(), vkey: makeSigner().vkey }),
    ).rejects.toMatchObject({ code: 'archive_altered' });
  });
});

describe('it drops nothing', () => {
  const unguarded = (...harm: string[]): Promise<void> =>
    act(
      database.ownerUrl,
      'SET ROLE countersign_owner',
      'ALTER TABLE ONLY ledger.entry_2026 DISABLE TRIGGER USER',
      ...harm,
    );

  test.each([
    [
      'altered',
      (id: string) => `UPDATE ledger.entry_2026 SET canonical = canonical || ' ' WHERE id = '${id}'`,
    ],
    ['deleted', (id: string) => `DELETE FROM ledger.entry_2026 WHERE id = '${id}'`],
  ])('where an entry was %s since the archive was made', async (_, harm) => {
    await copyOfExport();
    await unguarded(harm(ids[300] ?? ''));
    await expect(retire(database, signer, { archive })).rejects.toMatchObject({
      code: 'archive_incomplete',
      message: expect.stringContaining('entry 300 here is not the entry there'),
    });
    expect(await isThere()).toBe(true);
    expect(await count('ledger.document')).toBe(81);
  });

  test('where the archive lacks a document that is here', async () => {
    await copyOfExport();
    const lost = (
      await query(
        database.readerUrl,
        `SELECT encode(commitment, 'hex') AS hex FROM ledger.document WHERE convert_from(body, 'UTF8') = '{"number":303}'`,
      )
    )[0]?.['hex'];
    await unlink(join(archive, 'documents', String(lost)));
    await expect(retire(database, signer, { archive })).rejects.toMatchObject({
      code: 'archive_altered',
      message: expect.stringContaining('is gone, and no entry says that it was erased'),
    });
    expect(await isThere()).toBe(true);
  });
});

describe('the commands', () => {
  const told = { code: 0 as number | string, out: '', err: '' };
  async function command(
    run: (args: string[], io: Parameters<typeof prove>[1]) => Promise<number>,
    args: string[],
  ): Promise<typeof told> {
    const said = { out: '', err: '' };
    const io = {
      stdout: { write: (text: string) => (said.out += text) },
      stderr: { write: (text: string) => (said.err += text) },
      env: { DATABASE_URL: database.readerUrl, MIGRATION_DATABASE_URL: database.ownerUrl },
    };
    try {
      return { code: await run(args, io), ...said };
    } catch (error) {
      return { ...said, code: (error as { code: string }).code, err: (error as Error).message };
    }
  }
  const retireNow: Parameters<typeof command>[0] = (args, io) => retireCommand(args, io, NOW);

  test('retire looks first, then does it, and prove and verify go on', async () => {
    const looked = await command(retireNow, ['--year', '2026', '--archive', archive]);
    expect(looked.out).toBe(
      `The log was exported to ${archive}.\nThe archive holds: 800 entries, under a checkpoint of this log.\n` +
        '2026 has 600 entries. Of the log, entries 0 to 511 would go, but for those that the program still rests on.\n' +
        `Nothing was changed. Keep a copy of ${archive} elsewhere, then run this again with --reason and --yes.\n`,
    );
    expect(looked.code).toBe(0);
    expect(await isThere()).toBe(true);

    const sequencer = await startSequencer({ url: database.writerUrl, signer, pollMs: 50 });
    const done = await command(retireNow, [
      '--year',
      '2026',
      '--archive',
      archive,
      '--reason',
      'policy',
      '--yes',
    ]);
    await sequencer.stop();
    expect(done.out).toBe(
      `${archive} is an export already.\nThe archive holds: 800 entries, under a checkpoint of this log.\n` +
        `Entry 800 of the log says what is retired, and is signed.\n` +
        `2026 was retired: entries 0 to 511 of the log are in ${archive}, under checkpoint 800.\n` +
        'Gone from the database: 512 entries, 51 documents. Of the year 88 entries stay.\n' +
        `Verify both together: npx countersign verify --archive ${archive}\n`,
    );

    // Neither 0 nor 1: what a script takes for a log that holds has to hold as a whole.
    const verified = await command(verifyCommand, []);
    expect(verified.code).toBe(3);
    expect(verified.out).toContain(
      '  entries      289 are as recorded\n' +
        '  retired      entries 0 to 511 were retired, as entry 800 says: their hashes hold, and it says that their bytes are in the archive under checkpoint 800, which was not looked at\n' +
        '               (verify it together with this: --archive DIRECTORY)\n',
    );
    const both = await command(verifyCommand, ['--archive', archive]);
    expect(both.code).toBe(0);
    expect(both.out).toContain('  entries      801 are as recorded, 512 of them read from an archive\n');
    const live = join(directory, `live-${numbered}`);
    await exportLog(database.db, { directory: live, now: NOW });
    expect((await command(verifyCommand, [live])).code).toBe(3);
    expect((await command(verifyCommand, [live, '--archive', archive])).code).toBe(0);

    const proven = await command(prove, ['303']);
    expect(proven).toMatchObject({
      code: 0,
      err: expect.stringContaining(
        'Entry 303 was retired, so the proof is without it: its bytes are in the archive under checkpoint 800.',
      ),
    });
    const file = join(directory, '303.tlog-proof');
    await writeFile(file, proven.out);
    expect(await command(verifyCommand, [file, '--vkey', signer.vkey])).toMatchObject({
      code: 'proof_without_entry',
      err: expect.stringContaining('--archive'),
    });
    const whole = await command(verifyCommand, [file, '--vkey', signer.vkey, '--archive', archive]);
    expect(whole).toMatchObject({
      code: 0,
      out: expect.stringMatching(
        /^The proof holds: this is entry 303 of .*, under checkpoint 801\.\n\{"commit"/,
      ),
    });
    const entry = join(directory, '303.json');
    await writeFile(entry, whole.out.split('\n')[1] ?? '');
    expect(await command(verifyCommand, [file, '--vkey', signer.vkey, '--entry', entry])).toMatchObject({
      code: 0,
    });
    await writeFile(entry, 'another');
    expect(await command(verifyCommand, [file, '--vkey', signer.vkey, '--entry', entry])).toMatchObject({
      code: 1,
    });
  });

  test.each([
    [['--archive', 'x'], '--year is missing'],
    [['--year', '26', '--archive', 'x'], '--year is missing, or no year'],
    [['--year', '2026'], '--archive is missing'],
    [['--year', '2026', '--archive', 'x', '--yes'], '--reason is missing'],
  ])('retire %j says what is missing', async (args, sentence) => {
    expect(await command(retireNow, args)).toMatchObject({ code: 2, err: expect.stringContaining(sentence) });
  });
});
