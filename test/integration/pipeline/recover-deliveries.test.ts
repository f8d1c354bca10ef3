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
