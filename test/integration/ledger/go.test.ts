/**
 * A real log, judged by a program that shares no code with ours: Go's own note and tlog. And one bit at a time of it
 * changed, which that program and ours must both find.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { openCheckpoint } from '../../../src/ledger/format/checkpoint.ts';
import { consistencyProof } from '../../../src/ledger/prove/consistency-proof.ts';
import { proofAtIndex } from '../../../src/ledger/prove/entry-proof.ts';
import { exportLog } from '../../../src/ledger/export/export.ts';
import { leafHash, sha256 } from '../../../src/ledger/format/hash.ts';
import { parseVerifierKey } from '../../../src/ledger/format/note.ts';
import { parseProof, verifyProof } from '../../../src/ledger/format/proof.ts';
import { queryOf } from '../../../src/ledger/store/query.ts';
import { verifyConsistency } from '../../../src/ledger/format/tree-proof.ts';
import { verifyDirectory } from '../../../src/ledger/verify/verify-directory.ts';
import type { LedgerSigner } from '../../../src/ledger/sequence/signer.ts';
import type { TestDatabase } from '../../support/database.ts';
import { createTestDatabase } from '../../support/database.ts';
import type { Outside } from '../../support/outside.ts';
import { buildOutside, missingForOutside } from '../../support/outside.ts';
import { integrateAll, makeSigner, recordSome } from './ledger-fixture.ts';

const missing = missingForOutside();
const onGo = missing === null ? describe : describe.skip;
const leftOut = `LEFT OUT, for want of ${missing}: nobody but us has verified what this ledger writes.`;
if (missing !== null && process.env['CI'] !== 'true') console.warn(leftOut);

test('Go is there to verify, or it is plain that it is not', () => {
  if (missing !== null && process.env['CI'] === 'true') throw new Error(leftOut);
});

/** Two full tiles and a partial one, and over them a partial tile of level 1. */
const SIZES = [1, 100, 256, 300, 520] as const;
const [EARLIER, NEWEST] = [300, 520] as const;
/** In the left part of the tree, so that its proof has hashes of both levels of tiles. */
const INDEX = 137;

let database: TestDatabase;
let signer: LedgerSigner;
let outside: Outside;
let directory = '';
const file = (name: string): string => join(directory, name);

type Check = 'checkpoint' | 'proof' | 'consistency' | 'export';

const FILES: Readonly<Record<Check, readonly string[]>> = {
  checkpoint: ['checkpoint'],
  proof: ['proof', 'entry'],
  consistency: ['earlier', 'checkpoint', 'consistency'],
  export: ['log'],
};

const goSays = (check: Check): ReturnType<Outside> => outside(check, ...['vkey', ...FILES[check]].map(file));

const text = async (name: string): Promise<string> => await readFile(file(name), 'utf8');

/** Whether ours finds all in order; it throws or returns false where it doesn't. */
const ours: Readonly<Record<Check, () => Promise<boolean>>> = {
  checkpoint: async () => {
    openCheckpoint(await text('checkpoint'), parseVerifierKey(await text('vkey')));
    return true;
  },
  proof: async () => {
    const proof = await text('proof');
    for (const entry of [await readFile(file('entry')), parseProof(proof).extra!])
      verifyProof(proof, leafHash(entry), await text('vkey'));
    return true;
  },
  consistency: async () => {
    const key = parseVerifierKey(await text('vkey'));
    const before = openCheckpoint(await text('earlier'), key);
    const after = openCheckpoint(await text('checkpoint'), key);
    const lines = (await text('consistency')).split('\n').slice(0, -1);
    const hashes = lines.map((line) => Buffer.from(line, 'base64'));
    if (hashes.some((hash, at) => hash.toString('base64') !== lines[at])) return false;
    return verifyConsistency(before.size, after.size, before.root, after.root, hashes);
  },
  export: async () => (await verifyDirectory(file('log'), { vkey: await text('vkey') })).found === 0,
};

async function weSay(check: Check): Promise<boolean> {
  try {
    return await ours[check]();
  } catch (error) {
    expect(error).toHaveProperty('code');
    return false;
  }
}

async function noteOf(size: number): Promise<string> {
  const found = await database.db
    .selectFrom('ledger.checkpoint')
    .select('note')
    .where('size', '=', size)
    .executeTakeFirstOrThrow();
  return found.note;
}

async function proveConsistency(earlier: number, size: number): Promise<string> {
  const hashes = await consistencyProof(queryOf(database.db), 1, earlier, size);
  return hashes.map((hash) => `${Buffer.from(hash).toString('base64')}\n`).join('');
}

onGo(missing === null ? 'Go' : leftOut, () => {
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'countersign-go-'));
    outside = buildOutside(directory);
    database = await createTestDatabase();
    signer = makeSigner();
    for (let at = 0, from = 0; at < SIZES.length; from = SIZES[at]!, at += 1) {
      await recordSome(database.db, SIZES[at]! - from, from, (number) => number % 50 === 3);
      await integrateAll(database.writerUrl, signer);
    }
    await exportLog(database.db, { directory: file('log'), now: '2026-03-01T00:00:00.000Z' });
    const proof = (await proofAtIndex(database.db, INDEX, true))!.proof;
    await writeFile(file('vkey'), signer.vkey);
    await writeFile(file('checkpoint'), await noteOf(NEWEST));
    await writeFile(file('earlier'), await noteOf(EARLIER));
    await writeFile(file('proof'), proof);
    await writeFile(file('entry'), parseProof(proof).extra!);
    await writeFile(file('consistency'), await proveConsistency(EARLIER, NEWEST));
    // The compiler, the first time, takes longer than a test may.
  }, 180_000);
  afterAll(async () => {
    await database.drop();
    await rm(directory, { recursive: true });
  });

  describe('verifies', () => {
    test.each<[Check, string]>([
      ['checkpoint', "The checkpoint over 520 entries is the log's.\n"],
      ['proof', 'The entry is number 137 of the log, under its checkpoint over 520 entries.\n'],
      ['consistency', 'The log of 520 entries begins with that of 300.\n'],
      ['export', 'All 520 entries, 4 tiles and 5 checkpoints are what the log signed.\n'],
    ])('our %s', async (check, sentence) => {
      expect(goSays(check)).toEqual({ code: 0, says: sentence });
      expect(await weSay(check)).toBe(true);
    });

    test('a proof with the entry in it and nothing beside it, for entries at every edge', async () => {
      for (const index of [0, 99, 255, 256, 511, 512, 519]) {
        await writeFile(file('other'), (await proofAtIndex(database.db, index, true))!.proof);
        expect(outside('proof', file('vkey'), file('other')).says).toContain(`is number ${index} of the log`);
      }
    });

    test('that the log only grew, between any two of its checkpoints', async () => {
      for (const [at, size] of SIZES.entries()) {
        for (const earlier of SIZES.slice(0, at + 1)) {
          const names = ['other-earlier', 'other-later', 'other'].map(file);
          await writeFile(names[0]!, await noteOf(earlier));
          await writeFile(names[1]!, await noteOf(size));
          await writeFile(names[2]!, await proveConsistency(earlier, size));
          expect(outside('consistency', file('vkey'), ...names)).toEqual({
            code: 0,
            says: `The log of ${size} entries begins with that of ${earlier}.\n`,
          });
        }
      }
    });

    test('nothing that is not there, and says that apart', () => {
      expect(outside('checkpoint', file('vkey'), file('nowhere'))).toMatchObject({ code: 2 });
      expect(outside('export', file('vkey'), file('nowhere'))).toMatchObject({ code: 2 });
      expect(outside('nonsense')).toMatchObject({ code: 2 });
    });
  });

  test('makes the golden vectors again to the byte', async () => {
    const golden = join(import.meta.dirname, '../../fixtures/ledger/go-vectors.json');
    expect(outside('vectors')).toEqual({ code: 0, says: await readFile(golden, 'utf8') });
  });

  /** Puts other content into a file while `look` looks. */
  async function instead(
    name: string,
    content: Uint8Array | string,
    look: () => Promise<void>,
  ): Promise<void> {
    const original = await readFile(file(name));
    await writeFile(file(name), content);
    try {
      await look();
    } finally {
      await writeFile(file(name), original);
    }
  }

  async function refused(check: Check, says = /^It does not hold: .+\.\n$/): Promise<void> {
    const told = goSays(check);
    expect(told).toEqual({ code: 1, says: expect.stringMatching(says) });
    expect(await weSay(check)).toBe(false);
  }

  /** Which bytes of a file. What is beside them may not be covered: a time of day is no evidence. */
  type Part = (content: Buffer) => readonly [from: number, to: number];
  const all: Part = (content) => [0, content.length];
  const signed: Part = (note) => [0, note.indexOf('\n\n') + 2];
  const signature: Part = (note) => [note.indexOf('\n\n') + 2, note.length];
  const earlierNote: Part = (lines) => [lines.indexOf('"note":'), lines.indexOf('\n') + 1];
  const earlierSize: Part = (lines) => [0, lines.indexOf(',"signedAt"')];
  const newestNote: Part = (lines) => [lines.lastIndexOf('"note":'), lines.length];
  /** Of the proof: its lines are header, entry, index, and then the hashes, the leaf's sibling first. */
  const line =
    (number: number): Part =>
    (content) => {
      let from = 0;
      for (let at = 0; at < number; at += 1) from = content.indexOf('\n', from) + 1;
      return [from, content.indexOf('\n', from)];
    };

  /** The bits of these bytes; where they are more than `most`, that many of them, the same each time. */
  function bitsOf(from: number, to: number, most: number): number[] {
    const [min, max] = [from * 8, to * 8 - 1];
    if (max - min < most) return Array.from({ length: max - min + 1 }, (_, at) => min + at);
    return fc.sample(fc.integer({ min, max }), { numRuns: most, seed: 20260301 });
  }

  describe('and we find one changed bit in', () => {
    test.each<[string, Check, string, Part, number]>([
      ["the checkpoint's text", 'checkpoint', 'checkpoint', signed, 30],
      ["the checkpoint's signature", 'checkpoint', 'checkpoint', signature, 30],
      ['the verifier key', 'checkpoint', 'vkey', all, 30],
      ['the entry', 'proof', 'entry', all, 30],
      ['the entry within the proof', 'proof', 'proof', line(1), 24],
      ["the proof's header", 'proof', 'proof', line(0), 8],
      ['the index', 'proof', 'proof', line(2), 24],
      ...Array.from({ length: 10 }, (_, at): [string, Check, string, Part, number] => [
        `hash ${at + 1} of the inclusion proof`,
        'proof',
        'proof',
        line(3 + at),
        12,
      ]),
      ['the checkpoint of the proof', 'proof', 'proof', signature, 24],
      ['the consistency proof', 'consistency', 'consistency', all, 40],
      ["the earlier checkpoint's text", 'consistency', 'earlier', signed, 30],
      ["the earlier checkpoint's signature", 'consistency', 'earlier', signature, 30],
      ['a full tile of level 0', 'export', 'log/tile/0/001', all, 8],
      ['the partial tile of level 0', 'export', 'log/tile/0/002.p/8', all, 8],
      ['the tile of level 1', 'export', 'log/tile/1/000.p/2', all, 8],
      ['a bundle of entries', 'export', 'log/tile/entries/000', all, 8],
      ['the partial bundle of entries', 'export', 'log/tile/entries/002.p/8', all, 8],
      ["an entry's length", 'export', 'log/tile/entries/001', () => [0, 2], 16],
      ["the export's checkpoint", 'export', 'log/checkpoint', all, 8],
      ['an earlier checkpoint of the export', 'export', 'log/checkpoints.jsonl', earlierNote, 12],
      ['the size beside it', 'export', 'log/checkpoints.jsonl', earlierSize, 8],
      ['the newest line of the checkpoints', 'export', 'log/checkpoints.jsonl', newestNote, 12],
    ])('%s', async (_, check, name, part, most) => {
      const original = await readFile(file(name));
      const missed: number[] = [];
      for (const bit of bitsOf(...part(original), most)) {
        const changed = Buffer.from(original);
        changed[Math.floor(bit / 8)]! ^= 1 << (bit % 8);
        await instead(name, changed, async () => {
          const { code, says } = goSays(check);
          if (code !== 1 || !says.startsWith('It does not hold: ') || (await weSay(check))) missed.push(bit);
        });
      }
      expect(missed).toEqual([]);
    });
  });

  describe('and we refuse', () => {
    test('the proof of another entry', async () => {
      const other = parseProof((await proofAtIndex(database.db, INDEX + 1, true))!.proof).extra!;
      await instead('entry', other, () => refused('proof', /of another entry than the one given/));
    });

    test('a proof whose entry and place are those of two entries', async () => {
      const [mine, other] = [await text('proof'), (await proofAtIndex(database.db, INDEX + 1, true))!.proof];
      const mixed = [other.split('\n')[0], mine.split('\n')[1], ...other.split('\n').slice(2)].join('\n');
      await instead('proof', mixed, () =>
        refused('proof', /this is not entry 138 of the 520 that were signed/),
      );
    });

    test.each<[string, Check, string]>([
      ['a signature', 'checkpoint', 'checkpoint'],
      ['a hash of an inclusion proof', 'proof', 'proof'],
      ['a hash of a consistency proof', 'consistency', 'consistency'],
    ])('other bits in the base64 of %s, even those that encode nothing', async (_, check, name) => {
      const original = await text(name);
      // Before the last "=" of the file or of the hashes, four bits of the last character count, and two do not.
      const at = original.lastIndexOf('=', name === 'proof' ? original.indexOf('\n\n') : undefined) - 1;
      const next = String.fromCharCode(original.charCodeAt(at) + 1);
      expect(Buffer.from(`AA${original[at]}=`, 'base64')).toEqual(Buffer.from(`AA${next}=`, 'base64'));
      await instead(name, original.slice(0, at) + next + original.slice(at + 1), () => refused(check));
    });

    test("another log's checkpoint, and our own under another name", async () => {
      for (const other of [makeSigner().vkey, signer.vkey.replace('ledger/1', 'ledger/2')])
        await instead('vkey', other, () => refused('checkpoint'));
    });

    test('another history, though the right key signed it', async () => {
      const forked = signer.sign({ size: NEWEST, root: sha256(Buffer.from('another history')) });
      await instead('checkpoint', forked, () =>
        refused('consistency', /the log of 520 entries does not begin with that of 300/),
      );
      await instead('log/checkpoint', forked, () => refused('export', /do not lead to the root/));
    });

    test('an earlier checkpoint of another history among those of the export', async () => {
      const [lines, forked] = [await text('log/checkpoints.jsonl'), sha256(Buffer.from('another history'))];
      const changed = lines.replace(
        /"size":256.*/,
        JSON.stringify({ size: 256, signedAt: null, note: signer.sign({ size: 256, root: forked }) }).slice(
          1,
        ),
      );
      await instead('log/checkpoints.jsonl', changed, () =>
        refused('export', /do not lead to the root of the checkpoint over 256 of them/),
      );
    });

    test.each(['tile/0/001', 'tile/1/000.p/2', 'tile/entries/002.p/8'])(
      'an export without %s',
      async (name) => {
        const original = await readFile(file(`log/${name}`));
        await rm(file(`log/${name}`));
        try {
          await refused('export', new RegExp(`${name} is missing`));
        } finally {
          await writeFile(file(`log/${name}`), original);
        }
      },
    );
  });
});
