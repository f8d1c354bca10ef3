import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';

import { markdown } from '../../../demo/github/pages/markdown.ts';

describe('Markdown in a check run', () => {
  test.each([
    ['a table', '| a | b |\n| - | - |\n| 1 | 2 |', '<td>2</td>'],
    ['a folded part', '<details><summary>Proof</summary>\n\n`x`\n\n</details>', '<code>x</code>'],
    ['a line break in a cell', '| a |\n| - |\n| 1<br>2 |', '1<br>2'],
    ['an alert', '> [!WARNING]\n> Held', 'class="alert warning"'],
    [
      'a link',
      '[here](https://example.com/a?b=1&c=2)',
      '<a href="https://example.com/a?b=1&amp;c=2">here</a>',
    ],
  ])('%s', (_what, source, expected) => {
    expect(markdown(source).text).toContain(expected);
  });

  test('no link runs anything', () => {
    expect(markdown('[x](javascript:alert(1))').text).not.toContain('javascript');
  });

  test('no HTML gets through but the little that GitHub folds and breaks with', () => {
    const tag = fc.constantFrom(
      'script',
      'img',
      'iframe',
      'a',
      'svg',
      'style',
      'form',
      'details onclick="x"',
    );
    fc.assert(
      fc.property(tag, fc.string(), fc.boolean(), (name, text, block) => {
        const source = `${block ? '' : 'text '}<${name}>${text.replaceAll('\n', ' ')}`;
        expect(markdown(source).text).not.toMatch(/<(script|img|iframe|svg|style|form|details )/i);
      }),
    );
  });
});
