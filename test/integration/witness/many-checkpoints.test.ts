/** A witness that has very many checkpoints: what is asked of each, and in what order they come, must not matter. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { WitnessedCopy } from '../../../bench/ledger/witness-clone.ts';
import { makeWitnessedCopy } from '../../../bench/ledger/witness-clone.ts';
import type { CheckpointsElsewhere } from '../../../src/ledger/verify/compare-source.ts';
import { createSigner, generateLedgerKey } from '../../../src/ledger/sequence/signer.ts';
import { verifyDirectory } from '../../../src/ledger/verify/verify-directory.ts';
import type { HeldCheckpoint } from '../../../src/ledger/verify/witnessed.ts';
import { openClone } from '../../../src/witness/open-clone.ts';

const signer = createSigner({ origin: 'audit.example.com/ledger/1', privateKey: generateLedgerKey() });
/** More than are read, and more than are compared, at once; with a tile of level 1 that is not full. */
const COUNT = 2_500;

let folder: string;
let copy: WitnessedCopy;
let clone: CheckpointsElsewhere;
let all: HeldCheckpoint[];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'countersign-many-'));
  copy = await makeWitnessedCopy(folder, signer, COUNT);
  clone = await openClone(copy.clone);
  all = [];
  for await (const one of clone.all()) all.push(one);
});
afterAll(() => rm(folder, { recursive: true }));

const verify = async (held: readonly HeldCheckpoint[]): Promise<string[]> => {
  const witness = { name: './clone', of: () => held, all: () => held };
  const { findings } = await verifyDirectory(copy.directory, { vkey: signer.vkey, elsewhere: [witness] });
  return findings.map(({ sentence }) => sentence);
};
const forged = (size: number): HeldCheckpoint => ({
  witness: './clone',
  note: signer.sign({ size, root: Buffer.alloc(32, 7) }),
  since: null,
});

describe('a copy of a log with a checkpoint at each of its sizes', () => {
  test('continues every one that a clone has', async () => {
    expect(all).toHaveLength(COUNT);
    const report = await verifyDirectory(copy.directory, { vkey: signer.vkey, elsewhere: [clone] });
    expect(report).toMatchObject({
      found: 0,
      checkpoints: 1,
      witnessed: [{ witness: copy.clone, checkpoints: COUNT, size: COUNT }],
      otherLogs: [],
    });
  });

  test('continues them in whatever order they come', async () => {
    expect(await verify(all.toReversed())).toEqual([]);
    expect(await verify(all.toSorted((a, b) => (a.note < b.note ? -1 : 1)))).toEqual([]);
  });

  test.each([
    ['as they come', (some: HeldCheckpoint[]) => some],
    ['the other way around', (some: HeldCheckpoint[]) => some.toReversed()],
  ])('parts from one that is another, wherever among them that is, %s', async (_, order) => {
    for (const size of [1, 2_048]) {
      const others = all.filter((_, at) => at + 1 !== size).toSpliced(size % 1_500, 0, forged(size));
      expect(await verify(order(others))).toEqual([
        expect.stringContaining(
          `The ledger was forked: witness ./clone has checkpoint ${size} of ${signer.origin}, and the first ${size} entries in this export are others.`,
        ),
      ]);
    }
  });

  test('ends before one that is larger, and says up to where both agree', async () => {
    expect(await verify([forged(COUNT + 1), ...all])).toEqual([
      expect.stringMatching(
        /this export ends at 2500: entry 2500 is lost here\. Up to checkpoint 2500 both agree\.$/,
      ),
    ]);
  });
});

test('two hundred thousand checkpoints of other logs are counted, and no call is too large for them', async () => {
  const other = 'else.example.com/ledger/1';
  const theirs = createSigner({ origin: other, privateKey: generateLedgerKey() });
  const note = theirs.sign({ size: 1, root: Buffer.alloc(32) });
  const mine = all.at(-1)!;
  const witness: CheckpointsElsewhere = {
    name: './clone',
    of: () => [mine],
    all: function* () {
      yield mine;
      for (let size = 1; size <= 200_000; size += 1)
        yield { witness: './clone', note: note.replace('\n1\n', `\n${size}\n`), since: null };
    },
  };
  const report = await verifyDirectory(copy.directory, { vkey: signer.vkey, elsewhere: [witness] });
  expect(report).toMatchObject({
    found: 0,
    otherLogs: [{ witness: './clone', origin: other, size: 200_000 }],
  });
});
