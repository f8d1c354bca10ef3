/** What a serving process shows of itself: that it lives, whether it can work, its numbers, and the newest checkpoint. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Kysely, sql } from 'kysely';
import type { Database } from '../db/database.ts';
import { DEPLOYMENT_STYLE_SOURCE, deploymentPage } from './deployment-page.ts';
import { measure, newestCheckpoint } from './measure.ts';
import { createMetrics } from './metrics.ts';
import { pathOf } from './path-of.ts';
import type { WitnessState } from '../witness/start-witnessing.ts';
import { readDeploymentLog } from './read-deployment-log.ts';
import { NOT_FOUND, type Reply, respond } from './respond.ts';

export interface PagesOptions {
  readonly db: Kysely<Database>;
  readonly log: { warn(about: object, message: string): void };
  readonly now?: () => Date;
  /** How this process last found the witnesses. */
  readonly witnesses?: () => readonly WitnessState[];
  /** Why this process's sequencer gives entries no index; null where nothing is wrong. */
  readonly ledgerProblem?: () => string | null;
  /** How long the database may take to answer; whoever asks whether we are ready doesn't wait long. */
  readonly patienceMs?: number;
}

/** Answers any request that isn't a webhook; never rejects. All of it is read-only, and the same for everyone but a deployment's log, whose address can't be guessed. */
export function createPages({
  db,
  log,
  now = () => new Date(),
  patienceMs = 2_000,
  witnesses = () => [],
  ledgerProblem = () => null,
}: PagesOptions) {
  const metrics = createMetrics(() => measure(db, witnesses(), ledgerProblem()), now);
  const pages: Readonly<Record<string, () => Promise<Reply>>> = {
    // Alive: it answers. Not the database's health, or a restart would be the cure for a database that is down.
    // Nor the ledger's: a restart mends nothing there. It is said, for whoever looks.
    '/healthz': () => {
      const problem = ledgerProblem();
      return Promise.resolve(
        text(200, problem === null ? 'ok\n' : `ok, but nothing is appended to the ledger: ${problem}\n`),
      );
    },
    '/readyz': async () => {
      await sql`SELECT 1 FROM countersign.delivery LIMIT 0`.execute(db);
      return text(200, 'ready\n');
    },
    '/metrics': async () => ({ status: 200, type: 'text/plain; version=0.0.4', body: await metrics.text() }),
    '/checkpoint': async () => {
      const checkpoint = await newestCheckpoint(db);
      return checkpoint === null ? text(404, 'There is no checkpoint yet.\n') : text(200, checkpoint.note);
    },
  };
  const deploymentAt = (path: string): (() => Promise<Reply>) | undefined => {
    if (!path.startsWith(DEPLOYMENTS)) return undefined;
    return async () => {
      const shown = await readDeploymentLog(db, path.slice(DEPLOYMENTS.length));
      return shown === null ? NOT_FOUND : html(deploymentPage(shown));
    };
  };
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = pathOf(request);
    const page = Object.hasOwn(pages, path) ? pages[path] : deploymentAt(path);
    request.resume();
    if (page === undefined) return respond(response, NOT_FOUND);
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      return respond(response, {
        ...text(405, 'Only GET is understood here.\n'),
        headers: { allow: 'GET, HEAD' },
      });
    }
    try {
      respond(response, await within(patienceMs, page()));
    } catch (error) {
      // A deployment's key opens its log to whoever has it: not to who reads ours.
      const shown = path.startsWith(DEPLOYMENTS) ? `${DEPLOYMENTS}…` : path;
      log.warn({ err: error, path: shown }, 'a page could not be served');
      respond(response, text(503, 'The database does not answer.\n'));
    }
  };
}

/** Followed by the key that a deployment's `log_url` has: whoever sees the deployment on GitHub has it, and nobody else. */
const DEPLOYMENTS = '/deployments/';

const html = (body: string): Reply => ({
  status: 200,
  type: 'text/html',
  body,
  headers: {
    'content-security-policy': `default-src 'none'; style-src ${DEPLOYMENT_STYLE_SOURCE}; frame-ancestors 'none'; base-uri 'none'; form-action 'none'`,
  },
});

const text = (status: number, body: string): Reply => ({ status, type: 'text/plain', body });

async function within<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`no answer within ${milliseconds} ms`)), milliseconds);
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}
