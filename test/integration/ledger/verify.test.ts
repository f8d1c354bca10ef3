import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, readdir, rm, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import type { Kysely } from 'kysely';
import type { Database } from '../../../src/db/database.ts';
import { openDatabase } from '../../../src/db/open-database.ts';
import { newEntryId } from '../../../src/ledger/format/entry-id.ts';
import { exportLog } from '../../../src/ledger/export/export.ts';
import type { VerifyReport } from '../../../src/ledger/source/finding.ts';
import type { LedgerSigner } from '../../../src/ledger/sequence/signer.ts';
import { verifyDatabase } from '../../../src/ledger/verify/verify-database.ts';
import { verifyDirectory } from '../../../src/ledger/verify/verify-directory.ts';
import type { TestDatabase } from '../../support/database.ts';
import { createTestDatabase, query } from '../../support/database.ts';
import {
  act,
  copyDatabase,
  integrateAll,
  makeEntry,
  makeSigner,
  recordOne,
  recordSome,
  tampering,
} from './ledger-fixture.ts';

let built: TestDatabase;
let database: TestDatabase;
let signer: LedgerSigner;
const ids: string[] = [];

/** Thirty documents are as good as three hundred, and quicker. */
const hasDocument = (number: number): boolean => number % 10 === 3;

/** 300 entries, so that there is a full tile and a partial one, under checkpoints at 100, 280 and 300. */
beforeAll(async () => {
  built = await createTestDatabase();
  signer = makeSigner();
  for (const count of [100, 180, 20]) {
    ids.push(...(await recordSome(built.db, count, ids.length, hasDocument)));
    await integrateAll(built.writerUrl, signer);
  }
  await built.db.destroy();
});
afterAll(() => built.drop());

/** The same ledger again, for each test to do its own harm to. */
function eachWithACopy(): void {
  beforeEach(async () => {
    database = await copyDatabase(built);
  });
  afterEach(() => database.drop());
}

const first = ({ findings }: VerifyReport): string => findings[0]?.sentence ?? 'nothing is wrong';

const harms: { tables: readonly string[]; statements: readonly string[] }[] = [];

/** What the owner does, with the triggers of these tables out of the way, before the next `verify`. */
function harm(tables: readonly string[], ...statements: string[]): void {
  harms.push({ tables, statements });
}

/** What verifying says after all the harm, in a transaction that is then undone. */
async function verify(
  prepare: (tx: Kysely<Database>) => Promise<void> = async () => undefined,
): Promise<VerifyReport> {
  const undone = new Error('undone');
  const superuser = openDatabase(built.superuserUrl, { max: 1 });
  let report: VerifyReport | null = null;
  try {
    await superuser.transaction().execute(async (tx) => {
      await prepare(tx);
      for (const { tables, statements } of harms.splice(0)) {
        for (const statement of tampering(tables, statements)) await sql.raw(statement).execute(tx);
      }
      report = await verifyDatabase(tx);
      throw undone;
    });
  } catch (error) {
    if (error !== undone) throw error;
  } finally {
    await superuser.destroy();
  }
  if (report === null) throw new Error('nothing was verified');
  return report;
}

const alter = (index: number): string =>
  `UPDATE ledger.entry SET canonical = convert_to(replace(convert_from(canonical, 'UTF8'), '"outcome":"approved"', '"outcome":"rejected"'), 'UTF8')
   WHERE id = (SELECT entry_id FROM ledger.integration WHERE index = ${index})`;
const TIME = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z`;

describe('a ledger that nobody touched', () => {
  eachWithACopy();

  test('holds, and says what was verified', async () => {
    const report = await verifyDatabase(database.db);
    expect(report).toMatchObject({
      origin: signer.origin,
      vkeys: [signer.vkey],
      size: 300,
      newest: { size: 300 },
      checkpoints: 3,
      documents: { held: 30, erased: 0 },
      people: { held: 4, erased: 0 },
      findings: [],
      found: 0,
    });
  });

  test('tells how far it is', async () => {
    const seen: [number, number][] = [];
    await verifyDatabase(database.db, { progress: (done, size) => seen.push([done, size]) });
    expect(seen).toEqual([
      [256, 300],
      [300, 300],
    ]);
  });

  test('does not hold under a key that it is not signed by', async () => {
    const report = await verifyDatabase(database.db, { vkey: makeSigner().vkey });
    expect(first(report)).toContain('which is not the key that was given');
  });

  test('can be read by the reader, who can do nothing else', async () => {
    const db = openDatabase(database.readerUrl);
    expect((await verifyDatabase(db)).found).toBe(0);
    await db.destroy();
  });

  test('does not hold without people and documents of whom nothing says that they were erased', async () => {
    await act(
      database.eraserUrl,
      'DELETE FROM ledger.subject WHERE github_id = 101',
      'DELETE FROM ledger.document WHERE commitment IN (SELECT commitment FROM ledger.document LIMIT 3)',
    );
    expect(await verifyDatabase(database.db)).toMatchObject({
      found: 4,
      documents: { held: 27, erased: 0, lastErased: null, absent: 3 },
      people: { held: 3, erased: 0, lastErased: null, absent: 1 },
    });
  });
});

describe('verify names', () => {
  test.each([42, 120, 255, 256, 299])('the entry %i whose bytes the owner changed', async (index) => {
    harm(['entry'], alter(index));
    const report = await verify();
    expect(first(report)).toMatch(
      new RegExp(
        `^Entry ${index} \\(deployment\\.approved, ${ids[index]}, recorded ${TIME}\\) was altered ` +
          `\\(its bytes now say outcome "rejected", its search columns still "approved"\\); ` +
          `it was last known good under checkpoint 300, said to be signed at ${TIME}\\.$`,
      ),
    );
    expect(report.found).toBe(1);
  });

  test('every one of several', async () => {
    harm(['entry'], alter(3), alter(150), alter(290));
    expect((await verify()).findings.map(({ code, index }) => [code, index])).toEqual([
      ['entry_altered', 3],
      ['entry_altered', 150],
      ['entry_altered', 290],
    ]);
  });

  test('an entry that is no JSON any more', async () => {
    harm(['entry'], `UPDATE ledger.entry SET canonical = 'xx' WHERE id = '${ids[9]}'`);
    expect(first(await verify())).toMatch(
      new RegExp(`^Entry 9 \\(deployment\\.approved, ${ids[9]}, .*\\) was altered`),
    );
  });

  test.each([9, 270])('the entry %i that was deleted', async (index) => {
    harm(['entry'], `DELETE FROM ledger.entry WHERE id = '${ids[index]}'`);
    expect(first(await verify())).toMatch(
      new RegExp(
        `^Entry ${index} \\(deployment\\.approved, ${ids[index]}, .*\\) was deleted; it was last known good under checkpoint 300`,
      ),
    );
  });

  test('an entry whose index was deleted with it', async () => {
    harm(
      ['entry', 'integration'],
      `DELETE FROM ledger.entry WHERE id = '${ids[9]}'`,
      'DELETE FROM ledger.integration WHERE index = 9',
    );
    expect(first(await verify())).toMatch(
      /^Entry 9 was deleted; it was last known good under checkpoint 300/,
    );
  });

  test('an entry of the newest, partial tile whose index was deleted', async () => {
    harm(['integration'], 'DELETE FROM ledger.integration WHERE index = 270');
    const { findings } = await verify();
    expect(findings.map(({ sentence }) => sentence).join('\n')).toMatch(/Entry 270 is gone\./);
  });

  test('the entries from which all was deleted, when a checkpoint is left', async () => {
    harm(
      ['entry', 'integration', 'head'],
      'DELETE FROM ledger.entry WHERE id IN (SELECT entry_id FROM ledger.integration WHERE index >= 280)',
      'DELETE FROM ledger.integration WHERE index >= 280',
      'UPDATE ledger.head SET (size, root) = (SELECT size, root FROM ledger.checkpoint WHERE size = 280)',
    );
    expect(first(await verify())).toMatch(
      new RegExp(
        `^Entries 280 to 299 are gone; they were last known good under checkpoint 300, said to be signed at ${TIME}\\.$`,
      ),
    );
  });

  test('an entry that was put in place of another, with its stored hash, within what two checkpoints bound', async () => {
    harm(
      ['entry', 'integration', 'tile'],
      alter(150),
      `UPDATE ledger.integration i SET leaf_hash = e.leaf_hash FROM ledger.entry e WHERE e.id = i.entry_id AND i.index = 150`,
      `UPDATE ledger.tile t SET hashes = overlay(hashes PLACING (SELECT leaf_hash FROM ledger.integration WHERE index = 150) FROM 150 * 32 + 1) WHERE level = 0 AND index = 0`,
    );
    expect(first(await verify())).toMatch(
      new RegExp(
        '^Of the entries 100 to 279, at least one was altered or removed together with its stored hash, for they do not lead to the root of ' +
          `checkpoint 280, said to be signed at ${TIME}; all before were last known good under checkpoint 100, said to be signed at ${TIME}\\.$`,
      ),
    );
  });

  test('an entry that was changed before any checkpoint covered it', async () => {
    const id = newEntryId(new Date().toISOString(), randomBytes);
    harm(
      ['integration'],
      `INSERT INTO ledger.integration (log_id, index, entry_id, leaf_hash) VALUES (1, 300, '${id}', sha256('other'))`,
    );
    const { findings } = await verify(async (tx) => void (await recordOne(tx, makeEntry(7), id)));
    expect(findings[0]?.sentence).toMatch(
      new RegExp(
        `^Entry 300 \\(deployment.approved, ${id}, .*\\) or its stored hash was altered, before any checkpoint covered it\\.$`,
      ),
    );
    expect(findings[1]?.sentence).toBe('The head says 300 entries, and there are 301.');
  });
});

describe('verify says what else was touched, and that the entries hold:', () => {
  const hash = (index: number): string => `overlay(hashes PLACING sha256('forged') FROM ${index} * 32 + 1)`;
  test.each<[string, string[], string[], RegExp]>([
    [
      'a hash in a tile',
      ['tile'],
      [`UPDATE ledger.tile SET hashes = ${hash(17)}`],
      /^The stored hash of entry 17 was altered; the entry itself is what checkpoint 100, said to be signed at .*, covers\.$/,
    ],
    [
      "a tile's root",
      ['tile'],
      [`UPDATE ledger.tile SET root = sha256('forged')`],
      /^(The root of tile 0 of level 0|Tile 0 of level 1) was altered; the entries beneath it hold\.$/,
    ],
    ['a tile that is gone', ['tile'], ['DELETE FROM ledger.tile'], /^Tile 0 of level 0 is gone\.$/],
    [
      'a tile of entries that do not exist',
      ['tile'],
      ['INSERT INTO ledger.tile SELECT log_id, level, 7, hashes, root FROM ledger.tile'],
      /^Tile 7 of level 0 is over entries that don't exist\.$/,
    ],
    [
      'a hash beside the index',
      ['integration'],
      [`UPDATE ledger.integration SET leaf_hash = sha256('forged') WHERE index = 5`],
      /^The hash of entry 5 in ledger\.integration was altered; the entry itself holds\.$/,
    ],
    [
      "a checkpoint's size",
      ['checkpoint'],
      [`UPDATE ledger.checkpoint SET note = replace(note, E'\\n280\\n', E'\\n281\\n') WHERE size = 280`],
      /^Checkpoint 280 was altered: the checkpoint over 281 entries does not have audit\.example\.com\/ledger\/1's signature\.$/,
    ],
    [
      "a checkpoint's row",
      ['checkpoint'],
      [`UPDATE ledger.checkpoint SET root = sha256('forged') WHERE size = 280`],
      /^Checkpoint 280 was altered: its row does not say what its signed note says\.$/,
    ],
    [
      'a checkpoint that was put there',
      ['checkpoint'],
      [`INSERT INTO ledger.checkpoint (log_id, size, root, note) VALUES (1, 999, sha256('x'), 'forged')`],
      /^Checkpoint 999 was altered: the note can't be read/,
    ],
    [
      "the head's root",
      ['head'],
      [`UPDATE ledger.head SET root = sha256('forged')`],
      /^The head's root is not that of its 300 entries\.$/,
    ],
    [
      "the head's size",
      ['head'],
      [`UPDATE ledger.head SET size = 299`],
      /^The head says 299 entries, and there are 300\.$/,
    ],
    [
      'the search columns',
      [],
      [`UPDATE ledger.projection SET outcome = 'rejected', environment = 'staging' WHERE pull_request = 8`],
      /^Entry 8 \(.*\) holds, but its search columns were altered: environment, outcome\.$/,
    ],
    [
      'search columns that are gone',
      [],
      ['DELETE FROM ledger.projection WHERE pull_request = 8'],
      /^Entry 8 \(.*\) holds, but it can't be searched for/,
    ],
    [
      'search columns of nothing',
      [],
      [
        `INSERT INTO ledger.projection (entry_id, kind, outcome, occurred_at, recorded_at) VALUES (gen_random_uuid(), 'x', 'x', now(), now())`,
      ],
      /^1 rows of ledger\.projection belong to no entry\.$/,
    ],
    [
      'a sealed document',
      ['document'],
      [`UPDATE ledger.document SET body = 'forged' WHERE body = '{"number":33}'`],
      /^The sealed document "facts" of entry 33 \(.*\) was altered; the entry itself holds\.$/,
    ],
    [
      'who a person is',
      ['subject'],
      ['UPDATE ledger.subject SET github_id = 999 WHERE github_id = 102'],
      /^The person stored under \S+ was altered: GitHub id 999 does not open it\.$/,
    ],
    [
      'what a person was called',
      ['subject_login'],
      [`UPDATE ledger.subject_login SET login = 'alice2' WHERE login = 'alice'`],
      /^A name of the person \S+ was altered: "alice2" does not open it\.$/,
    ],
  ])('%s', async (_, tables, statements, sentence) => {
    harm(tables, ...statements);
    expect(first(await verify())).toMatch(sentence);
  });

  test('checkpoints that were taken away', async () => {
    harm(
      ['checkpoint', 'entry'],
      'DELETE FROM ledger.checkpoint WHERE size > 100',
      `UPDATE ledger.entry SET recorded_at = now() - interval '1 minute'`,
    );
    expect(first(await verify())).toMatch(/^Entries 100 to 299 are under no checkpoint/);
  });

  test('an entry that never got an index', async () => {
    const id = newEntryId(new Date().toISOString(), randomBytes);
    const prepare = async (tx: Kysely<Database>): Promise<void> =>
      void (await recordOne(tx, makeEntry(1), id));
    harm([], 'DELETE FROM ledger.pending');
    expect((await verify(prepare)).found).toBe(0);
    const aMinuteAgo = `UPDATE ledger.entry SET recorded_at = now() - interval '1 minute' WHERE id = '${id}'`;
    harm(['entry'], 'DELETE FROM ledger.pending', aMinuteAgo);
    expect(first(await verify(prepare))).toMatch(
      new RegExp(`^An entry \\(deployment.approved, ${id}, .*\\) has been without an index for 6\\d seconds`),
    );
  });
});

describe('an export', () => {
  let directory = '';
  const originals = new Map<string, Buffer>();
  const file = (name: string): string => join(directory, name);
  const remove = async (name: string): Promise<void> => {
    originals.set(name, await readFile(file(name)));
    await unlink(file(name));
  };
  const edit = async (name: string, change: (content: Buffer) => Buffer | string): Promise<void> => {
    const content = await readFile(file(name));
    originals.set(name, content);
    await writeFile(file(name), change(content));
  };
  const replace = (from: string | RegExp, to: string) => (content: Buffer) =>
    Buffer.from(content.toString('latin1').replace(from, to), 'latin1');

  beforeAll(async () => {
    database = await copyDatabase(built);
    directory = await mkdtemp(join(tmpdir(), 'countersign-export-'));
    await exportLog(database.db, { directory, now: '2026-03-01T00:00:00.000Z' });
  });
  afterEach(async () => {
    for (const [name, content] of originals) await writeFile(file(name), content);
    originals.clear();
  });
  afterAll(async () => {
    await database.drop();
    await rm(directory, { recursive: true });
  });

  test('holds no bytes besides its entries', async () => {
    const files = await readdir(file('tile/entries'), { recursive: true, withFileTypes: true });
    const names = files.filter((found) => found.isFile()).map((found) => join(found.parentPath, found.name));
    expect(names.length).toBeGreaterThan(1);
    for (const name of names.map((path) => path.slice(file('tile/entries/').length))) {
      await edit(`tile/entries/${name}`, (content) =>
        Buffer.concat([content, Buffer.from([0, 2, 123, 125])]),
      );
      const { findings } = await verifyDirectory(directory);
      expect(findings.map(({ sentence }) => sentence)).toEqual([
        `tile/entries/${name} holds more than its entries: bytes that nobody signed.`,
      ]);
      await writeFile(file(`tile/entries/${name}`), originals.get(`tile/entries/${name}`) ?? '');
    }
  });

  test('has the files of C2SP tlog-tiles, and those for reading', async () => {
    const names = (await readdir(directory, { recursive: true, withFileTypes: true }))
      .filter((found) => found.isFile())
      .map((found) => join(found.parentPath, found.name).slice(directory.length + 1));
    expect(names.filter((name) => !name.startsWith('documents/')).sort()).toEqual([
      'checkpoint',
      'checkpoints.jsonl',
      'manifest.json',
      'subjects.jsonl',
      'tile/0/000',
      'tile/0/001.p/44',
      'tile/1/000.p/1',
      'tile/entries/000',
      'tile/entries/001.p/44',
      'vkey',
    ]);
    expect(names.filter((name) => name.startsWith('documents/'))).toHaveLength(60);
    expect(JSON.parse((await readFile(file('manifest.json'))).toString())).toEqual({
      schema: 'countersign.export/v1',
      origin: signer.origin,
      vkey: signer.vkey,
      size: 300,
      root: expect.stringMatching(/^[A-Za-z0-9+/]{43}=$/),
      exportedAt: '2026-03-01T00:00:00.000Z',
      documents: { held: 30, erased: 0 },
      people: 4,
    });
  });

  test('holds by itself', async () => {
    expect(await verifyDirectory(directory)).toMatchObject({
      found: 0,
      size: 300,
      checkpoints: 3,
      documents: { held: 30, erased: 0 },
      people: { held: 4, erased: 0 },
      vkeys: [signer.vkey],
    });
  });

  test('holds with nothing but what C2SP asks for, under a key from elsewhere', async () => {
    for (const name of ['vkey', 'manifest.json', 'checkpoints.jsonl', 'subjects.jsonl']) await remove(name);
    for (const name of await readdir(file('documents'))) await remove(`documents/${name}`);
    await expect(verifyDirectory(directory)).rejects.toMatchObject({ code: 'export_unreadable' });
    expect(await verifyDirectory(directory, { vkey: signer.vkey })).toMatchObject({
      found: 0,
      checkpoints: 1,
      documents: { held: 0, erased: 0, absent: 30 },
    });
  });

  test('is not written over another', async () => {
    await expect(exportLog(database.db, { directory, now: '' })).rejects.toMatchObject({
      code: 'export_exists',
    });
  });

  test.each<[string, string, (content: Buffer) => Buffer | string, RegExp]>([
    [
      "an entry's bytes",
      'tile/entries/000',
      replace('"outcome":"approved","pullRequest":77', '"outcome":"rejected","pullRequest":77'),
      /^Entry 77 \(deployment\.approved, [-0-9a-f]+, recorded .*\) was altered; it was last known good under checkpoint 300, said to be signed at .*\.$/,
    ],
    [
      'an entry of the partial bundle',
      'tile/entries/001.p/44',
      replace('"pullRequest":299', '"pullRequest":298'),
      /^Entry 299 .* was altered/,
    ],
    [
      "a bundle's end",
      'tile/entries/001.p/44',
      (content) => content.subarray(0, -5),
      /^Entry 299 was deleted/,
    ],
    [
      'a hash',
      'tile/0/000',
      (content) => Buffer.concat([content.subarray(0, 64), Buffer.alloc(32), content.subarray(96)]),
      /^The stored hash of entry 2 was altered/,
    ],
    ["a tile's end", 'tile/0/000', (content) => content.subarray(0, -1), /^Tile 0 of level 0 was cut\.$/],
    [
      'a higher tile',
      'tile/1/000.p/1',
      () => Buffer.alloc(32),
      /^Tile 0 of level 1 was altered; the entries beneath it hold\.$/,
    ],
    [
      "the checkpoint's size",
      'checkpoint',
      replace('\n300\n', '\n299\n'),
      /^The file checkpoint was altered: the checkpoint over 299 entries does not have .*'s signature\. Without it nothing else here can be judged\.$/,
    ],
    [
      "the checkpoint's form",
      'checkpoint',
      () => 'x',
      /^The file checkpoint was altered: the note can't be read/,
    ],
    ['the key', 'vkey', () => `${makeSigner().vkey}\n`, /^The file checkpoint was altered/],
    [
      'an earlier checkpoint',
      'checkpoints.jsonl',
      replace('\\n280\\n', '\\n281\\n'),
      /^Checkpoint 280 was altered/,
    ],
    [
      'the list of checkpoints',
      'checkpoints.jsonl',
      () => 'nonsense\n',
      /^A line of checkpoints\.jsonl can't be read: "nonsense"\.$/,
    ],
    [
      'the time of a checkpoint',
      'checkpoints.jsonl',
      replace(
        /"signedAt":"[^"]*"/,
        String.raw`"signedAt":"2019-01-01T00:00:00.000Z\n  witness      9 checkpoints"`,
      ),
      /^A line of checkpoints\.jsonl can't be read: "\{\\"size\\":100,\\"signedAt\\":\\"2019-01-01T00:00:00\.000Z\\\\n/,
    ],
    [
      'a person',
      'subjects.jsonl',
      replace('"githubId":101', '"githubId":1010'),
      /^The person \S+ in subjects\.jsonl was altered: GitHub id 1010 does not open it\.$/,
    ],
  ])('with another byte in %s does not hold', async (_, name, change, sentence) => {
    await edit(name, change);
    expect(first(await verifyDirectory(directory))).toMatch(sentence);
  });

  test('whose entry and stored hash were both changed does not hold', async () => {
    const { leafHash } = await import('../../../src/ledger/format/hash.ts');
    let changed = Buffer.alloc(0);
    await edit('tile/entries/000', (content) => {
      const forged = replace(
        '"outcome":"approved","pullRequest":150',
        '"outcome":"rejected","pullRequest":150',
      )(content);
      for (let at = 0, number = 0; number <= 150; number += 1) {
        const length = forged.readUInt16BE(at);
        changed = Buffer.from(forged.subarray(at + 2, at + 2 + length));
        at += 2 + length;
      }
      return forged;
    });
    await edit('tile/0/000', (content) =>
      Buffer.concat([content.subarray(0, 150 * 32), leafHash(changed), content.subarray(151 * 32)]),
    );
    expect(first(await verifyDirectory(directory))).toMatch(
      /^Of the entries 100 to 279, at least one was altered or removed together with its stored hash/,
    );
  });

  test('with another document does not hold', async () => {
    const [row] = await query(
      database.readerUrl,
      `SELECT encode(commitment, 'hex') AS hex FROM ledger.document WHERE body = '{"number":33}'`,
    );
    await edit(`documents/${String(row?.['hex'])}`, () => 'forged');
    expect(first(await verifyDirectory(directory))).toMatch(
      /^The sealed document "facts" of entry 33 \(.*\) was altered: documents\/[0-9a-f]{64}; the entry itself holds\.$/,
    );
  });

  test.each(['tile/0/001.p/44', 'tile/1/000.p/1', 'tile/entries/001.p/44'])(
    'without %s does not hold',
    async (name) => {
      await unlink(file(name));
      expect((await verifyDirectory(directory)).found).toBeGreaterThan(0);
    },
  );
});
