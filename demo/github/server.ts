/**
 * The one door: takes a request, lets GitHub's description judge it, finds out who calls, answers, and lets the
 * description judge the answer too. What doesn't conform is a violation: it is answered with 500 and remembered.
 */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

import { authenticate, nameOf } from './authentication.ts';
import type { ArmedFaults, RequestFault } from './faults.ts';
import { GIT_PATH, serveGit } from './git-http.ts';
import type { GraphqlServer } from './graphql/serve.ts';
import { Body, HttpError, type Answer, type Caller } from './http.ts';
import type { RestOracle } from './oracle/rest-oracle.ts';
import type { PageServer } from './pages/serve.ts';
import type { Quota, RateLimiter } from './rate-limit.ts';
import type { Route } from './routes/route.ts';
import type { World } from './world.ts';

/** One request as it came, so that a decision's cost can be counted. */
export interface LoggedRequest {
  readonly method: string;
  /** The operation as GitHub's description names it; `graphql`; or `git`. */
  readonly route: string;
  readonly path: string;
  /** `app:SLUG` (its JWT), `installation:SLUG`, `user:LOGIN` or `anonymous`. */
  readonly by: string;
  readonly at: string;
  readonly status: number;
}

export interface Parts {
  readonly world: World;
  readonly oracle: RestOracle;
  readonly routes: readonly Route[];
  readonly graphql: GraphqlServer;
  readonly pages: PageServer;
  readonly faults: ArmedFaults;
  readonly limiter: RateLimiter;
  readonly requests: LoggedRequest[];
  readonly log: (line: string) => void;
}

const MAX_BODY = 200 * 1024 * 1024;
/** Addresses under the web root that belong to the API even where it doesn't serve them. */
const API_PATH = /^\/(repos|app|installation|users|app-manifests|organizations\/\d+)\//;
const DOCUMENTATION = 'https://docs.github.com/rest';

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY) throw new HttpError(413, 'Payload too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Thrown by the oracles' judgement. */
class Violation extends Error {}

function refuse(where: string, problems: readonly string[]): void {
  if (problems.length > 0) throw new Violation(`${where}: ${problems.join('; ')}`);
}

function write(response: ServerResponse, answer: Answer, quota: Quota | null, resource: string): void {
  const limits =
    quota === null
      ? {}
      : {
          'x-ratelimit-limit': String(quota.limit),
          'x-ratelimit-remaining': String(quota.remaining),
          'x-ratelimit-used': String(quota.used),
          'x-ratelimit-reset': String(quota.reset),
          'x-ratelimit-resource': resource,
        };
  const headers = {
    'x-github-media-type': 'github.v3; format=json',
    'x-github-api-version-selected': '2022-11-28',
    ...limits,
  };
  if (answer.body === undefined) {
    response.writeHead(answer.status, { ...headers, ...answer.headers }).end();
    return;
  }
  if (Buffer.isBuffer(answer.body)) {
    response.writeHead(answer.status, { ...headers, ...answer.headers }).end(answer.body);
    return;
  }
  const text = JSON.stringify(answer.body);
  response
    .writeHead(answer.status, {
      ...headers,
      'content-type': 'application/json; charset=utf-8',
      ...answer.headers,
    })
    .end(text);
}

/** GitHub gives each answer to a GET an ETag, and says 304 to who names it: that one is free. */
function conditional(answer: Answer, named: string | undefined): Answer {
  if (answer.status !== 200 || answer.body === undefined || Buffer.isBuffer(answer.body)) return answer;
  const etag = `W/"${createHash('sha256').update(JSON.stringify(answer.body)).digest('hex')}"`;
  const headers = { ...answer.headers, etag };
  return named === etag ? { status: 304, headers } : { ...answer, headers };
}

const failure = (error: HttpError): Answer => ({
  status: error.status,
  body: {
    message: error.message,
    ...error.details,
    documentation_url: DOCUMENTATION,
    status: String(error.status),
  },
});

export function makeServer(parts: Parts): Server {
  const { world, oracle, faults, limiter, requests } = parts;
  const table = new Map(parts.routes.map((route) => [route.operation, route]));

  function faulty(fault: RequestFault, caller: Caller, response: ServerResponse, graphql = false): void {
    const after = { 'retry-after': String(fault.retryAfterSeconds ?? 1) };
    if (fault.kind === 'reset') {
      response.socket?.destroy();
      return;
    }
    if (fault.kind === 'rate_limited' && graphql) {
      // GraphQL says so with a 200.
      const errors = [{ type: 'RATE_LIMITED', message: 'API rate limit exceeded for installation.' }];
      write(response, { status: 200, body: { errors } }, limiter.exhaust(caller), 'graphql');
      return;
    }
    if (fault.kind === 'rate_limited') {
      const message = `API rate limit exceeded for installation. (documented at ${DOCUMENTATION})`;
      write(response, failure(new HttpError(403, message)), limiter.exhaust(caller), 'core');
      return;
    }
    if (fault.kind === 'secondary_limit') {
      const answer = failure(
        new HttpError(
          429,
          'You have exceeded a secondary rate limit. Please wait a few minutes before you try again.',
        ),
      );
      write(response, { ...answer, headers: after }, null, 'core');
      return;
    }
    const status = fault.kind === 'unavailable' ? 503 : 502;
    write(
      response,
      {
        ...failure(new HttpError(status, 'Server Error')),
        headers: fault.retryAfterSeconds === undefined ? {} : after,
      },
      null,
      'core',
    );
  }

  async function answerRest(
    request: IncomingMessage,
    address: URL,
    pathname: string,
    raw: Buffer,
  ): Promise<{ answer: Answer; route: string; caller: Caller; fault: RequestFault | null }> {
    const method = request.method ?? 'GET';
    const matched = oracle.match(method, pathname);
    const caller = authenticate(world, request.headers.authorization);
    if (matched === null) throw new Violation(`${method} ${pathname} is not served by the stand-in`);
    const { operation, params } = matched;
    const fault = faults.takeRequest(operation, nameOf(caller));
    if (fault !== null && fault.afterDoing !== true)
      return { answer: { status: 0 }, route: operation, caller, fault };
    const body: unknown = raw.length === 0 ? undefined : JSON.parse(raw.toString('utf8'));
    refuse(`request ${operation}`, oracle.checkRequest(operation, address.searchParams, body));
    if (caller.kind === 'installation' && !oracle.forApps(operation))
      throw new HttpError(403, 'Resource not accessible by integration');
    const route = table.get(operation);
    if (route === undefined) throw new Violation(`${operation} has no route`);
    const accept = request.headers.accept ?? '';
    const answer = await route.handle(world, {
      operation,
      params,
      query: address.searchParams,
      body: new Body(body),
      caller,
      accept,
      address,
    });
    if (!Buffer.isBuffer(answer.body))
      refuse(
        `answer ${operation} ${answer.status}`,
        oracle.checkResponse(operation, answer.status, answer.body),
      );
    return { answer, route: operation, caller, fault };
  }

  async function serveApi(
    request: IncomingMessage,
    response: ServerResponse,
    address: URL,
    pathname: string,
  ): Promise<void> {
    const raw = await readBody(request);
    const graphql = pathname === '/graphql';
    let caller: Caller = { kind: 'anonymous' };
    let name = graphql ? 'graphql' : 'unknown';
    let answer: Answer;
    try {
      if (graphql) {
        caller = authenticate(world, request.headers.authorization);
        const fault = faults.takeRequest('graphql', nameOf(caller));
        if (fault !== null) {
          record(request, pathname, name, caller, 0);
          faulty(fault, caller, response, true);
          return;
        }
        const quota = limiter.take(caller, 'graphql', 1);
        const result = await parts.graphql(caller, raw, quota);
        refuse('graphql', result.violations);
        answer = { status: result.status, body: result.body };
      } else {
        const done = await answerRest(request, address, pathname, raw);
        ({ answer, route: name, caller } = done);
        if (done.fault !== null) {
          record(request, pathname, name, caller, 0);
          faulty(done.fault, caller, response);
          return;
        }
      }
    } catch (error) {
      if (error instanceof HttpError) {
        answer = failure(error);
        const matched = oracle.match(request.method ?? 'GET', pathname);
        if (matched !== null) name = matched.operation;
      } else {
        answer = violated(error, `${request.method ?? ''} ${pathname}`);
      }
    }
    if (!graphql && request.method === 'GET') answer = conditional(answer, request.headers['if-none-match']);
    const free = pathname === '/rate_limit' || answer.status === 304;
    const quota = graphql ? null : limiter.take(caller, 'core', free ? 0 : 1);
    record(request, pathname, name, caller, answer.status);
    write(response, answer, quota, graphql ? 'graphql' : 'core');
  }

  function violated(error: unknown, where: string): Answer {
    const message = error instanceof Error ? error.message : String(error);
    const known = error instanceof Violation;
    world.violations.push(
      known ? message : `${where}: ${error instanceof Error ? (error.stack ?? message) : message}`,
    );
    parts.log(`VIOLATION ${message}`);
    return { status: 500, body: { message: `The stand-in for GitHub refuses: ${message}` } };
  }

  function record(
    request: IncomingMessage,
    path: string,
    route: string,
    caller: Caller,
    status: number,
  ): void {
    requests.push({
      method: request.method ?? '',
      route,
      path,
      by: nameOf(caller),
      at: world.timestamp(),
      status,
    });
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const address = new URL(request.url ?? '/', world.url);
    if (GIT_PATH.test(address.pathname)) {
      const fault = faults.takeRequest('git', 'installation:git');
      if (fault !== null) return faulty(fault, { kind: 'anonymous' }, response);
      await serveGit(world, request, response, await readBody(request));
      requests.push({
        method: request.method ?? '',
        route: 'git',
        path: address.pathname,
        by: 'git',
        at: world.timestamp(),
        status: response.statusCode,
      });
      return;
    }
    if (address.pathname === '/api/graphql') return serveApi(request, response, address, '/graphql');
    if (address.pathname.startsWith('/api/v3/'))
      return serveApi(request, response, address, address.pathname.slice('/api/v3'.length));
    const isApi =
      address.pathname === '/graphql' ||
      oracle.match(request.method ?? 'GET', address.pathname) !== null ||
      API_PATH.test(address.pathname);
    if (isApi) return serveApi(request, response, address, address.pathname);
    await parts.pages(request, response, address, await readBody(request));
  }

  return createServer((request, response) => {
    serve(request, response).catch((error: unknown) => {
      if (response.headersSent) {
        response.destroy();
        return;
      }
      const known = error instanceof HttpError;
      write(response, known ? failure(error) : violated(error, request.url ?? ''), null, 'core');
    });
  });
}
