import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import type { AssessedDeployment } from '../../../../src/pipeline/deployment/assess-deployment.ts';
import type { StoredDeployment } from '../../../../src/pipeline/deployment/deployment-row.ts';
import type { Pipeline } from '../../../../src/pipeline/pipeline.ts';
import { ShownProgress } from '../../../../src/pipeline/deployment/shown-progress.ts';

const host = { host: 'web1', port: 22, user: 'deploy', fingerprint: 'SHA256:x' };
const step = { host, step: 'stage', state: 'started', message: '' } as const;

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

/** What is planned goes into a database that does, with the nth transaction, what the nth of these says. */
function shownOn(transactions: (() => Promise<void>)[]) {
  let planned = 0;
  const execute = async () => {
    planned += 1;
    await transactions.shift()?.();
  };
  const pipeline = { db: { transaction: () => ({ execute }) }, log: { warn: () => undefined } };
  const shown = new ShownProgress(pipeline as unknown as Pipeline, { id: 'd1' } as StoredDeployment, {
    assessed: {} as AssessedDeployment,
    hosts: [host],
  });
  return { shown, planned: () => planned };
}

test('nothing new since it was shown: it isn’t shown again', async () => {
  const { shown, planned } = shownOn([]);
  shown.step(step);
  await jest.advanceTimersByTimeAsync(100_000);
  expect(planned()).toBe(1);
  await shown.close();
});

test('a step that comes while it is being shown is shown the next time', async () => {
  const { shown, planned } = shownOn([
    () => {
      shown.step({ ...step, state: 'finished' });
      return Promise.resolve();
    },
  ]);
  shown.step(step);
  await jest.advanceTimersByTimeAsync(100_000);
  expect(planned()).toBe(2);
  await shown.close();
});

test('what could not be shown is tried the next time', async () => {
  const { shown, planned } = shownOn([() => Promise.reject(new Error('the database is gone'))]);
  shown.step(step);
  await jest.advanceTimersByTimeAsync(100_000);
  expect(planned()).toBe(2);
  await shown.close();
});
