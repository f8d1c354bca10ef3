/**
 * What somebody can make of a log's keys who hasn't the key that the reader knows: the name of that key in a log of his own, a
 * log of his own after the real one, and (with the writer's login) rotations that the real key never agreed to.
 */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeReport as inWords } from '../../../src/cli/describe-report.ts';
import { newEntryId } from '../../../src/ledger/format/entry-id.ts';
import { entryProver } from '../../../src/ledger/prove/entry-prover.ts';
import { exportLog } from '../../../src/ledger/export/export.ts';
import { integrate } from '../../../src/ledger/sequence/integrate.ts';
import { openLog } from '../../../src/ledger/sequence/log.ts';
import { queryOf } from '../../../src/ledger/store/query.ts';
import type { RecordedAt } from '../../../src/ledger/store/record.ts';
import { rotateKey } from '../../../src/ledger/sequence/rotate-key.ts';
import type { LedgerSigner } from '../../../src/ledger/sequence/signer.ts';
import { createSigner, generateLedgerKey } from '../../../src/ledger/sequence/signer.ts';
import { resumeTree } from '../../../src/ledger/store/stored-tree.ts';
import { verifyDatabase } from '../../../src/ledger/verify/verify-database.ts';
import { verifyDirectory } from '../../../src/ledger/verify/verify-directory.ts';
import { incarnate } from '../../../src/witness/incarnate.ts';
import type { TestDatabase } from '../../support/database.ts';
import { createTestDatabase, query } from '../../support/database.ts';
import { ORIGIN, integrateAll, makeEntry, recordOne, recordSome, tamper } from './ledger-fixture.ts';

const SECOND = 'audit.example.com/ledger/2';
const [KEY, NEXT] = [generateLedgerKey(), generateLedgerKey()];
const ours = createSigner({ origin: ORIGIN, privateKey: KEY });
const next = createSigner({ origin: ORIGIN, privateKey: NEXT, previousKey: KEY });
const theirs = createSigner({ origin: ORIGIN, privateKey: generateLedgerKey() });

let database: TestDatabase;
let folder: string;
beforeEach(async () => {
  database = await createTestDatabase();
  folder = await mkdtemp(join(tmpdir(), 'countersign-keys-'));
});
afterEach(async () => {
  await database.drop();
  await rm(folder, { recursive: true });
});

function now(): RecordedAt {
  const time = new Date().toISOString();
  return { id: newEntryId(time, randomBytes), now: time, random: randomBytes };
}

interface Told {
  readonly findings: readonly { readonly sentence: string }[];
}

const sentences = ({ findings }: Told): string[] => findings.map(({ sentence }) => sentence);

async function grow(count: number, from: number, signer: LedgerSigner): Promise<void> {
  await recordSome(database.db, count, from);
  await integrateAll(database.writerUrl, signer);
}

async function exported(): Promise<string> {
  const directory = join(folder, 'log');
  await exportLog(database.db, { directory, now: '2026-11-27T00:00:00.000Z' });
  return directory;
}

/** The entry alone, as the writer's login may record it. */
async function recordRotation(from: LedgerSigner, to: LedgerSigner): Promise<string> {
  return await recordOne(
    database.db,
    makeEntry(0, {
      kind: 'ledger.rotated',
      who: [],
      repository: null,
      commit: null,
      pullRequest: null,
      environment: null,
      outcome: 'rotated',
      reasons: [],
      documents: [],
      ledger: { act: 'rotated', from: from.vkey, to: to.vkey },
    }),
  );
}

describe('a log that names a key which never signed it', () => {
  test('is not that key’s, though its last entry says that it signs from now on', async () => {
    await grow(3, 0, theirs);
    // The forger has none of our keys: that we go on for him is his word.
    const pretended = { ...ours, previousVkey: theirs.vkey };
    expect(await rotateKey(database.db, 1, pretended, now())).toBe(true);
    const log = await openLog(queryOf(database.db), 1, pretended);
    expect(await integrate(queryOf(database.db), log, 10)).toBe(1);

    expect(sentences(await verifyDatabase(database.db, { vkey: ours.vkey }))).toEqual([
      `This log names the key that was given (${ours.vkey}) as one of its own, and no checkpoint here is signed by it, so nothing ` +
        'shows that this is the log of whoever has that key: compare it with a copy that you have from them.',
    ]);
    await expect(entryProver(database.db, { log_id: 1, vkey: theirs.vkey }, ours.vkey)).rejects.toMatchObject(
      { code: 'key_mismatch', message: expect.stringContaining('did not sign that') },
    );
    // Who gave none is told what the log says, and that it is the log's word; the rotation is finished in the next moment, or found.
    expect(sentences(await verifyDatabase(database.db))).toEqual([]);
  });

  test('is not that key’s either where nothing is signed at all', async () => {
    await query(
      database.writerUrl,
      `INSERT INTO ledger.log (log_id, origin, vkey) VALUES (1, '${ORIGIN}', '${ours.vkey}')`,
    );
    await query(database.writerUrl, `INSERT INTO ledger.head (log_id, size, root) VALUES (1, 0, sha256(''))`);
    await recordSome(database.db, 2);
    const log = await openLog(queryOf(database.db), 1, ours);
    await integrate(queryOf(database.db), log, 10);
    expect(sentences(await verifyDatabase(database.db, { vkey: ours.vkey }))).toEqual([
      expect.stringMatching(/^This log names the key that was given .* no checkpoint here is signed by it/),
    ]);
  });
});

describe('a log that somebody began after the real one', () => {
  const forger = createSigner({ origin: SECOND, privateKey: generateLedgerKey() });
  const NOT_GIVEN =
    `No key was given for ${SECOND}, the newest log here, which says that it is signed as ${forger.vkey} and goes on for ${ORIGIN}: ` +
    'have its key from its owner too, and give each log’s key with a --vkey of its own.';

  beforeEach(async () => {
    await grow(3, 0, ours);
    await incarnate(database.db, { signer: forger, reason: 'none', witnessed: null }, now());
    await integrateAll(database.writerUrl, forger);
    await grow(2, 3, forger);
  });

  test('is not the real one’s', async () => {
    const report = await verifyDatabase(database.db, { vkey: ours.vkey });
    expect(sentences(report)).toEqual([NOT_GIVEN]);
    expect(sentences(await verifyDirectory(await exported(), { vkey: ours.vkey }))).toEqual([NOT_GIVEN]);
  });

  test('takes a key of its own, and one that is none of its keys is found', async () => {
    const directory = await exported();
    const both = { vkey: [ours.vkey, forger.vkey] };
    expect(sentences(await verifyDatabase(database.db, both))).toEqual([]);
    expect(sentences(await verifyDirectory(directory, both))).toEqual([]);
    const other = createSigner({ origin: SECOND, privateKey: KEY });
    const wrong = { vkey: [ours.vkey, other.vkey] };
    const mismatch = expect.stringContaining('which is not the key that was given');
    expect(sentences(await verifyDatabase(database.db, wrong))).toContainEqual(mismatch);
    expect(sentences(await verifyDirectory(directory, wrong))).toContainEqual(mismatch);
  });

  test('is said to be judged by a key that was given only if it was', async () => {
    const own = "the log's own statement";
    const words = async (vkey: string[]): Promise<string> =>
      inWords(await verifyDatabase(database.db, { vkey }), { given: vkey, colours: false });
    expect(await words([])).toContain(own);
    expect(await words([forger.vkey])).not.toContain(own);
    expect(await words([ours.vkey])).toContain('does NOT hold');
    expect(await words([ours.vkey, forger.vkey])).toContain(`key          ${forger.vkey}\n`);
  });

  test('must name a key that signed the log before', async () => {
    const [row] = await query(
      database.readerUrl,
      `SELECT convert_from(e.canonical, 'UTF8')::jsonb -> 'ledger' -> 'predecessor' ->> 'vkey' AS vkey
       FROM ledger.integration i JOIN ledger.entry e ON e.id = i.entry_id WHERE i.log_id = 2 AND i.index = 0`,
    );
    expect(row).toEqual({ vkey: ours.vkey });
    // Entries as they were, under a key that has nothing to do with them.
    await tamper(
      database.ownerUrl,
      ['log', 'checkpoint'],
      `UPDATE ledger.log SET vkey = '${theirs.vkey}' WHERE log_id = 1`,
      ...(await resigned()),
    );
    expect(sentences(await verifyDatabase(database.db, { vkey: forger.vkey }))).toContain(
      `In ${ORIGIN}: Entry 0 of ${SECOND} does not say truly why this log goes on for ${ORIGIN}: ` +
        `it says that log was signed as ${ours.vkey}, and no checkpoint of it here is.`,
    );
  });

  async function resigned(): Promise<string[]> {
    const rows = await query(
      database.readerUrl,
      'SELECT size::int, root FROM ledger.checkpoint WHERE log_id = 1',
    );
    return rows.map(({ size, root }) => {
      const note = theirs.sign({ size: Number(size), root: root as Buffer });
      return `UPDATE ledger.checkpoint SET note = '${note}' WHERE log_id = 1 AND size = ${Number(size)}`;
    });
  }
});

describe('a rotation that the key before never agreed to', () => {
  const unfounded = (index: number): string =>
    `Entry ${index} says that ${theirs.vkey} signs after ${ours.vkey}, and the first checkpoint over it (4) is not signed by both, ` +
    'so the log goes on without that key: whoever recorded it can write here and has not the key before; change the password of the writer’s login.';

  /** Under a process that signs whatever waits: as ours did once, and as somebody's with the old key may. */
  async function signBlindly(entryId: string): Promise<void> {
    const opened = await openLog(queryOf(database.db), 1, { ...theirs, previousVkey: ours.vkey });
    const log = { ...opened, rotation: { from: ours.vkey, to: theirs.vkey, entryId } };
    await integrate(queryOf(database.db), log, 10);
    const head = { size: log.tree.size, root: log.tree.root() };
    await query(
      database.writerUrl,
      'INSERT INTO ledger.checkpoint (log_id, size, root, note) VALUES (1, $1, $2, $3)',
      [head.size, head.root, ours.sign(head)],
    );
  }

  async function forge(): Promise<void> {
    await grow(3, 0, ours);
    await signBlindly(await recordRotation(ours, theirs));
    await grow(3, 4, ours);
  }

  test('is told, and everything else still verifies', async () => {
    await forge();
    for (const vkey of [null, ours.vkey]) {
      const report = await verifyDatabase(database.db, { vkey });
      expect(sentences(report)).toEqual([unfounded(3)]);
      expect(report).toMatchObject({ size: 7, vkeys: [ours.vkey], checkpoints: 3 });
      expect(report.newest).toMatchObject({ size: 7 });
    }
    const directory = await exported();
    expect((await readFile(join(directory, 'vkey'), 'utf8')).trim()).toBe(ours.vkey);
    // The one before it is in the export's list of checkpoints, too.
    expect(sentences(await verifyDirectory(directory, { vkey: ours.vkey }))).toEqual([unfounded(3)]);
  });

  test('makes nobody a signer', async () => {
    await forge();
    expect(sentences(await verifyDatabase(database.db, { vkey: theirs.vkey }))[0]).toContain(
      'which is not the key that was given',
    );
  });

  test('masks no other alteration', async () => {
    await forge();
    await tamper(
      database.ownerUrl,
      ['entry'],
      `UPDATE ledger.entry SET canonical = convert_to(replace(convert_from(canonical, 'UTF8'), '"pullRequest":5,', '"pullRequest":8,'), 'UTF8')`,
    );
    expect(sentences(await verifyDatabase(database.db))).toEqual([
      expect.stringContaining('says that'),
      expect.stringMatching(/^Entry 5 .* was altered/),
    ]);
  });

  test('does not keep the key from being rotated truly later', async () => {
    await forge();
    await integrateAll(database.writerUrl, next);
    const report = await verifyDatabase(database.db, { vkey: next.vkey });
    expect(report.vkeys).toEqual([ours.vkey, next.vkey]);
    expect(sentences(report)).toEqual([expect.stringMatching(/^Entry 3 says that .* is not signed by both/)]);
  });

  test('is none by a row in the list of keys, which is told and keeps no export from holding', async () => {
    await grow(3, 0, ours);
    const id = await recordRotation(ours, theirs);
    await query(
      database.writerUrl,
      `INSERT INTO ledger.log_key (log_id, number, vkey, entry_id) VALUES (1, 1, '${theirs.vkey}', '${id}')`,
    );
    await signBlindly(id);
    expect(sentences(await verifyDatabase(database.db, { vkey: ours.vkey }))).toEqual([
      unfounded(3),
      `This log is said to be signed as ${ours.vkey}, then as ${theirs.vkey}, and its entries and checkpoints say ${ours.vkey}.`,
    ]);
    const prover = await entryProver(database.db, { log_id: 1, vkey: ours.vkey }, null);
    expect(prover.vkeys).toEqual([ours.vkey]);
    const directory = await exported();
    expect((await readFile(join(directory, 'vkey'), 'utf8')).trim()).toBe(ours.vkey);
    expect(sentences(await verifyDirectory(directory, { vkey: ours.vkey }))).toEqual([unfounded(3)]);
  });
});

describe('a rotation that nobody who has both keys made is never signed over', () => {
  /** As the writer can: the head first, then what it is over. */
  const place = async (entryId: string, leaf: string): Promise<void> => {
    const [row] = await query(database.readerUrl, `SELECT ${leaf} AS leaf FROM ledger.entry WHERE id = $1`, [
      entryId,
    ]);
    const tree = await resumeTree(queryOf(database.db), 1, 3);
    tree.append(row?.['leaf'] as Buffer);
    await query(database.writerUrl, 'UPDATE ledger.head SET size = 4, root = $1 WHERE log_id = 1', [
      tree.root(),
    ]);
    await query(
      database.writerUrl,
      'INSERT INTO ledger.integration (log_id, index, entry_id, leaf_hash) VALUES (1, 3, $1, $2)',
      [entryId, row?.['leaf']],
    );
  };

  test('since it gets no index, and all else does', async () => {
    await grow(3, 0, ours);
    const id = await recordRotation(ours, theirs);
    await grow(2, 3, ours);
    expect(await verifyDatabase(database.db, { vkey: ours.vkey })).toMatchObject({ size: 5, found: 0 });
    await tamper(
      database.superuserUrl,
      ['entry'],
      `UPDATE ledger.entry SET recorded_at = now() - interval '1 hour' WHERE id = '${id}'`,
    );
    expect(sentences(await verifyDatabase(database.db, { vkey: ours.vkey }))).toEqual([
      expect.stringMatching(
        /^An entry \(ledger\.rotated, .*\) has no index: only who has both keys rotates one/,
      ),
    ]);
    // The true one is not mistaken for it.
    await integrateAll(database.writerUrl, next);
    expect((await verifyDatabase(database.db)).vkeys).toEqual([ours.vkey, next.vkey]);
  });

  test('also where it says that a key of another log signed before: nobody could vouch for that', async () => {
    await grow(3, 0, ours);
    const foreign = createSigner({ origin: SECOND, privateKey: generateLedgerKey() });
    await recordRotation(foreign, ours);
    await recordRotation(ours, foreign);
    await grow(2, 3, ours);
    expect(await verifyDatabase(database.db, { vkey: ours.vkey })).toMatchObject({ size: 5, found: 0 });
  });

  test('also where it is the one under way in other words of somebody’s own', async () => {
    await grow(3, 0, ours);
    await rotateKey(database.db, 1, next, now());
    await recordRotation(ours, next);
    await integrateAll(database.writerUrl, next);
    const report = await verifyDatabase(database.db, { vkey: ours.vkey });
    expect([report.size, report.vkeys, sentences(report)]).toEqual([4, [ours.vkey, next.vkey], []]);
  });

  test('also where it is written in another way', async () => {
    await grow(3, 0, ours);
    const id = await recordRotation(ours, theirs);
    const [row] = await query(database.readerUrl, 'SELECT canonical FROM ledger.entry WHERE id = $1', [id]);
    const other = newEntryId(new Date().toISOString(), randomBytes);
    const bytes = String(row?.['canonical'])
      .replace(id, other)
      .replaceAll('rotated', String.raw`\u0072otated`);
    await query(database.writerUrl, 'INSERT INTO ledger.entry (id, canonical) VALUES ($1, $2)', [
      other,
      Buffer.from(bytes),
    ]);
    await query(database.writerUrl, 'INSERT INTO ledger.pending (entry_id) VALUES ($1)', [other]);
    await integrateAll(database.writerUrl, ours);
    expect(await verifyDatabase(database.db)).toMatchObject({ size: 3, vkeys: [ours.vkey] });
  });

  test('nor where the writer gives it an index himself', async () => {
    await grow(3, 0, ours);
    await place(await recordRotation(ours, theirs), 'leaf_hash');
    const start = integrateAll(database.writerUrl, ours);
    await expect(start).rejects.toMatchObject({
      code: 'ledger_altered',
      message: expect.stringContaining(
        'entry 3, which no checkpoint covers yet, rotates its key, and nobody who has both keys did that',
      ),
    });
  });

  test('nor where the hash is of no entry that is here', async () => {
    await grow(3, 0, ours);
    const id = await recordOne(database.db, makeEntry(3));
    await place(id, `sha256('a rotation that was never recorded')`);
    await expect(integrateAll(database.writerUrl, ours)).rejects.toMatchObject({
      code: 'ledger_altered',
      message: expect.stringContaining('its entries from 3 on do not lead to the root of its 4 entries'),
    });
  });

  test('so no copy of the log can be gone on with under another key', async () => {
    await forgedCopy();
    expect(sentences(await verifyDatabase(database.db, { vkey: ours.vkey }))[0]).toBe(
      // What it would take: that the old key signed over the entry that names theirs.
      "Checkpoint 4 was altered: the checkpoint over 4 entries does not have audit.example.com/ledger/1's signature.",
    );
  });

  /** Somebody adds his own signature to what ours signed after he recorded his rotation. */
  async function forgedCopy(): Promise<void> {
    await grow(3, 0, ours);
    const id = await recordRotation(ours, theirs);
    await integrateAll(database.writerUrl, ours);
    await query(
      database.writerUrl,
      `INSERT INTO ledger.log_key (log_id, number, vkey, entry_id) VALUES (1, 1, '${theirs.vkey}', '${id}')`,
    );
    await query(database.writerUrl, 'INSERT INTO ledger.pending (entry_id) VALUES ($1)', [id]);
    const opened = await openLog(queryOf(database.db), 1, { ...theirs, previousVkey: ours.vkey });
    await integrate(queryOf(database.db), opened, 10);
    const head = { size: opened.tree.size, root: opened.tree.root() };
    await query(
      database.writerUrl,
      'INSERT INTO ledger.checkpoint (log_id, size, root, note) VALUES (1, $1, $2, $3)',
      [head.size, head.root, theirs.sign(head)],
    );
  }
});
