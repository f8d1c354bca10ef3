/**
 * A stand-in for GitHub: real git repositories, GitHub's REST and GraphQL APIs as far as this project calls them,
 * signed webhooks, and people who act. Every call and every answer is held against GitHub's own descriptions.
 */
import { generateKeyPairSync, createPublicKey } from 'node:crypto';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { announceInOrganization } from './announce.ts';
import { pressButton, rerequest, rerequestSuite } from './acts/checking.ts';
import { bypass, cancelRun, finishRun, reviewDeployments, startRun, type NewRun } from './acts/running.ts';
import { environmentNamed } from './acts/deploying.ts';
import { EVENT_PERMISSIONS, startCourier, type Deliveries } from './deliveries.ts';
import { commitAs, pushAs, type NewCommit, type FileContent } from './desk.ts';
import { makeFaults, type Faults } from './faults.ts';
import { findAccount, needTeam } from './find.ts';
import { makeBareRepository } from './git-http.ts';
import { git } from './git/run-git.ts';
import { branchTip } from './git/commits.ts';
import { makeGraphql } from './graphql/serve.ts';
import { loadRestOracle } from './oracle/rest-oracle.ts';
import { loadWebhookOracle } from './oracle/webhook-oracle.ts';
import { makePages } from './pages/serve.ts';
import { makeRateLimiter } from './rate-limit.ts';
import { allRoutes } from './routes/all.ts';
import { permits } from './rules/roles.ts';
import { makeServer, type LoggedRequest } from './server.ts';
import { fullTeam, nodeId, simpleUser } from './shapes/accounts.ts';
import { installationShape } from './shapes/apps.ts';
import { setDraft } from './acts/pull-requests.ts';
import type {
  App,
  Environment,
  Installation,
  Organization,
  Repository,
  Role,
  Team,
  User,
  WorkflowRun,
} from './state.ts';
import { makeWorld, type World } from './world.ts';

export type {
  App,
  Environment,
  Installation,
  Organization,
  Repository,
  Role,
  Team,
  User,
  WorkflowRun,
} from './state.ts';
export type { NewRun } from './acts/running.ts';
export type { Deliveries, Delivery } from './deliveries.ts';
export type { NewCommit, Person } from './desk.ts';
export type { Faults } from './faults.ts';
export type { LoggedRequest } from './server.ts';

export interface GitHubOptions {
  /** Default: any free one. */
  readonly port?: number;
  readonly host?: '127.0.0.1';
  /** Where the bare repositories go; default: a temporary directory that `close` removes. */
  readonly dataDir?: string;
  readonly log?: (line: string) => void;
  readonly clock?: () => Date;
  /** Ids count up from here. */
  readonly seed?: number;
}

export interface NewApp {
  readonly slug: string;
  readonly owner?: Organization | User;
  readonly permissions: Readonly<Record<string, string>>;
  readonly events: readonly string[];
  readonly webhookUrl: string | null;
  readonly webhookSecret?: string;
  readonly privateKey?: string;
}

/** An App with the three things that its owner is given. */
export interface CreatedApp {
  readonly app: App;
  readonly appId: number;
  readonly privateKey: string;
  readonly webhookSecret: string;
}

/** Who may deploy to an environment, set without the API. */
export interface EnvironmentRules {
  readonly reviewers?: readonly (User | Team)[];
  readonly preventSelfReview?: boolean;
  readonly adminsCanBypass?: boolean;
  /** Apps whose custom deployment protection rule is enabled on it. */
  readonly rules?: readonly App[];
  /** Patterns of the branches that may deploy. */
  readonly branches?: readonly string[];
}

/** GitHub Actions. */
export interface Actions {
  /** Starts a run with one job on an environment; it waits where the environment says so. */
  startRun(repository: Repository, run: NewRun): Promise<WorkflowRun>;
  /** What a required reviewer clicks. */
  review(
    run: WorkflowRun,
    user: User,
    answer: { readonly state: 'approved' | 'rejected'; readonly comment?: string },
  ): void;
  /** An admin's "Start all waiting jobs". */
  bypass(run: WorkflowRun, user: User): void;
  finish(run: WorkflowRun, conclusion: 'success' | 'failure'): void;
  cancel(run: WorkflowRun): void;
}

export interface GitHub {
  readonly world: World;
  /** The web root. */
  readonly url: string;
  /** For Octokit's `baseUrl`; GraphQL is found from it too. */
  readonly apiUrl: string;
  readonly deliveries: Deliveries;
  readonly faults: Faults;
  readonly requests: readonly LoggedRequest[];
  readonly violations: readonly string[];
  resetRequests(): void;
  createUser(user: {
    readonly login: string;
    readonly name?: string;
    readonly email?: string;
    readonly emails?: readonly string[];
    readonly twoFactor?: boolean;
  }): User;
  createOrganization(
    login: string,
    options: { readonly owner: User; readonly members?: readonly User[] },
  ): Organization;
  createTeam(organization: Organization, slug: string, members: readonly User[]): Team;
  addToTeam(organization: Organization, slug: string, user: User, by?: User): void;
  removeFromTeam(organization: Organization, slug: string, user: User, by?: User): void;
  addMember(organization: Organization, user: User, by?: User): void;
  removeMember(organization: Organization, user: User, by?: User): void;
  createRepository(
    owner: Organization | User,
    name: string,
    options?: {
      readonly private?: boolean;
      readonly defaultBranch?: string;
      readonly files?: Readonly<Record<string, FileContent>>;
      readonly by?: User;
    },
  ): Promise<Repository>;
  fork(repository: Repository, owner: User | Organization): Promise<Repository>;
  grant(repository: Repository, to: User | Team, role: Role): void;
  createApp(app: NewApp): CreatedApp;
  install(app: App, account: Organization | User, repositories: readonly Repository[] | 'all'): Installation;
  suspend(installation: Installation, suspended: boolean, by?: User): void;
  uninstall(installation: Installation, by?: User): void;
  setWebhookUrl(app: App, url: string | null): void;
  /** Makes a commit at a person's desk and pushes it with their token. Gives its id. */
  commit(user: User, repository: Repository, commit: NewCommit): Promise<string>;
  /** Pushes refspecs of commits that the server already has (`SHA:refs/heads/x`). */
  push(
    user: User,
    repository: Repository,
    refspecs: readonly string[],
    options?: { readonly force?: boolean },
  ): Promise<void>;
  deleteBranch(user: User, repository: Repository, branch: string): Promise<void>;
  tip(repository: Repository, branch: string): Promise<string | null>;
  /** A button on one of an App's check runs, pressed by a person. */
  pressButton(repository: Repository, checkRunId: number, identifier: string, user: User): void;
  rerequest(repository: Repository, checkRunId: number, user: User): void;
  rerequestSuite(repository: Repository, suiteId: number, user: User): Promise<void>;
  setEnvironment(repository: Repository, name: string, rules: EnvironmentRules): Environment;
  readonly actions: Actions;
  setDraft(repository: Repository, number: number, draft: boolean, user: User): Promise<void>;
  /** Stops serving. Throws when a call or an answer did not conform, unless told to let it pass. */
  close(options?: { readonly allowViolations?: boolean }): Promise<void>;
}

function ownerOf(world: World, organization: Organization): User {
  const admin = [...organization.members].find(([, role]) => role === 'admin');
  const account = admin === undefined ? undefined : world.state.accounts.get(admin[0]);
  if (account?.kind !== 'User') throw new Error(`${organization.login} has no owner`);
  return account;
}

function personOf(world: World, account: User | Organization): User {
  return account.kind === 'User' ? account : ownerOf(world, account);
}

/** Starts one; everything it holds is gone when it closes. */
export async function startGitHub(options: GitHubOptions = {}): Promise<GitHub> {
  const log = options.log ?? (() => undefined);
  const dataDir = options.dataDir ?? (await mkdtemp(path.join(tmpdir(), 'standin-github-')));
  await mkdir(path.join(dataDir, 'repositories'), { recursive: true });
  const faults = makeFaults();
  const requests: LoggedRequest[] = [];
  let url = '';
  const judge = loadWebhookOracle();
  const courier = startCourier(() => world, faults, log);
  const world: World = makeWorld({
    dataDir,
    seed: options.seed ?? 1000,
    clock: options.clock ?? (() => new Date()),
    url: () => url,
    emit: (happening) => {
      world.violations.push(...judge(happening.event, happening.action, happening.payload));
      courier.accept(happening);
    },
  });
  const { state } = world;
  const limiter = makeRateLimiter(() => world);
  const server = makeServer({
    world,
    oracle: loadRestOracle(),
    routes: allRoutes(() => courier, limiter),
    graphql: makeGraphql(world),
    pages: makePages(),
    faults,
    limiter,
    requests,
    log,
  });
  await new Promise<void>((resolve, reject) => {
    server.on('error', reject);
    server.listen(options.port ?? 0, options.host ?? '127.0.0.1', resolve);
  });
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const freeLogin = (login: string): void => {
    if (findAccount(world, login) !== null) throw new Error(`The login ${login} is taken`);
  };
  const needCheckRun = (
    repository: Repository,
    id: number,
  ): NonNullable<ReturnType<Repository['checkRuns']['get']>> => {
    const run = repository.checkRuns.get(id);
    if (run === undefined) throw new Error(`No check run ${id}`);
    return run;
  };
  const membership = (
    organization: Organization,
    team: Team,
    user: User,
    action: 'added' | 'removed',
    by: User,
  ): void => {
    announceInOrganization(world, organization, {
      event: 'membership',
      action,
      sender: by,
      payload: { scope: 'team', member: simpleUser(world, user), team: fullTeam(world, team) },
    });
  };
  const memberChanged = (
    organization: Organization,
    user: User,
    action: 'member_added' | 'member_removed',
    by: User,
  ): void => {
    announceInOrganization(world, organization, {
      event: 'organization',
      action,
      sender: by,
      payload: {
        membership: {
          url: `${world.apiUrl}/orgs/${organization.login}/memberships/${user.login}`,
          state: 'active',
          role: 'member',
          organization_url: `${world.apiUrl}/orgs/${organization.login}`,
          user: simpleUser(world, user),
        },
      },
    });
  };
  const installationEvent = (installation: Installation, action: string, by: User): void => {
    const covered = [...state.repositories.values()].filter(
      (one) =>
        installation.account.id === one.owner.id &&
        (installation.repositories === null || installation.repositories.has(one.id)),
    );
    world.emit({
      event: 'installation',
      action,
      repository: null,
      account: installation.account,
      sender: by,
      only: installation.app,
      always: true,
      payload: {
        action,
        installation: installationShape(world, installation),
        repositories: covered.map((one) => ({
          id: one.id,
          node_id: nodeId('Repository', one.id),
          name: one.name,
          full_name: `${one.owner.login}/${one.name}`,
          private: one.private,
        })),
        requester: null,
        sender: simpleUser(world, by),
      },
    });
  };

  const github: GitHub = {
    world,
    url,
    apiUrl: world.apiUrl,
    deliveries: courier,
    faults,
    requests,
    violations: world.violations,
    resetRequests: () => {
      requests.length = 0;
    },
    createUser({ login, name, email, emails, twoFactor }) {
      freeLogin(login);
      const address = email ?? `${login}@example.com`;
      const user: User = {
        kind: 'User',
        id: world.id(),
        login,
        name: name ?? login,
        email: address,
        emails: new Set([address, ...(emails ?? [])].map((one) => one.toLowerCase())),
        token: `ghp_${world.secret(`user:${login}`, 36)}`,
        createdAt: world.timestamp(),
        twoFactor: twoFactor ?? true,
      };
      state.accounts.set(user.id, user);
      return user;
    },
    createOrganization(login, { owner, members }) {
      freeLogin(login);
      const organization: Organization = {
        kind: 'Organization',
        id: world.id(),
        login,
        createdAt: world.timestamp(),
        members: new Map<number, 'admin' | 'member'>([
          [owner.id, 'admin'],
          ...(members ?? []).map((user) => [user.id, 'member'] as const),
        ]),
        teams: [],
        twoFactorRequired: true,
      };
      state.accounts.set(organization.id, organization);
      return organization;
    },
    createTeam(organization, slug, members) {
      const team: Team = { id: world.id(), slug, organization, members: new Map() };
      organization.teams.push(team);
      for (const user of members) {
        if (!organization.members.has(user.id)) organization.members.set(user.id, 'member');
        team.members.set(user.id, 'member');
      }
      return team;
    },
    addToTeam(organization, slug, user, by) {
      const team = needTeam(organization, slug);
      if (!organization.members.has(user.id)) organization.members.set(user.id, 'member');
      team.members.set(user.id, 'member');
      membership(organization, team, user, 'added', by ?? ownerOf(world, organization));
    },
    removeFromTeam(organization, slug, user, by) {
      const team = needTeam(organization, slug);
      if (!team.members.delete(user.id)) throw new Error(`${user.login} is not in ${slug}`);
      membership(organization, team, user, 'removed', by ?? ownerOf(world, organization));
    },
    addMember(organization, user, by) {
      organization.members.set(user.id, 'member');
      memberChanged(organization, user, 'member_added', by ?? ownerOf(world, organization));
    },
    removeMember(organization, user, by) {
      organization.members.delete(user.id);
      for (const team of organization.teams) team.members.delete(user.id);
      for (const repository of state.repositories.values())
        if (repository.owner.id === organization.id) repository.collaborators.delete(user.id);
      memberChanged(organization, user, 'member_removed', by ?? ownerOf(world, organization));
    },
    async createRepository(
      owner,
      name,
      { private: hidden = false, defaultBranch = 'main', files = { 'README.md': `# ${name}\n` }, by } = {},
    ) {
      const repository = newRepository(owner, name, hidden, defaultBranch, null);
      await makeBareRepository(repository.directory, defaultBranch);
      state.repositories.set(repository.id, repository);
      await commitAs(world, repository, by ?? personOf(world, owner), {
        branch: defaultBranch,
        files,
        message: 'Initial commit',
      });
      return repository;
    },
    async fork(repository, owner) {
      const copy = newRepository(
        owner,
        repository.name,
        repository.private,
        repository.defaultBranch,
        repository,
      );
      await makeBareRepository(copy.directory, copy.defaultBranch);
      await git(copy.directory, ['fetch', '--quiet', repository.directory, '+refs/heads/*:refs/heads/*']);
      state.repositories.set(copy.id, copy);
      return copy;
    },
    grant(repository, to, role) {
      if ('slug' in to) repository.teams.set(to.id, role);
      else repository.collaborators.set(to.id, role);
    },
    createApp({ slug, owner, permissions, events, webhookUrl, webhookSecret, privateKey }) {
      for (const event of events) {
        const needed = EVENT_PERMISSIONS[event];
        if (needed === undefined) throw new Error(`The stand-in does not know the event ${event}`);
        const either = event === 'issue_comment' && permits(permissions, 'pull_requests:read');
        if (!permits(permissions, needed) && !either)
          throw new Error(`The event ${event} needs ${needed}, which ${slug} does not ask for`);
      }
      const key =
        privateKey ??
        generateKeyPairSync('rsa', {
          modulusLength: 2048,
          privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
          publicKeyEncoding: { type: 'spki', format: 'pem' },
        }).privateKey;
      const firstOrganization = [...state.accounts.values()].find(
        (account) => account.kind === 'Organization',
      );
      const firstUser = [...state.accounts.values()].find((account) => account.kind === 'User');
      const holder = owner ?? firstOrganization ?? firstUser;
      if (holder === undefined)
        throw new Error('Create a user or an organization first: an App has an owner');
      const id = world.id();
      const bot = {
        kind: 'Bot',
        id: world.id(),
        login: `${slug}[bot]`,
        createdAt: world.timestamp(),
      } as const;
      state.accounts.set(bot.id, bot);
      const app: App = {
        id,
        slug,
        name: slug,
        owner: holder,
        bot,
        clientId: `Iv23${world.secret(`client:${slug}`, 16)}`,
        clientSecret: world.secret(`client-secret:${slug}`, 40),
        privateKey: key,
        publicKey: createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString(),
        hookId: world.id(),
        createdAt: world.timestamp(),
        permissions: { metadata: 'read', ...permissions },
        events,
        webhookUrl,
        webhookSecret: webhookSecret ?? world.secret(`webhook:${slug}`, 40),
      };
      state.apps.set(id, app);
      return { app, appId: id, privateKey: key, webhookSecret: app.webhookSecret ?? '' };
    },
    install(app, account, repositories) {
      const installation: Installation = {
        id: world.id(),
        app,
        account,
        repositories:
          repositories === 'all' ? null : new Set(repositories.map((repository) => repository.id)),
        permissions: app.permissions,
        events: app.events,
        suspendedAt: null,
        createdAt: world.timestamp(),
      };
      state.installations.set(installation.id, installation);
      installationEvent(installation, 'created', personOf(world, account));
      return installation;
    },
    suspend(installation, suspended, by) {
      installation.suspendedAt = suspended ? world.timestamp() : null;
      installationEvent(
        installation,
        suspended ? 'suspend' : 'unsuspend',
        by ?? personOf(world, installation.account),
      );
    },
    uninstall(installation, by) {
      installationEvent(installation, 'deleted', by ?? personOf(world, installation.account));
      state.installations.delete(installation.id);
    },
    setWebhookUrl(app, address) {
      app.webhookUrl = address;
    },
    commit: (user, repository, commit) => commitAs(world, repository, user, commit),
    push: (user, repository, refspecs, { force = false } = {}) =>
      pushAs(world, repository, user, refspecs, force),
    deleteBranch: (user, repository, branch) => pushAs(world, repository, user, [`:refs/heads/${branch}`]),
    tip: (repository, branch) => branchTip(repository.directory, branch),
    pressButton: (repository, id, identifier, user) =>
      pressButton(world, repository, needCheckRun(repository, id), identifier, user),
    rerequest: (repository, id, user) => rerequest(world, repository, needCheckRun(repository, id), user),
    async rerequestSuite(repository, id, user) {
      const suite = repository.suites.find((one) => one.id === id);
      if (suite === undefined) throw new Error(`No check suite ${id}`);
      await rerequestSuite(world, repository, suite, user);
    },
    setEnvironment(repository, name, rules) {
      const environment = environmentNamed(world, repository, name);
      environment.reviewers = (rules.reviewers ?? []).map((one) => ({
        type: 'slug' in one ? 'Team' : 'User',
        id: one.id,
      }));
      environment.preventSelfReview = rules.preventSelfReview ?? false;
      environment.adminsCanBypass = rules.adminsCanBypass ?? true;
      environment.rules.splice(
        0,
        environment.rules.length,
        ...(rules.rules ?? []).map((app) => ({ id: world.id(), app, enabled: true })),
      );
      environment.branchPolicy =
        rules.branches === undefined ? null : { protectedBranches: false, custom: true };
      environment.branchPatterns = (rules.branches ?? []).map((pattern) => ({
        id: world.id(),
        name: pattern,
      }));
      environment.updatedAt = world.timestamp();
      return environment;
    },
    actions: {
      startRun: (repository, run) => startRun(world, repository, run),
      review(run, user, { state, comment = '' }) {
        const environments = run.jobs.map((job) => job.environment.id);
        reviewDeployments(world, run, user, { environments, state, comment });
      },
      bypass: (run, user) => bypass(world, run, user),
      finish: (run, conclusion) => finishRun(world, run, conclusion),
      cancel: (run) => cancelRun(world, run),
    },
    async setDraft(repository, number, draft, user) {
      const pull = repository.pulls.get(number);
      if (pull === undefined) throw new Error(`No pull request ${number}`);
      await setDraft(world, pull, draft, user);
    },
    async close({ allowViolations = false } = {}) {
      courier.stop();
      server.closeAllConnections();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
      if (options.dataDir === undefined) await rm(dataDir, { recursive: true, force: true, maxRetries: 3 });
      if (allowViolations || world.violations.length === 0) return;
      const distinct = [...new Set(world.violations)];
      throw new Error(
        `Calls or answers that do not conform to GitHub's description:\n${distinct.join('\n')}`,
      );
    },
  };
  return github;

  function newRepository(
    owner: Organization | User,
    name: string,
    hidden: boolean,
    defaultBranch: string,
    fork: Repository | null,
  ): Repository {
    const id = world.id();
    const at = world.timestamp();
    return {
      id,
      owner,
      name,
      private: hidden,
      defaultBranch,
      directory: path.join(dataDir, 'repositories', `${id}.git`),
      fork,
      createdAt: at,
      pushedAt: at,
      nextNumber: 1,
      collaborators: new Map(),
      teams: new Map(),
      pulls: new Map(),
      comments: [],
      suites: [],
      checkRuns: new Map(),
      statuses: [],
      protections: new Map(),
      rulesets: new Map(),
      activities: [],
      deployments: new Map(),
      environments: new Map(),
      runs: new Map(),
      signed: new Set(),
    };
  }
}
