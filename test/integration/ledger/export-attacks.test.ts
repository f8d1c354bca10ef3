/** What whoever hands over an export can leave out of it, or put into it, and `verify` must say. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { describeReport } from '../../../src/cli/describe-report.ts';
import type { CheckpointsElsewhere } from '../../../src/ledger/verify/compare-source.ts';
import { newEntryId } from '../../../src/ledger/format/entry-id.ts';
import { exportLog } from '../../../src/ledger/export/export.ts';
import type { VerifyReport } from '../../../src/ledger/source/finding.ts';
import { actorReference } from '../../../src/ledger/format/seal.ts';
import type { LedgerSigner } from '../../../src/ledger/sequence/signer.ts';
import { createSigner, generateLedgerKey } from '../../../src/ledger/sequence/signer.ts';
import { verifyDatabase } from '../../../src/ledger/verify/verify-database.ts';
import { verifyDirectory } from '../../../src/ledger/verify/verify-directory.ts';
import { incarnate } from '../../../src/witness/incarnate.ts';
import type { TestDatabase } from '../../support/database.ts';
import { createTestDatabase, query } from '../../support/database.ts';
import { ORIGIN, act, integrateAll, makeEntry, makeSigner, recordOne, recordSome } from './ledger-fixture.ts';

const SECOND = 'audit.example.com/ledger/2';
const NOW = '2026-11-27T00:00:00.000Z';

let database: TestDatabase;
let folder: string;
let signer: LedgerSigner;
const second = createSigner({ origin: SECOND, privateKey: generateLedgerKey() });
beforeEach(async () => {
  database = await createTestDatabase();
  folder = await mkdtemp(join(tmpdir(), 'countersign-export-attacks-'));
  signer = makeSigner();
});
afterEach(async () => {
  await database.drop();
  await rm(folder, { recursive: true });
});

const sentences = ({ findings }: VerifyReport): string[] => findings.map(({ sentence }) => sentence);
const inWords = (report: VerifyReport): string => describeReport(report, { given: [], colours: false });

async function grow(count: number, from: number, by: LedgerSigner): Promise<void> {
  await recordSome(database.db, count, from);
  await integrateAll(database.writerUrl, by);
}

async function exported(name: string): Promise<string> {
  const directory = join(folder, name);
  await exportLog(database.db, { directory, now: NOW });
  return directory;
}

/** Ends the log; the one after it has this entry and nothing more. */
async function goOn(): Promise<void> {
  const at = { id: newEntryId(NOW, randomBytes), now: NOW, random: randomBytes };
  await incarnate(database.db, { signer: second, reason: 'the key was lost', witnessed: null }, at);
  await integrateAll(database.writerUrl, second);
}

const holding = (...notes: string[]): CheckpointsElsewhere => {
  const held = notes.map((note) => ({ witness: './clone', note, since: null }));
  return {
    name: './clone',
    of: (origin) => held.filter(({ note }) => note.startsWith(`${origin}\n`)),
    all: () => held,
  };
};

describe('an older copy of the log before, put in the place of the whole one', () => {
  let older: string;
  let whole: string;
  beforeEach(async () => {
    await grow(5, 0, signer);
    older = await exported('older');
    await grow(5, 5, signer);
    await goOn();
    whole = await exported('whole');
  });
  const putOlder = async (): Promise<void> => {
    await rm(join(whole, 'predecessor'), { recursive: true });
    await cp(older, join(whole, 'predecessor'), { recursive: true });
  };

  test('is none where nothing was done', async () => {
    const report = await verifyDirectory(whole);
    expect(sentences(report)).toEqual([]);
    expect(inWords(report)).toContain(
      `  before       ${ORIGIN} ended at 10, and nothing of it was lost, as ledger.incarnated (entry 0 of ${SECOND}) says\n` +
        '               10 of its 10 entries are as recorded\n',
    );
  });

  test('is told', async () => {
    await putOlder();
    expect(sentences(await verifyDirectory(whole))).toEqual([
      `In ${ORIGIN}: ${ORIGIN} is not all here: it had signed 10 entries when ${SECOND} went on for it, as entry 0 of that says, and only the first 5 are here. ` +
        'This may be an older copy of it that was put in its place.',
    ]);
  });

  test('is not excused by what the log after it declared lost', async () => {
    const witnessed = await readFile(join(whole, 'predecessor/checkpoint'), 'utf8');
    await putOlder();
    const report = await verifyDirectory(whole, { elsewhere: [holding(witnessed)] });
    expect(sentences(report)).toContainEqual(
      expect.stringContaining('this export ends at 5: entries 5 to 9 are lost here.'),
    );
  });
});

describe('documents and people that are not in an export', () => {
  let directory: string;
  beforeEach(async () => {
    await grow(6, 0, signer);
    const [row] = await query(
      database.readerUrl,
      `SELECT encode(commitment, 'hex') AS hex FROM ledger.document WHERE body = '{"number":2}'`,
    );
    const commitment = Buffer.from(String(row?.['hex']), 'hex');
    await act(
      database.eraserUrl,
      `DELETE FROM ledger.document WHERE commitment = '\\x${commitment.toString('hex')}'`,
    );
    await recordOne(
      database.db,
      makeEntry(6, {
        kind: 'ledger.erased',
        who: [],
        documents: [],
        ledger: { act: 'erased', subjects: [], documents: [commitment.toString('base64url')] },
      }),
    );
    await integrateAll(database.writerUrl, signer);
    directory = await exported('export');
  });
  const take = async (...names: string[]): Promise<void> => {
    for (const name of names) await rm(join(directory, name), { recursive: true });
  };

  test('are one that was erased, and no more', async () => {
    const report = await verifyDirectory(directory);
    expect(sentences(report)).toEqual([]);
    expect(inWords(report)).toMatch(
      /documents {4}5 are as sealed; 1 was erased \(the last on \d{4}-\d\d-\d\d\), and the entries hold without\n/,
    );
  });

  test.each([
    ['the documents', ['documents']],
    ['the people', ['subjects.jsonl']],
    [
      'them and the manifest, which would say that there were some',
      ['documents', 'subjects.jsonl', 'manifest.json'],
    ],
    ['all of that and what was erased', ['documents', 'subjects.jsonl', 'manifest.json', 'erased.jsonl']],
  ])('are missed by whoever takes away %s', async (_, names) => {
    await take(...names);
    const report = await verifyDirectory(directory);
    expect(report.found).toBe(
      (names.includes('documents') ? 5 : 0) + (names.includes('subjects.jsonl') ? 4 : 0),
    );
    for (const sentence of sentences(report))
      expect(sentence).toMatch(/ is gone, and no entry says that it was erased\.$/);
  });

  test('were not erased where a copy was made with nothing beside the log, and are not said to be', async () => {
    await take('documents', 'subjects.jsonl', 'manifest.json', 'erased.jsonl', 'checkpoints.jsonl');
    const report = await verifyDirectory(directory, { vkey: signer.vkey });
    expect(sentences(report)).toEqual([]);
    const out = inWords(report);
    expect(out).toContain(
      '; 5 are not in this copy, which has none at all, and no entry says that they were erased\n',
    );
    expect(out).toContain(
      '  people       0 are known; 4 are not in this copy, which has none at all, and no entry says that they were erased\n',
    );
  });
});

describe('a log that a witness has, and that is not here', () => {
  const root = Buffer.alloc(32, 1);
  let directory: string;
  let mine: string;
  beforeEach(async () => {
    await grow(3, 0, signer);
    directory = await exported('export');
    mine = await readFile(join(directory, 'checkpoint'), 'utf8');
  });

  test('is told where the same key signs it', async () => {
    const privateKey = generateLedgerKey();
    const own = createSigner({ origin: SECOND, privateKey });
    const witness = holding(mine, own.sign({ size: 7, root }), own.sign({ size: 4, root }));
    const same = createSigner({ origin: ORIGIN, privateKey });
    const other = await createTestDatabase();
    await recordSome(other.db, 2);
    await integrateAll(other.writerUrl, same);
    expect(sentences(await verifyDatabase(other.db, { elsewhere: [witness] }))).toContain(
      `Witness ./clone has checkpoint 7 of ${SECOND}, signed with the key of ${ORIGIN}, and nothing of that log is in this database: it was left out, or began later.`,
    );
    await other.drop();
  });

  test('is told where the reader has its key', async () => {
    const witness = holding(mine, second.sign({ size: 7, root }));
    const report = await verifyDirectory(directory, {
      vkey: [signer.vkey, second.vkey],
      elsewhere: [witness],
    });
    expect(sentences(report)).toContain(
      `Witness ./clone has checkpoint 7 of ${SECOND}, signed with a key that was given, and nothing of that log is in this export: it was left out, or began later.`,
    );
  });

  test('is named where nothing tells whose it is, and nothing is found for it', async () => {
    const witness = holding(mine, second.sign({ size: 7, root }), 'no checkpoint');
    const report = await verifyDirectory(directory, { vkey: signer.vkey, elsewhere: [witness] });
    expect(sentences(report)).toEqual([]);
    expect(inWords(report)).toContain(
      `  not here     ${SECOND}, of which ./clone has checkpoint 7: nothing here tells whose log that is\n` +
        '               (if it is of the same operator, or goes on for this one, ask for it)\n',
    );
  });
});

describe('what was put into an export', () => {
  let directory: string;
  beforeEach(async () => {
    await grow(5, 0, signer);
    // Recorded, and under no checkpoint yet: no business of an export's.
    await recordOne(
      database.db,
      makeEntry(5, { who: [{ role: 'requester', actor: { id: 900, login: 'erin', kind: 'user' } }] }),
    );
    directory = await exported('export');
  });
  const put = async (name: string, content: string | Uint8Array = 'x'): Promise<void> => {
    await mkdir(dirname(join(directory, name)), { recursive: true });
    await writeFile(join(directory, name), content);
  };
  const editPeople = async (change: (lines: Record<string, unknown>[]) => unknown[]): Promise<void> => {
    const lines = (await readFile(join(directory, 'subjects.jsonl'), 'utf8')).trim().split('\n');
    const changed = change(lines.map((line) => JSON.parse(line) as Record<string, unknown>));
    await put('subjects.jsonl', changed.map((line) => `${JSON.stringify(line)}\n`).join(''));
  };

  test('is nothing where nothing was', async () => {
    const report = await verifyDirectory(directory);
    expect(sentences(report)).toEqual([]);
    expect(report).toMatchObject({ unreferenced: { count: 0 }, people: { held: 4 } });
    expect(inWords(report)).not.toContain('beside');
  });

  test.each<[string, (path: string) => Promise<unknown> | void]>([
    ['a pipe, which would never end', (path) => void execFileSync('mkfifo', [path])],
    ['a directory', (path) => mkdir(path)],
    ['a link to itself', (path) => symlink(basename(path), path)],
  ])('what stands in a file’s place and is %s, ends it with a sentence', async (_, make) => {
    for (const name of ['checkpoint', 'vkey', 'checkpoints.jsonl', 'subjects.jsonl', 'manifest.json']) {
      const path = join(directory, name);
      const before = await readFile(path);
      await rm(path);
      await make(path);
      await expect(verifyDirectory(directory)).rejects.toMatchObject({
        code: 'export_unreadable',
        message: expect.stringContaining(`${name}" is no plain file`),
      });
      await rm(path, { recursive: true });
      await writeFile(path, before);
    }
    expect(await verifyDirectory(directory)).toMatchObject({ found: 0 });
  });

  describe('in the place of a key and is none, is told, and hides nothing else:', () => {
    const NONE =
      /^This log names a key as its own that is none, so it is judged without that: .*Whoever handed it over can have put it there\.$/;
    const alter = async (): Promise<void> => {
      const path = join(directory, 'tile/entries/000.p/5');
      const bundle = await readFile(path);
      bundle.write('rejected', bundle.indexOf('approved'));
      await put('tile/entries/000.p/5', bundle);
    };

    test.each([
      ['before it', (vkey: string) => `garbage\n${vkey}\n`],
      ['after it', (vkey: string) => `${vkey}\ngarbage+with+parts\n`],
    ])('in the list, %s', async (_, list) => {
      await put('vkeys', list(signer.vkey));
      for (const vkey of [undefined, signer.vkey])
        expect(sentences(await verifyDirectory(directory, { vkey }))).toEqual([expect.stringMatching(NONE)]);
      await alter();
      expect(sentences(await verifyDirectory(directory))).toEqual(
        expect.arrayContaining([
          expect.stringMatching(NONE),
          expect.stringMatching(/^Entry 0 .* was altered/),
        ]),
      );
    });

    test('alone, for a reader who has the key', async () => {
      await put('vkey', 'garbage\n');
      expect(sentences(await verifyDirectory(directory, { vkey: signer.vkey }))).toEqual([
        expect.stringMatching(NONE),
      ]);
      await alter();
      expect(sentences(await verifyDirectory(directory, { vkey: signer.vkey }))).toContainEqual(
        expect.stringMatching(/^Entry 0 .* was altered/),
      );
      await expect(verifyDirectory(directory)).rejects.toMatchObject({
        code: 'export_unreadable',
        message: expect.stringContaining('has no key that is one: give the log'),
      });
    });
  });

  test('a person whom no entry names, is found', async () => {
    const secret = randomBytes(32);
    const ref = actorReference(secret, 666).toString('base64url');
    const forged = { ref, githubId: 666, secret: secret.toString('base64url'), logins: ['mallory'] };
    await editPeople((lines) => [...lines, forged]);
    expect(sentences(await verifyDirectory(directory))).toEqual([
      `The person ${ref} in subjects.jsonl (GitHub id 666) is named by no entry here: it was put beside the log.`,
      `The name "mallory" of the person ${ref} in subjects.jsonl is named by no entry here: it was put beside the log.`,
    ]);
  });

  test('a name that somebody never had, is found', async () => {
    await editPeople((lines) =>
      lines.map((line) => (line['githubId'] === 100 ? { ...line, logins: ['alice', 'mallory'] } : line)),
    );
    expect(sentences(await verifyDirectory(directory))).toEqual([
      expect.stringMatching(
        /^The name "mallory" of the person \S+ in subjects\.jsonl is named by no entry here/,
      ),
    ]);
  });

  test('a document that no entry seals, is found', async () => {
    const hex = 'ab'.repeat(32);
    await put(`documents/${hex}`);
    expect(sentences(await verifyDirectory(directory))).toEqual([
      `documents/${hex} is sealed by no entry here: it was put beside the log.`,
    ]);
  });

  test('files that belong to nothing, are named', async () => {
    for (const name of [
      'notes.txt',
      'tile/0/000.p/3',
      'tile/entries/001.p/9',
      'kept/0',
      'documents/\u001b[2Jx',
    ])
      await put(name);
    const report = await verifyDirectory(directory);
    expect(sentences(report)).toEqual([]);
    expect(report.unreferenced).toEqual({
      count: 5,
      some: expect.arrayContaining(['notes.txt', 'tile/0/000.p/3', 'tile/entries/001.p/9', 'kept/0']),
    });
    const out = inWords(report);
    expect(out).toContain(
      '  beside       5 files belong to nothing that was verified, and nobody signed them:\n',
    );
    expect(out).toContain(String.raw`"documents/\u001b[2Jx"`);
  });
});
