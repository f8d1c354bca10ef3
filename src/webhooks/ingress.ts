/**
 * The door for webhooks: a delivery is verified, stored once and answered, and worked later. It owns what an unknown
 * sender can cost us (bytes, time, connections); what a delivery means is not its business. It answers 2xx only for
 * what is stored, so that GitHub's list of failed deliveries is the list of what we don't have.
 */
import type { IncomingMessage, ServerOptions, ServerResponse } from 'node:http';
import type { Kysely } from 'kysely';
import type { Database } from '../db/database.ts';
import type { Queue } from '../db/queue.ts';
import type { Secret } from '../domain/secret.ts';
import type { BodyProblem } from './read-body.ts';
import { readBody } from './read-body.ts';
import { isSignedBy } from './signature.ts';
import { storeDelivery } from './store-delivery.ts';

export const INGRESS_PATH = '/api/github/webhooks';

/** GitHub sends nothing larger. */
export const MAX_BODY_BYTES = 25 * 1024 * 1024;

/** For the server that the ingress is put into: a sender that dawdles is cut off. */
export const INGRESS_SERVER_OPTIONS = {
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  keepAliveTimeout: 5_000,
  connectionsCheckingInterval: 2_000,
} as const satisfies ServerOptions;

export interface IngressOptions {
  readonly secret: Secret;
  readonly db: Kysely<Database>;
  readonly queue: Queue;
  readonly log: IngressLog;
  readonly now: () => Date;
  /** For tests. */
  readonly limits?: Partial<IngressLimits>;
}

export interface IngressLimits {
  readonly maxBytes: number;
  readonly bodyTimeoutMs: number;
  /** Over all requests; five of the largest. */
  readonly budgetBytes: number;
  /** GitHub gives up after ten seconds. */
  readonly storeTimeoutMs: number;
}

export interface IngressLog {
  info(about: object, message: string): void;
  warn(about: object, message: string): void;
  error(about: object, message: string): void;
}

const DEFAULT_LIMITS: IngressLimits = {
  maxBytes: MAX_BODY_BYTES,
  bodyTimeoutMs: 20_000,
  budgetBytes: 5 * MAX_BODY_BYTES,
  storeTimeoutMs: 8_000,
};

interface Answer {
  readonly status: number;
  readonly text: string;
}

interface Headers {
  readonly guid: string;
  readonly event: string;
  readonly signature: string;
}

/** Handles one request to `INGRESS_PATH`; never rejects. Routing is the caller's. */
export function createIngress(
  options: IngressOptions,
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const budget = { used: 0, limit: limits.budgetBytes };
  const answerTo = async (request: IncomingMessage): Promise<Answer> => {
    const headers = headersOf(request, limits.maxBytes);
    if ('status' in headers) return headers;
    const body = await readBody(request, {
      maxBytes: limits.maxBytes,
      timeoutMs: limits.bodyTimeoutMs,
      budget,
    });
    if (typeof body === 'string') return BODY_ANSWERS[body];
    return await accept(options, limits, headers, body);
  };
  return async (request, response) => {
    try {
      send(request, response, await answerTo(request));
    } catch (error) {
      options.log.error({ err: error }, 'a webhook delivery could not be handled');
      send(request, response, { status: 500, text: 'this is a bug of Countersign' });
    }
  };
}

const BODY_ANSWERS: Readonly<Record<BodyProblem, Answer>> = {
  too_large: { status: 413, text: 'the body is larger than 25 MB' },
  too_slow: { status: 408, text: 'the body took too long' },
  aborted: { status: 400, text: 'the body ended early' },
  busy: { status: 503, text: 'too many bodies are being read at once; try again' },
};

const GUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const EVENT = /^[a-z][a-z0-9_]{0,63}$/;
const SIGNATURE = /^sha256=[0-9a-f]{64}$/i;

/** Refuses, before a byte of the body is read, what can't be a delivery. Everything here is said by anyone. */
function headersOf(request: IncomingMessage, maxBytes: number): Headers | Answer {
  const { headers } = request;
  if (request.method !== 'POST') return { status: 405, text: 'deliveries are posted' };
  if (headers['content-type']?.split(';')[0]?.trim().toLowerCase() !== 'application/json') {
    return { status: 415, text: 'the App must send application/json (its webhook settings)' };
  }
  const event = headers['x-github-event'];
  if (typeof event !== 'string' || !EVENT.test(event))
    return { status: 400, text: 'X-GitHub-Event is missing' };
  const guid = headers['x-github-delivery'];
  if (typeof guid !== 'string' || !GUID.test(guid))
    return { status: 400, text: 'X-GitHub-Delivery is no GUID' };
  const signature = headers['x-hub-signature-256'];
  if (typeof signature !== 'string' || !SIGNATURE.test(signature)) {
    return { status: 401, text: 'X-Hub-Signature-256 is missing (the App needs a webhook secret)' };
  }
  if (Number(headers['content-length'] ?? 0) > maxBytes) return BODY_ANSWERS.too_large;
  return { guid: guid.toLowerCase(), event, signature: signature.toLowerCase() };
}

async function accept(
  { secret, db, queue, log, now }: IngressOptions,
  limits: IngressLimits,
  { guid, event, signature }: Headers,
  body: Buffer,
): Promise<Answer> {
  if (!isSignedBy(secret.reveal(), body, signature)) {
    log.warn({ delivery: guid, event }, 'a delivery with a wrong signature was refused');
    return { status: 401, text: 'the signature does not match (webhook secret)' };
  }
  // From here on GitHub speaks.
  const about = readAbout(body);
  if (about === null) return { status: 400, text: 'the body is not a JSON object' };
  try {
    const stored = await within(
      limits.storeTimeoutMs,
      storeDelivery(db, queue, { guid, event, ...about, body, receivedAt: now() }),
    );
    log.info({ delivery: guid, event, action: about.action, duplicate: !stored }, 'delivery');
    return stored ? { status: 202, text: 'stored' } : { status: 202, text: 'known already' };
  } catch (error) {
    log.error(
      { err: error, delivery: guid, event },
      'a delivery could not be stored; GitHub shows it as failed',
    );
    return { status: 503, text: 'it could not be stored' };
  }
}

/** What is looked at before it is worked: enough to find a delivery again. */
function readAbout(body: Buffer): { action: string | null; installationId: number | null } | null {
  let payload: unknown;
  try {
    payload = JSON.parse(body.toString('utf8'));
  } catch {
    return null;
  }
  if (typeof payload !== 'object' || payload === null || Array.isArray(payload)) return null;
  const action = 'action' in payload && typeof payload.action === 'string' ? payload.action : null;
  const installation = 'installation' in payload ? payload.installation : null;
  const id =
    typeof installation === 'object' && installation !== null && 'id' in installation
      ? installation.id
      : null;
  return { action, installationId: typeof id === 'number' && Number.isSafeInteger(id) ? id : null };
}

/** A store that hangs is a store that failed: if it does succeed later, GitHub's redelivery finds it there. */
async function within<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`the database took longer than ${milliseconds} ms`));
    }, milliseconds);
  });
  try {
    return await Promise.race([work, deadline]);
  } finally {
    clearTimeout(timer);
  }
}

/** Answers; a sender whose body we don't want to hear is told so and cut off. */
function send(request: IncomingMessage, response: ServerResponse, { status, text }: Answer): void {
  if (response.headersSent || response.destroyed) return;
  const whole = request.complete;
  response.writeHead(status, {
    'content-type': 'text/plain; charset=utf-8',
    ...(status === 405 ? { allow: 'POST' } : {}),
    ...(status === 503 ? { 'retry-after': '10' } : {}),
    ...(whole ? {} : { connection: 'close' }),
  });
  response.end(`${text}\n`, () => {
    if (whole) return;
    // A moment to take in the answer: closing a socket with unread bytes in it can lose what was sent.
    request.resume();
    setTimeout(() => request.socket.destroy(), 500).unref();
  });
}
