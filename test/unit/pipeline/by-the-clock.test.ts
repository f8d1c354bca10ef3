import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { byTheClock } from '../../../src/pipeline/by-the-clock.ts';
import type { Pipeline } from '../../../src/pipeline/pipeline.ts';

const QUARTER = 15 * 60_000;
const told = jest.fn();
const pipeline = { log: { error: told } } as unknown as Pick<Pipeline, 'log'>;
const start = (work: () => Promise<void>) =>
  byTheClock(pipeline, { every: QUARTER, failed: 'it could not be done' }, work);

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

test('while a turn goes on no other is begun; the next one after it is', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const work = jest.fn(() => promise);
  const stop = start(work);
  await jest.advanceTimersByTimeAsync(3 * QUARTER);
  expect(work).toHaveBeenCalledTimes(1);
  resolve();
  await jest.advanceTimersByTimeAsync(QUARTER);
  expect(work).toHaveBeenCalledTimes(2);
  stop();
  await jest.advanceTimersByTimeAsync(3 * QUARTER);
  expect(work).toHaveBeenCalledTimes(2);
});

test('a turn that failed is told, and no reason to try no more', async () => {
  const gone = new Error('the database is gone');
  const work = jest.fn(() => Promise.reject(gone));
  const stop = start(work);
  await jest.advanceTimersByTimeAsync(2 * QUARTER);
  expect(work).toHaveBeenCalledTimes(2);
  expect(told).toHaveBeenLastCalledWith({ err: gone }, 'it could not be done');
  stop();
});
