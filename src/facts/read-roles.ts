import { z } from 'zod';
import type { Actor } from '../domain/actor.ts';
import type { OwnersNamed } from '../domain/code-owners-facts.ts';
import { type Known, known, unknown } from '../domain/known.ts';
import type { RepositoryRef } from '../domain/repository.ts';
import { PERMISSIONS, type Permission, type RoleFacts, type RolesAsked } from '../domain/role-facts.ts';
import { askRest, askRestPages } from './ask-github.ts';
import { isRefusal } from './github-error.ts';
import type { GitHubReader } from './github-reader.ts';
import { inParallel } from './in-parallel.ts';
import { openOwners } from './read-owners.ts';
import type { TeamMembers } from './wire-teams.ts';

/** Resolves roles for one gathering. Asked twice for the same team or person it reads once. */
export interface RoleReader {
  /** `named`: everyone whose team counts. `acting`: those among them whose repository permission may count. */
  of(
    asked: RolesAsked,
    people: { readonly named: readonly Actor[]; readonly acting: readonly Actor[] },
    /** The code owners of what is judged; null where nobody asks for them. */
    owners?: OwnersNamed | null,
  ): Promise<RoleFacts>;
}

/**
 * Opens a reader whose answers hold for this one gathering: roles are live, so it must not outlive it. `told`: teams that were
 * read just now.
 */
export function openRoles(
  github: GitHubReader,
  repository: RepositoryRef,
  told: TeamMembers = new Map(),
): RoleReader {
  const teams = new Map<string, Promise<Known<ReadonlySet<number>>>>();
  for (const [slug, ids] of told) teams.set(slug, Promise.resolve(known(ids)));
  const permissions = new Map<number, Promise<Known<Permission>>>();
  const team = (slug: string) => once(teams, slug, () => readTeam(github, repository.owner, slug));
  const permission = (actor: Actor) =>
    once(permissions, actor.id, () => readPermission(github, repository, actor));
  const owning = openOwners(github, repository);
  return {
    of: async (asked, { named, acting }, owners = null) => {
      const ids = [...new Set(named.map((actor) => actor.id))].sort((a, b) => a - b);
      const slugs = [...new Set([...asked.teams, ...(owners?.teams ?? [])])].sort();
      const members = await inParallel(slugs, async (slug) => {
        const found = await team(slug);
        return [slug, found.known ? known(ids.filter((id) => found.value.has(id))) : found] as const;
      });
      const permissionCounts = asked.permissions || owners?.people === true;
      const people = permissionCounts ? [...new Map(acting.map((actor) => [actor.id, actor])).values()] : [];
      const granted = await inParallel(
        people,
        async (actor) => [String(actor.id), await permission(actor)] as const,
      );
      return {
        teams: Object.fromEntries(members),
        permissions: Object.fromEntries(granted),
        usersMustWrite: true,
        ...(owners === null ? {} : await owning.of(owners)),
      };
    },
  };
}

function once<Key, Value>(
  cache: Map<Key, Promise<Value>>,
  key: Key,
  read: () => Promise<Value>,
): Promise<Value> {
  const found = cache.get(key) ?? read();
  cache.set(key, found);
  return found;
}

const PAGES = 50;
const members = z.array(z.object({ id: z.int() }));

/** The active members of a team and of the teams below it; GitHub leaves invited ones out. */
async function readTeam(
  github: GitHubReader,
  org: string,
  slug: string,
): Promise<Known<ReadonlySet<number>>> {
  try {
    const { complete, items } = await askRestPages(
      github,
      'GET /orgs/{org}/teams/{team_slug}/members',
      { org, team_slug: slug },
      members,
      (page) => page,
      { doing: `reading the members of the team ${org}/${slug}`, limit: PAGES },
    );
    if (!complete) return unknown(`the team ${org}/${slug} has more than ${PAGES * 100} members`);
    return known(new Set(items.map(({ id }) => id)));
  } catch (error) {
    if (isRefusal(error)) return unknown(error.message);
    throw error;
  }
}

const permissionAnswer = z.object({
  permission: z.string(),
  role_name: z.string().nullish(),
  user: z.object({ id: z.int() }).nullish(),
});

async function readPermission(
  github: GitHubReader,
  repository: RepositoryRef,
  actor: Actor,
): Promise<Known<Permission>> {
  const { owner, name } = repository;
  const { login: username } = actor;
  if (actor.kind === 'bot') return unknown(`GitHub tells no repository permission of an App (${username})`);
  try {
    const answer = await askRest(
      github,
      'GET /repos/{owner}/{repo}/collaborators/{username}/permission',
      { owner, repo: name, username },
      permissionAnswer,
      `reading ${username}'s permission on ${owner}/${name}`,
    );
    // Asked by login, which can be somebody else's by now.
    if (answer.user?.id !== actor.id) return unknown(`${username} is another account by now`);
    const permission = permissionOf(answer);
    return permission === null
      ? unknown(`GitHub names a permission that is not known: ${answer.permission}`)
      : known(permission);
  } catch (error) {
    if (isRefusal(error)) return unknown(error.message);
    throw error;
  }
}

/** `permission` says only read, write or admin; `role_name` also triage and maintain, or an organisation's own role. */
function permissionOf(answer: z.output<typeof permissionAnswer>): Permission | null {
  const find = (name: string) => PERMISSIONS.find((permission) => permission === name);
  return find(answer.role_name ?? '') ?? find(answer.permission) ?? null;
}
