/**
 * What somebody can try who may record entries, delete rows, or hand over an archive: to let entries, and what stands beside
 * them, go missing under cover of a retirement. `verify` has to name each.
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { cp, mkdtemp, readFile, rm, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run as verifyCommand } from '../../../src/cli/verify.ts';
import { parseEntry } from '../../../src/ledger/format/entry.ts';
import { exportLog } from '../../../src/ledger/export/export.ts';
import type { VerifyReport } from '../../../src/ledger/source/finding.ts';
import { leafHash } from '../../../src/ledger/format/hash.ts';
import { queryOf } from '../../../src/ledger/store/query.ts';
import { startSequencer } from '../../../src/ledger/sequence/sequencer.ts';
import type { LedgerSigner } from '../../../src/ledger/sequence/signer.ts';
import { createSigner, generateLedgerKey } from '../../../src/ledger/sequence/signer.ts';
import { resumeTree } from '../../../src/ledger/store/stored-tree.ts';
import { verifyDatabase } from '../../../src/ledger/verify/verify-database.ts';
import { verifyDirectory } from '../../../src/ledger/verify/verify-directory.ts';
import { incarnate } from '../../../src/witness/incarnate.ts';
import type { TestDatabase } from '../../support/database.ts';
import { createTestDatabase, query } from '../../support/database.ts';
import { act, copyDatabase, integrateAll, makeSigner, tamper } from './ledger-fixture.ts';
import { NOW, claimRetirement, idIn, recordIn, retire } from './retire-fixture.ts';

/** Entries 0 to 279 are of 2026, up to 299 of 2027; all are under checkpoint 300. */
const [OF_2026, SIZE, MINIMUM] = [280, 300, 256];

let signer: LedgerSigner;
let directory: string;
let built: TestDatabase;
/** The same, with 2026 retired. */
let retired: TestDatabase;
let database: TestDatabase;
/** Of `retired`: its archive, and what was exported afterwards. */
let archive: string;
let live: string;
let numbered = 0;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'countersign-archive-attacks-'));
  signer = makeSigner();
  built = await createTestDatabase();
  for (let number = 0; number < SIZE; number += 1)
    await recordIn(built, number < OF_2026 ? 2026 : 2027, number);
  await integrateAll(built.writerUrl, signer);
  await built.db.destroy();
  retired = await copyDatabase(built);
  await retire(retired, signer, { archive: join(directory, 'archive') });
  await exportLog(retired.db, { directory: join(directory, 'live'), now: NOW });
  await retired.db.destroy();
});
afterAll(async () => {
  await retired.drop();
  await built.drop();
  await rm(directory, { recursive: true });
});
beforeEach(async () => {
  numbered += 1;
  database = await copyDatabase(retired);
  [archive, live] = [join(directory, `archive-${numbered}`), join(directory, `live-${numbered}`)];
  await cp(join(directory, 'archive'), archive, { recursive: true });
  await cp(join(directory, 'live'), live, { recursive: true });
});
afterEach(() => database.drop());

const sentences = ({ findings }: VerifyReport): string[] => findings.map(({ sentence }) => sentence);

/** All that an export has beside what C2SP asks for. */
const bare = async (where: string): Promise<void> => {
  for (const name of ['documents', 'subjects.jsonl', 'manifest.json', 'erased.jsonl'])
    await rm(join(where, name), { recursive: true, force: true });
};

/** As the owner, who can take any guard away and put it back. */
const deleteBelow = async (minimum: number, from = 0): Promise<void> =>
  await act(
    database.ownerUrl,
    'SET ROLE countersign_owner',
    'ALTER TABLE ledger.entry_2026 DISABLE TRIGGER USER',
    `DELETE FROM ledger.entry_2026 e USING ledger.integration i WHERE i.entry_id = e.id AND i.index >= ${from} AND i.index < ${minimum}`,
    'ALTER TABLE ledger.entry_2026 ENABLE ALWAYS TRIGGER refuse_change',
    'DELETE FROM ledger.projection p WHERE NOT EXISTS (SELECT FROM ledger.entry e WHERE e.id = p.entry_id)',
  );

const checkpoint = async (): Promise<string> =>
  String(
    (await query(database.readerUrl, `SELECT note FROM ledger.checkpoint WHERE size = ${SIZE}`))[0]?.['note'],
  );
/** The same with another root, so with no signature that fits. */
const forgedCheckpoint = async (): Promise<string> =>
  (await checkpoint()).split('\n').with(2, Buffer.alloc(32, 7).toString('base64')).join('\n');

/** By who has the owner's login too: nobody else's gets an index. */
const claim = async (note: string): Promise<string> =>
  await claimRetirement(database, { minimum: MINIMUM, archive: note }, { asOwner: true });

const told = async (...args: string[]): Promise<string> => {
  let out = '';
  await verifyCommand(args, {
    stdout: { write: (text: string) => (out += text) },
    stderr: { write: () => true },
    env: { DATABASE_URL: database.readerUrl },
  });
  return out;
};

const begin = async (number: number, year = 2028): Promise<LedgerSigner> => {
  const next = createSigner({
    origin: `audit.example.com/ledger/${number}`,
    privateKey: generateLedgerKey(),
  });
  const at = { id: idIn(year), now: NOW, random: (size: number) => Buffer.alloc(size, number) };
  await incarnate(database.db, { signer: next, reason: 'the key was lost', witnessed: null }, at);
  await integrateAll(database.writerUrl, next);
  return next;
};

test('nothing of this is found where nothing was done', async () => {
  for (const report of [
    await verifyDirectory(live, { archives: [archive] }),
    await verifyDatabase(database.db, { archives: [archive] }),
  ])
    expect(report).toMatchObject({ found: 0, archived: MINIMUM, retired: null });
});

describe('what stands beside', () => {
  test('an archive, and was taken away from it altogether', async () => {
    await bare(archive);
    const report = await verifyDirectory(live, { archives: [archive] });
    expect(sentences(report)).toContainEqual(
      expect.stringMatching(
        /^The sealed document "facts" of entry 3 \(.*\) is gone, and no entry says that it was erased\.$/,
      ),
    );
    expect(sentences(report)).toContainEqual(expect.stringMatching(/^Somebody who is named in entry 0 /));
  });

  test('a log that another one goes on for, and was taken away from it altogether', async () => {
    await begin(2);
    const all = `${live}-all`;
    await exportLog(database.db, { directory: all, now: NOW });
    expect((await verifyDirectory(all)).found).toBe(0);
    await bare(join(all, 'predecessor'));
    expect(sentences(await verifyDirectory(all, { archives: [archive] }))).toContainEqual(
      expect.stringMatching(
        /^In audit\.example\.com\/ledger\/1: The sealed document "facts" of entry 263 \(.*\) is gone, and no entry says that it was erased\.$/,
      ),
    );
  });
});

describe('entries that are gone', () => {
  test('and that the archive says it never had', async () => {
    const manifest = join(archive, 'manifest.json');
    const said = JSON.parse(await readFile(manifest, 'utf8')) as object;
    await writeFile(manifest, JSON.stringify({ ...said, minimum: MINIMUM }));
    await unlink(join(archive, 'tile/entries/000'));
    for (const report of [
      await verifyDirectory(live, { archives: [archive] }),
      await verifyDatabase(database.db, { archives: [archive] }),
    ])
      expect(sentences(report)).toEqual([
        'Entries 0 to 255 are in none of the archives that were given, and entry 300 says that they were retired to the one under checkpoint 300: give that with another --archive; if nobody has it, they are lost.',
      ]);
  });

  test('some of them, from the archive', async () => {
    const bundle = join(archive, 'tile/entries/000');
    const bytes = await readFile(bundle);
    // It ends with the last whole entry.
    await writeFile(bundle, bytes.subarray(0, bytes.length - 1));
    expect(sentences(await verifyDatabase(database.db, { archives: [archive] }))).toEqual([
      'Entry 255 is in none of the archives that were given, and entry 300 says that it was retired to the one under checkpoint 300: give that with another --archive; if nobody has it, it is lost.',
    ]);
  });

  test('behind a retirement that never was, into an archive that nobody has', async () => {
    await database.drop();
    database = await copyDatabase(built);
    await claim(await checkpoint());
    await integrateAll(database.writerUrl, signer);
    await deleteBelow(MINIMUM);
    // So much can be forged by whoever may record and delete. Hence it is not said to hold without the archive …
    expect(await told()).toMatch(
      /^The ledger holds, as far as it is here: the bytes of 256 retired entries are not, and no archive of them was looked at\.\n/,
    );
    // … and what is made up for one has not got them.
    await bare(archive);
    await unlink(join(archive, 'tile/entries/000'));
    expect(await told('--archive', archive)).toContain(
      'Entries 0 to 255 are in none of the archives that were given',
    );
  });

  test('behind the word of an entry whose archive is another log’s', async () => {
    await database.drop();
    database = await copyDatabase(built);
    await claim(await forgedCheckpoint());
    await integrateAll(database.writerUrl, signer);
    await deleteBelow(MINIMUM);
    const report = await verifyDatabase(database.db);
    expect(report.retired).toBeNull();
    expect(sentences(report)).toEqual([
      `Entry ${SIZE} says that the entries below ${MINIMUM} are in an archive, and the checkpoint that it gives of it is none of this log's: nothing shows that they were kept.`,
    ]);
  });

  test('from a log that another one goes on for, are told of', async () => {
    await begin(2);
    expect(await told()).toContain(
      'audit.example.com/ledger/1 ended at 301, and nothing of it was lost, as ledger.incarnated (entry 0 of audit.example.com/ledger/2) says\n' +
        '               entries 0 to 255 of it were retired, as its entry 300 says: their hashes hold, and it says that their bytes are in the archive under checkpoint 300, which was not looked at\n',
    );
    expect(await told()).toMatch(/^The ledger holds, as far as it is here: the bytes of 256 retired entries/);
    expect(await told('--archive', archive)).toMatch(/^The ledger holds\.\n/);
  });
});

test('a retirement that is so is believed, whatever somebody claimed before', async () => {
  await database.drop();
  database = await copyDatabase(built);
  await claim(await forgedCheckpoint());
  await integrateAll(database.writerUrl, signer);
  await rm(archive, { recursive: true });
  await retire(database, signer, { archive });
  expect(await verifyDatabase(database.db)).toMatchObject({
    found: 0,
    retired: { minimum: MINIMUM, missing: MINIMUM, statedBy: SIZE + 1 },
  });
});

test('an altered hash in the index of entries that the archive has is found', async () => {
  await act(
    database.ownerUrl,
    'SET ROLE countersign_owner',
    'ALTER TABLE ledger.integration DISABLE TRIGGER USER',
    `UPDATE ledger.integration SET leaf_hash = sha256('forged') WHERE index = 5`,
  );
  expect(sentences(await verifyDatabase(database.db, { archives: [archive] }))).toEqual([
    'The hash of entry 5, which was retired, was altered in ledger.integration.',
  ]);
});

describe('an export of which the first year was retired, without the log that it goes on for', () => {
  const FIRST = 'audit.example.com/ledger/1';
  const SECOND = 'audit.example.com/ledger/2';
  let later: { readonly archive: string; readonly live: string };
  beforeEach(async () => {
    await database.drop();
    database = await copyDatabase(built);
    const next = await begin(2, 2026);
    for (let number = 0; number < OF_2026; number += 1) await recordIn(database, 2026, number);
    for (let number = 0; number < 20; number += 1) await recordIn(database, 2027, number);
    await integrateAll(database.writerUrl, next);
    later = {
      archive: join(directory, `later-archive-${numbered}`),
      live: join(directory, `later-${numbered}`),
    };
    await retire(database, next, { archive: later.archive });
    await exportLog(database.db, { directory: later.live, now: NOW });
  });
  const takeAway = async (): Promise<void> => {
    const { documents } = parseEntry(await readFile(join(later.live, 'kept/0')));
    // What it seals would tell of it.
    for (const { commitment } of documents) {
      const hex = Buffer.from(commitment, 'base64url').toString('hex');
      for (const name of [hex, `${hex}.salt`]) await unlink(join(later.live, 'documents', name));
    }
    await rm(join(later.live, 'predecessor'), { recursive: true });
    await unlink(join(later.live, 'kept/0'));
  };

  test('holds while that is there', async () => {
    const out = await told(later.live);
    expect(out).toContain(`before       ${FIRST} ended at 300`);
    expect(out).not.toContain('not known');
  });

  test('is told by the entry that the archive has', async () => {
    await takeAway();
    expect(sentences(await verifyDirectory(later.live, { archives: [later.archive] }))).toContain(
      `${SECOND} goes on for ${FIRST}, whose entries are not in this export: predecessor/ is gone.`,
    );
  });

  test('does not hold where nobody has that entry, which was to stay', async () => {
    await takeAway();
    const out = await told(later.live);
    expect(out).toMatch(/^The ledger audit\.example\.com\/ledger\/2 does NOT hold: 1 thing is wrong\./);
    expect(out).toContain(
      'Entry 0 is gone from here, and was not retired: entry 301, which says what was, says that it stays.',
    );
  });
});

describe('an entry that stayed when its year was retired, and was deleted afterwards,', () => {
  const [KEPT, BEYOND] = [17, 257];
  let ids: string[];

  beforeEach(async () => {
    await database.drop();
    database = await copyDatabase(built);
    await rm(archive, { recursive: true });
    await rm(live, { recursive: true });
    const rows = await query(
      database.readerUrl,
      `SELECT entry_id FROM ledger.integration WHERE index IN (${KEPT}, ${BEYOND}) ORDER BY index`,
    );
    ids = rows.map(({ entry_id }) => String(entry_id));
    await retire(database, signer, { archive, inUse: () => Promise.resolve(ids.slice(0, 1)) });
  });

  const deleteEntry = async (id = ''): Promise<void> =>
    await act(
      database.ownerUrl,
      'SET ROLE countersign_owner',
      'ALTER TABLE ONLY ledger.entry_other DISABLE TRIGGER USER',
      `DELETE FROM ledger.entry WHERE id = '${id}'`,
      'ALTER TABLE ONLY ledger.entry_other ENABLE ALWAYS TRIGGER refuse_change',
      `DELETE FROM ledger.projection WHERE entry_id = '${id}'`,
    );
  const GONE = `Entry ${KEPT} is gone from here, and was not retired: entry ${SIZE}, which says what was, says that it stays`;

  test('is named, of the database and of an export, with the archive and without', async () => {
    for (const archives of [undefined, [archive]])
      expect(await verifyDatabase(database.db, { ...(archives && { archives }) })).toMatchObject({
        found: 0,
      });
    await exportLog(database.db, { directory: live, now: NOW });
    expect(await verifyDirectory(live)).toMatchObject({ found: 0, retired: { missing: MINIMUM - 1 } });

    await deleteEntry(ids[0]);
    expect(sentences(await verifyDatabase(database.db))).toEqual([`${GONE}.`]);
    expect(sentences(await verifyDatabase(database.db, { archives: [archive] }))).toEqual([
      `${GONE}; an archive that was given has its bytes.`,
    ]);
    await unlink(join(live, 'kept', String(KEPT)));
    expect(sentences(await verifyDirectory(live))).toEqual([`${GONE}.`]);
    expect(sentences(await verifyDirectory(live, { archives: [archive] }))).toEqual([
      `${GONE}; an archive that was given has its bytes.`,
    ]);
  });

  test('is named where only what it is searched by is gone', async () => {
    await act(
      database.ownerUrl,
      'SET ROLE countersign_owner',
      `DELETE FROM ledger.projection WHERE entry_id = '${ids[0]}'`,
    );
    expect(sentences(await verifyDatabase(database.db, { archives: [archive] }))).toEqual([
      expect.stringMatching(
        /^Entry 17 \(.*\) holds, but it can't be searched for: its row in ledger\.projection is gone\.$/,
      ),
    ]);
  });

  test('is not covered by the next retirement, which is not carried out over it', async () => {
    await deleteEntry(ids[0]);
    for (let number = 0; number < 300; number += 1) await recordIn(database, 2028, number);
    const at = {
      id: idIn(2029),
      now: '2029-02-01T00:00:00.000Z',
      random: (size: number) => Buffer.alloc(size, 9),
    };
    await expect(
      retire(database, signer, { archive: `${archive}-2027`, year: 2027, at }),
    ).rejects.toMatchObject({ code: 'archive_altered', message: expect.stringContaining(GONE) });
  });

  test('and one that was beyond what was retired is not covered by an archive that has it', async () => {
    await deleteEntry(ids[1]);
    expect(sentences(await verifyDatabase(database.db, { archives: [archive] }))).toEqual([
      `Entry ${BEYOND} is gone, and no entry says that it was retired; an archive that was given has its bytes.`,
    ]);
  });
});

describe('a retirement that nobody who may act as the owner states is never signed over', () => {
  const WHY = 'says that a year was retired, and nobody who may act as countersign_owner did that';
  let told: string[];
  const integrateAndHear = async (): Promise<void> => {
    told = [];
    const log = { info: () => undefined, error: (_: object, message: string) => void told.push(message) };
    const sequencer = await startSequencer({ url: database.writerUrl, signer, log });
    await sequencer.stop();
  };
  const late = async (id: string): Promise<string[]> => {
    await tamper(
      database.superuserUrl,
      ['entry'],
      `UPDATE ledger.entry SET recorded_at = now() - interval '1 hour' WHERE id = '${id}'`,
    );
    return sentences(await verifyDatabase(database.db, { vkey: signer.vkey }));
  };

  beforeEach(async () => {
    await database.drop();
    database = await copyDatabase(built);
  });

  test('since it gets no index, whoever reads the log is told, and all else goes on', async () => {
    const id = await claimRetirement(
      database,
      { minimum: MINIMUM, archive: await checkpoint() },
      { asOwner: false },
    );
    await recordIn(database, 2028, 6);
    await integrateAndHear();
    expect(told).toEqual([
      `the entry ${id} gets no index, and is never signed: it ${WHY}. Whoever recorded it can write here: change the password of the writer’s login`,
    ]);
    expect(await verifyDatabase(database.db)).toMatchObject({ size: SIZE + 1, found: 0, retired: null });
    expect(await late(id)).toEqual([
      expect.stringMatching(
        /^An entry \(ledger\.pruned, .*\) has no index: only who may act as countersign_owner retires a year, and whoever else recorded this can write here; change the password of the writer’s login\.$/,
      ),
    ]);
    // Now nothing explains that entries are missing.
    await deleteBelow(MINIMUM);
    expect(sentences(await verifyDatabase(database.db))).toContainEqual(
      expect.stringMatching(/^Entries 0 to 255 are gone, and no entry says that they were retired/),
    );
    // A true one is not mistaken for it.
    expect(await database.db.selectFrom('ledger.retirement').selectAll().execute()).toEqual([]);
  });

  test('also where it is written in another way, or its writer gives it an index himself', async () => {
    const id = await claimRetirement(
      database,
      { minimum: MINIMUM, archive: await checkpoint() },
      { asOwner: false },
    );
    const [row] = await query(database.readerUrl, 'SELECT canonical FROM ledger.entry WHERE id = $1', [id]);
    const other = idIn(2028);
    const bytes = Buffer.from(
      String(row?.['canonical'])
        .replace(id, other)
        .replaceAll('pruned', String.raw`\u0070runed`),
    );
    await query(database.writerUrl, 'INSERT INTO ledger.entry (id, canonical) VALUES ($1, $2)', [
      other,
      bytes,
    ]);
    await query(database.writerUrl, 'INSERT INTO ledger.pending (entry_id) VALUES ($1)', [other]);
    await integrateAndHear();
    expect(told).toHaveLength(2);
    expect((await verifyDatabase(database.db)).size).toBe(SIZE);

    const tree = await resumeTree(queryOf(database.db), 1, SIZE);
    tree.append(leafHash(bytes));
    await query(database.writerUrl, 'UPDATE ledger.head SET size = $1, root = $2', [SIZE + 1, tree.root()]);
    await query(
      database.writerUrl,
      'INSERT INTO ledger.integration (log_id, index, entry_id, leaf_hash) VALUES (1, $1, $2, $3)',
      [SIZE, other, leafHash(bytes)],
    );
    await expect(integrateAndHear()).rejects.toMatchObject({
      code: 'ledger_altered',
      message: expect.stringContaining(`entry ${SIZE}, which no checkpoint covers yet, ${WHY}`),
    });
  });
});
