import { z } from 'zod';
import type { Actor } from '../domain/actor.ts';
import { type Known, known, unknown } from '../domain/known.ts';
import type { OrganizationFacts } from '../domain/timing-facts.ts';
import { askGraphql, askRest } from './ask-github.ts';
import { isRefusal } from './github-error.ts';
import type { GitHubReader } from './github-reader.ts';
import { inParallel } from './in-parallel.ts';

/** What a policy asks of accounts: absent is not asked, and not read. */
export interface OrganizationAsked {
  readonly two_factor?: 'required' | undefined;
  readonly saml?: 'required' | undefined;
}

/** What the organisation asks of accounts, and who of these people has a SAML identity there; null where nothing is asked. */
export async function readOrganization(
  github: GitHubReader,
  org: string,
  { two_factor: twoFactor, saml }: OrganizationAsked,
  people: readonly Actor[],
): Promise<OrganizationFacts | null> {
  if (twoFactor === undefined && saml === undefined) return null;
  const [twoFactorRequired, samlIdentities] = await Promise.all([
    twoFactor === undefined ? null : readTwoFactor(github, org),
    saml === undefined ? null : readSaml(github, org, people),
  ]);
  return { twoFactorRequired, samlIdentities };
}

const organizationAnswer = z.object({ two_factor_requirement_enabled: z.boolean().nullish() });

/** GitHub leaves the setting out of its answer for whoever may not see it: https://docs.github.com/rest/orgs/orgs#get-an-organization */
async function readTwoFactor(github: GitHubReader, org: string): Promise<Known<boolean>> {
  try {
    const doing = `reading the organisation ${org}`;
    const answer = await askRest(github, 'GET /orgs/{org}', { org }, organizationAnswer, doing);
    const required = answer.two_factor_requirement_enabled ?? null;
    return required === null ? unknown('GitHub leaves it out of what it tells this App') : known(required);
  } catch (error) {
    if (isRefusal(error)) return unknown(error.message);
    throw error;
  }
}

/** By login, since GitHub lets one ask so; the id that it answers with is what counts. */
export const SAML_QUERY = `query SamlIdentity($org: String!, $login: String!) {
  organization(login: $org) {
    samlIdentityProvider {
      externalIdentities(first: 10, login: $login) { nodes { user { databaseId } } }
    }
  }
}`;

const samlAnswer = z.object({
  organization: z
    .object({
      samlIdentityProvider: z
        .object({
          externalIdentities: z.object({
            nodes: z
              .array(z.object({ user: z.object({ databaseId: z.int() }).nullable() }).nullable())
              .nullable(),
          }),
        })
        .nullable(),
    })
    .nullable(),
});

async function readSaml(
  github: GitHubReader,
  org: string,
  people: readonly Actor[],
): Promise<Known<readonly number[]>> {
  const each = [...new Map(people.map((actor) => [actor.id, actor])).values()];
  try {
    const found = await inParallel(each, async ({ id, login }) => {
      const doing = `reading the SAML identity of ${login} in ${org}`;
      const { organization } = await askGraphql(github, SAML_QUERY, { org, login }, samlAnswer, doing);
      const provider = organization?.samlIdentityProvider ?? null;
      if (provider === null) return null;
      const linked = (provider.externalIdentities.nodes ?? []).some((node) => node?.user?.databaseId === id);
      return { id, linked };
    });
    // GitHub answers null both for an organisation without SAML and for whoever may not see its.
    if (found.some((person) => person === null))
      return unknown('GitHub shows this App no SAML identity provider of the organisation');
    return known(
      found.flatMap((person) => (person?.linked === true ? [person.id] : [])).toSorted((a, b) => a - b),
    );
  } catch (error) {
    if (isRefusal(error)) return unknown(error.message);
    throw error;
  }
}
