import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { ONE_BY_ONE } from '../../../src/deploy/plan-rollout.ts';
import type { Rollout } from '../../../src/domain/deploy.ts';
import { DeployWorld, type DeployWish, SSHD_USABLE } from '../../support/deploy/deploy-world.ts';

const onSshd = SSHD_USABLE ? describe : describe.skip;

/** Five hosts; one with a file `sick` beside its releases is not well with the new release. */
onSshd('a rollout in batches', () => {
  const NAMES = ['web1', 'web2', 'web3', 'web4', 'web5'];
  let world: DeployWorld;
  let running: { release: string; sha: string };
  let next: string;
  let moments: string[] = [];

  beforeAll(async () => {
    world = await DeployWorld.create(NAMES);
    next = await world.repository.commit({ a: 'next' });
    running = { release: 'r1', sha: await world.repository.commit({ a: 'running' }) };
    const first = await world.deploy({ ...running, hosts: hosts() });
    expect(first.outcome).toBe('success');
    await world.save();
  });
  beforeEach(async () => {
    moments = [];
    await world.restore();
  });
  afterAll(() => world.stop());

  const hosts = () => NAMES.map((_, index) => world.host(index));
  const nameOf = (port: number) => NAMES[hosts().findIndex((host) => host.port === port)] ?? '?';
  const HEALTH = 'if [ -e ../../sick ] && [ "$COUNTERSIGN_RELEASE" != r1 ]; then exit 1; fi';
  const deploy = (rollout: Partial<Rollout>, wish: Partial<DeployWish> = {}) =>
    world.deploy({
      release: 'r2',
      sha: next,
      running,
      hosts: hosts(),
      ...wish,
      target: {
        rollout: { ...ONE_BY_ONE, ...rollout },
        commands: { build: null, beforeSwitch: null, afterSwitch: null, health: HEALTH },
      },
      onProgress: async (event) => {
        const { host, step, state } = event;
        if (step === 'switch' || step === 'health' || step === 'switch_back')
          moments.push(`${nameOf(host.port)} ${step} ${state}`);
        await wish.onProgress?.(event);
      },
    });
  const sicken = (index: number) => writeFile(path.join(world.path(index), 'sick'), '');
  const currents = async () =>
    (await Promise.all(NAMES.map((_, index) => world.current(index)))).map((link) => link?.slice(-1));
  const locked = async () =>
    (await Promise.all(NAMES.map((_, index) => world.list('.countersign', index)))).some((names) =>
      names.includes('lock'),
    );
  const outcomes = (outcome: Awaited<ReturnType<typeof deploy>>) => outcome.hosts.map((host) => host.outcome);
  const at = (moment: string) => {
    const index = moments.indexOf(moment);
    if (index === -1) throw new Error(`${moment} never came: ${moments.join(', ')}`);
    return index;
  };

  test('a canary, then two at the same time, with a pause between', async () => {
    const times = new Map<string, number>();
    const outcome = await deploy(
      { canary: 1, batch: 2, pause: 1 },
      {
        onProgress: ({ host, step, state }) =>
          void times.set(`${nameOf(host.port)} ${step} ${state}`, performance.now()),
      },
    );
    expect([outcome.outcome, await currents(), await locked()]).toEqual([
      'success',
      ['2', '2', '2', '2', '2'],
      false,
    ]);
    // The canary is well before anybody else is switched; then the two of a batch go side by side.
    expect(at('web2 switch started')).toBeGreaterThan(at('web1 health finished'));
    expect(at('web3 switch started')).toBeLessThan(at('web2 health finished'));
    expect(at('web4 switch started')).toBeGreaterThan(
      Math.max(at('web2 health finished'), at('web3 health finished')),
    );
    const waited = (times.get('web2 switch started') ?? 0) - (times.get('web1 health finished') ?? 0);
    expect(waited).toBeGreaterThan(950);
  });

  test('the canary is ill: nobody else was switched', async () => {
    await sicken(0);
    const outcome = await deploy({ canary: 1, batch: 'all' });
    expect(outcomes(outcome)).toEqual([
      'rolled_back',
      'not_reached',
      'not_reached',
      'not_reached',
      'not_reached',
    ]);
    expect([await currents(), await locked()]).toEqual([['1', '1', '1', '1', '1'], false]);
    expect(moments.filter((moment) => moment.endsWith('switch started'))).toEqual(['web1 switch started']);
  });

  test('one of the second batch is ill: it and the batches before go back, newest first; the last was never reached', async () => {
    await sicken(2);
    const outcome = await deploy({ batch: { percent: 40 } });
    expect(outcomes(outcome)).toEqual([
      'rolled_back',
      'rolled_back',
      'rolled_back',
      'rolled_back',
      'not_reached',
    ]);
    expect([await currents(), await locked()]).toEqual([['1', '1', '1', '1', '1'], false]);
    const older = Math.min(at('web1 switch_back started'), at('web2 switch_back started'));
    const newer = Math.max(at('web3 switch_back finished'), at('web4 switch_back finished'));
    expect(older).toBeGreaterThan(newer);
  });

  test('roll_back_failed: only the ill one goes back', async () => {
    await sicken(2);
    const outcome = await deploy({ batch: 2, onFailure: 'roll_back_failed' });
    expect([outcome.outcome, outcomes(outcome)]).toEqual([
      'failure',
      ['success', 'success', 'rolled_back', 'success', 'not_reached'],
    ]);
    expect([await currents(), await locked()]).toEqual([['2', '2', '1', '2', '1'], false]);
  });

  test('stop: nothing goes back, and it says what still runs', async () => {
    await sicken(2);
    const outcome = await deploy({ batch: 2, onFailure: 'stop' });
    expect(outcomes(outcome)).toEqual(['success', 'success', 'failure', 'success', 'not_reached']);
    expect(outcome.hosts[2]).toMatchObject({
      failedAt: 'health',
      message: expect.stringMatching(/It still runs r2: after a failure the target says "stop"\.$/),
    });
    expect([await currents(), await locked()]).toEqual([['2', '2', '2', '2', '1'], false]);
  });

  test('a crash while it goes back: the next attempt goes on with that, and switches nothing a second time', async () => {
    await sicken(2);
    const crashed = deploy(
      { batch: 2 },
      {
        onProgress: ({ host, step, state }) => {
          if (step === 'switch_back' && state === 'finished' && nameOf(host.port) === 'web3')
            throw new Error('crash');
        },
      },
    );
    await expect(crashed).rejects.toThrow('crash');
    moments = [];
    const outcome = await deploy({ batch: 2 }, { resumed: true });
    expect(outcomes(outcome)).toEqual([
      'rolled_back',
      'rolled_back',
      'rolled_back',
      'rolled_back',
      'not_reached',
    ]);
    expect(moments.filter((moment) => / switch started/.test(moment))).toEqual([]);
    expect(outcome.hosts[2]?.message).toMatch(
      /^An earlier attempt had begun to switch it back\. The deployment failed on 127\.0\.0\.1:\d+\./,
    );
    expect([await currents(), await locked()]).toEqual([['1', '1', '1', '1', '1'], false]);
  });

  test('a crash between two batches: the next attempt goes on with the second', async () => {
    const crashed = deploy(
      { batch: 2 },
      {
        onProgress: ({ host, step, state }) => {
          if (step === 'switch' && state === 'started' && nameOf(host.port) === 'web3')
            throw new Error('crash');
        },
      },
    );
    await expect(crashed).rejects.toThrow('crash');
    moments = [];
    const outcome = await deploy({ batch: 2 }, { resumed: true });
    expect([outcome.outcome, await currents(), await locked()]).toEqual([
      'success',
      ['2', '2', '2', '2', '2'],
      false,
    ]);
    expect(moments.filter((moment) => / switch started/.test(moment))).not.toContain('web1 switch started');
  });
});
