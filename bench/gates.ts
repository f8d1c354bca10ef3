/**
 * Requests to GitHub for a decision, decisions and check-run writes for a burst of events, and how fast a decision is once the
 * facts are there. `cold`: the client was never asked anything; what our records have by then is there, which of a change is the last look
 * at how its base is protected, and of a deployment nothing. `warm`: the same again, when nothing but the event is new. `first`: a new
 * deployment, where each of its changes was judged at its merge, and another deployment before it. Requests are those that count
 * against the installation's limit of 5,000 an hour; those that GitHub answers by "not modified" don't, and stand beside them.
 */
import { Octokit } from '@octokit/rest';
import pino from 'pino';
import { type GitHub, type Repository, type User, startGitHub } from '../demo/github/github.ts';
import type { ChangeFacts } from '../src/domain/change-facts.ts';
import type { ControlSettings } from '../src/domain/control-facts.ts';
import { known } from '../src/domain/known.ts';
import type { RepositoryRef } from '../src/domain/repository.ts';
import { atMerge } from '../src/facts/at-merge.ts';
import { classicByRule } from '../src/facts/classic-by-rule.ts';
import { gatherChange } from '../src/facts/gather-change.ts';
import { type DeploymentAsked, gatherDeployment } from '../src/facts/gather-deployment.ts';
import type { GitHubReader } from '../src/facts/github-reader.ts';
import { CLASSIC, enforcedOn } from '../src/facts/read-branch-controls.ts';
import { readChange } from '../src/facts/read-change.ts';
import { readProtection } from '../src/facts/read-protection.ts';
import { type CameFrom, readRangeAtOnce } from '../src/facts/read-range-at-once.ts';
import { openGitHub } from '../src/pipeline/repository/github-access.ts';
import type { Benchmark } from './benchmark.ts';
import { run as evaluate } from './evaluate.ts';
import { measureBurst } from './gates/burst.ts';
import { agreeingTrees } from '../test/support/agreeing-trees.ts';

const NOW = '2026-11-02T10:00:00.000Z';
const ROLES = { teams: ['maintainers'], permissions: false };
const at = { owner: 'acme', repo: 'shop' };

interface Stage {
  readonly github: GitHub;
  readonly shop: Repository;
  readonly repository: RepositoryRef;
  readonly appId: number;
  /** Our App by a client that was never asked anything. */
  readonly client: () => Promise<GitHubReader>;
  readonly alice: User;
  readonly bob: User;
  readonly as: (user: User) => Octokit;
  /** What the last look found of main's classic protection. */
  readonly looked: ControlSettings;
}

type RecordedMerge = NonNullable<DeploymentAsked['atMerge']>;

/** What the ledger has of merges: the number and the facts of each, by its commit. */
type Merges = Map<string, ChangeFacts>;

export async function run(): Promise<Benchmark> {
  const stage = await openStage();
  try {
    const ours = await stage.client();
    const [large, largeAgain] = await change(stage, ours, { commits: 100, reviews: 100, checks: 50 });
    const [small] = await change(stage, ours, { commits: 1, reviews: 1, checks: 1 });
    const { cold: many, warm: manyAgain, first } = await deployment(stage, { pulls: 60, commits: 200 });
    const { cold: one } = await deployment(stage, { pulls: 1, commits: 1 });
    const burst = await measureBurst();
    const fast = await evaluate();
    return {
      rows: [large, largeAgain, small, many, first, manyAgain, one, burst, ...fast.rows],
      ratios: {
        change_requests_cold: large.counted,
        change_requests_warm: largeAgain.counted,
        next_change_requests: small.counted,
        deploy_requests_cold: many.counted,
        deploy_requests_warm: manyAgain.counted,
        deploy_requests_first: first.counted,
        burst_decisions: burst.decisions,
        burst_check_writes: burst['check-run writes'],
        ...fast.ratios,
      },
    };
  } finally {
    await stage.github.close();
  }
}

async function change(
  stage: Stage,
  ours: GitHubReader,
  size: { readonly commits: number; readonly reviews: number; readonly checks: number },
) {
  const { github, shop, alice, bob, as } = stage;
  const branch = `change-of-${size.commits}`;
  for (let index = 0; index < size.commits; index += 1) await commit(github, shop, alice, branch, index);
  const pull = await as(alice).rest.pulls.create({ ...at, title: branch, head: branch, base: 'main' });
  const pull_number = pull.data.number;
  for (let index = 0; index < size.reviews; index += 1) {
    await as(bob).rest.pulls.createReview({ ...at, pull_number, event: 'COMMENT', body: `${index}` });
  }
  for (let index = 0; index < size.checks; index += 1) {
    const status = { ...at, sha: pull.data.head.sha, context: `ci/${index}`, state: 'success' } as const;
    await as(alice).rest.repos.createCommitStatus(status);
  }
  const what = `a change: ${size.commits} commits, ${size.reviews} reviews, ${size.checks} checks`;
  const decide = () => judgeChange(stage, ours, pull_number, {});
  return [
    await count(github, `${what}, cold`, decide),
    await count(github, `${what}, warm`, decide),
  ] as const;
}

/**
 * As the pipeline does it, which knows from the policy that was last in force which teams are going to be asked for, and from its last
 * look at the base how that was protected.
 */
async function judgeChange(
  { repository, appId, looked }: Stage,
  ours: GitHubReader,
  number: number,
  { landed = false }: { readonly landed?: boolean },
): Promise<ChangeFacts> {
  const read = await readChange(ours, repository, number, ROLES.teams);
  const classic = landed ? null : classicByRule(read.base.rule, looked);
  const asked = {
    repository,
    number,
    read,
    ...(classic === null ? {} : { classic }),
    appId,
    pushes: [],
    roles: ROLES,
    paths: true,
    landed,
    trees: agreeingTrees,
    now: NOW,
  };
  return await gatherChange(ours, asked);
}

async function deployment(stage: Stage, size: { readonly pulls: number; readonly commits: number }) {
  const { github, shop, alice, bob, as, client } = stage;
  const before = (await github.tip(shop, 'main')) ?? '';
  await commit(github, shop, alice, 'main', size.pulls);
  const running = (await github.tip(shop, 'main')) ?? '';
  const ours = await client();
  await judgeDeployment(stage, ours, { running: before, sha: running });
  const merges: Merges = new Map();
  let left = size.commits;
  for (let index = 0; index < size.pulls; index += 1) {
    const head = `deployed-${size.pulls}-${index}`;
    const share = Math.floor(left / (size.pulls - index));
    left -= share;
    // A squash lands as one commit; a merge as its own commits and one on top.
    for (let step = 1; step < Math.max(2, share); step += 1) await commit(github, shop, alice, head, step);
    const { data } = await as(alice).rest.pulls.create({ ...at, title: head, head, base: 'main' });
    const merge_method = share === 1 ? 'squash' : 'merge';
    const merge = await as(bob).rest.pulls.merge({ ...at, pull_number: data.number, merge_method });
    merges.set(merge.data.sha, await judgeChange(stage, ours, data.number, { landed: true }));
  }
  const sha = (await github.tip(shop, 'main')) ?? '';
  const what = `a deployment: ${size.commits} commits of ${size.pulls} pull requests`;
  const range = { running, sha };
  const judge = (by: GitHubReader) => () => judgeDeployment(stage, by, { ...range, merges });
  const never = await client();
  return {
    cold: await count(github, `${what}, cold`, () => judgeDeployment(stage, never, range)),
    first: await count(github, `${what} that were judged at merge, first`, judge(ours)),
    warm: await count(github, `${what} that were judged at merge, warm`, judge(ours)),
  };
}

/** As the pipeline does it: the policy comes with the range. */
async function judgeDeployment(
  { repository, appId, bob }: Stage,
  ours: GitHubReader,
  { running, sha, merges }: { readonly running: string; readonly sha: string; readonly merges?: Merges },
): Promise<void> {
  const ledger = merges === undefined ? {} : recordsOf(merges);
  const atOnce = await readRangeAtOnce(ours, { repository, base: running, sha, policy: true, ...ledger });
  if (atOnce.trunk === null) throw new Error('the policy did not come with the range');
  const request: DeploymentAsked['request'] = {
    id: '6b1f4a52-7e0c-4a63-9d7e-2a8d6f1c0b11',
    source: 'api',
    environment: 'production',
    ref: 'main',
    sha,
    requester: { id: bob.id, login: bob.login, kind: 'user' },
    requestedAt: NOW,
    githubDeploymentId: null,
    runId: null,
  };
  await gatherDeployment(ours, {
    repository,
    request,
    atOnce,
    ...ledger,
    appId,
    running,
    uncertain: false,
    baseline: null,
    allowsBranch: (name) => name === 'main',
    unreviewed: new Set(),
    pressed: [],
    pushesOf: () => [],
    before: [],
    lock: known(null),
    identity: {},
    roles: ROLES,
    paths: true,
    trees: agreeingTrees,
    policy: { trusted: true },
    now: NOW,
  });
}

function recordsOf(merges: Merges): { readonly cameFrom: CameFrom; readonly atMerge: RecordedMerge } {
  return {
    cameFrom: (shas) => Promise.resolve(shas.flatMap((each) => merges.get(each)?.pullRequest.number ?? [])),
    atMerge: (_, sha) => {
      const facts = merges.get(sha);
      return Promise.resolve(facts === undefined ? null : atMerge(facts));
    },
  };
}

async function count(github: GitHub, what: string, decide: () => Promise<unknown>) {
  github.resetRequests();
  await decide();
  const free = github.requests.filter(({ status }) => status === 304).length;
  const counted = github.requests.length - free;
  return { what, counted, 'not modified, free': free, 'decisions per hour': Math.floor(5000 / counted) };
}

async function commit(
  github: GitHub,
  shop: Repository,
  user: User,
  branch: string,
  index: number,
): Promise<void> {
  const files = { [`${branch}-${index}.txt`]: `${index}\n` };
  await github.commit(user, shop, { branch, files, message: `Step ${index} of ${branch}` });
}

async function openStage(): Promise<Stage> {
  const github = await startGitHub();
  const alice = github.createUser({ login: 'alice' });
  const bob = github.createUser({ login: 'bob' });
  const acme = github.createOrganization('acme', { owner: bob, members: [alice] });
  github.createTeam(acme, 'maintainers', [bob]);
  const shop = await github.createRepository(acme, 'shop');
  github.grant(shop, alice, 'write');
  github.setEnvironment(shop, 'production', { reviewers: [bob] });
  const as = (user: User) => new Octokit({ auth: user.token, baseUrl: github.apiUrl });
  await as(bob).rest.repos.updateBranchProtection({
    ...at,
    branch: 'main',
    required_status_checks: null,
    enforce_admins: false,
    required_pull_request_reviews: null,
    restrictions: null,
  });
  const { app, appId, privateKey, webhookSecret } = github.createApp({
    slug: 'countersign',
    owner: acme,
    permissions: {
      actions: 'read',
      administration: 'read',
      checks: 'write',
      contents: 'read',
      deployments: 'write',
      members: 'read',
      pull_requests: 'read',
      statuses: 'read',
    },
    events: [],
    webhookUrl: null,
  });
  const { id: installationId } = github.install(app, acme, [shop]);
  const credentials = { appId, privateKey, webhookSecret, apiUrl: github.apiUrl };
  const log = pino({ level: 'fatal' });
  const client = async () => {
    const ours = await openGitHub(credentials, log, () => Promise.resolve(null)).client(installationId);
    // The token is there already: it lasts an hour, and many decisions.
    await ours.request('GET /installation/repositories');
    return ours;
  };
  const repository = { id: shop.id, owner: 'acme', name: 'shop', installationId };
  const protection = await readProtection(await client(), repository, { branch: 'main', appId });
  const part = enforcedOn(protection).parts[CLASSIC];
  if (part?.known !== true) throw new Error('the protection of main could not be read');
  return { github, shop, repository, appId, client, alice, bob, as, looked: part.value };
}
