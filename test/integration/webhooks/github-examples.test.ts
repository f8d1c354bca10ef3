import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { known } from '../../../src/domain/known.ts';
import { Webhooks } from '@octokit/webhooks';
import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';
import * as http from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import type { Queue } from '../../../src/db/queue.ts';
import { openQueue } from '../../../src/db/queue.ts';
import { Secret } from '../../../src/domain/secret.ts';
import type { Trigger } from '../../../src/domain/trigger.ts';
import { newEntryId } from '../../../src/ledger/format/entry-id.ts';
import { enqueueTriggers } from '../../../src/pipeline/enqueue-triggers.ts';
import { openGitHub } from '../../../src/pipeline/repository/github-access.ts';
import type { Pipeline } from '../../../src/pipeline/pipeline.ts';
import { createIngress, INGRESS_PATH } from '../../../src/webhooks/ingress.ts';
import { triggersOf } from '../../../src/webhooks/triggers-of.ts';
import type { DeliveryReceiver } from '../../../src/webhooks/work-deliveries.ts';
import { workDeliveries } from '../../../src/webhooks/work-deliveries.ts';
import { agreeingTrees } from '../../support/agreeing-trees.ts';
import type { TestDatabase } from '../../support/database.ts';
import { createTestDatabase } from '../../support/database.ts';

/*
 * GitHub's own examples: real payloads, some of them years old. Most came by a repository's webhook and so name no
 * installation; each of those is sent once more with one, as our App would get it.
 */
// The package's own types say that it is a module; it is a JSON file.
const examples = createRequire(import.meta.url)('@octokit/webhooks-examples') as {
  readonly name: string;
  readonly examples: readonly object[];
}[];

const SECRET = randomBytes(32).toString('hex');
const webhooks = new Webhooks({ secret: SECRET });

const deliveries = examples.flatMap(({ name, examples: payloads }) =>
  payloads.flatMap((payload, index) => {
    const whole = 'installation' in payload ? [] : [{ ...payload, installation: { id: 1 } }];
    return [payload, ...whole].map((each, variant) => {
      const digest = createHash('md5').update(`${name} ${index} ${variant}`).digest('hex');
      return { event: name, original: variant === 0, body: JSON.stringify(each), guid: guidOf(digest) };
    });
  }),
);

function guidOf(digest: string): string {
  return digest.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

const APP_ID = 29_310;

function appKey(): string {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return privateKey.export({ format: 'pem', type: 'pkcs1' }).toString();
}

/** What it takes to turn triggers into rows and jobs; whoever asks GitHub fails. */
function pipelineWithoutGitHub(): Pipeline {
  const nobody = (): Promise<never> => Promise.reject(new Error('nobody is asked here'));
  return {
    db: database.db,
    queue,
    log: pino({ level: 'silent' }),
    appId: APP_ID,
    github: nobody,
    contentsToken: nobody,
    webUrl: 'https://github.com',
    publicUrl: null,
    cloneUrl: () => '',
    mirrors: '',
    trees: () => agreeingTrees,
    targetOf: () => null,
    environments: null,
    now: () => new Date().toISOString(),
    githubAhead: () => known(0),
    newId: () => newEntryId(new Date().toISOString(), randomBytes),
    random: randomBytes,
    patience: { attempts: 1, seconds: 0 },
  };
}

let database: TestDatabase;
let queue: Queue;
let server: http.Server;
const logged: string[] = [];
const log = {
  info: () => undefined,
  warn: (_: object, message: string) => void logged.push(message),
  error: (_: object, message: string) => void logged.push(message),
};

beforeAll(async () => {
  database = await createTestDatabase();
  queue = openQueue(database.db, database.writerUrl, { log });
  await queue.start();
  const now = (): Date => new Date();
  const ingress = createIngress({ secret: new Secret(SECRET), db: database.db, queue, log, now });
  server = http.createServer((request, response) => void ingress(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});

afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await queue.stop();
  await database.drop();
});

test('all 329 of GitHub’s examples are stored, and handled without one error', async () => {
  expect(deliveries.filter(({ original }) => original)).toHaveLength(329);
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}${INGRESS_PATH}`;
  const statuses = new Map<number, number>();
  for (const { event, body, guid } of deliveries) {
    const headers = {
      'content-type': 'application/json',
      'x-github-event': event,
      'x-github-delivery': guid,
      'x-hub-signature-256': await webhooks.sign(body),
    };
    const { status } = await fetch(address, { method: 'POST', headers, body });
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
  }
  expect([...statuses]).toEqual([[202, deliveries.length]]);

  const rows = await database.db
    .selectFrom('countersign.delivery')
    .select(['guid', 'event', 'body'])
    .execute();
  const stored = new Map(rows.map((row) => [row.guid, `${row.event} ${row.body.toString('utf8')}`]));
  expect(stored).toEqual(new Map(deliveries.map(({ guid, event, body }) => [guid, `${event} ${body}`])));

  // As the app has it: Probot's own dispatch, and what each delivery means turned into rows and jobs. Nobody works the jobs
  // here, since GitHub's examples are of repositories that no stand-in has.
  const handled = new Set<string>();
  const triggers: Trigger[] = [];
  const { probot } = openGitHub(
    { appId: APP_ID, privateKey: appKey(), webhookSecret: SECRET, apiUrl: 'http://127.0.0.1:9' },
    pino({ level: 'silent' }),
    () => Promise.resolve(null),
  );
  const pipeline = pipelineWithoutGitHub();
  probot.onAny(async ({ id, name, payload }) => {
    const found = triggersOf(name, payload, { appId: APP_ID });
    await enqueueTriggers(pipeline, found, id);
    triggers.push(...found);
  });
  const receiver: DeliveryReceiver = {
    receive: async (delivery) => {
      await probot.receive(delivery as Parameters<typeof probot.receive>[0]);
      handled.add(delivery.id);
    },
  };
  await workDeliveries(queue, database.db, receiver, { concurrency: 4 });
  while (handled.size < deliveries.length && logged.length === 0) await sleep(20);
  expect(logged).toEqual([]);
  expect(handled.size).toBe(deliveries.length);
  // They do mean something to us.
  expect(new Set(triggers.map(({ kind }) => kind)).size).toBeGreaterThanOrEqual(9);
});
