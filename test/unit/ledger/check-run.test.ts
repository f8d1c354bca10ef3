import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import type { CheckRunContent } from '../../../src/domain/effect.ts';
import { appendProof } from '../../../src/effects/append-proof.ts';
import { readCheckRunCopy } from '../../../src/ledger/format/check-run-copy.ts';
import { compareCheckRun } from '../../../src/ledger/format/check-run-difference.ts';
import { parseCheckRunRecord } from '../../../src/ledger/format/check-run-record.ts';
import { checkRunDocument } from '../../../src/pipeline/documents.ts';
import { proof } from '../effects/example-check-runs.ts';

const content = (more: Partial<CheckRunContent> = {}): CheckRunContent => ({
  name: 'countersign/change',
  sha: '1'.repeat(40),
  externalId: 'change:1',
  status: 'completed',
  conclusion: 'success',
  title: 'Approved',
  summary: '✅ **Approved.**\n\n| gate |  |\n| --- | --- |',
  text: 'A\n\n- list  \n- of things',
  actions: [],
  ...more,
});

/** As GitHub's API gives it back. */
const asJson = ({ name, sha, externalId, conclusion, title, summary, text }: CheckRunContent): string =>
  JSON.stringify({
    id: 1,
    name,
    head_sha: sha,
    external_id: externalId,
    conclusion,
    output: { title, summary, text },
  });

const compare = (file: string, shown: CheckRunContent) =>
  compareCheckRun(readCheckRunCopy(file), parseCheckRunRecord(checkRunDocument(shown).body));
const difference = (file: string, shown: CheckRunContent) => compare(file, shown).difference?.what ?? null;

describe('a saved check run', () => {
  test.each([
    ['with text', content()],
    ['without text', content({ text: null })],
  ])('%s has its proof and the entry it names in it', (_, plain) => {
    const shown = appendProof(plain, proof);
    for (const file of [asJson(shown), `${shown.summary}\n${shown.text ?? ''}`]) {
      const copy = readCheckRunCopy(file.replaceAll('\n', '\r\n'));
      expect(copy.proof).toBe(proof.proof);
      expect(copy.named).toEqual({ index: proof.index, id: proof.entryId });
    }
  });

  test('may have the proof copied without what stands around it', () => {
    expect(readCheckRunCopy(proof.proof).proof).toBe(proof.proof);
    expect(readCheckRunCopy(`x\n${proof.proof.trimEnd()}`).proof).toBe(proof.proof);
  });

  test('counts the last proof, whatever a program printed before', () => {
    const shown = appendProof(content({ text: `\`\`\`\nc2sp.org/tlog-proof@v1\nindex 1\n\`\`\`` }), proof);
    expect(readCheckRunCopy(asJson(shown)).proof).toBe(proof.proof);
  });

  test('without a whole proof has none', () => {
    expect(readCheckRunCopy('c2sp.org/tlog-proof@v1\nindex 1').proof).toBeNull();
    expect(readCheckRunCopy('').proof).toBeNull();
  });

  test.each(['{"a":1}', '{"output":{"text":1}}', '{'])('%s is none', (file) => {
    expect(() => readCheckRunCopy(file)).toThrow('is JSON, and no check run');
  });
});

describe('the words of a check run', () => {
  const words = fc
    .array(fc.oneof(fc.string(), fc.constantFrom('', ' ', '|', '```', 'é', '\t', '"')), { maxLength: 12 })
    .map((lines) => lines.join('\n'));
  const anyContent = fc
    .record({ title: words, summary: words, text: fc.option(words) })
    .map((parts) => appendProof(content(parts), proof));

  test('are the same in every form in which they can be saved', () => {
    fc.assert(
      fc.property(anyContent, (shown) => {
        const { summary, text } = shown;
        const forms = [asJson(shown), asJson({ ...shown, text: text ?? '' }), `${summary}\n\n${text ?? ''}`];
        if (text !== null) forms.push(text);
        for (const form of forms)
          if (!form.trimStart().startsWith('{') || form.startsWith('{"id":1'))
            expect(compare(form, shown).difference).toBeNull();
        const blanks = (value: string): string => value.replaceAll('\n', ' \t\r\n');
        const loose = { ...shown, summary: blanks(summary), text: text === null ? null : blanks(text) };
        expect(difference(asJson(loose), shown)).toBeNull();
      }),
    );
  });

  test('are not the same where anything that can be seen was put in', () => {
    fc.assert(
      fc.property(anyContent, fc.nat(), fc.constantFrom('x', '.', '\u200b', '0'), (shown, at, sign) => {
        const body = shown.text ?? shown.summary;
        const where = at % (body.length + 1);
        const edited = body.slice(0, where) + sign + body.slice(where);
        if (!edited.isWellFormed()) return;
        const changed = shown.text === null ? { ...shown, summary: edited } : { ...shown, text: edited };
        expect(difference(asJson(changed), shown)).not.toBeNull();
        if (!edited.trimStart().startsWith('{')) expect(difference(edited, shown)).not.toBeNull();
      }),
    );
  });

  test.each<[string, string, string]>([
    ['a line', 'A\n\n- list\n- of lies', 'in line 4: it says "- of lies", and "- of things" was recorded'],
    ['an end', 'A\n\n- list', 'in line 4: it ends, and "- of things" was recorded'],
    ['more', 'A\n\n- list\n- of things\n\nand', 'in line 5: it says "", where what was recorded has ended'],
    [
      'what can not be seen',
      'A\n\n- list\n- of \u202ethings',
      String.raw`in line 4: it says "- of \u202ethings", and "- of things" was recorded`,
    ],
    [
      'a blank that is none',
      'A\u00a0\u00adB',
      String.raw`in line 1: it says "A\u00a0\u00adB", and "A" was recorded`,
    ],
    [
      'letters that are not shown',
      'A\u{e0041}\ufe0f',
      String.raw`in line 1: it says "A\udb40\udc41\ufe0f", and "A" was recorded`,
    ],
    ['what moves a cursor', 'A\u001b[2J', String.raw`in line 1: it says "A\u001b[2J", and "A" was recorded`],
  ])('differ by %s, and where', (_, file, told) => {
    expect(difference(file, content())).toBe(told);
  });

  test.each([
    [{ conclusion: null }, 'in its conclusion: it says "", and "success" was recorded'],
    [{ external_id: null }, 'in its external id: it says "", and "change:1" was recorded'],
    [{ output: { title: null } }, 'in line 1 of its summary: it ends, and "✅ **Approved.**" was recorded'],
  ])('differ where GitHub’s JSON says that there are none: %j', (changes, told) => {
    const json = { ...(JSON.parse(asJson(content())) as object), ...changes };
    expect(difference(JSON.stringify(json), content())).toBe(told);
  });

  test('are said not to be compared where they were left out', () => {
    const { output } = JSON.parse(asJson(content())) as { output: object };
    expect(compare(JSON.stringify({ output }), content())).toEqual({
      difference: null,
      unseen: ['conclusion', 'name', 'sha', 'externalId'],
    });
  });

  test('are compared in no time, however many blanks are in a line', () => {
    const line = `A${' '.repeat(1_000_000)}`;
    const began = process.cpuUsage();
    expect(difference(`${line}B`, content({ text: `${line}B` }))).toBeNull();
    expect(difference(line, content({ text: 'A' }))).toBeNull();
    expect(process.cpuUsage(began).user / 1000).toBeLessThan(2_000);
  });

  test('are shown from shortly before where they differ', () => {
    const long = 'a'.repeat(200);
    expect(difference(`${long}b${long}`, content({ text: `${long}c${long}` }))).toBe(
      `in line 1: it says "…${'a'.repeat(30)}b${'a'.repeat(69)}…", and "…${'a'.repeat(30)}c${'a'.repeat(69)}…" was recorded`,
    );
  });
});
