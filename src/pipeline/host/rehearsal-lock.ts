import { setTimeout as sleep } from 'node:timers/promises';
import { type Kysely, sql, type Transaction } from 'kysely';
import type { Database } from '../../db/database.ts';
import { CodedError } from '../../domain/coded-error.ts';
import { listEntries } from '../../ledger/store/read.ts';
import type { StoredDeployment } from '../deployment/deployment-row.ts';

/*
 * Who rehearses an environment holds an advisory lock of its session, which PostgreSQL gives back when the session ends, however
 * it does. A deployment that starts takes a share in it, for its transaction.
 */

/** What the name of every rehearsal's release begins with, and so whatever says whose lock on a host it is. */
export const REHEARSAL_PREFIX = 'rehearsal-';

const TRIES = 5;
const TRY_MILLISECONDS = 200;

const keyOf = (repositoryId: number, environment: string) =>
  sql`hashtextextended(${`rehearsal:${repositoryId}:${environment}`}, 0)`;

/**
 * Does `work` while no deployment to the environment starts, and none is starting. `assertHeld` throws once the lock may be gone.
 * Throws `environment_rehearsed` where somebody else rehearses it, or a deployment is about to start.
 */
export async function holdRehearsal<T>(
  db: Kysely<Database>,
  { repositoryId, environment }: { readonly repositoryId: number; readonly environment: string },
  work: (assertHeld: () => Promise<void>) => Promise<T>,
): Promise<T> {
  const key = keyOf(repositoryId, environment);
  return db.connection().execute(async (session) => {
    const take = async (): Promise<boolean> => {
      const { rows } = await sql<{
        got: boolean;
      }>`SELECT pg_try_advisory_lock(${key}) AS got`.execute(session);
      return rows[0]?.got === true;
    };
    let got = await take();
    // A share is taken for a moment only, so it is asked for a few times.
    for (let attempt = 1; !got && attempt < TRIES; attempt += 1) {
      await sleep(TRY_MILLISECONDS);
      got = await take();
    }
    if (!got) {
      throw new CodedError(
        'environment_rehearsed',
        `${environment} is being rehearsed by somebody else, or a deployment to it starts at this moment: try again when that is over.`,
      );
    }
    try {
      return await work(async () => {
        // The session that answers is the one that has the lock: it is lost with the session and not otherwise.
        await sql`SELECT 1`.execute(session);
      });
    } finally {
      // Where the session is gone, so is the lock.
      await sql`SELECT pg_advisory_unlock(${key})`.execute(session).catch(() => undefined);
    }
  });
}

/** Throws `environment_rehearsed` where a rehearsal goes on; none begins until the transaction ends. */
export async function assertNotRehearsed(tx: Transaction<Database>, row: StoredDeployment): Promise<void> {
  if (!(await takeShare(tx, row.repository_id, row.environment))) {
    throw new CodedError(
      'environment_rehearsed',
      `deployment ${row.id} does not start yet: ${row.environment} is being rehearsed. It is tried again in a moment`,
    );
  }
}

/** Whether one goes on, and the newest entry of one: another than before means that there was one in between. */
export async function rehearsalThere(
  db: Kysely<Database>,
  repositoryId: number,
  environment: string,
): Promise<{ readonly goesOn: boolean; readonly newest: string | null }> {
  const free = await db.transaction().execute((tx) => takeShare(tx, repositoryId, environment));
  const [newest] = await listEntries(db, {
    repositoryId,
    environment,
    kinds: ['deployment.rehearsed'],
    limit: 1,
  });
  return { goesOn: !free, newest: newest?.content.id ?? null };
}

async function takeShare(
  tx: Transaction<Database>,
  repositoryId: number,
  environment: string,
): Promise<boolean> {
  const { rows } = await sql<{
    free: boolean;
  }>`SELECT pg_try_advisory_xact_lock_shared(${keyOf(repositoryId, environment)}) AS free`.execute(tx);
  return rows[0]?.free === true;
}
