/** A stand-in for GitHub with the demo's cast: org `acme`, repository `acme/shop`, an App installed on it, and its receiver. */
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { Octokit } from '@octokit/rest';
import { Probot, ProbotOctokit } from 'probot';

import {
  startGitHub,
  type CreatedApp,
  type GitHub,
  type GitHubOptions,
  type Installation,
  type Organization,
  type Repository,
  type User,
} from '../../../demo/github/github.ts';

/** One webhook as it reached the App. */
export interface Received {
  readonly event: string;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly payload: Readonly<Record<string, unknown>>;
}

export interface Shop {
  readonly github: GitHub;
  readonly alice: User;
  readonly bob: User;
  readonly carol: User;
  readonly dave: User;
  readonly acme: Organization;
  readonly shop: Repository;
  readonly created: CreatedApp;
  readonly installation: Installation;
  /** What the App received; each names itself `event.action`. */
  readonly received: Received[];
  /** Status with which the App answers its webhooks. */
  answer: number;
  as(user: User): Octokit;
  /** The App's installation. */
  ours(): ProbotOctokit;
  /** The App itself, by its JWT. */
  appItself(): ProbotOctokit;
  names(): Promise<string[]>;
  stop(options?: { readonly allowViolations?: boolean }): Promise<void>;
}

/** What the demo's App asks for. */
export const PERMISSIONS = {
  actions: 'read',
  administration: 'read',
  checks: 'write',
  contents: 'read',
  deployments: 'write',
  members: 'read',
  pull_requests: 'write',
  statuses: 'read',
} as const;

export const EVENTS = [
  'branch_protection_rule',
  'check_run',
  'check_suite',
  'deployment',
  'deployment_protection_rule',
  'deployment_review',
  'deployment_status',
  'issue_comment',
  'membership',
  'organization',
  'pull_request',
  'pull_request_review',
  'push',
  'repository_ruleset',
  'status',
  'workflow_job',
  'workflow_run',
] as const;

/** Keeps Octokit from printing what a test expects to be refused. */
export const QUIET = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/** Where `acme/shop` is, for Octokit. */
export const SHOP = { owner: 'acme', repo: 'shop' } as const;

/** An App, or one of its installations, by the client that Probot gives it. */
export function asApp(
  github: GitHub,
  { appId, privateKey }: Pick<CreatedApp, 'appId' | 'privateKey'>,
  installation?: Installation,
): Promise<ProbotOctokit> {
  const plain = ProbotOctokit.defaults((options: object) => ({
    ...options,
    log: QUIET,
    retry: { enabled: false },
    throttle: { enabled: false },
  }));
  const probot = new Probot({ appId, privateKey, baseUrl: github.apiUrl, logLevel: 'fatal', Octokit: plain });
  return probot.auth(installation?.id);
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return (server.address() as AddressInfo).port;
}

export async function startShop(options: GitHubOptions & { readonly private?: boolean } = {}): Promise<Shop> {
  const github = await startGitHub(options);
  const received: Received[] = [];
  const receiver = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString('utf8');
      const payload = JSON.parse(text) as Record<string, unknown>;
      const action = typeof payload['action'] === 'string' ? `.${payload['action']}` : '';
      received.push({
        event: `${String(request.headers['x-github-event'])}${action}`,
        headers: request.headers,
        text,
        payload,
      });
      response.writeHead(world.answer).end('{}');
    });
  });
  const port = await listen(receiver);
  const [alice, bob, carol, dave] = ['alice', 'bob', 'carol', 'dave'].map((login) =>
    github.createUser({ login }),
  ) as [User, User, User, User];
  const acme = github.createOrganization('acme', { owner: alice, members: [bob, carol, dave] });
  const maintainers = github.createTeam(acme, 'maintainers', [bob, carol]);
  const shop = await github.createRepository(acme, 'shop', {
    private: options.private ?? true,
    files: { 'README.md': '# shop\n', 'src/main.ts': 'export {};\n' },
  });
  github.grant(shop, maintainers, 'write');
  const created = github.createApp({
    slug: 'countersign',
    owner: acme,
    permissions: PERMISSIONS,
    events: EVENTS,
    webhookUrl: `http://127.0.0.1:${port}/hook`,
  });
  const installation = github.install(created.app, acme, [shop]);
  const itself = await asApp(github, created);
  const ours = await asApp(github, created, installation);
  const world: Shop = {
    github,
    alice,
    bob,
    carol,
    dave,
    acme,
    shop,
    created,
    installation,
    received,
    answer: 202,
    as: (user) => new Octokit({ auth: user.token, baseUrl: github.apiUrl, log: QUIET }),
    ours: () => ours,
    appItself: () => itself,
    async names() {
      await github.deliveries.waitForIdle();
      return received.map(({ event }) => event);
    },
    async stop(closing) {
      receiver.closeAllConnections();
      await new Promise<void>((resolve) => {
        receiver.close(() => resolve());
      });
      await github.close(closing);
    },
  };
  return world;
}

/** A pull request of one commit by Bob. */
export async function openPull(
  world: Shop,
  branch = 'feature',
  files: Record<string, string> = { 'src/feature.ts': 'export const on = true;\n' },
): Promise<{ number: number; head: string }> {
  await world.github.commit(world.bob, world.shop, { branch, from: 'main', files, message: `Add ${branch}` });
  const { data } = await world
    .as(world.bob)
    .rest.pulls.create({ ...SHOP, title: `Add ${branch}`, head: branch, base: 'main' });
  return { number: data.number, head: data.head.sha };
}

/** The status with which a call was refused; fails when it was not. */
export async function refusal(call: Promise<unknown>): Promise<{ status: number; message: string }> {
  try {
    await call;
  } catch (error) {
    const { status, message } = error as { status?: number; message?: string };
    return { status: status ?? 0, message: message ?? '' };
  }
  throw new Error('It was not refused');
}
