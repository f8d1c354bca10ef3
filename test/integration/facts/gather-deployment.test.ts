import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { DeploymentFacts, DeploymentRequest } from '../../../src/domain/deployment-facts.ts';
import { known } from '../../../src/domain/known.ts';
import { type DeploymentAsked, gatherDeployment } from '../../../src/facts/gather-deployment.ts';
import { gatherRange } from '../../../src/facts/gather-range.ts';
import { readRunProgress } from '../../../src/facts/read-run-progress.ts';
import { agreeingTrees } from '../../support/agreeing-trees.ts';
import { type Acme, openAcme } from './acme.ts';

const NOW = '2026-11-02T10:00:00.000Z';
const at = { owner: 'acme', repo: 'shop' };
let acme: Acme;

beforeAll(async () => {
  acme = await openAcme();
});
/** Throws where a call of ours did not conform to GitHub's descriptions. */
afterAll(async () => {
  await acme.github.close();
});

let branches = 0;
const fresh = () => `feature-${(branches += 1)}`;
const main = async () => (await acme.github.tip(acme.shop, 'main')) ?? '';

/** A change of alice's, approved by bob and merged by him. */
async function merged(method: 'merge' | 'squash' | 'rebase', commits = 1) {
  const branch = fresh();
  const made: string[] = [];
  for (let count = 0; count < commits; count += 1) {
    made.push(await acme.commit(acme.alice, { branch, message: `Step ${count} of ${branch}` }));
  }
  const number = await acme.open(acme.alice, branch);
  await acme.review(acme.bob, number, 'APPROVE');
  return { number, made, sha: await acme.merge(acme.bob, number, method) };
}

const asked = (
  sha: string,
  over: Partial<DeploymentAsked> = {},
  request: Partial<DeploymentRequest> = {},
): DeploymentAsked => ({
  repository: acme.repository,
  request: {
    id: '6b1f4a52-7e0c-4a63-9d7e-2a8d6f1c0b11',
    source: 'api',
    environment: 'production',
    ref: 'main',
    sha,
    requester: { id: acme.carol.id, login: 'carol', kind: 'user' },
    requestedAt: NOW,
    githubDeploymentId: null,
    runId: null,
    ...request,
  },
  appId: acme.appId,
  running: null,
  uncertain: false,
  baseline: null,
  allowsBranch: (branch) => branch === 'main',
  unreviewed: new Set(),
  pressed: [],
  pushesOf: () => [],
  before: [],
  lock: known(null),
  identity: {},
  roles: { teams: [], permissions: false },
  policy: { trusted: true },
  paths: false,
  trees: agreeingTrees,
  now: NOW,
  ...over,
});
const gather = (...parameters: Parameters<typeof asked>): Promise<DeploymentFacts> =>
  gatherDeployment(acme.ours, asked(...parameters));
const traced = ({ range }: Pick<DeploymentFacts, 'range'>) =>
  range.commits.items.map(({ commit, pullRequests }) => [commit.sha, pullRequests]);

describe('the range', () => {
  test('has every commit from what runs to the target, each with the pull request it came from', async () => {
    const running = await main();
    const squashed = await merged('squash', 2);
    const direct = await acme.commit(acme.dave, { branch: 'main', message: 'Straight to main' });
    const joined = await merged('merge', 2);
    const rebased = await merged('rebase', 2);
    const sha = await main();

    const facts = await gather(sha, { running, unreviewed: new Set([direct]) });
    expect(facts.range).toMatchObject({
      running,
      baseline: null,
      status: 'ahead',
      commits: { complete: true },
    });
    const before = await acme.ours.rest.repos.getCommit({ ...at, ref: sha });
    expect(traced(facts)).toEqual([
      [squashed.sha, [squashed.number]],
      [direct, []],
      [joined.made[0], [joined.number]],
      [joined.made[1], [joined.number]],
      [joined.sha, [joined.number]],
      [before.data.parents[0]?.sha, [rebased.number]],
      [rebased.sha, [rebased.number]],
    ]);
    expect(facts.range.commits.items.map((each) => each.recordedUnreviewed)).toEqual([
      false,
      true,
      false,
      false,
      false,
      false,
      false,
    ]);
    expect(facts.changes.map(({ pullRequest }) => pullRequest.number)).toEqual([
      squashed.number,
      joined.number,
      rebased.number,
    ]);
    expect(facts.changes[0]).toMatchObject({
      pullRequest: { state: 'merged', merged: { by: { login: 'bob' }, commit: { sha: squashed.sha } } },
      commits: { complete: true, items: squashed.made.map((made) => ({ sha: made })) },
      reviews: { items: [{ state: 'approved', author: { login: 'bob' }, commit: squashed.made[1] }] },
      pushers: { known: true, value: [{ login: 'alice' }] },
      protection: { classic: { known: false }, rulesets: { known: false } },
    });
  });

  test('asks again over REST for the commit that no pull request is known of, and for no other', async () => {
    const running = await main();
    await merged('squash');
    await acme.commit(acme.dave, { branch: 'main', message: 'Straight to main' });
    const sha = await main();
    acme.github.resetRequests();
    await gather(sha, { running });
    expect(acme.github.requests.filter((request) => request.route.endsWith('/pulls'))).toHaveLength(1);
  });

  test('of 260 commits is read to the end', async () => {
    const running = await main();
    const made = await acme.commitMany(acme.dave, 'main', 260);
    const { range } = await gather(made.at(-1) ?? '', { running });
    expect(range.commits.complete).toBe(true);
    expect(range.commits.items.map(({ commit }) => commit.sha)).toEqual(made);
  });

  test('back to an older commit, or to one on another line, says so', async () => {
    const running = await acme.commit(acme.dave, { branch: 'main', message: 'Newer' });
    const { data } = await acme.ours.rest.repos.getCommit({ ...at, ref: running });
    const older = data.parents[0]?.sha ?? '';
    expect((await gather(older, { running })).range).toMatchObject({
      status: 'behind',
      commits: { complete: true, items: [] },
    });
    const aside = await acme.commit(acme.dave, { branch: 'hotfix', from: older, message: 'Aside' });
    expect((await gather(aside, { running })).range).toMatchObject({
      status: 'diverged',
      commits: { items: [{ commit: { sha: aside } }] },
    });
    expect((await gather(running, { running })).range).toMatchObject({
      status: 'identical',
      commits: { complete: true, items: [] },
    });
  });

  test('from something that is not there is unknown; and so it is where nobody knows what runs', async () => {
    const sha = await main();
    expect((await gather(sha, { running: 'f'.repeat(40) })).range).toMatchObject({
      status: 'unknown',
      commits: { complete: false },
    });
    expect((await gather(sha, { running: sha, uncertain: true })).range.status).toBe('unknown');
  });

  test('with nothing running starts at the baseline', async () => {
    const baseline = await main();
    const change = await merged('squash');
    expect((await gather(change.sha, { baseline })).range).toMatchObject({
      running: null,
      baseline,
      status: 'first',
      commits: { complete: true, items: [{ commit: { sha: change.sha } }] },
    });
  });
});

test('with nothing running and no baseline, the history is left alone', async () => {
  const facts = await gather(await main());
  expect(facts.range).toMatchObject({
    running: null,
    baseline: null,
    status: 'first',
    commits: { complete: false, items: [] },
  });
});

describe('a push', () => {
  test('is told with what it brought', async () => {
    const base = await main();
    const { sha, number } = await merged('squash');
    const pushed = {
      repository: acme.repository,
      pushesOf: () => [],
      roles: { teams: [], permissions: false },
      paths: false,
      trees: agreeingTrees,
      now: NOW,
    };
    const { range, changes } = await gatherRange(acme.ours, { ...pushed, base, head: sha });
    expect(traced({ range })).toEqual([[sha, [number]]]);
    expect(changes.map(({ pullRequest }) => pullRequest.number)).toEqual([number]);

    const aside = await acme.commit(acme.dave, { branch: 'release/9', message: 'Aside' });
    const fromNothing = await gatherRange(acme.ours, { ...pushed, base: null, head: aside });
    expect(traced(fromNothing)).toEqual([[aside, []]]);
  });
});

describe('the branches', () => {
  test('are those allowed that have the commit', async () => {
    const { dave } = acme;
    const sha = await acme.commit(dave, { branch: 'main', message: 'One' });
    await acme.commit(dave, { branch: 'release/1', from: 'main', message: 'Has it' });
    const tip = await acme.commit(dave, { branch: 'main', message: 'Two' });
    await acme.commit(dave, { branch: 'release/2', from: `${sha}^`, message: 'Has it not' });
    const { branches: found } = await gather(sha, {
      running: sha,
      allowsBranch: (name) => name === 'main' || name.startsWith('release/'),
    });
    expect(found).toMatchObject({ known: true, value: [{ name: 'main', tip }, { name: 'release/1' }] });
  });
});

describe('the environment', () => {
  test('is told with its reviewers, and their teams are resolved', async () => {
    const { github, shop, organization, bob, carol, dave, app } = acme;
    const leads = github.createTeam(organization, 'leads', [carol]);
    github.setEnvironment(shop, 'production', {
      reviewers: [bob, leads],
      preventSelfReview: true,
      adminsCanBypass: false,
      rules: [app],
    });
    const sha = await main();
    const pressed = [bob, carol, dave].map(({ id, login }) => ({
      via: 'check_run' as const,
      reviewer: { id, login, kind: 'user' as const },
      state: 'approved' as const,
      sha,
      at: NOW,
      comment: '',
    }));
    const facts = await gather(sha, {
      running: sha,
      pressed,
      roles: { teams: ['maintainers'], permissions: true },
    });
    expect(facts.environment).toEqual({
      known: true,
      value: {
        name: 'production',
        reviewers: {
          users: [{ id: bob.id, login: 'bob', kind: 'user' }],
          teams: ['leads'],
          preventSelfReview: true,
        },
        adminsCanBypass: false,
        guardedByUs: { known: true, value: true },
      },
    });
    expect(facts.reviews).toEqual({ complete: true, items: pressed });
    expect(facts.roles).toEqual({
      teams: {
        leads: { known: true, value: [carol.id] },
        maintainers: { known: true, value: [bob.id, carol.id] },
      },
      permissions: {
        [bob.id]: { known: true, value: 'write' },
        [carol.id]: { known: true, value: 'write' },
        [dave.id]: { known: true, value: 'admin' },
      },
      usersMustWrite: true,
    });
  });

  test('that is not there is unknown', async () => {
    const sha = await main();
    const { environment } = await gather(sha, { running: sha }, { environment: 'prodution' });
    expect(environment).toEqual({ known: false, why: expect.stringContaining('404') });
  });

  test('without our rule says so', async () => {
    acme.github.setEnvironment(acme.shop, 'staging', {});
    const sha = await main();
    const { environment } = await gather(sha, { running: sha }, { environment: 'staging' });
    expect(environment).toMatchObject({
      known: true,
      value: { reviewers: null, guardedByUs: { known: true, value: false } },
    });
  });
});

describe('an Actions run', () => {
  const running = async (environment: string) => {
    const { github, shop, alice, bob, carol, app } = acme;
    github.setEnvironment(shop, environment, { reviewers: [bob, carol], rules: [app] });
    const run = await github.actions.startRun(shop, { branch: 'main', actor: alice, environment });
    return {
      run,
      runId: run.id,
      sha: run.sha,
      environment,
      githubDeploymentId: run.jobs[0]?.deployment.id ?? null,
    };
  };

  test('is told with who said yes to its environment, by its own record', async () => {
    const { run, ...asking } = await running('production');
    const { sha } = asking;
    acme.github.actions.review(run, acme.bob, { state: 'approved', comment: 'Ship it' });
    const facts = await gather(
      sha,
      { running: sha },
      { source: 'actions', runId: run.id, environment: 'production' },
    );
    expect(facts.reviews).toEqual({
      complete: true,
      items: [
        {
          via: 'environment',
          reviewer: { id: acme.bob.id, login: 'bob', kind: 'user' },
          state: 'approved',
          sha,
          at: null,
          comment: 'Ship it',
        },
      ],
    });
    // Our own rule has not said yes yet.
    await expect(readRunProgress(acme.ours, acme.repository, asking)).resolves.toEqual({
      state: 'waiting',
      passed: false,
    });
  });

  test('is followed until it ends, with its deployment and without', async () => {
    const { run, githubDeploymentId, ...asking } = await running('qa');
    const progress = () =>
      Promise.all(
        [githubDeploymentId, null].map(async (id) => {
          const asked = { ...asking, githubDeploymentId: id };
          const { state, passed } = await readRunProgress(acme.ours, acme.repository, asked);
          return passed ? `${state}, let through` : state;
        }),
      );
    await expect(progress()).resolves.toEqual(['waiting', 'waiting']);
    acme.github.actions.bypass(run, acme.dave);
    await expect(progress()).resolves.toEqual(['started, let through', 'started']);
    acme.github.actions.finish(run, 'success');
    await expect(progress()).resolves.toEqual(['success, let through', 'unknown']);
  });

  test('of another commit than was asked for is refused', async () => {
    const { runId } = await running('production');
    const newer = await acme.commit(acme.dave, { branch: 'main', message: 'Newer' });
    await expect(gather(newer, { running: newer }, { source: 'actions', runId })).rejects.toMatchObject({
      code: 'run_of_another_commit',
    });
  });

  test('that nobody can name leaves the reviews incomplete', async () => {
    const sha = await main();
    const { reviews } = await gather(sha, { running: sha }, { source: 'actions', runId: null });
    expect(reviews).toEqual({ complete: false, items: [] });
  });
});

describe('what it costs', () => {
  test('pull requests are read in one request with the commits that name them', async () => {
    const sha = await main();
    const first = await merged('squash');
    for (let count = 0; count < 3; count += 1) await merged('squash');
    acme.github.resetRequests();
    const facts = await gather(await main(), { running: sha });
    expect(facts.changes).toHaveLength(4);
    expect(facts.changes[0]?.pullRequest.number).toBe(first.number);
    // Commits, pull requests and branches together.
    expect(acme.github.requests.filter((request) => request.route === 'graphql')).toHaveLength(1);
    // The comparison, the environment and its rules, and the newest activity of all branches together.
    expect(acme.github.requests.filter((request) => request.route !== 'graphql')).toHaveLength(4);
    expect(facts.changes.map(({ pushers }) => pushers)).toEqual(
      facts.changes.map(({ pullRequest }) =>
        known([expect.objectContaining({ id: pullRequest.author?.id })]),
      ),
    );
    expect(facts.changes.map(({ pullRequest }) => pullRequest.merged?.onGitHub)).toEqual(
      facts.changes.map(() => known(true)),
    );
  });
});
