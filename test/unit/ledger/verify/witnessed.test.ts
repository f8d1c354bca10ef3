import { describe, expect, test } from '@jest/globals';
import { GrowingTree } from '../../../../src/ledger/format/growing-tree.ts';
import { leafHash } from '../../../../src/ledger/format/hash.ts';
import { parseVerifierKey } from '../../../../src/ledger/format/note.ts';
import { createSigner, generateLedgerKey } from '../../../../src/ledger/sequence/signer.ts';
import type { ComparedLog, HeldCheckpoint } from '../../../../src/ledger/verify/witnessed.ts';
import { compareWitnessed, witnessTitle } from '../../../../src/ledger/verify/witnessed.ts';

const signer = createSigner({ origin: 'audit.example.com/ledger/1', privateKey: generateLedgerKey() });

/** The root over leaves `0 … size - 1`, of which those from `other` on are somebody else's. */
function rootOf(size: number, other = Infinity): Uint8Array {
  const tree = new GrowingTree();
  for (let index = 0; index < size; index += 1)
    tree.append(leafHash(Buffer.from(`${index}${index >= other ? 'x' : ''}`)));
  return tree.root();
}

const held = (size: number, other?: number, by = signer): HeldCheckpoint => ({
  witness: 'W',
  note: by.sign({ size, root: rootOf(size, other) }),
  since: null,
});
const log = (size: number): ComparedLog => ({
  origin: signer.origin,
  keys: [parseVerifierKey(signer.vkey)],
  size,
  place: 'this database',
  continues: ({ size: earlier, root }) => Promise.resolve(Buffer.compare(rootOf(earlier), root) === 0),
});

describe('checkpoints that a witness holds', () => {
  test.each<[string, number, HeldCheckpoint[]]>([
    ['none', 9, []],
    ['earlier ones and the newest, in any order', 9, [held(9), held(3), held(0)]],
  ])('%s: no contradiction', async (_, size, all) => {
    expect(await compareWitnessed(log(size), all)).toBeNull();
  });

  test.each<[string, number, HeldCheckpoint[], string, string]>([
    [
      'one entry more than is here',
      9,
      [held(10)],
      'rolled_back',
      'The ledger was rolled back: witness W has checkpoint 10 of audit.example.com/ledger/1, and this database ends at 9: entry 9 is lost here.',
    ],
    [
      'a log that is empty now',
      0,
      [held(10)],
      'rolled_back',
      'The ledger was rolled back: witness W has checkpoint 10 of audit.example.com/ledger/1, and this database ends at 0: entries 0 to 9 are lost here.',
    ],
    [
      'other entries at the end',
      9,
      [held(2), held(4), held(9, 6), held(7, 6)],
      'forked',
      'The ledger was forked: witness W has checkpoint 7 of audit.example.com/ledger/1, and the first 7 entries in this database are others. ' +
        'The two histories part between 4 and 7: of the entries 4 to 6, at least one is not what was witnessed. Up to checkpoint 4 both agree.',
    ],
    [
      'other entries from the beginning, and more of them',
      9,
      [held(12, 0), held(5, 0)],
      'forked',
      'The ledger was forked: witness W has checkpoint 5 of audit.example.com/ledger/1, and the first 5 entries in this database are others. ' +
        'The two histories part between 0 and 5: of the entries 0 to 4, at least one is not what was witnessed.',
    ],
    [
      'checkpoints that contradict one another',
      9,
      [held(3, 1), held(5)],
      'forked',
      'The ledger was forked: witness W has checkpoint 3 of audit.example.com/ledger/1, and the first 3 entries in this database are others.',
    ],
    [
      'a checkpoint that the log did not sign',
      9,
      [held(3), held(4, 0, createSigner({ origin: signer.origin, privateKey: generateLedgerKey() }))],
      'witness_forged',
      "Witness W holds a checkpoint of audit.example.com/ledger/1 that is not signed by this log's key: either this is another log under the same name, or somebody else wrote to the witness.",
    ],
  ])('%s', async (_, size, all, code, sentence) => {
    expect(await compareWitnessed(log(size), all)).toMatchObject({ code, sentence });
  });

  test('the one that an incarnation names is the largest that the log can’t continue', async () => {
    const all = [held(7, 6), held(9, 6), held(4)];
    expect((await compareWitnessed(log(9), all))?.checkpoint?.size).toBe(9);
    expect((await compareWitnessed(log(5), [held(4), held(6), held(8)]))?.checkpoint?.size).toBe(8);
  });

  test('a C2SP witness is called by its name, a branch by its address', () => {
    expect(witnessTitle('witness.example.com/w1+1a2b3c4d+BAAA')).toBe('witness.example.com/w1');
    expect(witnessTitle('ssh://git@host/path.git#branch')).toBe('ssh://git@host/path.git#branch');
  });
});
