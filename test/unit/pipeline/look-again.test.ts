import { expect, test } from '@jest/globals';
import { isDue, LOOK_AGAIN_MS } from '../../../src/pipeline/look-again.ts';

const HOUR = 3_600_000;

/** How often a deployment is looked at between two ages, by a clock that turns each five minutes. */
function looks(from: number, until: number): number {
  let count = 0;
  for (let age = from; age < until; age += LOOK_AGAIN_MS) if (isDue(age)) count += 1;
  return count;
}

test.each([
  ['in its first hour', 0, HOUR, 12],
  ['in the rest of its first day', HOUR, 24 * HOUR, 46],
  ['on its tenth day', 9 * 24 * HOUR, 10 * 24 * HOUR, 4],
])('%s', (_, from, until, count) => {
  expect(looks(from, until)).toBe(count);
  // Whenever the clock was started.
  expect(looks(from + 61_234, until + 61_234)).toBe(count);
});
