/**
 * The set-up page: served instead of everything else while there is no GitHub App, and only until there is one.
 * Whoever gets here decides which App this server trusts, so it is bound to loopback, answers only to a loopback name (a
 * web page that points its own name at 127.0.0.1 gets nothing), and opens only with the token that was printed.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { CodedError } from '../domain/coded-error.ts';
import { type AppManifest, manifestFor } from './app-manifest.ts';
import { type AppCredentials, exchangeCode } from './exchange-code.ts';
import { NOT_FOUND, type Reply, respond } from './respond.ts';
import { confirmPage, donePage, failedPage, formPage, type SetupForm, STYLE_SOURCE } from './setup-pages.ts';
import { readForm } from './read-form.ts';

export interface SetupOptions {
  readonly port: number;
  readonly host: '127.0.0.1' | '::1';
  /** `https://github.com`, and the API's address beside it. */
  readonly githubUrl: string;
  readonly apiUrl: string;
  readonly manifest: AppManifest;
  /** Why the App needs each permission. */
  readonly reasons: Readonly<Record<string, string>>;
  /** Keeps the credentials, and answers where they are, for people. */
  readonly store: (credentials: AppCredentials) => Promise<string>;
  /** Both random: the printed address's, and what GitHub must bring back. */
  readonly token: string;
  readonly state: string;
}

export interface Setup {
  /** With the token: whoever has it can set up. */
  readonly url: string;
  /** Settles once the App is created, its credentials are stored, and the browser was told so. */
  readonly done: Promise<AppCredentials>;
  close(): Promise<void>;
}

const COOKIE = 'countersign_setup';
const LOOPBACK = /^(?:127\.0\.0\.1|localhost|\[::1\])(?::\d{1,5})?$/;

/** Serves the set-up page until `close`. */
export async function startSetup(options: SetupOptions): Promise<Setup> {
  const { promise: done, resolve: finish } = Promise.withResolvers<AppCredentials>();
  const desk = createDesk(options, finish);
  const server = createServer({ headersTimeout: 10_000, requestTimeout: 20_000 }, (request, response) => {
    void answer(desk, request, response);
  });
  const port = await listen(server, options);
  const host = options.host === '::1' ? '[::1]' : options.host;
  return {
    url: `http://${host}:${port}/setup?token=${encodeURIComponent(options.token)}`,
    done,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeIdleConnections();
      }),
  };
}

type Desk = (request: IncomingMessage, response: ServerResponse, url: URL) => Promise<Reply>;

async function answer(desk: Desk, request: IncomingMessage, response: ServerResponse): Promise<void> {
  response.setHeader('connection', 'close');
  const host = request.headers.host ?? '';
  const url = LOOPBACK.test(host) ? URL.parse(request.url ?? '/', `http://${host}`) : null;
  const ours = url !== null && url.host === new URL(`http://${host}`).host;
  try {
    respond(response, ours ? await desk(request, response, url) : NOT_FOUND);
  } catch {
    // What went wrong may have a secret in it, so it is neither shown nor logged.
    respond(response, { status: 500, type: 'text/plain', body: 'Something went wrong.\n' });
  }
}

function createDesk(options: SetupOptions, finish: (credentials: AppCredentials) => void): Desk {
  const { token, state, manifest, githubUrl } = options;
  // The cookie and the form's token come from the printed token, and don't show it.
  const cookie = derived(token, 'cookie');
  const csrf = derived(token, 'csrf');
  let exchanging = false;
  let created = false;

  const show = (body: string, status = 200, headers: Record<string, string> = {}): Reply => ({
    status,
    type: 'text/html',
    body,
    headers: {
      'content-security-policy': `default-src 'none'; style-src ${STYLE_SOURCE}; form-action 'self' ${new URL(githubUrl).origin}; frame-ancestors 'none'; base-uri 'none'`,
      // Our own form must show where it comes from; nobody else may see the address, with the token in it.
      'referrer-policy': 'same-origin',
      ...headers,
    },
  });
  const known = (request: IncomingMessage) => same(cookieOf(request), cookie);
  const blank: SetupForm = { address: '', organization: '', name: '' };

  return async (request, response, url) => {
    if (created) return NOT_FOUND;
    const key = `${request.method} ${url.pathname}`;
    if (key === 'GET /setup') {
      const opened = same(url.searchParams.get('token'), token);
      if (!opened && !known(request)) return NOT_FOUND;
      const set = `${COOKIE}=${cookie}; Path=/setup; HttpOnly; SameSite=Strict`;
      return show(formPage(blank, csrf, null), 200, opened ? { 'set-cookie': set } : {});
    }
    if (key === 'POST /setup') {
      if (!known(request) || request.headers.origin !== url.origin) return NOT_FOUND;
      const form = await readForm(request);
      if (form === null || !same(form.get('csrf'), csrf)) return NOT_FOUND;
      const filled = {
        address: field(form, 'address'),
        organization: field(form, 'organization'),
        name: field(form, 'name'),
      };
      const problem = problemWith(filled, githubUrl);
      if (problem !== null) return show(formPage(filled, csrf, problem), 422);
      const { organization, name, address } = filled;
      const owner = organization === '' ? '' : `/organizations/${organization}`;
      const wanted = manifestFor(manifest, { name, address, redirectUrl: `${url.origin}/setup/callback` });
      return show(
        confirmPage(
          wanted,
          options.reasons,
          `${githubUrl}${owner}/settings/apps/new?state=${encodeURIComponent(state)}`,
        ),
      );
    }
    // The browser comes from GitHub, so a strict cookie isn't sent; the state shows that we sent it there.
    if (key === 'GET /setup/callback') {
      if (!same(url.searchParams.get('state'), state) || exchanging) return NOT_FOUND;
      exchanging = true;
      try {
        const credentials = await exchangeCode(options.apiUrl, url.searchParams.get('code') ?? '');
        const stored = await options.store(credentials);
        created = true;
        response.once('close', () => finish(credentials));
        return show(donePage(credentials, stored));
      } catch (error) {
        const why = error instanceof CodedError ? error.message : 'The credentials could not be stored';
        return show(failedPage(why), 502);
      } finally {
        exchanging = false;
      }
    }
    return NOT_FOUND;
  };
}

const field = (form: URLSearchParams, name: string): string => (form.get(name) ?? '').trim();

function problemWith({ address, organization, name }: SetupForm, githubUrl: string): string | null {
  const url = URL.parse(address);
  const insecure = url?.protocol === 'http:' && githubUrl.startsWith('http:');
  if (url === null || (url.protocol !== 'https:' && !insecure))
    return 'The address has to begin with https://';
  if (url.username !== '' || url.search !== '' || url.hash !== '')
    return 'The address must be only a host and perhaps a path';
  if (organization !== '' && !/^[a-z\d][a-z\d-]{0,38}$/i.test(organization))
    return 'That is not the name of an organisation as it stands in its address';
  return name === '' || name.length > 34 ? 'The App’s name may have 34 characters at most' : null;
}

const derived = (token: string, purpose: string) =>
  createHash('sha256').update(`${purpose}\0${token}`).digest('base64url');

/** In constant time, whatever the lengths. */
function same(given: string | null, wanted: string): boolean {
  const hash = (text: string) => createHash('sha256').update(text).digest();
  return given !== null && timingSafeEqual(hash(given), hash(wanted));
}

function cookieOf(request: IncomingMessage): string | null {
  const pairs = (request.headers.cookie ?? '').split(';').map((pair) => pair.trim());
  return pairs.find((pair) => pair.startsWith(`${COOKIE}=`))?.slice(COOKIE.length + 1) ?? null;
}

function listen(server: Server, { host, port }: SetupOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      const inUse = 'code' in error && error.code === 'EADDRINUSE';
      reject(
        inUse
          ? new CodedError('port_in_use', `port ${port} is in use; set PORT to another one`, error)
          : error,
      );
    });
    server.listen(port, host, () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}
