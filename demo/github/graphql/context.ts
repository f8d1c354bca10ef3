/** What every GraphQL object is made with: the stand-in and who asks. */
import { covers } from '../find.ts';
import type { Caller } from '../http.ts';
import type { Quota } from '../rate-limit.ts';
import { atLeast, permits, roleOf } from '../rules/roles.ts';
import type { GitCommit } from '../git/commits.ts';
import type { Pull, Repository, Role } from '../state.ts';
import type { World } from '../world.ts';
import { GraphqlRefusal } from './connection.ts';

/** Makers of the objects that refer to one another in circles. */
export interface Makers {
  commit(asking: Asking, repository: Repository, commit: GitCommit): Record<string, unknown>;
  pull(asking: Asking, pull: Pull): Record<string, unknown>;
  ref(asking: Asking, repository: Repository, branch: string): Record<string, unknown>;
  repository(asking: Asking, repository: Repository): Record<string, unknown>;
}

export interface Asking {
  readonly make: Makers;
  readonly world: World;
  readonly caller: Caller;
  readonly quota: Quota;
}

/** Whether the asker sees the repository at all. */
export function sees({ world, caller }: Asking, repository: Repository): boolean {
  if (caller.kind === 'user') return roleOf(world, caller.user, repository) !== 'none';
  if (caller.kind !== 'installation') return false;
  return (
    covers(caller.installation, repository) &&
    (caller.token.repositories === null || caller.token.repositories.has(repository.id))
  );
}

/** Refuses as GitHub does: the field is null and `errors` says so. */
export function need(asking: Asking, repository: Repository, app: string, user: Role = 'read'): void {
  const { caller, world } = asking;
  const allowed =
    caller.kind === 'installation'
      ? permits(caller.token.permissions, app)
      : caller.kind === 'user' && atLeast(roleOf(world, caller.user, repository), user);
  if (!allowed) throw new GraphqlRefusal('FORBIDDEN', 'Resource not accessible by integration');
}
