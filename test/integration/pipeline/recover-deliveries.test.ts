import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { listEntries } from '../../../src/ledger/store/read.ts';
import { recoverDeliveries } from '../../../src/pipeline/recover-deliveries.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { type Shop, startShop } from '../../support/github/start-shop.ts';
import { pipelineOn } from '../../support/pipeline.ts';
import { scriptedGitHub } from '../../unit/facts/scripted-github.ts';

let database: TestDatabase;
let world: Shop;
beforeAll(async () => {
  database = await createTestDatabase();
  world = await startShop();
});
afterAll(async () => {
  await world.stop();
  await database.drop();
});

test('what GitHub could not deliver is asked for again, unless we have it', async () => {
  const { github, bob, shop, received } = world;
  github.faults.fail(1, { event: 'push' });
  await github.commit(bob, shop, { branch: 'b', from: 'main', files: { 'b.txt': 'b' }, message: 'b' });
  await github.deliveries.waitForIdle();
  expect(received.filter(({ event }) => event === 'push')).toEqual([]);
  const failed = github.deliveries.log.find(({ status, event }) => status !== 'OK' && event === 'push');

  const pipeline = pipelineOn(database, scriptedGitHub({}));
  const recover = () => recoverDeliveries(pipeline, () => Promise.resolve(world.appItself()));
  expect(await recover()).toBe(1);
  await github.deliveries.waitForIdle();
  const again = received.find(({ event }) => event === 'push');
  expect(again?.headers['x-github-delivery']).toBe(failed?.guid);
  const [entry] = await listEntries(database.db, { kinds: ['delivery.recovered'] });
  expect(entry?.content).toMatchObject({ outcome: 'asked_again.push', delivery: failed?.guid });

  // Stored, it is left alone, although GitHub still lists the attempt that failed.
  await database.db
    .insertInto('countersign.delivery')
    .values({
      guid: failed?.guid ?? '',
      event: 'push',
      action: null,
      installation_id: null,
      body: Buffer.from('{}'),
      received_at: new Date(),
    })
    .execute();
  expect(await recover()).toBe(0);
});

test('where GitHub lists more than can be read it is said and recorded, once a day, and what was read is asked for', async () => {
  const guid = (page: number) => `00000000-0000-4000-8000-${String(page).padStart(12, '0')}`;
  let asked = 0;
  const app = scriptedGitHub({
    rest: {
      'GET /app/hook/deliveries': ({ cursor }) => {
        const page = Number(cursor ?? 1);
        asked += 1;
        return {
          data: [{ id: page, guid: guid(page), event: 'status' }],
          link: `<https://api.github.test/app/hook/deliveries?cursor=${page + 1}>; rel="next"`,
        };
      },
      'POST /app/hook/deliveries/{delivery_id}/attempts': () => ({ data: {} }),
    },
  });
  const errors: string[] = [];
  const plain = pipelineOn(database, scriptedGitHub({}), { now: () => '2026-03-03T09:00:00.000Z' });
  const log = { ...plain.log, error: (_: unknown, message?: string) => errors.push(String(message)) };
  const pipeline = { ...plain, log } as unknown as typeof plain;
  expect(await recoverDeliveries(pipeline, () => Promise.resolve(app))).toBe(100);
  await recoverDeliveries(pipeline, () => Promise.resolve(app));
  expect(asked).toBe(200);
  expect(errors).toHaveLength(2);
  const entries = await listEntries(database.db, {
    kinds: ['delivery.recovered'],
    outcomes: ['incomplete'],
  });
  expect(entries.map(({ content }) => content.delivery)).toEqual([guid(100)]);
});
