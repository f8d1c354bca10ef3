import { describe, expect, test } from '@jest/globals';
import { readOrganization } from '../../../src/facts/read-organization.ts';
import { carol, dave, robot } from '../../support/make-facts.ts';
import { failure, scriptedGitHub, type Scripted } from './scripted-github.ts';

const ORG = 'GET /orgs/{org}';
const required = { two_factor: 'required' } as const;
const saml = { saml: 'required' } as const;

const organization = (answer: Scripted) => scriptedGitHub({ rest: { [ORG]: () => answer } });

/** Who has an identity, by login; the account that GitHub answers with need not be who was asked for. */
const provider = (ids: Readonly<Record<string, number>>) =>
  scriptedGitHub({
    graphql: (_, { login }) => {
      const databaseId = ids[String(login)];
      const nodes = databaseId === undefined ? [] : [{ user: { databaseId } }];
      return { organization: { samlIdentityProvider: { externalIdentities: { nodes } } } };
    },
  });

describe('what an organisation asks of accounts', () => {
  test('nothing is read that isn’t asked', async () => {
    const github = scriptedGitHub({});
    expect(await readOrganization(github, 'acme', {}, [carol])).toBeNull();
    expect(github.asked).toEqual([]);
    const asked = organization({ data: { two_factor_requirement_enabled: true } });
    expect(await readOrganization(asked, 'acme', required, [carol])).toMatchObject({ samlIdentities: null });
    expect(asked.asked).toEqual([ORG]);
  });

  test.each([
    [true, { known: true, value: true }],
    [false, { known: true, value: false }],
    [null, { known: false }],
    [undefined, { known: false }],
  ])('two-factor of %s', async (enabled, expected) => {
    const github = organization({ data: { two_factor_requirement_enabled: enabled } });
    const read = await readOrganization(github, 'acme', required, []);
    expect(read?.twoFactorRequired).toMatchObject(expected);
  });

  test('a personal account, or an organisation that we may not see, is unknown', async () => {
    const read = await readOrganization(organization({ fails: 404 }), 'alice', required, []);
    expect(read?.twoFactorRequired).toMatchObject({ known: false });
    const refused = await readOrganization(organization({ fails: 403 }), 'acme', required, []);
    expect(refused?.twoFactorRequired).toMatchObject({ known: false });
  });

  test('a GitHub that is down is no answer: it is asked again', async () => {
    await expect(readOrganization(organization({ fails: 502 }), 'acme', required, [])).rejects.toThrow();
  });

  test('who has a SAML identity, by account and not by name', async () => {
    const github = provider({ carol: carol.id, dave: 666 });
    const read = await readOrganization(github, 'acme', saml, [dave, carol, carol, robot]);
    expect(read).toEqual({ twoFactorRequired: null, samlIdentities: { known: true, value: [carol.id] } });
  });

  test('without a provider that we see, nobody’s is known', async () => {
    for (const answer of [{ organization: null }, { organization: { samlIdentityProvider: null } }]) {
      const github = scriptedGitHub({ graphql: () => answer });
      expect((await readOrganization(github, 'acme', saml, [carol]))?.samlIdentities).toMatchObject({
        known: false,
      });
    }
  });

  test('refused, it is unknown', async () => {
    const github = scriptedGitHub({
      graphql: () => {
        throw failure(403, 'Resource not accessible by integration');
      },
    });
    expect((await readOrganization(github, 'acme', saml, [carol]))?.samlIdentities).toMatchObject({
      known: false,
    });
  });
});
