import { expect, test } from '@jest/globals';

import { pushCommands } from '../../../demo/github/git-http.ts';

const line = (text: string): string => (text.length + 4).toString(16).padStart(4, '0') + text;
const zero = '0'.repeat(40);
const one = '1'.repeat(40);

test('the updates at the head of a push are read, and the pack behind them is left alone', () => {
  const head =
    line(`${zero} ${one} refs/heads/main\0 report-status side-band-64k`) +
    line(`${one} ${zero} refs/heads/old\n`);
  const body = Buffer.concat([Buffer.from(`${head}0000PACK`), Buffer.from([0, 1, 2, 255])]);
  expect(pushCommands(body)).toEqual([
    { before: zero, after: one, ref: 'refs/heads/main' },
    { before: one, after: zero, ref: 'refs/heads/old' },
  ]);
});

test('a probe has none', () => {
  expect(pushCommands(Buffer.from('0000'))).toEqual([]);
  expect(pushCommands(Buffer.alloc(0))).toEqual([]);
});
