import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Octokit } from '@octokit/rest';

import type { WorkflowRun } from '../../../demo/github/github.ts';
import { refusal, SHOP, startShop, type Shop } from '../../support/github/start-shop.ts';

let world: Shop;
beforeEach(async () => {
  world = await startShop();
});
afterEach(() => world.stop());

const start = async (environment = 'production'): Promise<WorkflowRun> => {
  await world.names();
  world.received.length = 0;
  return world.github.actions.startRun(world.shop, { branch: 'main', actor: world.bob, environment });
};
const answer = (run: WorkflowRun, state: 'approved' | 'rejected' | null, comment = 'because') =>
  world.ours().request('POST /repos/{owner}/{repo}/actions/runs/{run_id}/deployment_protection_rule', {
    ...SHOP,
    run_id: run.id,
    environment_name: 'production',
    comment,
    ...(state === null ? {} : { state }),
  });
const guard = (over: object = {}) =>
  world.github.setEnvironment(world.shop, 'production', { rules: [world.created.app], ...over });

describe('a job on an environment that we guard', () => {
  test('waits until we approve, and then runs to its end', async () => {
    guard();
    const run = await start();
    expect(run.status).toBe('waiting');
    expect(await world.names()).toEqual([
      'workflow_run.requested',
      'deployment.created',
      'workflow_job.waiting',
      'deployment_protection_rule.requested',
    ]);
    const asked = world.received.at(-1)?.payload;
    expect(asked).toMatchObject({
      environment: 'production',
      event: 'push',
      ref: 'refs/heads/main',
      sha: run.sha,
      deployment: {
        environment: 'production',
        sha: run.sha,
        creator: { login: 'bob' },
        performed_via_github_app: { slug: 'github-actions' },
      },
      deployment_callback_url: `${world.github.apiUrl}/repos/acme/shop/actions/runs/${run.id}/deployment_protection_rule`,
    });
    expect((await answer(run, 'approved')).status).toBe(204);
    expect(run.status).toBe('in_progress');
    world.github.actions.finish(run, 'success');
    expect((await world.names()).slice(4)).toEqual([
      'workflow_job.queued',
      'deployment_status.created',
      'workflow_job.in_progress',
      'deployment_status.created',
      'workflow_run.in_progress',
      'deployment_status.created',
      'workflow_job.completed',
      'workflow_run.completed',
    ]);
    const states = world.received
      .filter(({ event }) => event === 'deployment_status.created')
      .map(({ payload }) => (payload as { deployment_status: { state: string } }).deployment_status.state);
    expect(states).toEqual(['queued', 'in_progress', 'success']);
    const { data } = await world.ours().rest.actions.getWorkflowRun({ ...SHOP, run_id: run.id });
    expect(data).toMatchObject({
      status: 'completed',
      conclusion: 'success',
      head_sha: run.sha,
      actor: { login: 'bob' },
      event: 'push',
    });
  });

  test('fails when we reject, and is not asked about twice', async () => {
    guard();
    const run = await start();
    await answer(run, 'rejected');
    expect([run.status, run.conclusion]).toEqual(['completed', 'failure']);
    expect(await refusal(answer(run, 'approved'))).toMatchObject({
      status: 422,
      message: expect.stringContaining(`No pending custom deployment requests in workflow run \`${run.id}\``),
    });
  });

  test('takes ten words on how it stands, of 1,024 characters at most, and stays waiting', async () => {
    guard();
    const run = await start();
    expect((await refusal(answer(run, null, 'x'.repeat(1025)))).status).toBe(422);
    for (let index = 0; index < 10; index += 1) await answer(run, null, 'x'.repeat(1024));
    expect((await refusal(answer(run, null))).status).toBe(422);
    expect(run.status).toBe('waiting');
    expect((await answer(run, 'approved')).status).toBe(204);
  });

  test('is answered by the App of the rule only', async () => {
    const other = world.github.createApp({
      slug: 'other',
      owner: world.acme,
      permissions: { deployments: 'write' },
      events: ['deployment_protection_rule'],
      webhookUrl: null,
    });
    world.github.setEnvironment(world.shop, 'production', { rules: [other.app] });
    const run = await start();
    expect((await refusal(answer(run, 'approved'))).status).toBe(422);
    expect(await world.names()).not.toContain('deployment_protection_rule.requested');
  });
});

describe('a job on an environment with reviewers', () => {
  const review = (
    run: WorkflowRun,
    octokit: Pick<Octokit, 'rest'> = world.as(world.carol),
    state: 'approved' | 'rejected' = 'approved',
  ) =>
    octokit.rest.actions.reviewPendingDeploymentsForRun({
      ...SHOP,
      run_id: run.id,
      environment_ids: [run.jobs[0]?.environment.id ?? 0],
      state,
      comment: 'Looks right',
    });

  test('needs both them and us, and says who they were', async () => {
    guard({ reviewers: [world.acme.teams[0], world.dave] });
    const run = await start();
    expect(await world.names()).toContain('deployment_review.requested');
    await answer(run, 'approved');
    expect(run.status).toBe('waiting');
    const { data: pending } = await world
      .ours()
      .rest.actions.getPendingDeploymentsForRun({ ...SHOP, run_id: run.id });
    expect(pending[0]).toMatchObject({
      environment: { name: 'production' },
      current_user_can_approve: false,
    });
    expect(pending[0]?.reviewers.map(({ type }) => type)).toEqual(['Team', 'User']);
    await review(run);
    expect(run.status).toBe('in_progress');
    const { data: approvals } = await world.ours().rest.actions.getReviewsForRun({ ...SHOP, run_id: run.id });
    expect(approvals).toMatchObject([
      {
        state: 'approved',
        comment: 'Looks right',
        user: { login: 'carol' },
        environments: [{ name: 'production' }],
      },
    ]);
    await world.names();
    const told = world.received.find(({ event }) => event === 'deployment_review.approved');
    expect(told?.payload).toMatchObject({
      approver: { login: 'carol' },
      comment: 'Looks right',
      workflow_run: { id: run.id },
    });
  });

  test('hears neither Apps nor strangers, nor who started it where that is prevented', async () => {
    guard({ reviewers: [world.acme.teams[0]], preventSelfReview: true });
    const run = await start();
    expect((await refusal(review(run, world.ours()))).status).toBe(403);
    expect((await refusal(review(run, world.as(world.dave)))).status).toBe(422);
    expect((await refusal(review(run, world.as(world.bob)))).status).toBe(422);
    await review(run, world.as(world.carol), 'rejected');
    expect(run.conclusion).toBe('failure');
  });

  test('is started by an admin past everyone, which only the job’s own events show', async () => {
    guard({ reviewers: [world.dave] });
    const run = await start();
    world.github.actions.bypass(run, world.alice);
    expect(run.status).toBe('in_progress');
    expect((await world.names()).filter((name) => name.startsWith('deployment_review'))).toEqual([
      'deployment_review.requested',
    ]);
    guard({ adminsCanBypass: false });
    const second = await start();
    expect(() => world.github.actions.bypass(second, world.alice)).toThrow('does not let admins');
  });
});

describe('an environment', () => {
  test('springs into being, without rules, when something names it', async () => {
    const run = await start('prodution');
    expect(run.status).toBe('in_progress');
    const { data } = await world.ours().rest.repos.getEnvironment({ ...SHOP, environment_name: 'prodution' });
    expect(data.protection_rules).toEqual([]);
  });

  test('lets only the branches that it names deploy', async () => {
    guard({ branches: ['release/*'] });
    const run = await start();
    expect([run.status, run.conclusion]).toEqual(['completed', 'failure']);
    expect(await world.names()).not.toContain('deployment.created');
  });

  test('is set and read over the API, custom rules apart', async () => {
    const admin = world.as(world.alice);
    const team = world.acme.teams[0]!;
    await admin.rest.repos.createOrUpdateEnvironment({
      ...SHOP,
      environment_name: 'production',
      prevent_self_review: true,
      reviewers: [{ type: 'Team', id: team.id }],
      deployment_branch_policy: { protected_branches: false, custom_branch_policies: true },
    });
    await admin.rest.repos.createDeploymentBranchPolicy({
      ...SHOP,
      environment_name: 'production',
      name: 'main',
    });
    await admin.rest.repos.createDeploymentProtectionRule({
      ...SHOP,
      environment_name: 'production',
      integration_id: world.created.appId,
    });
    const ours = world.ours();
    const { data } = await ours.rest.repos.getEnvironment({ ...SHOP, environment_name: 'production' });
    expect(data.protection_rules).toMatchObject([
      {
        type: 'required_reviewers',
        prevent_self_review: true,
        reviewers: [{ type: 'Team', reviewer: { slug: 'maintainers' } }],
      },
      { type: 'branch_policy' },
    ]);
    const { data: rules } = await ours.rest.repos.getAllDeploymentProtectionRules({
      ...SHOP,
      environment_name: 'production',
    });
    expect(rules.custom_deployment_protection_rules?.map(({ app, enabled }) => [app.slug, enabled])).toEqual([
      ['countersign', true],
    ]);
    expect(
      (
        await refusal(
          world
            .as(world.bob)
            .rest.repos.createOrUpdateEnvironment({ ...SHOP, environment_name: 'production' }),
        )
      ).status,
    ).toBe(403);
    expect((await start()).status).toBe('waiting');
  });

  test('made by the API never passes through its rules', async () => {
    guard();
    await world.names();
    world.received.length = 0;
    await world.as(world.alice).rest.repos.createDeployment({
      ...SHOP,
      ref: 'main',
      environment: 'production',
      auto_merge: false,
      required_contexts: [],
    });
    expect(await world.names()).toEqual(['deployment.created']);
  });
});
