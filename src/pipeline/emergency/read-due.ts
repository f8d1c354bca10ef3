import type { Kysely } from 'kysely';
import type { Database } from '../../db/database.ts';
import { listEntries, readEntry } from '../../ledger/store/read.ts';
import { termsOf } from './read-emergencies.ts';
import { openReviewOf } from './read-open-reviews.ts';

/** When an emergency ends, and when its review is due: null where it doesn't, or never was used. */
export interface DueEmergency {
  readonly environment: string;
  readonly sha: string;
  readonly pullRequest: number | null;
  readonly expiresAt: string | null;
  readonly dueAt: string | null;
}

/** What a job has to know of the emergency or bypass of this entry; null: there is none. */
export async function readDue(db: Kysely<Database>, id: string): Promise<DueEmergency | null> {
  const entry = await readEntry(db, id);
  if (entry === null) return null;
  const { content } = entry;
  const isBypass = content.kind === 'emergency.bypassed';
  const [used] = await listEntries(db, { answers: id, kinds: ['emergency.used'], limit: 1 });
  const opened = isBypass ? entry : used;
  return {
    environment: content.environment ?? '',
    sha: content.commit ?? '',
    pullRequest: content.pullRequest ?? null,
    expiresAt: isBypass ? null : ((await termsOf(db, entry))?.expiresAt ?? content.occurred),
    dueAt: opened === undefined ? null : (await openReviewOf(db, opened)).dueAt,
  };
}
