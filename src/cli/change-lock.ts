/** What `countersign lock` and `countersign unlock` share: the database, the repository by its name, and the writing. */
import type { Transaction } from 'kysely';
import type { Database } from '../db/database.ts';
import { openQueue } from '../db/queue.ts';
import type { Pipeline } from '../pipeline/pipeline.ts';
import type { CommandIo } from './command-io.ts';
import { openLedgerSource } from './ledger-source.ts';
import { recordingNeeds } from './recording-needs.ts';
import { repositoryNamed } from './repository-named.ts';

export interface LockPlace {
  readonly repository: { readonly id: number; readonly fullName: string };
  readonly environment: string;
}

type Surroundings = Pick<Pipeline, 'queue' | 'now' | 'newId' | 'random'>;

/** Runs `write` in one transaction. Throws `repository_unknown` where it was never seen here. */
export async function changeLock<T>(
  io: CommandIo,
  { repository, environment }: { readonly repository: string; readonly environment: string },
  write: (tx: Transaction<Database>, surroundings: Surroundings, place: LockPlace) => Promise<T>,
): Promise<T> {
  const source = await openLedgerSource(io.env, 'writerUrl');
  const queue = openQueue(source.db, source.url, { log: { error: () => undefined, warn: () => undefined } });
  try {
    const place = { repository: await repositoryNamed(source.db, repository), environment };
    await queue.start();
    const { now, newId, random } = recordingNeeds(source.db);
    const surroundings = { queue, now, newId, random };
    return await source.db.transaction().execute((tx) => write(tx, surroundings, place));
  } finally {
    await queue.stop();
    await source.close();
  }
}
