import { randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import type { CheckRunContent } from '../../../../src/domain/effect.ts';
import { appendProof } from '../../../../src/effects/append-proof.ts';
import { readCheckRunCopy } from '../../../../src/ledger/format/check-run-copy.ts';
import type { EntryContent } from '../../../../src/ledger/format/entry.ts';
import { entryBytes } from '../../../../src/ledger/format/entry.ts';
import { leafHash } from '../../../../src/ledger/format/hash.ts';
import { formatProof } from '../../../../src/ledger/format/proof.ts';
import { sealDocument } from '../../../../src/ledger/format/seal.ts';
import { createSigner, generateLedgerKey } from '../../../../src/ledger/sequence/signer.ts';
import type { CheckRunLog, CheckRunVerdict } from '../../../../src/ledger/verify/verify-check-run.ts';
import { verifyCheckRun } from '../../../../src/ledger/verify/verify-check-run.ts';
import { checkRunDocument } from '../../../../src/pipeline/documents.ts';

const origin = 'audit.example.com/ledger/1';
const signer = createSigner({ origin, privateKey: generateLedgerKey() });

const entry = (number: number, more: Partial<EntryContent> = {}): EntryContent => ({
  schema: 'countersign.entry/v1',
  id: `019b76da-a800-7000-8000-00000000000${number}`,
  kind: 'decision.made',
  occurred: '2026-03-01T12:00:00.000Z',
  recorded: '2026-03-01T12:00:00.000Z',
  who: [],
  hosts: [],
  outcome: 'approved',
  reasons: [],
  documents: [],
  ...more,
});

/** The only entry of the log that the proof is over; what it caused came later. */
const decision = entry(0);
const root = leafHash(entryBytes(decision));
const proof = formatProof({ index: 0, hashes: [], checkpoint: signer.sign({ size: 1, root }), extra: null });

/** What one check run after another was written with, each with its proof; those of `erased` are gone. */
async function verdict(
  file: (shown: readonly CheckRunContent[]) => string,
  names: readonly string[],
  erased: readonly number[] = [],
  log: Partial<CheckRunLog> = {},
): Promise<CheckRunVerdict> {
  const shown = names.map((name) =>
    appendProof(
      {
        name,
        sha: '1'.repeat(40),
        externalId: 'change:1',
        status: 'completed',
        conclusion: 'success',
        title: 'Approved',
        summary: `✅ **${name}.**`,
        text: `Of ${name}.`,
        actions: [],
      },
      { entryId: decision.id, index: 0, origin, proof },
    ),
  );
  const sealed = shown.map((each) => sealDocument(checkRunDocument(each).body, randomBytes));
  const commitments = sealed.map(({ commitment }) => commitment.toString('base64url'));
  const writes = commitments.map((commitment, at) => ({
    index: at + 1,
    content: entry(at + 1, {
      kind: 'effect.finished',
      answers: decision.id,
      documents: [{ name: 'check_run', type: 'application/json', commitment }],
    }),
  }));
  return await verifyCheckRun(readCheckRunCopy(file(shown)), {
    origin,
    vkeys: [signer.vkey],
    size: 1,
    retired: 0,
    continues: async (checkpoint) => Buffer.compare(checkpoint.root, root) === 0,
    entryAt: async () => entryBytes(decision),
    writes: async () => writes,
    document: async (commitment) => {
      const at = commitments.indexOf(commitment);
      return erased.includes(at) ? null : (sealed[at]?.body ?? null);
    },
    ...log,
  });
}

const json = ({ name, sha, externalId, conclusion, title, summary, text }: CheckRunContent): object => ({
  name,
  head_sha: sha,
  external_id: externalId,
  conclusion,
  output: { title, summary, text },
});

describe('a check run', () => {
  test('that says what was recorded holds', async () => {
    expect(await verdict(([one]) => JSON.stringify(json(one!)), ['change'])).toEqual({
      holds: true,
      told: ['This check run says what was recorded (entry 1).'],
    });
  });

  test('is a witness against a log that ends before its checkpoint, or has other entries under it', async () => {
    const whole = ([one]: readonly CheckRunContent[]): string => JSON.stringify(json(one!));
    expect(await verdict(whole, ['change'], [], { size: 0 })).toEqual({
      holds: false,
      told: [
        'The proof in this check run is of entry 0 under checkpoint 1, and this log ends after 0: it was cut, or it is an older copy.',
      ],
    });
    expect(await verdict(whole, ['change'], [], { continues: async () => false })).toEqual({
      holds: false,
      told: [
        `The ledger was forked: the proof in this check run is under checkpoint 1 of ${origin}, which is signed by the log's key, and the first 1 entries in this log are others.`,
      ],
    });
  });

  test.each<[string, Partial<CheckRunLog>]>([
    ['what it follows from', { entryAt: async () => null }],
    ['what was recorded of it', { writes: async () => [] }],
  ])('is not said to be forged where %s was retired', async (_, log) => {
    const whole = ([one]: readonly CheckRunContent[]): string => JSON.stringify(json(one!));
    expect(await verdict(whole, ['change'], [], log)).toMatchObject({ holds: false });
    await expect(verdict(whole, ['change'], [], { ...log, retired: 256 })).rejects.toMatchObject({
      code: 'entry_retired',
      message: expect.stringContaining('compare it with the archive (--log DIRECTORY)'),
    });
  });

  test('out of which something was taken is said not to have been compared in that', async () => {
    const cut = ([one]: readonly CheckRunContent[]): string =>
      JSON.stringify({ ...json(one!), conclusion: undefined, name: undefined });
    expect(await verdict(cut, ['change'])).toEqual({
      holds: true,
      told: [
        'This check run says what was recorded (entry 1).',
        'Its conclusion, name are not in this file, and were not compared.',
      ],
    });
    expect((await verdict(([one]) => one?.text ?? '', ['change'])).told).toEqual([
      'This check run says what was recorded (entry 1).',
      'Its summary is not in this file, and was not compared.',
    ]);
  });

  test('whose conclusion is said to be none does not', async () => {
    const cut = ([one]: readonly CheckRunContent[]): string =>
      JSON.stringify({ ...json(one!), conclusion: null });
    expect(await verdict(cut, ['change'])).toEqual({
      holds: false,
      told: [
        'The check run\'s text was edited: it is not what entry 1 recorded; the first difference is in its conclusion: it says "", and "success" was recorded.',
      ],
    });
  });

  test('is not called edited where what was recorded of it may have been erased', async () => {
    const second = ([, two]: readonly CheckRunContent[]): string => JSON.stringify(json(two!));
    expect(await verdict(second, ['change', 'deployment'])).toMatchObject({ holds: true });
    expect(await verdict(second, ['change', 'deployment'], [1])).toEqual({
      holds: false,
      told: [
        "Nothing shows that this check run's text is as it was written: it is not what entry 1 recorded (the first difference is in line 1 of its summary: " +
          'it says "✅ **deployment.**", and "✅ **change.**" was recorded), and what entry 2 recorded of it was erased.',
      ],
    });
    await expect(verdict(second, ['change', 'deployment'], [0, 1])).rejects.toMatchObject({
      code: 'document_gone',
    });
  });
});
