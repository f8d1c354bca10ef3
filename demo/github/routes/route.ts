/** A REST operation and who may call it. */
import type { Operation } from '../description/operations.ts';
import { covers, findRepository } from '../find.ts';
import { HttpError, notFound, type Answer, type Call } from '../http.ts';
import { needRole, permits } from '../rules/roles.ts';
import type { App, Repository, Role } from '../state.ts';
import type { World } from '../world.ts';

export interface Route {
  readonly operation: Operation;
  handle(world: World, call: Call): Promise<Answer> | Answer;
}

/** For the App itself, by its JWT. */
export function appRoute(
  operation: Operation,
  handle: (world: World, call: Call, app: App) => Promise<Answer> | Answer,
): Route {
  return {
    operation,
    handle(world, call) {
      if (call.caller.kind !== 'app') throw new HttpError(401, 'A JSON web token could not be decoded');
      return handle(world, call, call.caller.app);
    },
  };
}

/** For anyone at all; the handler decides. */
export function route(
  operation: Operation,
  handle: (world: World, call: Call) => Promise<Answer> | Answer,
): Route {
  return { operation, handle };
}

export interface Access {
  /** What an App needs (`checks:read`; alternatives by `|`). Null: not for Apps. */
  readonly app: string | null;
  /** What a person needs. */
  readonly user: Role;
  /** Without it, the thing doesn't exist (404), as GitHub has it for branch protection. */
  readonly hide?: boolean;
}

/** For whoever may see the repository and has what the operation needs there. */
export function repositoryRoute(
  operation: Operation,
  access: Access,
  handle: (world: World, call: Call, repository: Repository) => Promise<Answer> | Answer,
): Route {
  return {
    operation,
    handle(world, call) {
      const repository = findRepository(world, call.params['owner'] ?? '', call.params['repo'] ?? '');
      if (repository === null) throw notFound();
      authorize(world, call, repository, access);
      if (repository.archived && !operation.startsWith('GET '))
        throw new HttpError(403, 'Repository was archived so is read-only.');
      return handle(world, call, repository);
    },
  };
}

function authorize(world: World, call: Call, repository: Repository, access: Access): void {
  const { caller } = call;
  const integration = new HttpError(403, 'Resource not accessible by integration');
  if (caller.kind === 'app') throw new HttpError(401, 'Bad credentials');
  if (caller.kind === 'installation') {
    const { installation, token } = caller;
    const inScope =
      covers(installation, repository) &&
      (token.repositories === null || token.repositories.has(repository.id));
    if (!inScope) throw repository.private ? notFound() : integration;
    const enough = access.app?.split('|').some((need) => permits(token.permissions, need)) ?? false;
    if (!enough) throw integration;
    return;
  }
  try {
    needRole(world, caller, repository, access.user);
  } catch (error) {
    throw access.hide === true ? notFound() : error;
  }
}
