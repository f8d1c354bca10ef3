/**
 * `/graphql`: every query is validated against GitHub's own schema and executed by graphql-js over plain objects. A
 * field that the stand-in doesn't model fails loudly; it is never quietly null.
 */
import { readFileSync } from 'node:fs';
import { findPackageJSON } from 'node:module';
import path from 'node:path';

import {
  buildSchema,
  execute,
  isNonNullType,
  parse,
  validate,
  type DocumentNode,
  type GraphQLError,
  type GraphQLFieldResolver,
  type GraphQLSchema,
} from 'graphql';

import { findAccount, findRepository } from '../find.ts';
import { HttpError, type Caller } from '../http.ts';
import type { Quota } from '../rate-limit.ts';
import type { World } from '../world.ts';
import { commitObject } from './commits.ts';
import { GraphqlRefusal } from './connection.ts';
import { sees, type Asking, type Makers } from './context.ts';
import { actorObject, organizationObject } from './people.ts';
import { pullObject } from './pulls.ts';
import { refObject } from './refs.ts';
import { repositoryObject } from './repository.ts';

export interface GraphqlAnswer {
  readonly status: number;
  readonly body: unknown;
  readonly violations: readonly string[];
}

export type GraphqlServer = (caller: Caller, raw: Buffer, quota: Quota) => Promise<GraphqlAnswer>;

const MAKERS: Makers = {
  commit: commitObject,
  pull: pullObject,
  ref: refObject,
  repository: repositoryObject,
};

let loaded: GraphQLSchema | null = null;

/** The schema takes half a second to build, so only those who use it pay. */
function schema(): GraphQLSchema {
  const entry = findPackageJSON('@octokit/graphql-schema', import.meta.url);
  if (entry === undefined) throw new Error('@octokit/graphql-schema is not installed');
  const file = path.join(path.dirname(entry), 'schema.graphql');
  loaded ??= buildSchema(readFileSync(file, 'utf8'), { assumeValidSDL: true });
  return loaded;
}

/** Like graphql-js's own, but a field that isn't there is an error and not a null. */
const resolveField: GraphQLFieldResolver<unknown, unknown> = (source, args: unknown, _context, info) => {
  const fields = source as Record<string, unknown>;
  if (!(info.fieldName in fields))
    throw new Error(`The stand-in does not model ${info.parentType.name}.${info.fieldName}`);
  const value = fields[info.fieldName];
  if (value === undefined || (value === null && isNonNullType(info.returnType)))
    throw new Error(`The stand-in has no value for ${info.parentType.name}.${info.fieldName}`);
  return typeof value === 'function' ? (value as (given: unknown) => unknown)(args) : value;
};

function root(asking: Asking): Record<string, unknown> {
  const { world, caller, quota } = asking;
  return {
    repository: ({ owner, name }: { readonly owner: string; readonly name: string }) => {
      const repository = findRepository(world, owner, name);
      if (repository === null || !sees(asking, repository))
        throw new GraphqlRefusal(
          'NOT_FOUND',
          `Could not resolve to a Repository with the name '${owner}/${name}'.`,
        );
      return repositoryObject(asking, repository);
    },
    organization: ({ login }: { readonly login: string }) => {
      const account = findAccount(world, login);
      if (account?.kind !== 'Organization')
        throw new GraphqlRefusal(
          'NOT_FOUND',
          `Could not resolve to an Organization with the login of '${login}'.`,
        );
      return organizationObject(asking, account);
    },
    user: ({ login }: { readonly login: string }) => {
      const account = findAccount(world, login);
      if (account?.kind !== 'User')
        throw new GraphqlRefusal('NOT_FOUND', `Could not resolve to a User with the login of '${login}'.`);
      return actorObject(asking, account);
    },
    viewer: () => {
      if (caller.kind === 'user') return actorObject(asking, caller.user);
      if (caller.kind === 'installation')
        return { ...actorObject(asking, caller.app.bot), __typename: 'User', login: caller.app.bot.login };
      throw new GraphqlRefusal('FORBIDDEN', 'Resource not accessible');
    },
    rateLimit: {
      __typename: 'RateLimit',
      cost: 1,
      limit: quota.limit,
      remaining: quota.remaining,
      used: quota.used,
      nodeCount: 1,
      resetAt: new Date(quota.reset * 1000).toISOString().replace('.000Z', 'Z'),
    },
  };
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

interface Judged {
  readonly document: DocumentNode;
  readonly violations: readonly string[];
}

/** A client asks with the same text again and again, and only its variables differ: each text is judged once. */
const known = new Map<string, Judged>();

function judged(query: string): Judged {
  const before = known.get(query);
  if (before !== undefined) return before;
  const document = parse(query);
  const now = { document, violations: validate(schema(), document).map((error) => error.message) };
  // It only saves time.
  if (known.size >= 500) known.clear();
  known.set(query, now);
  return now;
}

export function makeGraphql(world: World): GraphqlServer {
  return async (caller, raw, quota) => {
    if (caller.kind === 'anonymous' || caller.kind === 'app')
      throw new HttpError(401, 'This endpoint requires you to be authenticated.');
    const request: unknown = JSON.parse(raw.toString('utf8'));
    const { query, variables, operationName } = (
      typeof request === 'object' && request !== null ? request : {}
    ) as Record<string, unknown>;
    const { document, violations } = judged(asText(query));
    if (violations.length > 0) return { status: 200, body: null, violations };
    const result = await execute({
      schema: schema(),
      document,
      rootValue: root({ make: MAKERS, world, caller, quota }),
      variableValues: (variables ?? {}) as Record<string, unknown>,
      operationName: typeof operationName === 'string' ? operationName : null,
      fieldResolver: resolveField,
    });
    const refusals = (result.errors ?? []).filter((error) => error.originalError instanceof GraphqlRefusal);
    const bugs = (result.errors ?? []).filter((error) => !(error.originalError instanceof GraphqlRefusal));
    const errors = refusals.map((error: GraphQLError) => ({
      type: error.originalError instanceof GraphqlRefusal ? error.originalError.type : 'INTERNAL',
      path: error.path,
      locations: error.locations,
      message: error.message,
    }));
    return {
      status: 200,
      body: errors.length === 0 ? { data: result.data } : { data: result.data, errors },
      violations: bugs.map(
        (error) => `${error.message}${error.path === undefined ? '' : ` at ${error.path.join('.')}`}`,
      ),
    };
  };
}
