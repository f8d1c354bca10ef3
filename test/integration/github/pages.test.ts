import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { openPull, SHOP, startShop, type Shop } from '../../support/github/start-shop.ts';

let world: Shop;
beforeAll(async () => {
  world = await startShop();
});
afterAll(() => world.stop());

const look = async (path: string): Promise<string> => {
  const response = await fetch(`${world.github.url}${path}`);
  expect(response.status).toBe(200);
  return response.text();
};
const press = (
  path: string,
  form: Record<string, string>,
  headers: Record<string, string> = {},
): Promise<Response> =>
  fetch(`${world.github.url}${path}`, {
    method: 'POST',
    redirect: 'manual',
    body: new URLSearchParams(form),
    headers,
  });

describe('a check run’s page', () => {
  test('shows what the App wrote, harmless, and its buttons', async () => {
    const { head } = await openPull(world, 'shown');
    const { data: run } = await world.ours().rest.checks.create({
      ...SHOP,
      name: 'countersign/change',
      head_sha: head,
      conclusion: 'action_required',
      output: {
        title: 'Held: 1 approval is missing',
        summary: '| Gate | Why |\n| - | - |\n| Approvals | 0 of 1 |\n\n<script>alert(1)</script>',
        text: '<details><summary>Proof</summary>\n\n`c2sp`\n\n</details>',
      },
      actions: [{ label: 'Approve', description: 'Approve it', identifier: 'approve' }],
    });
    const page = await look(`/acme/shop/runs/${run.id}`);
    for (const part of [
      'Held: 1 approval is missing',
      '<td>0 of 1</td>',
      '<details><summary>Proof</summary>',
      '<code>c2sp</code>',
      'value="approve"',
    ])
      expect(page).toContain(part);
    expect(page).not.toContain('<script>');
    const pressed = await press(`/acme/shop/runs/${run.id}/press`, { identifier: 'approve', as: 'carol' });
    expect([pressed.status, pressed.headers.get('location')]).toEqual([
      303,
      `${world.github.url}/acme/shop/runs/${run.id}`,
    ]);
    expect(await world.names()).toContain('check_run.requested_action');
    expect(
      (
        await press(
          `/acme/shop/runs/${run.id}/press`,
          { identifier: 'approve', as: 'carol' },
          { origin: 'https://elsewhere.example' },
        )
      ).status,
    ).toBe(403);
  });
});

test('a pull request is reviewed and merged by its buttons', async () => {
  const { number } = await openPull(world, 'buttons');
  expect(await look(`/acme/shop/pull/${number}`)).toContain('This branch may be merged');
  expect((await press(`/acme/shop/pull/${number}/review`, { event: 'APPROVE', as: 'bob' })).status).toBe(422);
  expect((await press(`/acme/shop/pull/${number}/review`, { event: 'APPROVE', as: 'carol' })).status).toBe(
    303,
  );
  expect((await press(`/acme/shop/pull/${number}/merge`, { method: 'squash', as: 'dave' })).status).toBe(403);
  expect((await press(`/acme/shop/pull/${number}/merge`, { method: 'squash', as: 'carol' })).status).toBe(
    303,
  );
  const page = await look(`/acme/shop/pull/${number}`);
  expect(page).toMatch(/approved these changes/);
  expect(page).toMatch(/<b>carol<\/b> merged it as/);
});

test('a waiting run is reviewed by its buttons, and seen among the deployments', async () => {
  world.github.setEnvironment(world.shop, 'production', {
    reviewers: [world.dave],
    rules: [world.created.app],
  });
  const run = await world.github.actions.startRun(world.shop, {
    branch: 'main',
    actor: world.bob,
    environment: 'production',
  });
  expect(await look(`/acme/shop/actions/runs/${run.id}`)).toContain('Approve and deploy');
  expect(
    (
      await press(`/acme/shop/actions/runs/${run.id}/review`, {
        state: 'approved',
        comment: 'ok',
        as: 'carol',
      })
    ).status,
  ).toBe(422);
  expect(
    (
      await press(`/acme/shop/actions/runs/${run.id}/review`, {
        state: 'approved',
        comment: 'ok',
        as: 'dave',
      })
    ).status,
  ).toBe(303);
  expect(run.jobs[0]?.review).toBe('approved');
  expect(await look('/acme/shop/deployments')).toContain('reviewers: dave');
  for (const path of [
    '/',
    '/acme/shop',
    '/acme/shop/pulls',
    '/acme/shop/actions',
    `/acme/shop/commit/${run.sha}`,
  ])
    expect(await look(path)).toContain('shop');
  expect((await fetch(`${world.github.url}/acme/none`)).status).toBe(404);
});

describe('an App made from a manifest', () => {
  const manifest = {
    name: 'Countersign',
    url: 'https://countersign.example.com',
    hook_attributes: { url: 'http://127.0.0.1:9/hook', active: true },
    redirect_url: 'http://127.0.0.1:3000/setup/callback',
    public: false,
    default_permissions: { checks: 'write', pull_requests: 'read' },
    default_events: ['check_run', 'pull_request'],
  };
  const make = (over: object = {}) =>
    press('/organizations/acme/settings/apps/new?state=once', {
      manifest: JSON.stringify({ ...manifest, name: 'Made', ...over }),
    });

  test('comes back with a code that is good once', async () => {
    const response = await make();
    expect(response.status).toBe(302);
    const back = new URL(response.headers.get('location') ?? '');
    expect([back.origin + back.pathname, back.searchParams.get('state')]).toEqual([
      manifest.redirect_url,
      'once',
    ]);
    const code = back.searchParams.get('code') ?? '';
    const convert = () =>
      fetch(`${world.github.apiUrl}/app-manifests/${code}/conversions`, { method: 'POST' });
    const app = (await (await convert()).json()) as Record<string, unknown>;
    expect(app).toMatchObject({
      slug: 'made',
      owner: { login: 'acme' },
      events: manifest.default_events,
      permissions: { checks: 'write', metadata: 'read' },
      webhook_secret: expect.stringMatching(/^.{40}$/),
      pem: expect.stringContaining('BEGIN RSA PRIVATE KEY'),
    });
    expect((await convert()).status).toBe(404);
  });

  test.each([
    ['a key that GitHub does not know', { colour: 'red' }, 'colour'],
    [
      'a permission that GitHub does not know',
      { default_permissions: { check: 'write' } },
      'permissions/check',
    ],
    ['an event without its permission', { default_events: ['push'] }, 'contents:read'],
    ['no way back', { redirect_url: '' }, 'redirect_url'],
  ])('is refused with %s', async (_what, over, named) => {
    const response = await make(over);
    expect(response.status).toBeGreaterThanOrEqual(400);
    expect(await response.text()).toContain(named);
  });
});
