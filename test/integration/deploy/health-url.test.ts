import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { healthAddress } from '../../../src/deploy/check-health.ts';
import type { HealthUrl } from '../../../src/domain/deploy.ts';
import { DeployWorld, type DeployWish, SSHD_USABLE } from '../../support/deploy/deploy-world.ts';

const onSshd = SSHD_USABLE ? describe : describe.skip;

test.each([
  ['web1.internal', 'http://web1.internal:80/h?at=web1.internal'],
  ['10.0.0.1', 'http://10.0.0.1:80/h?at=10.0.0.1'],
  ['fd00::1', 'http://[fd00::1]:80/h?at=[fd00::1]'],
])('%s is asked at %s', (host, address) => {
  const health = { url: 'http://{host}:80/h?at={host}', status: 200, tries: 1, interval: 0, timeout: 1 };
  expect(healthAddress(health, { host })).toBe(address);
});

onSshd('health over HTTP', () => {
  let world: DeployWorld;
  let server: Server;
  let port: number;
  let running: { release: string; sha: string };
  let next: string;
  /** What the next requests are answered with; the last one counts for all further. `hang`: not at all. */
  let answers: (number | 'hang')[] = [];
  let asked: string[] = [];

  beforeAll(async () => {
    world = await DeployWorld.create();
    server = createServer((request, response) => {
      asked.push(`${request.method} ${request.url}`);
      const answer = (answers.length > 1 ? answers.shift() : answers[0]) ?? 200;
      if (answer === 'hang') return;
      response.writeHead(answer, { location: '/elsewhere' });
      response.end('body');
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    port = typeof address === 'object' && address !== null ? address.port : 0;
    next = await world.repository.commit({ a: 'next' });
    running = { release: 'r1', sha: await world.repository.commit({ a: 'running' }) };
    await world.deploy(running);
    await world.save();
  });
  beforeEach(async () => {
    asked = [];
    await world.restore();
  });
  afterAll(async () => {
    server.closeAllConnections();
    server.close();
    await world.stop();
  });

  const deploy = (health: Partial<HealthUrl> = {}, wish: Pick<DeployWish, 'cancelled'> = {}) =>
    world.deploy({
      ...wish,
      release: 'r2',
      sha: next,
      running,
      target: {
        healthUrl: {
          url: `http://{host}:${port}/health`,
          status: 200,
          tries: 3,
          interval: 0,
          timeout: 1,
          ...health,
        },
      },
    });

  test('the answer that is wanted: well, after the switch', async () => {
    answers = [204];
    const outcome = await deploy({ status: 204 });
    expect([outcome.outcome, asked]).toEqual(['success', ['GET /health']]);
    expect(world.events.indexOf('health_url started')).toBeGreaterThan(
      world.events.indexOf('switch finished'),
    );
    expect(outcome.hosts[0]?.commands).toMatchObject([
      { step: 'health_url', exitCode: 0, output: expect.stringMatching(/\ntry 1: 204 after \d+ ms\n$/) },
    ]);
  });

  test('not at first: it is asked again', async () => {
    answers = [503, 'hang', 200];
    const outcome = await deploy();
    expect(outcome.outcome).toBe('success');
    expect(outcome.hosts[0]?.commands[0]?.output).toMatch(
      /try 1: 503 after \d+ ms\ntry 2: no answer in 1 s after 1\d\d\d ms\ntry 3: 200 after/,
    );
  });

  test.each<[string, (number | 'hang')[], RegExp]>([
    [
      'another answer',
      [500],
      /asked at http:\/\/127\.0\.0\.1:\d+\/health 3 times and never answered 200; the last time: 500 after/,
    ],
    ['a redirect, which is not followed', [302], /the last time: 302 after/],
    ['none', ['hang'], /the last time: no answer in 1 s after/],
  ])('%s: switched back', async (_, given, message) => {
    answers = given;
    const outcome = await deploy();
    expect(outcome.hosts[0]).toMatchObject({
      outcome: 'rolled_back',
      failedAt: 'health_url',
      message: expect.stringMatching(message),
    });
    expect([asked, await world.current()]).toEqual([Array(3).fill('GET /health'), 'releases/r1']);
  });

  test('cancelled while it is asked again and again: it is asked no more, and switched back', async () => {
    answers = [503];
    const cancelled = () => Promise.resolve(asked.length >= 2 ? 'It was cancelled.' : null);
    const outcome = await deploy({ tries: 60 }, { cancelled });
    expect([outcome.outcome, outcome.hosts[0]?.outcome]).toEqual(['cancelled', 'rolled_back']);
    expect([asked.length, await world.current()]).toEqual([2, 'releases/r1']);
  });

  test('nobody listens there: switched back, and it says so', async () => {
    const outcome = await deploy({ url: 'http://{host}:1/', tries: 1 });
    expect(outcome.hosts[0]?.message).toMatch(
      /asked at http:\/\/127\.0\.0\.1:1\/ once and never answered 200; the last time: .*(?:ECONNREFUSED|bad port)/,
    );
    expect(await world.current()).toBe('releases/r1');
  });

  test('what it is asked with is in nothing that is recorded or shown', async () => {
    answers = [500];
    const { hosts } = await deploy({ url: `http://{host}:${port}/health?key=opensesame`, tries: 1 });
    expect(asked).toEqual(['GET /health?key=opensesame']);
    expect(hosts[0]?.message).toContain('/health?… once');
    expect(JSON.stringify(hosts)).not.toContain('opensesame');
  });
});
