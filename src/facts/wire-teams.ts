import { z } from 'zod';
import { pageInfo } from './wire-check.ts';

/** Whom GitHub names as members of teams, by their ids, of the teams that it names to the end; by slug. */
export type TeamMembers = ReadonlyMap<string, ReadonlySet<number>>;

/** The variables of a query that asks for teams: `t0` is the first one's slug. */
export const teamParameters = (count: number): string =>
  Array.from({ length: count }, (_, index) => `, $t${index}: String!`).join('');

export const teamVariables = (slugs: readonly string[]): Readonly<Record<string, string>> =>
  Object.fromEntries(slugs.map((slug, index) => [`t${index}`, slug]));

/** Asks a `Repository` for the members of its owner's teams, with those of the teams below them, as REST has it. */
export function teamsField(count: number): string {
  if (count === 0) return '';
  const teams = Array.from(
    { length: count },
    (_, index) => `t${index}: team(slug: $t${index}) {
        members(first: 100, membership: ALL) { pageInfo { hasNextPage endCursor } nodes { databaseId } }
      }`,
  );
  return `owner { ... on Organization { ${teams.join(' ')} } }`;
}

const team = z.object({
  members: z.object({
    pageInfo,
    nodes: z.array(z.object({ databaseId: z.int().nullable() }).nullable()).nullish(),
  }),
});

/** A person's own repository has no teams. */
export const ownerWithTeams = z.object({}).catchall(team.nullable());

/** What was told of the teams. One that GitHub doesn't show, or not to the end, is left out: that is to be asked for by itself. */
export function teamMembers(
  owner: z.output<typeof ownerWithTeams> | undefined,
  slugs: readonly string[],
): TeamMembers {
  const found = new Map<string, ReadonlySet<number>>();
  for (const [index, slug] of slugs.entries()) {
    const { pageInfo: page, nodes } = owner?.[`t${index}`]?.members ?? {};
    const ids = (nodes ?? []).flatMap((node) => node?.databaseId ?? []);
    if (page?.hasNextPage === false && ids.length === nodes?.length) found.set(slug, new Set(ids));
  }
  return found;
}
