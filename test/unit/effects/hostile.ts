/** Text from whoever may push, at its worst, and what a check run must be whatever it was made from. */
import { expect } from '@jest/globals';
import * as fc from 'fast-check';
import type { CheckRunContent } from '../../../src/domain/effect.ts';

const PIECES = [
  '<script>alert(1)</script>',
  '<img src=x onerror=alert(1)>',
  '</details>',
  '<!--',
  '|',
  '\\',
  '\\|',
  '`',
  '```',
  '~~~',
  '\n',
  '\r\n',
  '\u2028',
  '\n\n# heading\n\n',
  '@everyone',
  '@acme/maintainers',
  '#1',
  'GH-1',
  'https://evil.example/x',
  'www.evil.example',
  'a@evil.example',
  '[click](https://evil.example)',
  '![x](https://evil.example/x.png)',
  '](javascript:alert(1))',
  '**',
  '&lt;',
  '\u202e',
  '\u0000',
  '\u001b[31m',
  '\ud800',
  '😀',
  '- ',
  '1. ',
  ' ',
  'plain',
];

/** A short text. */
export const hostile = fc
  .array(
    fc.oneof(
      { weight: 4, arbitrary: fc.constantFrom(...PIECES) },
      { weight: 1, arbitrary: fc.string({ unit: 'binary' }) },
    ),
    {
      maxLength: 8,
    },
  )
  .map((pieces) => pieces.join(''));

/** A text that may be far longer than what anything has room for. */
export const long = fc
  .tuple(hostile, fc.constantFrom(1, 1, 20, 400))
  .map(([text, times]) => text.repeat(times));

const OWN = /<\/?(?:details|summary|code|sub|b)>|<br>/g;

/** GitHub takes it, its verdict is there, and nothing in it is Markdown, HTML, a link or a mention that we didn't write. */
export function expectSound(checkRun: CheckRunContent, verdict: RegExp): void {
  const { title, summary, text, actions } = checkRun;
  expect(title.length).toBeLessThanOrEqual(140);
  expect(title).toMatch(verdict);
  // oxlint-disable-next-line no-control-regex
  expect(title).not.toMatch(/[\u0000-\u001f\u2028\u202e]/);
  expect(summary).toMatch(/^(?:✅|⏳|❌|👀|➖|🚀|❓|🛑) \*\*/u);
  expect((checkRun.status === 'completed') === (checkRun.conclusion !== null)).toBe(true);
  expect(actions.length).toBeLessThanOrEqual(3);
  for (const { label, description, identifier } of actions) {
    expect(label.length).toBeLessThanOrEqual(20);
    expect(description.length).toBeLessThanOrEqual(40);
    expect(identifier.length).toBeLessThanOrEqual(20);
  }
  for (const markdown of [summary, text ?? '']) {
    expect(Buffer.byteLength(markdown)).toBeLessThanOrEqual(65_535);
    expect(markdown.isWellFormed()).toBe(true);
    expectTame(markdown);
  }
}

/** {@link expectSound} for one piece of Markdown. */
export function expectTame(markdown: string): void {
  const prose = outsideFences(markdown);
  expectTables(prose);
  const opened = prose.match(/<details>/g)?.length ?? 0;
  expect(prose.match(/<\/details>/g)?.length ?? 0).toBe(opened);
  // A blank stands for each tag: without it, what stood before and behind one would read as one escape.
  const bare = prose.replaceAll(OWN, ' ').replaceAll(/\]\(https:\/\/github\.com\/[^\s()]*\)/g, ']');
  // oxlint-disable-next-line no-control-regex
  expect(bare.replaceAll('\n', '')).not.toMatch(/[\u0000-\u001f\u2028\u202e]/);
  expect(bare).not.toMatch(/(?<!\\)(?:\\\\)*</);
  const spoken = bare.replaceAll(/(?<!\\)`[^`\n]*`/g, '');
  expect(spoken).not.toMatch(/@(?!\u200b)/);
  expect(spoken).not.toMatch(/:\/\//);
  expect(spoken).not.toMatch(/www\./i);
  // Markdown isn't read on a line that starts with HTML, and only ours do.
  const read = prose
    .replaceAll(/^<details>.*$/gm, '')
    .replaceAll(OWN, ' ')
    .replaceAll(/\]\(https:\/\/github\.com\/[^\s()]*\)/g, ']');
  expect(read.replaceAll(/(?<!\\)`[^`\n]*`/g, '')).not.toMatch(/(?<!\\)\]\(/);
}

/** The lines that aren't in a block of code; a block that doesn't end is a fault of its own. */
function outsideFences(markdown: string): string {
  let fence: string | null = null;
  const lines: string[] = [];
  for (const line of markdown.split('\n')) {
    const mark = /^(`{3,})/.exec(line)?.[1];
    if (fence !== null) {
      if (line === fence) fence = null;
    } else if (mark === undefined) lines.push(line);
    else fence = mark;
  }
  expect(fence).toBeNull();
  return lines.join('\n');
}

/** Every row has as many cells as its table's header, and no row stands outside of a table. */
function expectTables(prose: string): void {
  let cells = 0;
  for (const line of prose.split('\n')) {
    if (!line.startsWith('|')) {
      cells = 0;
      continue;
    }
    const found = line.match(/\|/g)?.length ?? 0;
    if (cells === 0) cells = found;
    expect([line, found]).toEqual([line, cells]);
  }
}
