import { afterEach, beforeEach, expect, test } from '@jest/globals';

import { Octokit } from '@octokit/rest';

import { QUIET, refusal, SHOP, startShop, type Shop } from '../../support/github/start-shop.ts';

let world: Shop;
beforeEach(async () => {
  world = await startShop();
});
afterEach(() => world.stop({ allowViolations: true }));

test.each<[string, string, Record<string, unknown>, RegExp]>([
  ['a name is missing', 'POST /repos/acme/shop/check-runs', { head_sha: 'HEAD' }, /required property 'name'/],
  [
    'a conclusion that GitHub does not know',
    'POST /repos/acme/shop/check-runs',
    { name: 'x', head_sha: 'HEAD', conclusion: 'bogus' },
    /allowed values/,
  ],
  [
    'a fourth button',
    'POST /repos/acme/shop/check-runs',
    {
      name: 'x',
      head_sha: 'HEAD',
      actions: [1, 2, 3, 4].map((n) => ({ label: `${n}`, description: 'd', identifier: `${n}` })),
    },
    /more than 3 items/,
  ],
  [
    'a long label',
    'POST /repos/acme/shop/check-runs',
    { name: 'x', head_sha: 'HEAD', actions: [{ label: 'x'.repeat(21), description: 'd', identifier: 'i' }] },
    /20 characters/,
  ],
  [
    'output without a summary',
    'POST /repos/acme/shop/check-runs',
    { name: 'x', head_sha: 'HEAD', output: { title: 't' } },
    /required property 'summary'/,
  ],
  [
    'a key in the wrong case',
    'POST /repos/acme/shop/check-runs',
    { name: 'x', head_sha: 'HEAD', detailsUrl: 'https://example.com' },
    /detailsUrl is no key/,
  ],
  [
    'a key that a list’s item has not',
    'POST /repos/acme/shop/check-runs',
    { name: 'x', head_sha: 'HEAD', output: { title: 't', summary: 's', colour: 'red' } },
    /colour is no key/,
  ],
  [
    'a state with a dash',
    'POST /repos/acme/shop/deployments/1/statuses',
    { state: 'in-progress' },
    /allowed values/,
  ],
  [
    'a query that GitHub does not document',
    'GET /repos/acme/shop/pulls?author=bob',
    {},
    /author is no parameter/,
  ],
  ['a call that the stand-in does not serve', 'GET /repos/acme/shop/stargazers', {}, /not served/],
])('%s: refused and remembered', async (_what, route, body, expected) => {
  const before = world.github.violations.length;
  const call = world.as(world.alice).request(route, body);
  expect(await refusal(call)).toMatchObject({ status: 500, message: expect.stringMatching(expected) });
  expect(world.github.violations.slice(before)).toEqual([expect.stringMatching(expected)]);
});

test.each([
  [
    'a field that GitHub’s schema has not',
    '{ repository(owner: "acme", name: "shop") { colour } }',
    /Cannot query field "colour"/,
  ],
  [
    'a field that the stand-in does not model',
    '{ repository(owner: "acme", name: "shop") { diskUsage } }',
    /does not model Repository.diskUsage/,
  ],
])('GraphQL: %s: refused and remembered', async (_what, query, expected) => {
  expect(await refusal(world.ours().graphql(query))).toMatchObject({ status: 500 });
  expect(world.github.violations).toEqual([expect.stringMatching(expected)]);
});

test('GraphQL: what may not be seen is null, and the error says so', async () => {
  const query =
    'query ($owner: String!, $repo: String!) { repository(owner: $owner, name: $repo) { ref(qualifiedName: "main") { branchProtectionRule { isAdminEnforced } } } }';
  const { data } = await world.appItself().rest.apps.createInstallationAccessToken({
    installation_id: world.installation.id,
    permissions: { contents: 'read' },
  });
  const octokit = new Octokit({ auth: data.token, baseUrl: world.github.apiUrl, log: QUIET });
  await expect(octokit.graphql(query, SHOP)).rejects.toMatchObject({
    data: { repository: { ref: { branchProtectionRule: null } } },
    errors: [
      expect.objectContaining({ type: 'FORBIDDEN', message: 'Resource not accessible by integration' }),
    ],
  });
  await expect(octokit.graphql(query, { owner: 'acme', repo: 'other' })).rejects.toMatchObject({
    data: { repository: null },
    errors: [{ type: 'NOT_FOUND' }],
  });
  expect(world.github.violations).toEqual([]);
});

test('an unfinished close names each violation', async () => {
  await refusal(world.as(world.alice).request('GET /repos/acme/shop/stargazers'));
  await expect(world.github.close()).rejects.toThrow('/repos/acme/shop/stargazers is not served');
});
