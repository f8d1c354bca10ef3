/** Who may do what in a repository. */
import { HttpError, notFound, type Caller } from '../http.ts';
import { ROLES, type Actor, type Repository, type Role } from '../state.ts';
import type { World } from '../world.ts';
import { findTeam } from '../find.ts';

const strongest = (roles: readonly Role[]): Role =>
  roles.reduce<Role>((best, role) => (ROLES.indexOf(role) > ROLES.indexOf(best) ? role : best), 'none');

export const atLeast = (role: Role, wanted: Role): boolean => ROLES.indexOf(role) >= ROLES.indexOf(wanted);

/** A person's role, from ownership, the organisation, teams and direct grants. */
export function roleOf(world: World, actor: Actor, repository: Repository): Role {
  if (actor.kind === 'Bot') return 'none';
  if (repository.owner.id === actor.id) return 'admin';
  const granted: Role[] = [repository.collaborators.get(actor.id) ?? 'none'];
  if (repository.owner.kind === 'Organization') {
    const membership = repository.owner.members.get(actor.id);
    if (membership === 'admin') return 'admin';
    if (membership === 'member') granted.push('read');
    for (const [teamId, role] of repository.teams) {
      if (findTeam(world, teamId)?.members.has(actor.id) === true) granted.push(role);
    }
  }
  if (!repository.private) granted.push('read');
  return strongest(granted);
}

/** GitHub's older name of a role, which knows no `triage` or `maintain`. */
export const legacyPermission = (role: Role): string =>
  role === 'maintain' ? 'write' : role === 'triage' ? 'read' : role;

export function authorAssociation(repository: Repository, actor: Actor): string {
  if (repository.owner.id === actor.id) return 'OWNER';
  if (repository.owner.kind === 'Organization' && repository.owner.members.has(actor.id)) return 'MEMBER';
  if (repository.collaborators.has(actor.id)) return 'COLLABORATOR';
  const merged = [...repository.pulls.values()].some(
    (pull) => pull.merge !== null && pull.author.id === actor.id,
  );
  return merged ? 'CONTRIBUTOR' : 'NONE';
}

const LEVELS = ['none', 'read', 'write', 'admin'];

/** Whether `have` (an App's permissions) covers `need` (`checks:write`). */
export function permits(have: Readonly<Record<string, string>>, need: string): boolean {
  const [name = '', level = ''] = need.split(':');
  const held = name === 'metadata' ? 'read' : (have[name] ?? 'none');
  return LEVELS.indexOf(held) >= LEVELS.indexOf(level);
}

/** Refuses an App whose permissions don't reach, as GitHub does. */
export function needPermission(have: Readonly<Record<string, string>>, need: string): void {
  if (!permits(have, need)) throw new HttpError(403, 'Resource not accessible by integration');
}

/** The actor in whose name a caller acts. */
export function actorOf(world: World, caller: Caller): Actor {
  if (caller.kind === 'user') return caller.user;
  if (caller.kind === 'anonymous') return world.webFlow;
  return caller.app.bot;
}

/** Refuses a person whose role doesn't reach; a private repository they can't see doesn't exist for them. */
export function needRole(world: World, caller: Caller, repository: Repository, wanted: Role): void {
  const role =
    caller.kind === 'user' ? roleOf(world, caller.user, repository) : repository.private ? 'none' : 'read';
  if (atLeast(role, wanted)) return;
  if (role === 'none') throw notFound();
  throw new HttpError(
    403,
    wanted === 'admin' ? 'Must have admin rights to Repository.' : 'Must have push access to Repository.',
  );
}
