import { z } from 'zod';
import type { Actor } from '../domain/actor.ts';

/** GitHub's stand-in for a deleted account. Whoever it was, it is nobody's decision or work that could be counted. */
const GHOST = 'ghost';

/** Asks GraphQL for whoever acted, with the id that we compare by. */
export const ACTOR_PARTS = `
fragment ActorParts on Actor {
  __typename login
  ... on User { databaseId }
  ... on Bot { databaseId }
  ... on EnterpriseUserAccount { user { databaseId login } }
}`;

const account = z.object({ databaseId: z.int().nullable(), login: z.string() });

/**
 * An actor as GraphQL has it. A `Mannequin` (a placeholder of an import) and an organisation can't approve or push, so
 * they are nobody; GraphQL leaves the `[bot]` off a bot's login, REST and the policy have it.
 */
export const graphqlActor = z
  .object({
    __typename: z.string(),
    login: z.string(),
    databaseId: z.int().nullish(),
    user: account.nullish(),
  })
  .nullable()
  .transform((actor): Actor | null => {
    if (actor?.__typename === 'EnterpriseUserAccount') return userOf(actor.user);
    if (actor?.__typename === 'User') return userOf(actor);
    if (actor?.__typename !== 'Bot' || typeof actor.databaseId !== 'number') return null;
    const login = actor.login.endsWith('[bot]') ? actor.login : `${actor.login}[bot]`;
    return { id: actor.databaseId, login, kind: 'bot' };
  });

/** An account that GraphQL takes for a person's (a commit's `user`). No person's login can have a bracket in it. */
export const graphqlUser = account.nullish().transform(userOf);

/** A `simple-user` of REST. Commits have `{}` where an e-mail belongs to no account. */
export const restActor = z
  .object({ id: z.int().optional(), login: z.string().optional(), type: z.string().optional() })
  .nullish()
  .transform((user): Actor | null => {
    const { id, login, type } = user ?? {};
    if (id === undefined || login === undefined || login === GHOST) return null;
    if (type === 'Bot') return { id, login, kind: 'bot' };
    return type === 'User' ? { id, login, kind: 'user' } : null;
  });

function userOf(
  user: { databaseId?: number | null | undefined; login: string } | null | undefined,
): Actor | null {
  if (typeof user?.databaseId !== 'number' || user.login === GHOST) return null;
  const kind = user.login.endsWith('[bot]') ? 'bot' : 'user';
  return { id: user.databaseId, login: user.login, kind };
}
