import { describe, expect, test } from '@jest/globals';
import { byteLength, clip } from '../../../src/effects/clip.ts';
import {
  code,
  escape,
  fenced,
  html,
  link,
  plain,
  sentence,
  sentenceAsText,
} from '../../../src/effects/markdown.ts';

const Z = '\u200b';

describe('text becomes Markdown that shows just that text', () => {
  test.each([
    ['a plain one', 'Round totals', 'Round totals'],
    ['a mention', 'thanks @alice', `thanks @${Z}alice`],
    ['an issue', 'fixes #12 and C# 8', `fixes #${Z}12 and C# 8`],
    ['an address', 'see https://evil.example', `see https:${Z}//evil.example`],
    ['HTML', '<b>&amp;</b>', String.raw`\<b\>\&amp;\</b\>`],
    ['a table’s bar', String.raw`a|b\|c`, String.raw`a&#124;b\\&#124;c`],
    ['a list’s start', '- 1', String.raw`\- 1`],
    ['a number’s start', '1. x', String.raw`1\. x`],
    ['a heading', '# x', String.raw`\# x`],
    ['lines', 'a\n\nb', 'a b'],
    ['a reversed line', 'a\u202eb', 'ab'],
  ])('%s', (_, text, expected) => {
    expect(escape(text)).toBe(expected);
  });

  test.each([
    ['main', '`main`'],
    ['a|b', '<code>a&#124;b</code>'],
    ['a`b', String.raw`<code>a\`b</code>`],
    ['', ''],
  ])('%s as code', (text, expected) => {
    expect(code(text)).toBe(expected);
  });

  test('in HTML of ours', () => {
    expect(html('<i>"a" & @b</i>')).toBe(`&lt;i&gt;&quot;a&quot; &amp; @${Z}b&lt;/i&gt;`);
  });

  test('only an address of the web becomes a link', () => {
    expect(link('#1', 'https://github.com/acme/shop/pull/1')).toBe(
      '[#1](https://github.com/acme/shop/pull/1)',
    );
    expect(link('#1', 'javascript:alert(1)')).toBe('#1');
    expect(link('#1', 'https://x.example/) [y](z')).toBe('#1');
  });

  test('a fence is longer than any in the text', () => {
    expect(fenced(['```', 'a\u001b[31mb'], 'text')).toBe('````text\n```\na[31mb\n````');
  });
});

describe('a sentence of the policy room', () => {
  test.each([
    ['stays as it is', 'Held: `ci/test` is **red**.', 'Held: `ci/test` is **red**.'],
    ['pings nobody', 'by @carol', `by @${Z}carol`],
    ['starts no HTML', 'a <b> c', 'a &#x3c;b> c'],
    ['breaks no table', String.raw`a|b \| c`, 'a&#x7c;b &#x7c; c'],
    ['ends in no escape of what follows', 'a\\', 'a&#x5c;'],
    ['makes no link', '[a](https://x)', `[a&#x5d;(https:${Z}//x)`],
    ['refers to a pull request', 'pull request #12', 'pull request #12'],
    ['refers to none that is only data', String.raw`title \#12`, `title \\#${Z}12`],
    ['keeps what is escaped already', String.raw`\*a\* \`b`, String.raw`\*a\* &#x60;b`],
  ])('%s', (_, text, expected) => {
    expect(sentence(text)).toBe(expected);
  });

  test('is plain in a title', () => {
    expect(
      sentenceAsText(String.raw`The check %sci%s of **main** isn\'t &lt;green\>`.replaceAll('%s', '`')),
    ).toBe("The check ci of main isn't <green>");
  });
});

describe('a text is cut', () => {
  test.each([
    ['abc', 3, 'abc'],
    ['abcd', 3, 'ab…'],
    ['a😀b', 3, 'a…'],
    ['a  b', 3, 'a…'],
    ['abc', 0, '…'],
  ])('%j to %d characters', (text, max, expected) => {
    expect(clip(text, max)).toBe(expected);
  });

  test('and counted in bytes as UTF-8 does', () => {
    for (const text of ['', 'a', 'é', '…', '😀', 'a😀é…b', '\ud800'])
      expect(byteLength(text)).toBe(Buffer.byteLength(text));
  });

  test('without breaking a character', () => {
    expect(plain('😀'.repeat(10), 4).isWellFormed()).toBe(true);
  });
});
