import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BundleThreads } from '../../../src/ledger/source/bundle-threads.ts';
import { verifyDirectory } from '../../../src/ledger/verify/verify-directory.ts';
import { makeSigner } from './ledger-fixture.ts';
import { writeLog } from './write-log.ts';

/** Eighteen full bundles, over two runs of them and into a third, and a partial one. */
const SIZE = 18 * 256 + 40;
let directory = '';
const originals = new Map<string, Buffer>();

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'countersign-threads-'));
  writeLog(directory, makeSigner(), [1, 255, 256, 300, 1000, 2304, 2305, SIZE]);
});
afterEach(async () => {
  for (const [name, content] of originals) await writeFile(join(directory, name), content);
  originals.clear();
});
afterAll(() => rm(directory, { recursive: true }));

async function edit(name: string, change: (content: Buffer) => Buffer | string | null): Promise<void> {
  const content = await readFile(join(directory, name));
  originals.set(name, content);
  const changed = change(content);
  if (changed === null) await rm(join(directory, name));
  else await writeFile(join(directory, name), changed);
}

const replace = (from: string | RegExp, to: string) => (content: Buffer) =>
  Buffer.from(content.toString('latin1').replace(from, to), 'latin1');

describe('a log that is verified on several cores', () => {
  test('holds, and every count is what it is on one', async () => {
    const seen: number[] = [];
    const report = await verifyDirectory(directory, { threads: 2, progress: (done) => seen.push(done) });
    expect(report).toMatchObject({
      found: 0,
      size: SIZE,
      checkpoints: 8,
      newest: { size: SIZE },
      documents: { held: 465, erased: 0 },
      people: { held: 1, erased: 0 },
    });
    expect(seen).toHaveLength(19);
    expect(await verifyDirectory(directory, { threads: 0 })).toEqual(report);
  });

  test.each<[string, string, (content: Buffer) => Buffer | string | null]>([
    ['an entry', 'tile/entries/003', replace('"outcome":"approved"', '"outcome":"rejected"')],
    [
      'an entry under no tile of its own',
      'tile/entries/001',
      replace('"role":"requester"', '"rôle":"requester"'),
    ],
    ['a bundle that is gone', 'tile/entries/009', () => null],
    ['a bundle that was cut', 'tile/entries/009', (content) => content.subarray(0, 5000)],
    [
      'a stored hash',
      'tile/0/004',
      (content) => Buffer.concat([content.subarray(32), content.subarray(0, 32)]),
    ],
    ['a tile that is gone', 'tile/0/017', () => null],
    ['a higher tile', 'tile/1/000.p/18', () => Buffer.alloc(18 * 32)],
    ['a checkpoint', 'checkpoints.jsonl', replace('\\n300\\n', '\\n301\\n')],
    ['a person', 'subjects.jsonl', replace('alice', 'malice')],
  ])('says the same of %s', async (_, name, change) => {
    await edit(name, change);
    const alone = await verifyDirectory(directory, { threads: 0 });
    expect(alone.found).toBeGreaterThan(0);
    expect(await verifyDirectory(directory, { threads: 2 })).toEqual(alone);
  });

  test('says the same of a document that was altered, and of one that was erased', async () => {
    const entries = (await readFile(join(directory, 'tile/entries/000'))).toString('latin1');
    const [altered, erased] = [...entries.matchAll(/"commitment":"([^"]+)"/g)].map(
      ([, commitment]) => `documents/${Buffer.from(String(commitment), 'base64url').toString('hex')}`,
    );
    await edit(String(erased), () => null);
    const gone = await verifyDirectory(directory, { threads: 2 });
    expect(gone).toMatchObject({
      found: 1,
      findings: [{ code: 'erasure_unrecorded', sentence: expect.stringContaining('of entry 13 ') }],
      documents: { held: 464, erased: 0, absent: 1 },
    });
    expect(await verifyDirectory(directory, { threads: 0 })).toEqual(gone);
    await edit(String(altered), () => 'forged');
    const report = await verifyDirectory(directory, { threads: 2 });
    expect(report.findings[0]?.sentence).toContain('The sealed document "facts" of entry 3 ');
    expect(await verifyDirectory(directory, { threads: 0 })).toEqual(report);
  });
});

describe('threads that break', () => {
  test('leave the judging to whoever asks', async () => {
    const bundles = new BundleThreads(directory, 18, 2);
    expect(await bundles.take(0)).not.toBeNull();
    await bundles.close();
    for (let index = 1; index < 18; index += 1) expect((await bundles.take(index))?.root).toHaveLength(32);
  });
});
