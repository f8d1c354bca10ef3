/** The composition root: builds every part from the configuration and ties them together. No judgement here. */
import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import type { Logger } from 'pino';
import type { Config, GitHubCredentials } from './config.ts';
import { allRevealed, revealed } from './config/credentials.ts';
import { assertConnects } from './db/connection-problem.ts';
import { openDatabase } from './db/open-database.ts';
import { openQueue } from './db/queue.ts';
import { CodedError } from './domain/coded-error.ts';
import { errorCodeOf } from './domain/error-code.ts';
import { fullName, type RepositoryRef } from './domain/repository.ts';
import { newEntryId } from './ledger/format/entry-id.ts';
import { queryOf } from './ledger/store/query.ts';
import { assertLedgerSafe } from './ledger/verify/safety.ts';
import { startSequencer } from './ledger/sequence/sequencer.ts';
import { createSigner } from './ledger/sequence/signer.ts';
import { assertLedgerWritable } from './ledger/store/writable.ts';
import { enqueueTriggers } from './pipeline/enqueue-triggers.ts';
import { grantOf } from './pipeline/control/grant-of.ts';
import { openGitHub } from './pipeline/repository/github-access.ts';
import type { Pipeline } from './pipeline/pipeline.ts';
import { recordConfiguration } from './pipeline/control/record-configuration.ts';
import { startHeartbeat } from './pipeline/heartbeat.ts';
import { startRecovering } from './pipeline/recover-deliveries.ts';
import { sweepInstallations } from './pipeline/repository/sweep-installations.ts';
import { treesOf } from './pipeline/trees-of.ts';
import { workQueues } from './pipeline/work-queues.ts';
import { createPages } from './web/pages.ts';
import { pathOf } from './web/path-of.ts';
import { assertNotContradicted } from './witness/assert-not-contradicted.ts';
import { openWitness } from './witness/open-witness.ts';
import { startWitnessing } from './witness/start-witnessing.ts';
import { createIngress, INGRESS_PATH, INGRESS_SERVER_OPTIONS } from './webhooks/ingress.ts';
import { triggersOf } from './webhooks/triggers-of.ts';
import { workDeliveries } from './webhooks/work-deliveries.ts';

export interface AppOptions {
  readonly config: Config;
  readonly github: GitHubCredentials;
  /** The writer's role. */
  readonly databaseUrl: string;
  /** PEM, PKCS #8. */
  readonly ledgerKey: string;
  /** PEM, PKCS #8: what signed until now, while the key is rotated. */
  readonly ledgerPreviousKey?: string;
  readonly ledgerOrigin: string;
  /** For mirrors of repositories; disposable. */
  readonly dataDir: string;
  readonly log: Logger;
  readonly patience?: Pipeline['patience'];
  /** How often it is looked whether the ledger is still guarded; each hour, if not said. */
  readonly heartbeatMs?: number;
}

export interface App {
  /** Where webhooks are taken and health is told. */
  readonly url: string;
  /** Resolves when the ledger turns out not to be guarded any more: whoever started this must stop it, and say so. */
  readonly unsafe: Promise<CodedError>;
  /** Takes no new work, waits for what is under way, and closes what it opened. */
  stop(): Promise<void>;
}

/**
 * Starts serving and working. Refuses under a database role that could rewrite the ledger (`assertLedgerSafe`) or can't
 * write it, and on a ledger that a witness contradicts, before anything is listened to or written. A start that fails leaves nothing running.
 */
export async function startApp(options: AppOptions): Promise<App> {
  // What is opened last is closed first: no new deliveries, then no new jobs, then what the last jobs recorded is integrated.
  const opened = new AsyncDisposableStack();
  const drain = { seconds: 0 };
  try {
    const { url, unsafe } = await open(options, opened, drain);
    drain.seconds = DRAIN_SECONDS;
    return { url, unsafe, stop: () => opened.disposeAsync() };
  } catch (error) {
    await opened.disposeAsync();
    throw error;
  }
}

/** How long jobs that are under way may take to finish when the app is stopped. */
const DRAIN_SECONDS = 60;

/** `drain`: of a start that fails nobody waits for jobs. They are taken up again, as after a crash. */
async function open(
  options: AppOptions,
  opened: AsyncDisposableStack,
  drain: { readonly seconds: number },
): Promise<Omit<App, 'stop'>> {
  const { config, log, databaseUrl } = options;
  const { addresses } = config;
  const db = openDatabase(databaseUrl, { applicationName: 'countersign' });
  opened.defer(() => db.destroy());
  const now = (): string => new Date().toISOString();
  const signer = createSigner({
    origin: options.ledgerOrigin,
    privateKey: options.ledgerKey,
    ...(options.ledgerPreviousKey === undefined ? {} : { previousKey: options.ledgerPreviousKey }),
  });
  const witnesses = config.witnesses.map((address) =>
    openWitness(address, { directory: join(options.dataDir, 'witnesses'), now }),
  );
  await assertConnects(db, { variable: 'DATABASE_URL', url: databaseUrl });
  await assertLedgerWritable(db);
  await assertLedgerSafe(db);
  await assertNotContradicted(queryOf(db), witnesses, signer, log);
  const queue = openQueue(db, databaseUrl, { log });
  const access = openGitHub(
    {
      appId: options.github.appId,
      privateKey: options.github.privateKey.reveal(),
      webhookSecret: options.github.webhookSecret.reveal(),
      apiUrl: addresses.api,
    },
    log,
    (installationId) => grantOf(db, installationId),
  );
  const copies = {
    mirrors: join(options.dataDir, 'mirrors'),
    cloneUrl: (repository: RepositoryRef) => `${addresses.web}/${fullName(repository)}.git`,
    contentsToken: access.contentsToken,
  };
  const pipeline: Pipeline = {
    ...copies,
    trees: (repository) => treesOf(copies, repository),
    db,
    queue,
    log,
    appId: options.github.appId,
    github: access.client,
    webUrl: addresses.web,
    publicUrl: config.publicUrl,
    targetOf: (repository, environment) => {
      const found = config.targets.find(
        ({ target }) =>
          target.repository.toLowerCase() === fullName(repository).toLowerCase() &&
          target.environment === environment,
      );
      return found === undefined
        ? null
        : {
            target: found.target,
            privateKey: () =>
              found.privateKey === null
                ? Promise.reject(new Error(`this process has no key for ${environment}`))
                : Promise.resolve(revealed(found.privateKey)),
            jumpKeys: () => Promise.resolve(allRevealed(found.jumpKeys)),
          };
    },
    environments: config.environments,
    now,
    githubAhead: () => access.clock.ahead(),
    newId: () => newEntryId(now(), (size) => randomBytes(size)),
    random: (size) => randomBytes(size),
    patience: options.patience ?? { attempts: 6, seconds: 10 },
  };

  await mkdir(pipeline.mirrors, { recursive: true });
  access.probot.onAny(async ({ id, name, payload }) => {
    await enqueueTriggers(pipeline, triggersOf(name, payload, { appId: pipeline.appId }), id);
  });
  const sequencer = await startSequencer({ url: databaseUrl, signer, log });
  if (witnesses.length === 0)
    log.warn('no witness is configured: nothing outside shows whether the newest entries were taken away');
  const witnessing = startWitnessing({
    url: databaseUrl,
    log,
    identity: signer,
    witnesses,
    alarm: (contradiction) => sequencer.refuse(contradiction),
  });
  // Before the sequencer's, so that it ends after it: what was integrated last is still witnessed.
  opened.defer(() => witnessing.stop());
  opened.defer(() => sequencer.stop());
  opened.defer(() => queue.stop(drain.seconds));
  await queue.start();
  await recordConfiguration(pipeline, config);

  const ingress = createIngress({
    secret: options.github.webhookSecret,
    db,
    queue,
    log,
    now: () => new Date(),
  });
  const pages = createPages({
    db,
    log,
    witnesses: witnessing.states,
    ledgerProblem: () => sequencer.problem,
  });
  const server = createServer(INGRESS_SERVER_OPTIONS, (request, response) => {
    void (pathOf(request) === INGRESS_PATH ? ingress(request, response) : pages(request, response));
  });
  // Before any job is worked: a process that can't have its port must not deploy unseen.
  const url = await listen(server, config.server);

  await workDeliveries(queue, db, access.probot, { concurrency: 4 });
  opened.defer(await workQueues(pipeline));
  const heartbeat = startHeartbeat(pipeline, options.heartbeatMs ?? 3_600_000);
  opened.defer(() => heartbeat.stop());
  opened.defer(() => closed(server));
  opened.defer(startRecovering(pipeline, access.asApp));
  await sweepInstallations(pipeline, access.asApp);
  log.info({ url }, 'serving');
  return { url, unsafe: heartbeat.unsafe };
}

/** Throws `address_unusable`. */
function listen(server: Server, { host, port }: Config['server']): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      const why = errorCodeOf(error) === 'EADDRINUSE' ? 'another program has it' : error.message;
      const mend = 'set HOST and PORT to an address of this machine that is free';
      reject(new CodedError('address_unusable', `can't serve on ${host}:${port}: ${why}; ${mend}.`, error));
    });
    server.listen(port, host, () => {
      const address = server.address();
      resolve(`http://${host}:${typeof address === 'object' && address !== null ? address.port : port}`);
    });
  });
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
  });
}
