/**
 * Records an entry in its caller's own transaction, so that what is decided and the record of it stand or fall together.
 * It takes no lock that others wait for: the index and the checkpoint come after the commit, from the sequencer.
 */
import { sql } from 'kysely';
import type { Kysely, RawBuilder } from 'kysely';
import type { Database } from '../db/database.ts';
import type { NewEntry } from '../domain/entry.ts';
import type { EntryContent } from './entry.ts';
import { entryBytes, entryContent } from './entry.ts';
import { projectionOf } from './projection.ts';
import type { SealedDocument } from './seal.ts';
import { actorReference, loginReference, sealDocument } from './seal.ts';
import type { NewLogin, Subject } from './subjects.ts';
import { ensureSubjects, newLogins } from './subjects.ts';

/** The sequencer listens here. */
export const RECORDED_CHANNEL = 'ledger_recorded';

/** The first key of our advisory locks: "ledg". The second is a log's id, or one of these. */
export const LEDGER_LOCKS = 0x6c_65_64_67;

/** The sequencer holds it while it sleeps. Whoever records takes a share of it till the commit, and rings if it can't. */
export const ASLEEP = 0;

export interface RecordedAt {
  /** A UUID; `newEntryId` makes one that begins with the time. */
  readonly id: string;
  /** RFC 3339 */
  readonly now: string;
  readonly random: (size: number) => Uint8Array;
}

/**
 * Two round trips: who the people are, then everything at once. `tx` must be a transaction if anything else is to stand or
 * fall with the entry. A crash before its commit leaves nothing; after it, an entry that any sequencer integrates.
 */
export async function record(
  tx: Kysely<Database>,
  entry: NewEntry,
  at: RecordedAt,
): Promise<{ entryId: string }> {
  const actors = entry.who.map(({ actor }) => actor);
  const subjects = await ensureSubjects(tx, actors, at.random);
  const documents = entry.documents.map((document) => sealDocument(document.body, at.random));
  const content = entryContent(entry, {
    id: at.id,
    recordedAt: at.now,
    people: actors.map((actor) => {
      const { secret } = subjectOf(subjects, actor.id);
      return {
        actor: actorReference(secret, actor.id).toString('base64url'),
        login: loginReference(secret, actor.login).toString('base64url'),
      };
    }),
    commitments: documents.map(({ commitment }) => commitment),
  });
  await insert(tx, content, documents, newLogins(subjects, actors));
  return { entryId: content.id };
}

async function insert(
  tx: Kysely<Database>,
  content: EntryContent,
  documents: readonly SealedDocument[],
  logins: readonly NewLogin[],
): Promise<void> {
  const columns = Object.entries(projectionOf(content));
  const parts: RawBuilder<unknown>[] = [
    sql`entry AS (INSERT INTO ledger.entry (id, canonical) VALUES (${content.id}, ${entryBytes(content)}))`,
    sql`projection AS (
      INSERT INTO ledger.projection (entry_id, ${sql.join(columns.map(([name]) => sql.ref(name)))})
      VALUES (${content.id}, ${sql.join(columns.map(([, value]) => sql.val(value)))}))`,
    sql`pending AS (INSERT INTO ledger.pending (entry_id) VALUES (${content.id}))`,
  ];
  if (documents.length > 0) {
    const rows = documents.map(({ commitment, salt, body }) => sql`(${commitment}, ${salt}, ${body})`);
    parts.push(
      sql`document AS (INSERT INTO ledger.document (commitment, salt, body) VALUES ${sql.join(rows)})`,
    );
  }
  if (logins.length > 0) {
    const rows = logins.map(({ ref, subject, login }) => sql`(${ref}, ${subject}, ${login})`);
    parts.push(
      sql`login AS (INSERT INTO ledger.subject_login (ref, subject, login) VALUES ${sql.join(rows)} ON CONFLICT DO NOTHING)`,
    );
  }
  // A transaction that notifies commits alone, since PostgreSQL orders notifications: measured, 20 callers commit 0.44 times as
  // often. So it rings only while the sequencer sleeps; a share of that lock keeps it from falling asleep before our commit.
  await sql`WITH ${sql.join(parts)} SELECT pg_notify(${RECORDED_CHANNEL}, '')
    WHERE NOT pg_try_advisory_xact_lock_shared(${LEDGER_LOCKS}, ${ASLEEP})`.execute(tx);
}

function subjectOf(subjects: ReadonlyMap<number, Subject>, id: number): Subject {
  const subject = subjects.get(id);
  if (subject === undefined) throw new RangeError(`no subject for actor ${id}`);
  return subject;
}
