import { isDeepStrictEqual } from 'node:util';
import type { Transaction } from 'kysely';
import type { Database } from '../../db/database.ts';
import { CodedError } from '../../domain/coded-error.ts';
import type { Known } from '../../domain/known.ts';
import type { LockFacts } from '../../domain/timing-facts.ts';
import { holdLocks } from './hold-locks.ts';
import { readLockFacts } from './read-lock.ts';

/**
 * That an environment is locked, or isn't, just as it was judged. Somebody who locks it at this moment waits for us until the
 * transaction ends, or we see their lock. Throws `facts_moved`, so that the retried job judges anew: to judge takes seconds, in which
 * jobs of other pull requests and other deployments go on. `what` was judged stands in the message. Facts that are older than locks have
 * none, and nothing to differ from.
 */
export async function assertLockAsJudged(
  tx: Transaction<Database>,
  { repositoryId, environment }: { readonly repositoryId: number; readonly environment: string },
  judged: Known<LockFacts | null> | undefined,
  what: string,
): Promise<void> {
  await holdLocks(tx, repositoryId, environment);
  const lock = await readLockFacts(tx, repositoryId, environment);
  if (judged === undefined || isDeepStrictEqual(lock, judged)) return;
  throw new CodedError(
    'facts_moved',
    `${environment} was locked or unlocked while ${what} was judged: it is judged again in a moment`,
  );
}
