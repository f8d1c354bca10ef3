/**
 * Everything that the demo's story needs, on this machine: the stand-in for GitHub with an organisation and its people, two
 * servers with a key each, a database, and the app itself, started as an operator would: from variables and a file. The
 * end-to-end tests stand on the same stage.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Octokit } from '@octokit/rest';
import type { Logger } from 'pino';
import { stringify } from 'yaml';
import { type App, startApp } from '../../src/app.ts';
import { readConfig } from '../../src/config.ts';
import { generateLedgerKey } from '../../src/ledger/sequence/signer.ts';
import type { Pipeline } from '../../src/pipeline/pipeline.ts';
import { parseManifest } from '../../src/web/app-manifest.ts';
import {
  type GitHub,
  type Installation,
  type Organization,
  type Repository,
  startGitHub,
  type User,
} from '../github/github.ts';
import { type DemoServer, startServer } from '../servers/servers.ts';
import { shopPolicy } from './policy.ts';
import { SHOP_FILES } from './shop-files.ts';

export const PEOPLE = ['alice', 'bob', 'carol', 'dave', 'erin', 'frank'] as const;
export type Person = (typeof PEOPLE)[number];

/** In this process or in one of its own. */
type RunningApp = Pick<App, 'url' | 'stop'>;

export interface StageOptions {
  /** A directory of our own; what is in it may be thrown away. */
  readonly dir: string;
  readonly database: { readonly writerUrl: string };
  readonly log: Logger;
  readonly patience?: Pipeline['patience'];
  /** The policy instead of the demo's own. */
  readonly policy?: (baseline: string | null) => string;
  readonly serverKind?: DemoServer['kind'];
  /** Starts the app from these variables some other way than in this process. */
  readonly launch?: (env: Readonly<Record<string, string>>) => Promise<RunningApp>;
  /** For the operator's file. */
  readonly commands?: Readonly<Record<string, string>>;
  /** Where people are told to find the app; nothing has to answer there. */
  readonly publicUrl?: string;
  /** The operator's targets, where they are others than one server each. */
  readonly targets?: (own: readonly object[]) => readonly object[];
  /** The way to a server, where it isn't the server's own port. */
  readonly portTo?: (server: DemoServer) => Promise<number>;
}

export interface Stage {
  readonly github: GitHub;
  readonly app: RunningApp;
  readonly people: Readonly<Record<Person, User>>;
  readonly owner: 'acme';
  readonly repo: 'shop';
  readonly repository: Repository;
  readonly organization: Organization;
  readonly installation: Installation;
  readonly servers: Readonly<Record<'staging' | 'production', DemoServer>>;
  readonly origin: string;
  /** GitHub's id of our App. */
  readonly appId: number;
  readonly webhookSecret: string;
  /** GitHub, signed in as one of the people. */
  as(person: Person): Octokit;
  /** What a visitor of the server would get: a file of the running release. */
  served(environment: 'staging' | 'production', file: string): Promise<string | null>;
  /** Stops the app and starts it again, as a deployment of Countersign itself would. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

/**
 * alice and bob write; bob and carol are maintainers; dave leads; erin is the reviewer whom GitHub's production environment
 * names; frank owns the organisation, so that he can push past every rule.
 */
export async function setStage(options: StageOptions): Promise<Stage> {
  const { dir } = options;
  await mkdir(dir, { recursive: true, mode: 0o755 });
  const github = await startGitHub({ dataDir: join(dir, 'github') });
  const closers: (() => Promise<unknown>)[] = [() => github.close()];
  const close = async (): Promise<void> => {
    for (const each of closers.splice(0).reverse()) await each();
  };
  try {
    const people = Object.fromEntries(
      PEOPLE.map((login) => [login, github.createUser({ login, email: `${login}@example.com` })]),
    ) as Record<Person, User>;
    const staging = await startServer({ dir: join(dir, 'staging'), name: 'staging', ...kindOf(options) });
    closers.push(() => staging.stop());
    const production = await startServer({
      dir: join(dir, 'production'),
      name: 'production',
      ...kindOf(options),
    });
    closers.push(() => production.stop());
    const servers = { staging, production };

    const operatorFile = await writeOperatorFile(options, servers);
    const manifest = parseManifest(await readFile(join(import.meta.dirname, '../../app.yml'), 'utf8'));
    const { organization, repository } = await fillGitHub(github, people, options.policy ?? shopPolicy);
    const registered = github.createApp({
      slug: 'countersign',
      permissions: manifest.default_permissions,
      events: manifest.default_events,
      // Known once the app listens; until then nothing is delivered.
      webhookUrl: null,
    });
    const installation = github.install(registered.app, organization, [repository]);
    await setEnvironment(github, people, registered.appId);

    const origin = 'countersign.example/ledger/1';
    const ledgerKey = generateLedgerKey();
    const env = {
      APP_ID: String(registered.appId),
      PRIVATE_KEY: registered.privateKey,
      WEBHOOK_SECRET: registered.webhookSecret,
      GHE_HOST: new URL(github.url).host,
      GHE_PROTOCOL: 'http',
      HOST: '127.0.0.1',
      PORT: '0',
      DATABASE_URL: options.database.writerUrl,
      COUNTERSIGN_CONFIG: operatorFile,
      COUNTERSIGN_LEDGER_ORIGIN: origin,
      COUNTERSIGN_LEDGER_KEY: ledgerKey,
      ...(options.publicUrl === undefined ? {} : { COUNTERSIGN_URL: options.publicUrl }),
    };
    const launch = options.launch ?? ((given) => startHere(given, options));
    const start = async (): Promise<RunningApp> => {
      const app = await launch(env);
      github.setWebhookUrl(registered.app, `${app.url}/api/github/webhooks`);
      return app;
    };
    let app = await start();
    closers.push(() => app.stop());

    return {
      github,
      get app() {
        return app;
      },
      people,
      owner: 'acme',
      repo: 'shop',
      repository,
      organization,
      installation,
      servers,
      origin,
      appId: registered.appId,
      webhookSecret: registered.webhookSecret,
      as: (person) => signedIn(github, people[person]),
      served: (environment, file) =>
        readFile(join(servers[environment].root, 'shop/current', file), 'utf8').catch(() => null),
      restart: async () => {
        await app.stop();
        app = await start();
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Octokit writes refused calls to the console; here a refusal is part of the story. */
/** The app in this process. */
async function startHere(env: Readonly<Record<string, string>>, options: StageOptions): Promise<RunningApp> {
  const config = readConfig(env, (path) => readFileSync(path, 'utf8'));
  const { github, databaseUrl, ledgerKey, ledgerOrigin } = config;
  if (github === null || databaseUrl === null || ledgerKey === null || ledgerOrigin === null) {
    throw new Error('the stage left a variable out');
  }
  return startApp({
    config,
    github,
    databaseUrl: databaseUrl.reveal(),
    ledgerKey: ledgerKey.reveal(),
    ledgerOrigin,
    dataDir: join(options.dir, 'app'),
    log: options.log,
    patience: options.patience ?? { attempts: 3, seconds: 1 },
  });
}

const QUIET = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

function kindOf({ serverKind }: StageOptions): { kind?: DemoServer['kind'] } {
  return serverKind === undefined ? {} : { kind: serverKind };
}

async function fillGitHub(
  github: GitHub,
  people: Readonly<Record<Person, User>>,
  policy: (baseline: string | null) => string,
): Promise<{ organization: Organization; repository: Repository }> {
  const organization = github.createOrganization('acme', { owner: people.frank });
  for (const [slug, members] of Object.entries({
    developers: ['alice', 'bob', 'carol'],
    maintainers: ['bob', 'carol'],
    leads: ['dave'],
    'release-managers': ['erin'],
  } satisfies Record<string, Person[]>)) {
    github.createTeam(
      organization,
      slug,
      members.map((login) => people[login]),
    );
  }
  const repository = await github.createRepository(organization, 'shop', {
    files: SHOP_FILES,
    defaultBranch: 'main',
    by: people.frank,
  });
  for (const login of ['alice', 'bob', 'carol', 'dave', 'erin'] as const)
    github.grant(repository, people[login], 'write');
  github.grant(repository, people.frank, 'admin');
  // What stood there before Countersign came is accepted by declaring it; the policy itself comes by a reviewed change.
  const at = { owner: 'acme', repo: 'shop' };
  const [alice, carol] = [signedIn(github, people.alice), signedIn(github, people.carol)];
  const { data: main } = await alice.rest.repos.getBranch({ ...at, branch: 'main' });
  await github.commit(people.alice, repository, {
    branch: 'policy',
    from: 'main',
    files: { '.github/countersign.yml': policy(main.commit.sha) },
    message: 'Add the policy',
  });
  const { data: change } = await alice.rest.pulls.create({
    ...at,
    title: 'Add the policy',
    head: 'policy',
    base: 'main',
  });
  await carol.rest.pulls.createReview({
    ...at,
    pull_number: change.number,
    event: 'APPROVE',
    commit_id: change.head.sha,
  });
  await carol.rest.pulls.merge({ ...at, pull_number: change.number, merge_method: 'squash' });
  return { organization, repository };
}

function signedIn(github: GitHub, user: User): Octokit {
  return new Octokit({ auth: user.token, baseUrl: github.apiUrl, log: QUIET });
}

async function setEnvironment(
  github: GitHub,
  people: Readonly<Record<Person, User>>,
  appId: number,
): Promise<void> {
  const admin = signedIn(github, people.frank);
  const { data: team } = await admin.rest.teams.getByName({ org: 'acme', team_slug: 'release-managers' });
  await admin.rest.repos.createOrUpdateEnvironment({
    owner: 'acme',
    repo: 'shop',
    environment_name: 'staging',
  });
  await admin.rest.repos.createOrUpdateEnvironment({
    owner: 'acme',
    repo: 'shop',
    environment_name: 'production',
    prevent_self_review: true,
    reviewers: [{ type: 'Team', id: team.id }],
  });
  await admin.rest.repos.updateBranchProtection({
    owner: 'acme',
    repo: 'shop',
    branch: 'main',
    required_status_checks: {
      strict: false,
      contexts: [],
      checks: [{ context: 'countersign/change', app_id: appId }],
    },
    enforce_admins: false,
    required_pull_request_reviews: { required_approving_review_count: 1, dismiss_stale_reviews: true },
    restrictions: null,
    allow_force_pushes: false,
    allow_deletions: false,
  });
}

async function writeOperatorFile(
  options: StageOptions,
  servers: Readonly<Record<'staging' | 'production', DemoServer>>,
): Promise<string> {
  const targets = [];
  for (const [environment, server] of Object.entries(servers)) {
    const port = (await options.portTo?.(server)) ?? server.port;
    const keyFile = join(options.dir, `${environment}.key`);
    await writeFile(keyFile, await server.privateKeyFor(environment), { mode: 0o600 });
    targets.push({
      repository: 'acme/shop',
      environment,
      hosts: [{ host: server.host, port, user: server.user, fingerprint: server.fingerprint }],
      credential: { private_key: { file: keyFile } },
      path: join(server.root, 'shop'),
      keep: 3,
      commands: options.commands ?? { health: 'test -s public/index.html' },
    });
  }
  const file = join(options.dir, 'countersign.yaml');
  await writeFile(file, stringify({ targets: options.targets?.(targets) ?? targets }), { mode: 0o600 });
  return file;
}
