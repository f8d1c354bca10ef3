import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Webhooks } from '@octokit/webhooks';

import { openPull, refusal, SHOP, startShop, type Shop } from '../../support/github/start-shop.ts';

let world: Shop;
beforeEach(async () => {
  world = await startShop();
  await world.names();
  world.received.length = 0;
});
afterEach(() => world.stop());

const push = (file: string) =>
  world.github.commit(world.bob, world.shop, { branch: 'main', files: { [file]: '1' }, message: file });

describe('a delivery', () => {
  test('is signed, named and addressed as GitHub does it', async () => {
    await push('one');
    await world.names();
    const [received] = world.received.filter(({ event }) => event === 'push');
    const { headers, text, payload } = received!;
    const verify = (secret: string) =>
      new Webhooks({ secret }).verify(text, String(headers['x-hub-signature-256']));
    expect(await verify(world.created.webhookSecret)).toBe(true);
    expect(await verify('another secret')).toBe(false);
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      'user-agent': expect.stringMatching(/^GitHub-Hookshot\//),
      'x-github-event': 'push',
      'x-github-delivery': expect.stringMatching(
        /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
      ),
      'x-github-hook-installation-target-id': String(world.created.appId),
      'x-github-hook-installation-target-type': 'integration',
    });
    expect(payload).toMatchObject({
      installation: { id: world.installation.id },
      sender: { login: 'bob' },
      repository: { full_name: 'acme/shop' },
      pusher: { name: 'bob' },
      head_commit: { added: ['one'], removed: [], modified: [] },
      forced: false,
    });
  });

  test('follows each act of a pull request', async () => {
    const { number } = await openPull(world);
    await world.as(world.carol).rest.pulls.createReview({ ...SHOP, pull_number: number, event: 'APPROVE' });
    await world.github.commit(world.bob, world.shop, {
      branch: 'feature',
      files: { more: '1' },
      message: 'More',
    });
    await world.as(world.alice).rest.pulls.merge({ ...SHOP, pull_number: number });
    expect(await world.names()).toEqual([
      'push',
      'check_suite.requested',
      'pull_request.opened',
      'pull_request_review.submitted',
      'push',
      'check_suite.requested',
      'pull_request.synchronize',
      'pull_request.closed',
      'push',
      'check_suite.requested',
    ]);
    const of = (event: string) => world.received.find((one) => one.event === event)?.payload;
    expect(of('pull_request.closed')).toMatchObject({
      pull_request: { merged: true, merged_by: { login: 'alice' } },
    });
    expect(of('pull_request_review.submitted')).toMatchObject({
      review: { state: 'approved', user: { login: 'carol' } },
    });
  });

  test('of a button goes to the App that owns the check run, with nothing but the identifier', async () => {
    const head = (await world.github.tip(world.shop, 'main')) ?? '';
    const actions = [{ label: 'Approve', description: 'Approve this deployment', identifier: 'approve' }];
    const { data: run } = await world.ours().rest.checks.create({
      ...SHOP,
      name: 'countersign/deploy',
      head_sha: head,
      external_id: 'deployment:1',
      status: 'in_progress',
      actions,
    });
    expect(() => world.github.pressButton(world.shop, run.id, 'approve', world.carol)).toThrow(
      'not completed',
    );
    await world.ours().rest.checks.update({ ...SHOP, check_run_id: run.id, conclusion: 'action_required' });
    expect(() => world.github.pressButton(world.shop, run.id, 'other', world.carol)).toThrow('no button');
    world.github.pressButton(world.shop, run.id, 'approve', world.carol);
    await world.names();
    expect(world.received.at(-1)).toMatchObject({
      event: 'check_run.requested_action',
      payload: {
        requested_action: { identifier: 'approve' },
        sender: { login: 'carol' },
        check_run: { id: run.id, external_id: 'deployment:1', check_suite: { head_sha: head } },
      },
    });
  });

  test('does not come while the installation is suspended, nor for what the App did not ask to hear', async () => {
    world.github.suspend(world.installation, true);
    await push('unheard');
    world.github.suspend(world.installation, false);
    expect(await world.names()).toEqual(['installation.suspend', 'installation.unsuspend']);
  });
});

describe('the log of deliveries', () => {
  test('shows what failed, and brings it again under the same GUID', async () => {
    world.answer = 500;
    await push('failed');
    await world.names();
    world.answer = 202;
    const app = world.appItself();
    const { data: failed } = await app.rest.apps.listWebhookDeliveries({ status: 'failure' });
    expect(failed.map(({ event, status_code }) => [event, status_code])).toEqual([
      ['check_suite', 500],
      ['push', 500],
    ]);
    const lost = failed[1]!;
    await app.rest.apps.redeliverWebhookDelivery({ delivery_id: lost.id });
    await world.names();
    const guids = world.received
      .filter(({ event }) => event === 'push')
      .map(({ headers }) => headers['x-github-delivery']);
    expect(guids).toEqual([lost.guid, lost.guid]);
    const { data: newest } = await app.rest.apps.listWebhookDeliveries({ per_page: 1 });
    expect(newest[0]).toMatchObject({ guid: lost.guid, redelivery: true, status: 'OK' });
    const { data: whole } = await app.rest.apps.getWebhookDelivery({ delivery_id: lost.id });
    expect(whole.request.payload).toMatchObject({ ref: 'refs/heads/main' });
  });

  test('is read page by page', async () => {
    for (const file of ['a', 'b', 'c']) await push(file);
    await world.names();
    const app = world.appItself();
    const all = await app.paginate(app.rest.apps.listWebhookDeliveries, { per_page: 2 });
    expect(all).toHaveLength(world.github.deliveries.log.length);
    expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
  });
});

describe('what can go wrong', () => {
  const pushes = () =>
    world.received
      .filter(({ event }) => event === 'push')
      .map(({ payload }) => (payload as { head_commit: { message: string } }).head_commit.message);

  test('a delivery comes twice', async () => {
    world.github.faults.duplicate(1, { event: 'push' });
    await push('twice');
    await world.names();
    expect(pushes()).toEqual(['twice', 'twice']);
    expect(
      new Set(
        world.received
          .filter(({ event }) => event === 'push')
          .map(({ headers }) => headers['x-github-delivery']),
      ).size,
    ).toBe(1);
  });

  test('a delivery is overtaken', async () => {
    world.github.faults.delay(1000, 1, { event: 'push' });
    await push('late');
    expect(await world.names()).toEqual(['check_suite.requested', 'push']);
  });

  test('deliveries come in the wrong order', async () => {
    world.github.faults.reorder(4);
    await push('first');
    await push('second');
    await world.names();
    expect(pushes()).toEqual(['second', 'first']);
  });

  test('a delivery never is, or is only in the log', async () => {
    world.github.faults.lose(1, { event: 'push' });
    await push('lost');
    world.github.faults.fail(1, { event: 'push' });
    await push('failed');
    await world.names();
    expect(pushes()).toEqual([]);
    const { data } = await world.appItself().rest.apps.listWebhookDeliveries({ status: 'failure' });
    expect(data.map(({ event, status_code }) => [event, status_code])).toEqual([['push', 0]]);
  });

  test.each([
    ['unavailable', 503],
    ['error', 502],
    ['rate_limited', 403],
    ['secondary_limit', 429],
  ] as const)('GitHub is %s: %i, for the App and so many requests only', async (kind, status) => {
    const ours = world.ours();
    await ours.rest.repos.get(SHOP);
    world.github.faults.requests({ kind, count: 2, match: { operation: 'GET /repos/{owner}/{repo}' } });
    expect((await world.as(world.alice).rest.repos.get(SHOP)).status).toBe(200);
    expect((await refusal(ours.rest.repos.get(SHOP))).status).toBe(status);
    expect((await refusal(ours.rest.repos.get(SHOP))).status).toBe(status);
    expect((await ours.rest.repos.get(SHOP)).status).toBe(200);
  });

  test('GitHub does it, and says that it did not', async () => {
    const head = (await world.github.tip(world.shop, 'main')) ?? '';
    world.github.faults.requests({
      kind: 'error',
      count: 1,
      match: { operation: 'POST /repos/{owner}/{repo}/check-runs' },
      afterDoing: true,
    });
    expect(
      (await refusal(world.ours().rest.checks.create({ ...SHOP, name: 'done', head_sha: head }))).status,
    ).toBe(502);
    expect(
      (await world.ours().rest.checks.listForRef({ ...SHOP, ref: head, check_name: 'done' })).data
        .total_count,
    ).toBe(1);
  });

  test('what was asked, and by whom, can be counted', async () => {
    const ours = world.ours();
    await ours.rest.repos.get(SHOP);
    world.github.resetRequests();
    await ours.rest.repos.get(SHOP);
    await world.as(world.bob).rest.pulls.list(SHOP);
    expect(world.github.requests.map(({ by, route, status }) => [by, route, status])).toEqual([
      ['installation:countersign', 'GET /repos/{owner}/{repo}', 200],
      ['user:bob', 'GET /repos/{owner}/{repo}/pulls', 200],
    ]);
  });
});
