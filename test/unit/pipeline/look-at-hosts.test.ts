import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { startLookingAtHosts } from '../../../src/pipeline/look-at-hosts.ts';
import type { Pipeline } from '../../../src/pipeline/pipeline.ts';

const QUARTER = 15 * 60_000;
const pipeline = { log: { error: () => undefined } } as unknown as Pipeline;

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

test('while a look goes on no other is begun; the next turn after it is', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const look = jest.fn(() => promise);
  const stop = startLookingAtHosts(pipeline, look);
  await jest.advanceTimersByTimeAsync(3 * QUARTER);
  expect(look).toHaveBeenCalledTimes(1);
  resolve();
  await jest.advanceTimersByTimeAsync(QUARTER);
  expect(look).toHaveBeenCalledTimes(2);
  stop();
  await jest.advanceTimersByTimeAsync(3 * QUARTER);
  expect(look).toHaveBeenCalledTimes(2);
});

test('a look that failed is no reason to look no more', async () => {
  const look = jest.fn(() => Promise.reject(new Error('the database is gone')));
  const stop = startLookingAtHosts(pipeline, look);
  await jest.advanceTimersByTimeAsync(2 * QUARTER);
  expect(look).toHaveBeenCalledTimes(2);
  stop();
});
