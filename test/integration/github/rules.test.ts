import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { Octokit } from '@octokit/rest';

import {
  asApp,
  openPull,
  QUIET,
  refusal,
  SHOP,
  startShop,
  type Shop,
} from '../../support/github/start-shop.ts';

let world: Shop;
let now = Date.now();
beforeAll(async () => {
  world = await startShop({ clock: () => new Date(now) });
});
afterAll(() => world.stop());
afterEach(() => {
  world.shop.protections.clear();
  world.shop.rulesets.clear();
});

const protect = (over: Record<string, unknown> = {}) =>
  world.as(world.alice).rest.repos.updateBranchProtection({
    ...SHOP,
    branch: 'main',
    required_status_checks: null,
    enforce_admins: true,
    required_pull_request_reviews: null,
    restrictions: null,
    ...over,
  });

describe('classic protection', () => {
  test('holds a merge until the required check of the right App has passed', async () => {
    await protect({
      required_status_checks: {
        strict: false,
        contexts: [],
        checks: [{ context: 'countersign/change', app_id: world.created.appId }],
      },
    });
    const { number, head } = await openPull(world, 'checked');
    const merge = () => world.as(world.alice).rest.pulls.merge({ ...SHOP, pull_number: number });
    expect(await refusal(merge())).toMatchObject({
      status: 405,
      message: expect.stringContaining('"countersign/change" is expected'),
    });
    // Anyone with write access can set a status of that name; it is not the App's.
    await world
      .as(world.bob)
      .rest.repos.createCommitStatus({ ...SHOP, sha: head, context: 'countersign/change', state: 'success' });
    expect((await refusal(merge())).status).toBe(405);
    await world
      .ours()
      .rest.checks.create({ ...SHOP, name: 'countersign/change', head_sha: head, conclusion: 'success' });
    expect((await merge()).data.merged).toBe(true);
  });

  test('holds a merge until someone with write access approves, and admins too where they are included', async () => {
    await protect({ required_pull_request_reviews: { required_approving_review_count: 1 } });
    const { number } = await openPull(world, 'approved');
    const merge = () => world.as(world.alice).rest.pulls.merge({ ...SHOP, pull_number: number });
    await world.as(world.dave).rest.pulls.createReview({ ...SHOP, pull_number: number, event: 'APPROVE' });
    expect(await refusal(merge())).toMatchObject({
      status: 405,
      message: expect.stringContaining('At least 1 approving review'),
    });
    await world.as(world.carol).rest.pulls.createReview({ ...SHOP, pull_number: number, event: 'APPROVE' });
    expect((await merge()).data.merged).toBe(true);
  });

  test('lets an admin pass where admins are not included', async () => {
    await protect({
      enforce_admins: false,
      required_pull_request_reviews: { required_approving_review_count: 1 },
    });
    const { number } = await openPull(world, 'bypassed');
    expect(
      (await refusal(world.as(world.bob).rest.pulls.merge({ ...SHOP, pull_number: number }))).status,
    ).toBe(405);
    expect((await world.as(world.alice).rest.pulls.merge({ ...SHOP, pull_number: number })).data.merged).toBe(
      true,
    );
  });

  test('dismisses approvals when the head moves, where it is told to', async () => {
    await protect({
      required_pull_request_reviews: { required_approving_review_count: 1, dismiss_stale_reviews: true },
    });
    const { number } = await openPull(world, 'stale');
    await world.as(world.carol).rest.pulls.createReview({ ...SHOP, pull_number: number, event: 'APPROVE' });
    await world.github.commit(world.bob, world.shop, {
      branch: 'stale',
      files: { late: '1' },
      message: 'Late',
    });
    const { data } = await world.ours().rest.pulls.listReviews({ ...SHOP, pull_number: number });
    expect(data.map(({ state }) => state)).toEqual(['DISMISSED']);
  });

  test('refuses a push past review, a force push and a deletion over git itself', async () => {
    await protect({ required_pull_request_reviews: { required_approving_review_count: 1 } });
    const tip = await world.github.tip(world.shop, 'main');
    await expect(
      world.github.commit(world.alice, world.shop, {
        branch: 'main',
        files: { direct: '1' },
        message: 'Direct',
      }),
    ).rejects.toThrow(/GH006.*\n.*pull request/);
    await expect(world.github.deleteBranch(world.alice, world.shop, 'main')).rejects.toThrow(
      'Cannot delete this protected branch',
    );
    await protect({});
    const root = await world.github.commit(world.alice, world.shop, {
      branch: 'main',
      files: { allowed: '1' },
      message: 'Forward',
    });
    await expect(
      world.github.push(world.alice, world.shop, [`${tip ?? ''}:refs/heads/main`], { force: true }),
    ).rejects.toThrow('Cannot force-push to this branch');
    expect(await world.github.tip(world.shop, 'main')).toBe(root);
  });

  test('asks the owners of what was changed', async () => {
    await world.github.commit(world.alice, world.shop, {
      branch: 'main',
      files: { '.github/CODEOWNERS': '/billing/ @dave\n' },
      message: 'Owners',
    });
    world.github.grant(world.shop, world.dave, 'write');
    await protect({
      required_pull_request_reviews: { required_approving_review_count: 0, require_code_owner_reviews: true },
    });
    const free = await openPull(world, 'free');
    expect((await world.as(world.alice).rest.pulls.merge({ ...SHOP, pull_number: free.number })).status).toBe(
      200,
    );
    const owned = await openPull(world, 'owned', { 'billing/a.ts': '1' });
    const merge = () => world.as(world.alice).rest.pulls.merge({ ...SHOP, pull_number: owned.number });
    expect((await refusal(merge())).message).toContain('code owner');
    await world
      .as(world.dave)
      .rest.pulls.createReview({ ...SHOP, pull_number: owned.number, event: 'APPROVE' });
    expect((await merge()).status).toBe(200);
    world.shop.collaborators.delete(world.dave.id);
  });

  test('lets those whom it names pass without a review', async () => {
    await protect({
      required_pull_request_reviews: {
        required_approving_review_count: 1,
        bypass_pull_request_allowances: { users: ['carol'], teams: ['maintainers'], apps: ['countersign'] },
      },
    });
    const { data } = await world.ours().rest.repos.getBranchProtection({ ...SHOP, branch: 'main' });
    expect(data.required_pull_request_reviews?.bypass_pull_request_allowances).toMatchObject({
      users: [{ login: 'carol' }],
      teams: [{ slug: 'maintainers' }],
      apps: [{ slug: 'countersign' }],
    });
    const { number } = await openPull(world, 'allowed-past');
    expect(
      (await refusal(world.as(world.alice).rest.pulls.merge({ ...SHOP, pull_number: number }))).status,
    ).toBe(405);
    expect((await world.as(world.carol).rest.pulls.merge({ ...SHOP, pull_number: number })).status).toBe(200);
  });

  test('is 404 for those who may not see it, as for a branch that has none', async () => {
    const read = (octokit: Pick<Octokit, 'rest'>) =>
      octokit.rest.repos.getBranchProtection({ ...SHOP, branch: 'main' });
    expect((await refusal(read(world.ours()))).status).toBe(404);
    await protect({});
    expect((await read(world.ours())).data.enforce_admins?.enabled).toBe(true);
    expect((await refusal(read(world.as(world.bob)))).status).toBe(404);
  });
});

describe('rulesets', () => {
  const rule = (over: Record<string, unknown> = {}) =>
    world.as(world.alice).rest.repos.createRepoRuleset({
      ...SHOP,
      name: 'main',
      enforcement: 'active',
      conditions: { ref_name: { include: ['~DEFAULT_BRANCH'], exclude: [] } },
      rules: [
        { type: 'non_fast_forward' },
        {
          type: 'pull_request',
          parameters: {
            required_approving_review_count: 1,
            dismiss_stale_reviews_on_push: false,
            require_code_owner_review: false,
            require_last_push_approval: false,
            required_review_thread_resolution: false,
          },
        },
      ],
      ...over,
    });

  test('are listed for the branch they match, enforced, and hide who may bypass them from those who can not change them', async () => {
    const { data: made } = await rule({
      bypass_actors: [{ actor_id: 5, actor_type: 'RepositoryRole', bypass_mode: 'always' }],
    });
    const ours = world.ours();
    const { data: rules } = await ours.rest.repos.getBranchRules({ ...SHOP, branch: 'main' });
    expect(rules.map(({ type }) => type)).toEqual(['non_fast_forward', 'pull_request']);
    expect((await ours.rest.repos.getBranchRules({ ...SHOP, branch: 'other' })).data).toEqual([]);
    expect(
      (await ours.rest.repos.getRepoRuleset({ ...SHOP, ruleset_id: made.id })).data.bypass_actors,
    ).toBeUndefined();
    expect(made.bypass_actors).toHaveLength(1);
    const { number } = await openPull(world, 'ruled');
    expect(
      (await refusal(world.as(world.bob).rest.pulls.merge({ ...SHOP, pull_number: number }))).status,
    ).toBe(405);
    expect((await world.as(world.alice).rest.pulls.merge({ ...SHOP, pull_number: number })).data.merged).toBe(
      true,
    );
  });

  test('that only evaluate are neither listed nor enforced', async () => {
    await rule({ enforcement: 'evaluate' });
    expect((await world.ours().rest.repos.getBranchRules({ ...SHOP, branch: 'main' })).data).toEqual([]);
    const { number } = await openPull(world, 'evaluated');
    expect((await world.as(world.bob).rest.pulls.merge({ ...SHOP, pull_number: number })).data.merged).toBe(
      true,
    );
  });
});

describe('tokens', () => {
  test('of an installation end after an hour', async () => {
    const { data } = await world
      .appItself()
      .rest.apps.createInstallationAccessToken({ installation_id: world.installation.id });
    const octokit = new Octokit({ auth: data.token, baseUrl: world.github.apiUrl, log: QUIET });
    expect(data.token).toMatch(/^ghs_\d+_.{300,}/);
    expect((await octokit.rest.repos.get(SHOP)).status).toBe(200);
    now += 3_600_001;
    const late = await refusal(octokit.rest.repos.get(SHOP));
    now -= 3_600_001;
    expect(late.status).toBe(401);
  });

  test('are narrowed to repositories and permissions, and never widened', async () => {
    const other = await world.github.createRepository(world.acme, 'other', { private: true });
    const mint = world.appItself().rest.apps;
    const { data } = await mint.createInstallationAccessToken({
      installation_id: world.installation.id,
      repository_ids: [world.shop.id],
      permissions: { contents: 'read' },
    });
    const octokit = new Octokit({ auth: data.token, baseUrl: world.github.apiUrl, log: QUIET });
    expect((await octokit.rest.repos.getBranch({ ...SHOP, branch: 'main' })).status).toBe(200);
    expect(await refusal(octokit.rest.pulls.list(SHOP))).toMatchObject({
      status: 403,
      message: expect.stringContaining('Resource not accessible by integration'),
    });
    expect((await refusal(octokit.rest.repos.get({ owner: 'acme', repo: other.name }))).status).toBe(404);
    expect(
      (
        await refusal(
          mint.createInstallationAccessToken({
            installation_id: world.installation.id,
            repository_ids: [other.id],
          }),
        )
      ).status,
    ).toBe(422);
    expect(
      (
        await refusal(
          mint.createInstallationAccessToken({
            installation_id: world.installation.id,
            permissions: { contents: 'write' },
          }),
        )
      ).status,
    ).toBe(422);
  });

  test('stop working while the installation is suspended', async () => {
    const ours = world.ours();
    await ours.rest.repos.get(SHOP);
    world.github.suspend(world.installation, true);
    expect((await refusal(ours.rest.repos.get(SHOP))).status).toBe(403);
    world.github.suspend(world.installation, false);
    expect((await ours.rest.repos.get(SHOP)).status).toBe(200);
  });

  test('a JWT with a wrong signature, or one that lives too long, is refused', async () => {
    const { generateKeyPairSync } = await import('node:crypto');
    const { privateKey } = generateKeyPairSync('rsa', {
      modulusLength: 2048,
      privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
      publicKeyEncoding: { type: 'spki', format: 'pem' },
    });
    const forged = await asApp(world.github, { appId: world.created.appId, privateKey });
    expect((await refusal(forged.rest.apps.getAuthenticated())).status).toBe(401);
  });
});

describe('check runs', () => {
  test('are made by Apps only, and changed by their own App only', async () => {
    const head = (await world.github.tip(world.shop, 'main')) ?? '';
    const { data: run } = await world
      .ours()
      .rest.checks.create({ ...SHOP, name: 'countersign/change', head_sha: head, status: 'in_progress' });
    expect(
      (await refusal(world.as(world.alice).rest.checks.create({ ...SHOP, name: 'x', head_sha: head })))
        .status,
    ).toBe(403);
    const other = world.github.createApp({
      slug: 'other',
      owner: world.acme,
      permissions: { checks: 'write' },
      events: [],
      webhookUrl: null,
    });
    const installed = world.github.install(other.app, world.acme, 'all');
    const theirs = await asApp(world.github, other, installed);
    expect(
      (await refusal(theirs.rest.checks.update({ ...SHOP, check_run_id: run.id, conclusion: 'success' })))
        .status,
    ).toBe(403);
    expect(
      (await world.ours().rest.checks.update({ ...SHOP, check_run_id: run.id, conclusion: 'neutral' })).data,
    ).toMatchObject({ status: 'completed', conclusion: 'neutral' });
  });

  test('are listed by App and name, the newest of each', async () => {
    const head = (await world.github.tip(world.shop, 'main')) ?? '';
    const ours = world.ours();
    const { data: first } = await ours.rest.checks.create({ ...SHOP, name: 'twice', head_sha: head });
    const { data: second } = await ours.rest.checks.create({ ...SHOP, name: 'twice', head_sha: head });
    const list = async (filter: 'latest' | 'all') =>
      (
        await ours.rest.checks.listForRef({
          ...SHOP,
          ref: head,
          app_id: world.created.appId,
          check_name: 'twice',
          filter,
        })
      ).data.check_runs.map(({ id }) => id);
    expect(await list('latest')).toEqual([second.id]);
    expect(await list('all')).toEqual([second.id, first.id]);
    expect((await ours.rest.checks.listForRef({ ...SHOP, ref: head, app_id: 1 })).data.total_count).toBe(0);
  });
});

describe('deployments', () => {
  test('wait for every context unless told which', async () => {
    const ours = world.ours();
    const sha = await world.github.commit(world.alice, world.shop, {
      branch: 'red',
      files: { red: '1' },
      message: 'Red',
    });
    await world
      .as(world.alice)
      .rest.repos.createCommitStatus({ ...SHOP, sha, state: 'failure', context: 'ci' });
    const create = (over: { required_contexts?: string[] }) =>
      ours.rest.repos.createDeployment({ ...SHOP, ref: sha, auto_merge: false, ...over });
    expect((await refusal(create({}))).status).toBe(409);
    const { data } = await create({ required_contexts: [] });
    if (!('id' in data)) throw new Error('no deployment');
    const status = (description: string) =>
      ours.rest.repos.createDeploymentStatus({
        ...SHOP,
        deployment_id: data.id,
        state: 'success',
        description,
      });
    expect((await refusal(status('x'.repeat(141)))).status).toBe(422);
    expect((await status('x'.repeat(140))).status).toBe(201);
  });
});

describe('people', () => {
  test('outside a private repository do not see it', async () => {
    const mallory = world.github.createUser({ login: 'mallory' });
    expect((await refusal(world.as(mallory).rest.repos.get(SHOP))).status).toBe(404);
  });

  test('have the strongest of their roles, and leave a team at once', async () => {
    const role = async (username: string) =>
      (await world.ours().rest.repos.getCollaboratorPermissionLevel({ ...SHOP, username })).data.role_name;
    expect([await role('alice'), await role('bob'), await role('dave')]).toEqual(['admin', 'write', 'read']);
    const member = () =>
      world
        .ours()
        .rest.teams.getMembershipForUserInOrg({ org: 'acme', team_slug: 'maintainers', username: 'bob' });
    expect((await member()).data).toMatchObject({ state: 'active', role: 'member' });
    world.github.removeFromTeam(world.acme, 'maintainers', world.bob);
    expect((await refusal(member())).status).toBe(404);
    expect(await role('bob')).toBe('read');
    world.github.addToTeam(world.acme, 'maintainers', world.bob);
  });
});
