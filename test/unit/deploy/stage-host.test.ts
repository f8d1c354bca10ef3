import { expect, test } from '@jest/globals';
import { DeployError } from '../../../src/deploy/deploy-error.ts';
import type { DeployPlan } from '../../../src/deploy/plan.ts';
import { HostRun } from '../../../src/deploy/host-run.ts';
import type { HostSession } from '../../../src/deploy/host-session.ts';
import { type Staging, stageHost } from '../../../src/deploy/stage-host.ts';

test('an attempt that is broken off doesn’t wait for its next try of a host whose connection went away', async () => {
  const attempt = new AbortController();
  let tries = 0;
  let aborted = 0;
  const session = {
    step: (_name: string, work: () => Promise<unknown>) => work(),
    connect: () => {
      tries += 1;
      if (tries === 2) {
        queueMicrotask(() => {
          aborted = performance.now();
          attempt.abort(new Error('another process has it'));
        });
      }
      return Promise.reject(new DeployError('connection_lost', 'gone'));
    },
    beginAgain: () => undefined,
  } as unknown as HostSession;
  const staging: Staging = {
    archiveOf: () => {
      throw new Error('nothing is sent in this test');
    },
    stopped: () => false,
    signal: attempt.signal,
  };
  const run = new HostRun(session, '2026-03-01T00:00:00.000Z');
  const plan = {} as unknown as DeployPlan;
  await expect(stageHost(run, plan, staging)).rejects.toMatchObject({ name: 'AbortError' });
  expect([tries, run.failed]).toEqual([2, false]);
  // Less than the pause that was broken off, which would have been of three seconds.
  expect(performance.now() - aborted).toBeLessThan(2_900);
});
