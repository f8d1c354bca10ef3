import { afterEach, describe, expect, test } from '@jest/globals';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, symlink } from 'node:fs/promises';
import { createServer, request as send, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { readConfig } from '../../../src/config.ts';
import { Secret } from '../../../src/domain/secret.ts';
import { readManifest } from '../../../src/web/app-manifest.ts';
import { setUp } from '../../../src/web/setup.ts';
import { type Setup, startSetup } from '../../../src/web/start-setup.ts';
import { storeCredentials } from '../../../src/web/store-credentials.ts';

const manifest = await readManifest(new URL('../../../app.yml', import.meta.url));
const pem = generateKeyPairSync('rsa', { modulusLength: 2048 })
  .privateKey.export({ type: 'pkcs1', format: 'pem' })
  .toString();
const secret = randomBytes(20).toString('hex');
const app = {
  id: 4242,
  name: 'Countersign <acme>',
  html_url: 'https://github.com/apps/countersign-acme',
  pem,
  webhook_secret: secret,
};

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** Any request, with any headers: `fetch` doesn't let one forge a Host. */
function ask(
  url: string,
  options: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = send(
      url,
      { method: options.method ?? 'GET', headers: options.headers ?? {} },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => void chunks.push(chunk));
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(chunks).toString(),
          }),
        );
      },
    );
    request.on('error', reject);
    request.end(options.body);
  });
}

const noFile = (): never => {
  throw Object.assign(new Error('ENOENT'), { code: 'ENOENT' });
};

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

async function directory(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'countersign-setup-'));
  cleanups.push(() => rm(made, { recursive: true }));
  return made;
}

/** A double of GitHub's one endpoint that exchanges codes: each works once. */
async function exchangeDouble(answer: unknown = app): Promise<{ url: string; asked: string[] }> {
  const asked: string[] = [];
  const codes = new Set(['good']);
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    const code = /^\/app-manifests\/([^/]+)\/conversions$/.exec(request.url ?? '')?.[1] ?? '';
    response.writeHead(codes.delete(code) ? 201 : 404, {
      'content-type': 'application/json',
      connection: 'close',
    });
    response.end(JSON.stringify(answer));
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => new Promise((resolve) => void server.close(resolve)));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

interface Started {
  readonly setup: Setup;
  readonly origin: string;
  readonly file: string;
  readonly asked: readonly string[];
}

async function start(answer?: unknown): Promise<Started> {
  const double = await exchangeDouble(answer);
  const file = join(await directory(), 'data', 'github-app.env');
  const setup = await startSetup({
    port: 0,
    host: '127.0.0.1',
    githubUrl: 'https://github.com',
    apiUrl: double.url,
    manifest,
    reasons: { checks: 'Write <our> own check runs.' },
    store: async (credentials) => {
      await storeCredentials(file, credentials);
      return file;
    },
    token: 'the-token',
    state: 'the-state',
  });
  cleanups.push(() => setup.close());
  return { setup, origin: new URL(setup.url).origin, file, asked: double.asked };
}

/** What a browser sends after the first visit. */
async function opened({ setup, origin }: Started): Promise<{ cookie: string; csrf: string; origin: string }> {
  const page = await ask(setup.url);
  const cookie = page.headers['set-cookie']?.[0]?.split(';', 1)[0] ?? '';
  return { cookie, csrf: /name="csrf" value="([^"]+)"/.exec(page.body)?.[1] ?? '', origin };
}

function fill(
  browser: { cookie: string; csrf: string; origin: string },
  fields: Record<string, string> = {},
  headers: Record<string, string> = {},
): Promise<Answer> {
  const form = {
    csrf: browser.csrf,
    address: 'https://deploy.acme.example',
    organization: 'acme',
    name: 'Countersign "acme"',
    ...fields,
  };
  return ask(`${browser.origin}/setup`, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      origin: browser.origin,
      cookie: browser.cookie,
      ...headers,
    },
    body: new URLSearchParams(form).toString(),
  });
}

describe('the set-up page', () => {
  test('creates an App and keeps what GitHub returns', async () => {
    const started = await start();
    const first = await ask(started.setup.url);
    expect(first.status).toBe(200);
    expect(first.headers['set-cookie']).toEqual([
      expect.stringMatching(/^countersign_setup=[\w-]{43}; Path=\/setup; HttpOnly; SameSite=Strict$/),
    ]);
    expect(first.headers).toMatchObject({
      'cache-control': 'no-store',
      'x-frame-options': 'DENY',
      'referrer-policy': 'same-origin',
      'content-security-policy': expect.stringMatching(
        /^default-src 'none'; style-src 'sha256-[\w+/=]+'; form-action 'self' https:\/\/github\.com; /,
      ),
    });
    expect(first.body).not.toContain('the-token');

    const second = await fill(await opened(started));
    expect(second.status).toBe(200);
    expect(second.body).toContain(
      'action="https://github.com/organizations/acme/settings/apps/new?state=the-state"',
    );
    expect(second.body).toContain('Write &lt;our&gt; own check runs.');
    const sent = /name="manifest" value="([^"]+)"/.exec(second.body)?.[1]?.replaceAll('&quot;', '"') ?? '';
    expect(JSON.parse(sent)).toEqual({
      ...manifest,
      name: 'Countersign "acme"',
      url: 'https://deploy.acme.example',
      hook_attributes: { active: true, url: 'https://deploy.acme.example/api/github/webhooks' },
      redirect_url: `${started.origin}/setup/callback`,
    });

    // GitHub sends the browser back; a strict cookie doesn't come with it.
    const third = await ask(`${started.origin}/setup/callback?code=good&state=the-state`);
    expect(third.status).toBe(200);
    expect(third.body).toContain('href="https://github.com/apps/countersign-acme/installations/new"');
    expect(third.body).toContain('Countersign &lt;acme&gt; is created');
    expect(third.body).not.toContain(secret);
    expect(started.asked).toEqual(['POST /app-manifests/good/conversions']);

    const { appId, privateKey, webhookSecret } = await started.setup.done;
    expect([appId, privateKey.reveal(), webhookSecret.reveal()]).toEqual([4242, pem, secret]);
    expect((await stat(started.file)).mode & 0o777).toBe(0o600);
    // The configuration reads it as it would read variables that somebody set.
    const { github } = readConfig(parseEnv(await readFile(started.file, 'utf8')), noFile);
    expect([github?.appId, github?.privateKey.reveal(), github?.webhookSecret.reveal()]).toEqual([
      4242,
      pem,
      secret,
    ]);
    // Nothing is left beside it, and the page is over.
    expect(await readdir(join(started.file, '..'))).toEqual(['github-app.env']);
    expect((await ask(started.setup.url)).status).toBe(404);
  });

  test('is not there without the token', async () => {
    const { origin } = await start();
    for (const path of [
      '/setup',
      '/setup?token=',
      '/setup?token=the-tokem',
      '/setup?token=the-token2',
      '/',
      '/setup/',
      '/api/github/webhooks',
      '/healthz',
      '//evil.example/setup?token=the-token',
    ]) {
      expect([path, (await ask(`${origin}${path}`)).status]).toEqual([path, 404]);
    }
    expect((await ask(`${origin}/setup`, { headers: { cookie: 'countersign_setup=guessed' } })).status).toBe(
      404,
    );
    expect((await ask(`${origin}/setup?token=the-token`, { method: 'DELETE' })).status).toBe(404);
  });

  test('stays open for the browser that opened it', async () => {
    const started = await start();
    const { cookie } = await opened(started);
    const page = await ask(`${started.origin}/setup`, { headers: { cookie: `other=1; ${cookie}` } });
    expect([page.status, page.headers['set-cookie']]).toEqual([200, undefined]);
  });

  test.each([
    'evil.example',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    '127.0.0.1@evil.example',
    '[::1]:3000.evil.example',
  ])('answers to no other name than this machine’s: %s', async (host) => {
    const { setup } = await start();
    expect((await ask(setup.url, { headers: { host } })).status).toBe(404);
  });

  test('is reached through a tunnel on another port, and comes back there', async () => {
    const started = await start();
    const host = 'localhost:9999';
    const { cookie, csrf } = await opened(started);
    const page = await ask(`${started.origin}/setup`, {
      method: 'POST',
      headers: {
        host,
        origin: `http://${host}`,
        cookie,
        'content-type': 'application/x-www-form-urlencoded',
      },
      body: new URLSearchParams({
        csrf,
        address: 'https://a.example',
        organization: '',
        name: 'x',
      }).toString(),
    });
    expect(page.body).toContain('http://localhost:9999/setup/callback');
    expect(page.body).toContain('action="https://github.com/settings/apps/new?state=the-state"');
  });

  test.each([
    ['another origin', {}, { origin: 'https://evil.example' }],
    ['no origin', {}, { origin: 'null' }],
    ['no cookie', {}, { cookie: '' }],
    ['another form', { csrf: 'x' }, {}],
    ['another kind of body', {}, { 'content-type': 'text/plain' }],
  ])('a form from %s is not taken', async (_, fields, headers) => {
    expect((await fill(await opened(await start()), fields, headers)).status).toBe(404);
  });

  test('a form of a megabyte is not taken', async () => {
    expect(
      (
        await fill(await opened(await start()), { name: 'x'.repeat(1_000_000) }).catch(() => ({
          status: 404,
        }))
      ).status,
    ).toBe(404);
  });

  test.each([
    ['http://deploy.example', 'acme', 'x', 'https://'],
    ['javascript:alert(1)', 'acme', 'x', 'https://'],
    ['https://user@deploy.example', 'acme', 'x', 'only a host'],
    ['https://deploy.example', '../acme', 'x', 'name of an organisation'],
    ['https://deploy.example', 'acme', '', '34 characters'],
  ])('what is wrong in it is said: %s, %s, %s', async (address, organization, name, problem) => {
    const page = await fill(await opened(await start()), { address, organization, name });
    expect(page.status).toBe(422);
    expect(page.body).toMatch(new RegExp(`role="alert">[^<]*${problem}`));
    expect(page.body).not.toContain('settings/apps/new');
  });

  test.each(['', '&state=', '&state=another', '&state=the-state2'])(
    'a return that we didn’t start is refused: %j',
    async (state) => {
      const { origin, asked } = await start();
      expect((await ask(`${origin}/setup/callback?code=good${state}`)).status).toBe(404);
      expect(asked).toEqual([]);
    },
  );

  test.each([
    ['an old code', 'old', app, 'works once, within an hour'],
    ['a forged code', '../../user', app, 'no code of GitHub’s'],
    [
      'an App without a webhook secret',
      'good',
      { ...app, webhook_secret: null },
      'lacks what an App needs (webhook_secret)',
    ],
    ['something else', 'good', ['-----BEGIN x'], 'lacks what an App needs'],
  ])('%s is told, kept nowhere, and can be tried again', async (_, code, answer, why) => {
    const started = await start(answer);
    const page = await ask(
      `${started.origin}/setup/callback?state=the-state&code=${encodeURIComponent(code)}`,
    );
    expect(page.status).toBe(502);
    expect(page.body).toContain(why);
    expect(page.body).not.toContain('BEGIN');
    await expect(readFile(started.file, 'utf8')).rejects.toThrow('ENOENT');
    expect((await ask(started.setup.url)).status).toBe(200);
  });

  test('a port that is taken is said', async () => {
    const { origin } = await start();
    const port = Number(new URL(origin).port);
    const again = startSetup({
      port,
      host: '127.0.0.1',
      githubUrl: 'https://github.com',
      apiUrl: 'http://127.0.0.1:1',
      manifest,
      reasons: {},
      store: () => Promise.resolve(''),
      token: 't',
      state: 's',
    });
    await expect(again).rejects.toMatchObject({ code: 'port_in_use' });
  });

  test('the command prints the address and ends when it is told to', async () => {
    const written: string[] = [];
    const { promise: stopped, resolve: stop } = Promise.withResolvers<void>();
    const ended = setUp({
      config: {
        addresses: { api: 'http://127.0.0.1:1', graphql: '', web: 'https://github.com' },
        server: { host: '0.0.0.0', port: 0 },
      },
      io: { stderr: { write: (text) => void written.push(text) } },
      file: join(await directory(), 'github-app.env'),
      stopped,
    });
    while (written.length === 0) await new Promise((resolve) => void setTimeout(resolve, 10));
    const address = /http:\/\/127\.0\.0\.1:\d+\/setup\?token=[\w-]{43}/.exec(written.join(''))?.[0] ?? '';
    expect((await ask(address)).status).toBe(200);
    stop();
    expect(await ended).toBe('stopped');
    await expect(ask(address)).rejects.toThrow('ECONNREFUSED');
  });
});

test('the file is never written through a link', async () => {
  const place = await directory();
  const elsewhere = join(place, 'elsewhere');
  const file = join(place, 'github-app.env');
  await symlink(elsewhere, file);
  await storeCredentials(file, {
    appId: 1,
    privateKey: new Secret(pem),
    webhookSecret: new Secret(secret),
    url: app.html_url,
    name: 'x',
  });
  expect((await readdir(place)).toSorted()).toEqual(['github-app.env']);
  expect(parseEnv(await readFile(file, 'utf8'))).toEqual({
    APP_ID: '1',
    PRIVATE_KEY: pem,
    WEBHOOK_SECRET: secret,
  });
});
