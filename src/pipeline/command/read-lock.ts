import { z } from 'zod';
import type { Kysely } from 'kysely';
import type { Database } from '../../db/database.ts';
import { CodedError } from '../../domain/coded-error.ts';
import { type Known, known, unknown } from '../../domain/known.ts';
import type { LockFacts } from '../../domain/timing-facts.ts';
import { listEntries, type ReadEntry, readDocument } from '../../ledger/store/read.ts';

/** The document of a `lock.set` or `lock.removed` that says why. */
export const LOCK_DOCUMENT = 'lock';

export interface StandingLock {
  /** Its `lock.set`. */
  readonly entryId: string;
  readonly facts: LockFacts;
}

const words = z.object({ why: z.string() });

/**
 * Whether an environment is locked now. The ledger is the only place where that stands: there is no row beside it that somebody
 * could change. Unknown where its entries don't fit each other, or the bytes that they are found by. `entries-in-use.ts` keeps
 * a lock that stands from being retired with its year.
 */
export async function readLock(
  db: Kysely<Database>,
  repositoryId: number,
  environment: string,
): Promise<Known<StandingLock | null>> {
  try {
    const [newest, before] = await listEntries(db, {
      repositoryId,
      environment,
      kinds: ['lock.set', 'lock.removed'],
      limit: 2,
    });
    if (newest === undefined) return known(null);
    if (newest.content.kind === 'lock.removed') {
      const removes = before === undefined || newest.content.answers === before.id;
      return removes ? known(null) : unknown('the ledger has an unlocking that answers no lock');
    }
    return known({ entryId: newest.id, facts: await factsOf(db, newest) });
  } catch (error) {
    if (error instanceof CodedError) return unknown(error.message);
    throw error;
  }
}

/** The same as facts for a decision. */
export async function readLockFacts(
  db: Kysely<Database>,
  repositoryId: number,
  environment: string,
): Promise<Known<LockFacts | null>> {
  const lock = await readLock(db, repositoryId, environment);
  return lock.known ? known(lock.value?.facts ?? null) : lock;
}

async function factsOf(db: Kysely<Database>, { content, people }: ReadEntry): Promise<LockFacts> {
  const sealed = content.documents.find(({ name }) => name === LOCK_DOCUMENT);
  const body = sealed === undefined ? null : await readDocument(db, sealed.commitment);
  const said = body === null ? null : words.safeParse(JSON.parse(body.toString('utf8')));
  const by = people.find(({ role }) => role === 'requester');
  return {
    by:
      by === undefined || by.actor === null || by.actor.login === null
        ? null
        : { id: by.actor.id, login: by.actor.login, kind: by.type },
    why: said?.success === true ? said.data.why : 'why was erased',
    since: content.occurred,
    pullRequest: content.pullRequest ?? null,
    commit: content.commit ?? null,
  };
}
