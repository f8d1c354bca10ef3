import { describe, expect, test } from '@jest/globals';
import type { CheckRunContent } from '../../../src/domain/effect.ts';
import { appendProof, cutAtBlock } from '../../../src/effects/append-proof.ts';
import { byteLength } from '../../../src/effects/clip.ts';
import { CHECK_RUN_LIMIT, PROOF_ROOM } from '../../../src/effects/fit-sections.ts';
import { proof } from './example-check-runs.ts';
import { sha } from './example-facts.ts';

const checkRun = (more: Partial<CheckRunContent>): CheckRunContent => ({
  name: 'countersign/change',
  sha: sha('1'),
  externalId: 'change:1',
  status: 'completed',
  conclusion: 'success',
  title: 'Approved',
  summary: '✅ **Approved.**',
  text: null,
  actions: [],
  ...more,
});

/** The proof that a reader takes out of a check run, to verify it elsewhere. */
const proofIn = (markdown: string) =>
  /```text\n(c2sp\.org\/tlog-proof@v1\n[\s\S]*?\n)```/.exec(markdown)?.[1];

describe('the proof in a check run', () => {
  test('stands at the end of the text, whole', () => {
    const { summary, text } = appendProof(checkRun({ text: 'A table' }), proof);
    expect(summary).toBe('✅ **Approved.**');
    expect(text?.startsWith('A table\n\n### Ledger\n\nEntry **389** of `audit.example.com/ledger/1`')).toBe(
      true,
    );
    expect(text).toContain('npx countersign prove 389');
    expect(text).toContain('npx countersign verify');
    expect(proofIn(text ?? '')).toBe(proof.proof);
  });

  test('stands at the end of the summary where there is no text', () => {
    const { summary, text } = appendProof(checkRun({}), {
      ...proof,
      vkey: 'audit.example.com/ledger/1+410a5832+AU4y',
    });
    expect(text).toBeNull();
    expect(summary.startsWith('✅ **Approved.**\n\n### Ledger')).toBe(true);
    expect(summary).toContain('`audit.example.com/ledger/1+410a5832+AU4y`');
    expect(proofIn(summary)).toBe(proof.proof);
  });

  test('fits into the room that is left for it, in a log of a hundred million with ten witnesses', () => {
    const hashes = Array.from({ length: 27 }, () => `${'A'.repeat(43)}=`);
    const witnesses = Array.from(
      { length: 10 },
      (_, index) => `— witness.example.com/w${index} ${'A'.repeat(104)}`,
    );
    const large = {
      ...proof,
      proof: [
        'c2sp.org/tlog-proof@v1',
        'index 99999999',
        ...hashes,
        '',
        'origin',
        '100000000',
        'x',
        '',
        ...witnesses,
        '',
      ].join('\n'),
    };
    const full = 'x'.repeat(CHECK_RUN_LIMIT - PROOF_ROOM);
    const { text } = appendProof(checkRun({ text: full }), large);
    expect(text?.startsWith(full)).toBe(true);
    expect(byteLength(text ?? '')).toBeLessThanOrEqual(CHECK_RUN_LIMIT);
  });

  test('is not cut where the text had left no room: the text is, at a block', () => {
    const text = Array.from({ length: 3_000 }, (_, index) => `Block ${index} is some thirty bytes.`).join(
      '\n\n',
    );
    const shown = appendProof(checkRun({ text }), proof).text ?? '';
    expect(byteLength(shown)).toBeLessThanOrEqual(CHECK_RUN_LIMIT);
    expect(shown).toContain('bytes.\n\n…the rest is in the ledger.\n\n### Ledger');
    expect(proofIn(shown)).toBe(proof.proof);
  });

  test('gives way to the verdict where it is absurdly large', () => {
    const { summary } = appendProof(checkRun({}), { ...proof, proof: 'x'.repeat(70_000) });
    expect(summary.startsWith('✅ **Approved.**')).toBe(true);
    expect(summary).toContain('`npx countersign prove 389` prints it');
  });
});

test.each([
  ['in a fence', '````\nb\n\n```\nc\n\nd\n````'],
  ['in a fold', '<details><summary>b</summary>\n\nc\n\nd\n\n</details>'],
])('nothing is cut %s', (_, whole) => {
  const cut = '…the rest is in the ledger.';
  const text = `a\n\n${whole}\n\n${'e'.repeat(60)}`;
  const seen = new Set<string>();
  for (let max = 35; max <= byteLength(text); max += 1) {
    const shown = cutAtBlock(text, max);
    expect(byteLength(shown)).toBeLessThanOrEqual(max);
    seen.add(shown);
  }
  expect([...seen]).toEqual([`a\n\n${cut}`, `a\n\n${whole}\n\n${cut}`, text]);
});
