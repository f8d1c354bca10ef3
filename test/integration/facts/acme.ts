import { execFileSync } from 'node:child_process';
import { Octokit } from '@octokit/rest';
import { Probot, ProbotOctokit } from 'probot';
import {
  type App,
  type GitHub,
  type NewCommit,
  type Organization,
  type Repository,
  type User,
  startGitHub,
} from '../../../demo/github/github.ts';
import type { RepositoryRef } from '../../../src/domain/repository.ts';
import { pinApiVersion } from '../../../src/facts/github-reader.ts';

const at = { owner: 'acme', repo: 'shop' };

/** What our App asks for (`app.yml`). */
const PERMISSIONS = {
  actions: 'read',
  administration: 'read',
  checks: 'write',
  contents: 'read',
  deployments: 'write',
  members: 'read',
  pull_requests: 'write',
  statuses: 'read',
} as const;

/** The one organisation of these tests, with its shop, its people and our App installed. */
export interface Acme {
  readonly github: GitHub;
  readonly organization: Organization;
  readonly shop: Repository;
  readonly repository: RepositoryRef;
  readonly alice: User;
  readonly bob: User;
  readonly carol: User;
  readonly dave: User;
  readonly app: App;
  readonly appId: number;
  /** Our App, by the client that Probot gives it. */
  readonly ours: ProbotOctokit;
  /** Our App by a client that repeats whatever failed, as Octokit does by default. */
  readonly retrying: () => Promise<ProbotOctokit>;
  /** Another App with write access to checks. */
  readonly otherApp: (slug: string) => Promise<ProbotOctokit>;
  /** The same App's rights through a plain Octokit. */
  readonly plain: () => Promise<Octokit>;
  readonly as: (user: User) => Octokit;
  readonly commit: (
    user: User,
    commit: Omit<NewCommit, 'files'> & { readonly files?: NewCommit['files'] },
  ) => Promise<string>;
  /** Many commits, pushed at once, oldest first. */
  readonly commitMany: (user: User, branch: string, count: number) => Promise<readonly string[]>;
  readonly open: (user: User, head: string, base?: string) => Promise<number>;
  readonly review: (
    user: User,
    number: number,
    event: 'APPROVE' | 'REQUEST_CHANGES' | 'COMMENT',
  ) => Promise<number>;
  readonly merge: (user: User, number: number, method?: 'merge' | 'squash' | 'rebase') => Promise<string>;
}

export async function openAcme(permissions: Readonly<Record<string, string>> = PERMISSIONS): Promise<Acme> {
  const github = await startGitHub();
  const [alice, bob, carol, dave] = ['alice', 'bob', 'carol', 'dave'].map((login) =>
    github.createUser({ login }),
  ) as [User, User, User, User];
  const acme = github.createOrganization('acme', { owner: dave, members: [alice, bob, carol] });
  const developers = github.createTeam(acme, 'developers', [alice, bob, carol]);
  github.createTeam(acme, 'maintainers', [bob, carol]);
  const shop = await github.createRepository(acme, 'shop', { files: { 'README.md': '# shop\n' } });
  github.grant(shop, developers, 'write');
  const { app, appId, privateKey } = github.createApp({
    slug: 'countersign',
    owner: acme,
    permissions,
    events: [],
    webhookUrl: null,
  });
  const installation = github.install(app, acme, [shop]);

  const probotOf = (credentials: { readonly appId: number; readonly privateKey: string }, retries = false) =>
    new Probot({
      ...credentials,
      baseUrl: github.apiUrl,
      logLevel: 'fatal',
      Octokit: ProbotOctokit.defaults((options: object) => ({
        ...options,
        retry: { enabled: retries },
        throttle: { enabled: false },
      })),
    });
  const probot = probotOf({ appId, privateKey });
  const ours = pinApiVersion(await probot.auth(installation.id));
  const quiet = { debug: ignore, info: ignore, warn: ignore, error: ignore };
  const as = (user: User) => new Octokit({ auth: user.token, baseUrl: github.apiUrl, log: quiet });
  let files = 0;
  return {
    github,
    organization: acme,
    shop,
    repository: { id: shop.id, owner: 'acme', name: 'shop', installationId: installation.id },
    alice,
    bob,
    carol,
    dave,
    app,
    appId,
    ours,
    as,
    retrying: () => probotOf({ appId, privateKey }, true).auth(installation.id),
    otherApp: async (slug) => {
      const other = github.createApp({
        slug,
        owner: acme,
        permissions: { checks: 'write' },
        events: [],
        webhookUrl: null,
      });
      return probotOf(other).auth(github.install(other.app, acme, [shop]).id);
    },
    plain: async () => {
      const itself = await probot.auth();
      const { data } = await itself.rest.apps.createInstallationAccessToken({
        installation_id: installation.id,
      });
      return pinApiVersion(new Octokit({ auth: data.token, baseUrl: github.apiUrl, log: quiet }));
    },
    commit: (user, commit) => {
      files += 1;
      return github.commit(user, shop, { files: { [`file-${files}.txt`]: `${files}\n` }, ...commit });
    },
    commitMany: async (user, branch, count) => {
      const made = importMany(shop.directory, user, branch, count);
      await github.push(user, shop, [`${made.at(-1) ?? ''}:refs/heads/${branch}`]);
      return made;
    },
    open: async (user, head, base = 'main') => {
      const { data } = await as(user).rest.pulls.create({ ...at, title: `Change of ${head}`, head, base });
      return data.number;
    },
    review: async (user, number, event) => {
      const { data } = await as(user).rest.pulls.createReview({
        ...at,
        pull_number: number,
        event,
        body: 'Seen.',
      });
      return data.id;
    },
    merge: async (user, number, method = 'squash') => {
      const { data } = await as(user).rest.pulls.merge({ ...at, pull_number: number, merge_method: method });
      return data.sha;
    },
  };
}

function ignore(): void {
  // Octokit's request log has nothing that a test needs.
}

/** Makes commits in one go, on top of a branch or of main; a push of each would take minutes. */
function importMany(directory: string, user: User, branch: string, count: number): readonly string[] {
  const ref = `refs/scratch/${branch}`;
  const git = (...parameters: string[]) =>
    execFileSync('git', parameters, { cwd: directory, encoding: 'utf8' }).trim();
  const known = git('for-each-ref', '--format=%(objectname)', `refs/heads/${branch}`);
  const start = known === '' ? git('rev-parse', 'refs/heads/main') : known;
  const seconds = Math.floor(Date.now() / 1000);
  const who = `${user.login} <${user.email}> ${seconds} +0000`;
  const commits = Array.from({ length: count }, (_, index) => {
    const message = `Step ${index} of ${branch}`;
    const content = `${branch} ${index}`;
    const from = index === 0 ? `from ${start}\n` : '';
    return `commit ${ref}\nauthor ${who}\ncommitter ${who}\ndata ${message.length}\n${message}\n${from}M 100644 inline ${branch}.txt\ndata ${content.length}\n${content}\n`;
  });
  execFileSync('git', ['fast-import', '--quiet', '--force'], { cwd: directory, input: commits.join('\n') });
  return git('rev-list', '--reverse', `${start}..${ref}`).split('\n');
}
