/** What an organisation tells of its members' accounts, and to whom. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { SAML_QUERY } from '../../../src/facts/read-organization.ts';
import { asApp, PERMISSIONS, refusal, startShop, type Shop } from '../../support/github/start-shop.ts';

let world: Shop;

beforeAll(async () => {
  world = await startShop();
});

afterAll(() => world.stop());

const ORG = { org: 'acme' } as const;

/** A client with a token of its own, made now. */
const fresh = () => asApp(world.github, world.created, world.installation);
const may = (permissions: Readonly<Record<string, string>>) =>
  world.github.acceptPermissions(world.installation, permissions);

test('whether two factors are required is told to owners, and to an App that may read the administration', async () => {
  const { alice, bob, acme } = world;
  acme.twoFactorRequired = true;
  const told = async (octokit: Awaited<ReturnType<typeof fresh>> | ReturnType<Shop['as']>) =>
    (await octokit.request('GET /orgs/{org}', ORG)).data.two_factor_requirement_enabled;
  expect(await told(world.as(alice))).toBe(true);
  expect(await told(world.as(bob))).toBeUndefined();
  const before = await fresh();
  expect(await told(before)).toBeUndefined();
  may({ ...PERMISSIONS, organization_administration: 'read' });
  expect(await world.names()).toContain('installation.new_permissions_accepted');
  expect(await told(await fresh())).toBe(true);
  // What was made before goes on with what it was made with.
  expect(await told(before)).toBeUndefined();
});

test('who goes without a second factor is told to owners only', async () => {
  const { alice, bob, dave } = world;
  dave.twoFactor = false;
  const filter = { ...ORG, filter: '2fa_disabled' } as const;
  const { data } = await world.as(alice).rest.orgs.listMembers(filter);
  expect(data.map(({ login }) => login)).toEqual(['dave']);
  for (const asking of [world.as(bob), await fresh()])
    expect(await refusal(asking.rest.orgs.listMembers(filter))).toMatchObject({
      status: 422,
      message: expect.stringContaining('Only owners can use this filter'),
    });
});

test('SAML identities: refused without members, null without administration, else by login', async () => {
  const { acme, carol } = world;
  acme.samlIdentities = new Set([carol.id]);
  const asked = async (login: string) =>
    (await fresh()).graphql<{ organization: { samlIdentityProvider: unknown } }>(SAML_QUERY, {
      ...ORG,
      login,
    });
  const { members: _, ...without } = PERMISSIONS;
  may(without);
  expect((await refusal(asked('carol'))).message).toContain('Resource not accessible by integration');
  may(PERMISSIONS);
  expect((await asked('carol')).organization.samlIdentityProvider).toBeNull();
  may({ ...PERMISSIONS, organization_administration: 'read' });
  const nodes = async (login: string) => (await asked(login)).organization.samlIdentityProvider;
  expect(await nodes('Carol')).toEqual({
    externalIdentities: { nodes: [{ user: { databaseId: carol.id } }] },
  });
  expect(await nodes('dave')).toEqual({ externalIdentities: { nodes: [] } });
  acme.samlIdentities = null;
  expect(await nodes('carol')).toBeNull();
});
