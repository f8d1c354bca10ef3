import { randomBytes } from 'node:crypto';
import type { Kysely } from 'kysely';
import type { Database } from '../db/database.ts';
import { newEntryId } from '../ledger/format/entry-id.ts';

/** What a command records with: the database, this machine's clock, and ids that go by it. */
export interface RecordingNeeds {
  readonly db: Kysely<Database>;
  readonly now: () => string;
  readonly newId: () => string;
  readonly random: (size: number) => Uint8Array;
}

export function recordingNeeds(db: Kysely<Database>): RecordingNeeds {
  const now = () => new Date().toISOString();
  return { db, now, newId: () => newEntryId(now(), randomBytes), random: (size) => randomBytes(size) };
}
