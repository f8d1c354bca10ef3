/** A copy with nothing but what C2SP asks for, of a log whose key was rotated, and of which a year was retired. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { cp, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run as verifyCommand } from '../../../src/cli/verify.ts';
import { exportLog } from '../../../src/ledger/export/export.ts';
import type { VerifyReport } from '../../../src/ledger/source/finding.ts';
import { identifyLog } from '../../../src/ledger/sequence/log.ts';
import { queryOf } from '../../../src/ledger/store/query.ts';
import { rotateKey } from '../../../src/ledger/sequence/rotate-key.ts';
import type { LedgerSigner } from '../../../src/ledger/sequence/signer.ts';
import { createSigner, generateLedgerKey } from '../../../src/ledger/sequence/signer.ts';
import { verifyDirectory } from '../../../src/ledger/verify/verify-directory.ts';
import type { TestDatabase } from '../../support/database.ts';
import { createTestDatabase } from '../../support/database.ts';
import { ORIGIN, integrateAll, makeSigner } from './ledger-fixture.ts';
import { NOW, idIn, recordIn, retire } from './retire-fixture.ts';

/** The first key signs up to entry 100, the second the rest of 2026 and its archive, the third what came after. */
const [FIRST, SECOND, THIRD] = [generateLedgerKey(), generateLedgerKey(), generateLedgerKey()];
const alone = (privateKey: string): LedgerSigner => createSigner({ origin: ORIGIN, privateKey });
const [first, second, third] = [alone(FIRST).vkey, alone(SECOND).vkey, alone(THIRD).vkey];
const [ROTATED, ARCHIVED, MINIMUM] = [100, 301, 256];

let database: TestDatabase;
let folder: string;
/** What `beforeAll` made, and what a test may spoil. */
let made: { readonly archive: string; readonly live: string };
let archive: string;
let copy: string;

async function rotate(from: string, to: string, year: number): Promise<void> {
  const both = createSigner({ origin: ORIGIN, privateKey: to, previousKey: from });
  const query = queryOf(database.db);
  const at = { id: idIn(year), now: `${year}-07-01T00:00:00.000Z`, random: randomBytes };
  await rotateKey(database.db, await identifyLog(query, both), both, at);
  await integrateAll(database.writerUrl, both);
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'countersign-bare-copy-'));
  made = { archive: join(folder, 'made-archive'), live: join(folder, 'made-live') };
  database = await createTestDatabase();
  for (let number = 0; number < ROTATED; number += 1) await recordIn(database, 2026, number);
  await integrateAll(database.writerUrl, alone(FIRST));
  await rotate(FIRST, SECOND, 2026);
  for (let number = ROTATED + 1; number < ARCHIVED; number += 1)
    await recordIn(database, number < 280 ? 2026 : 2027, number);
  await integrateAll(database.writerUrl, alone(SECOND));
  await retire(database, alone(SECOND), { archive: made.archive });
  await rotate(SECOND, THIRD, 2028);
  for (let number = 0; number < 3; number += 1) await recordIn(database, 2028, number);
  await integrateAll(database.writerUrl, alone(THIRD));
  await exportLog(database.db, { directory: made.live, now: NOW });
});
afterAll(async () => {
  await database.drop();
  await rm(folder, { recursive: true });
});
beforeEach(async () => {
  [archive, copy] = [join(folder, 'archive'), join(folder, 'copy')];
  await cp(made.archive, archive, { recursive: true });
  await cp(made.live, copy, { recursive: true });
});
afterEach(async () => {
  await rm(archive, { recursive: true });
  await rm(copy, { recursive: true });
});

/** Nothing but C2SP's files. */
const strip = async (directory: string): Promise<void> => {
  for (const name of await readdir(directory))
    if (name !== 'checkpoint' && name !== 'tile') await rm(join(directory, name), { recursive: true });
};
/** Of our own export, all but what tells of its keys. */
const stripKeys = async (directory: string): Promise<void> => {
  for (const name of ['vkey', 'vkeys', 'checkpoints.jsonl']) await rm(join(directory, name));
};

const sentences = ({ findings }: VerifyReport): string[] => findings.map(({ sentence }) => sentence);
const verify = async (
  archives: readonly string[],
  vkey: readonly string[] = [third],
): Promise<VerifyReport> => await verifyDirectory(copy, { vkey, ...(archives.length > 0 && { archives }) });
const exitCode = async (...args: string[]): Promise<number> =>
  await verifyCommand([copy, '--vkey', third, ...args], {
    stdout: { write: () => true },
    stderr: { write: () => true },
    env: {},
  });

/** In the middle of a text that an entry has. */
async function replaceIn(path: string, text: string, by: string): Promise<void> {
  const bytes = await readFile(path);
  const at = bytes.indexOf(text);
  expect([at > 0, by.length]).toEqual([true, text.length]);
  bytes.write(by, at);
  await writeFile(path, bytes);
}

describe.each([
  ['which is all C2SP’s', strip, MINIMUM],
  ['which is an export that lost what tells of its keys', stripKeys, MINIMUM - 1],
])('a copy %s,', (_, make, missing) => {
  beforeEach(() => make(copy));

  test.each([
    ['the newest key', [third]],
    ['all keys', [first, second, third]],
  ])('holds with its archive for a reader who has %s', async (_, vkey) => {
    const report = await verify([archive], vkey);
    expect(sentences(report)).toEqual([]);
    expect(report).toMatchObject({ retired: null, archived: missing, checkpoints: 1 });
    expect(await exitCode('--archive', archive)).toBe(0);
  });

  test('holds as far as it is here without: what was retired is counted, and nothing is condemned', async () => {
    const report = await verify([]);
    expect(sentences(report)).toEqual([]);
    expect(report.retired).toMatchObject({ minimum: MINIMUM, missing, archive: ARCHIVED });
    expect(await exitCode()).toBe(3);
  });

  test('does not hold under another key, nor under the first alone', async () => {
    expect((await verify([archive], [makeSigner().vkey])).found).toBeGreaterThan(0);
    expect(sentences(await verify([archive], [first]))).toEqual([
      expect.stringContaining(`signed by ${third}, which came after ${first}, as entry ${ROTATED} says`),
    ]);
  });

  test('does not hold with an entry altered in the archive', async () => {
    await replaceIn(join(archive, 'tile/entries/000'), 'approvals_given', 'approvals_taken');
    expect(sentences(await verify([archive]))).toEqual([
      expect.stringMatching(/^Entry 0 \(.*\) was altered \(in the archive /),
    ]);
  });

  test('does not hold with an entry altered that was not retired', async () => {
    await replaceIn(join(copy, `tile/entries/001.p/50`), 'approvals_given', 'approvals_taken');
    for (const archives of [[], [archive]])
      expect(sentences(await verify(archives))).toContainEqual(
        expect.stringMatching(/^Entry 256 \(.*\) was altered/),
      );
  });

  test('does not hold without a bundle that was never retired', async () => {
    await rm(join(copy, 'tile/entries'), { recursive: true });
    for (const archives of [[], [archive]]) expect((await verify(archives)).found).toBeGreaterThan(0);
  });

  test('names what no archive has that was given', async () => {
    await rm(join(archive, 'tile/entries/000'));
    expect(sentences(await verify([archive]))).toContainEqual(
      expect.stringMatching(
        /in none of the archives that were given, and entry 301 says that they were retired/,
      ),
    );
  });

  test('takes no rotation from an archive that no entry tells of', async () => {
    const evil = makeSigner().vkey;
    const forged = join(folder, 'forged');
    await cp(archive, forged, { recursive: true });
    const bundle = await readFile(join(forged, 'tile/entries/000'));
    const length = bundle.readUInt16BE(0);
    const rotation = JSON.parse(bundle.subarray(2, 2 + length).toString()) as object;
    const bytes = Buffer.from(
      JSON.stringify({
        ...rotation,
        kind: 'ledger.rotated',
        ledger: { act: 'rotated', from: evil, to: first },
      }),
    );
    const header = Buffer.alloc(2);
    header.writeUInt16BE(bytes.length);
    await writeFile(
      join(forged, 'tile/entries/000'),
      Buffer.concat([header, bytes, bundle.subarray(2 + length)]),
    );
    expect((await verify([archive, forged], [evil, third])).found).toBeGreaterThan(0);
    expect((await verify([forged], [evil, third])).found).toBeGreaterThan(0);
    await rm(forged, { recursive: true });
  });
});

test('a copy that lacks its first bundle is no copy of a log that was retired', async () => {
  await rm(copy, { recursive: true });
  await cp(made.archive, copy, { recursive: true });
  await strip(copy);
  expect(sentences(await verify([], [second]))).toEqual([]);
  await rm(join(copy, 'tile/entries/000'));
  expect(sentences(await verify([], [second]))).toEqual([
    'Entries 0 to 255 are gone, and no entry says that they were retired.',
  ]);
});
