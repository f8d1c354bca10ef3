/**
 * Records an entry in its caller's own transaction, so that what is decided and the record of it stand or fall together.
 * It takes no lock that others wait for: the index and the checkpoint come after the commit, from the sequencer.
 */
import type { Kysely } from 'kysely';
import { CompiledQuery } from 'kysely';
import type { Database } from '../../db/database.ts';
import { CodedError } from '../../domain/coded-error.ts';
import type { NewEntry } from '../../domain/entry.ts';
import type { PersonReference } from '../format/entry.ts';
import { entryBytes, entryContent } from '../format/entry.ts';
import { KnownPeople } from './known-people.ts';
import type { Projection } from '../format/projection.ts';
import { projectionOf } from '../format/projection.ts';
import type { SealedDocument } from '../format/seal.ts';
import { sealDocument } from '../format/seal.ts';
import { introduce } from './subjects.ts';

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
 * One statement where everybody named is known already. `tx` must be a transaction if anything else is to stand or fall
 * with the entry. A crash before its commit leaves nothing; after it, an entry that any sequencer integrates.
 */
export async function record(
  tx: Kysely<Database>,
  entry: NewEntry,
  at: RecordedAt,
): Promise<{ entryId: string }> {
  const actors = entry.who.map(({ actor }) => actor);
  const documents = entry.documents.map((document) => sealDocument(document.body, at.random));
  const insertWith = async (people: readonly PersonReference[]): Promise<boolean> =>
    await insert(tx, entry, { id: at.id, now: at.now, people, documents });
  const entryId = at.id.toLowerCase();
  const known = KnownPeople.of(tx);
  const people = known.find(actors, at.now);
  if (people !== null && (await insertWith(people))) return { entryId };
  // New here, or erased since: references that nothing resolves must not get into an entry.
  known.forget(actors);
  const introduced = await introduce(tx, actors, at.random);
  if (!(await insertWith(introduced))) {
    throw new CodedError(
      'subject_unreadable',
      'somebody this entry names was erased, or recorded first, by another transaction at this moment: it must be tried again.',
    );
  }
  known.keep(actors, introduced, at.now);
  return { entryId };
}

interface Parts {
  readonly id: string;
  readonly now: string;
  readonly people: readonly PersonReference[];
  readonly documents: readonly SealedDocument[];
}

/** False, with nothing inserted, where `people` aren't all resolved by rows that stand. */
async function insert(
  tx: Kysely<Database>,
  entry: NewEntry,
  { id, now, people, documents }: Parts,
): Promise<boolean> {
  const content = entryContent(entry, {
    id,
    recordedAt: now,
    people,
    commitments: documents.map(({ commitment }) => commitment),
  });
  const projection = projectionOf(content);
  const logins = [...new Set(people.map(({ login }) => login))].map((login) =>
    Buffer.from(login, 'base64url'),
  );
  const one = logins.length === 1;
  const { rows } = await tx.executeQuery<{ recorded: boolean }>(
    CompiledQuery.raw(insertion(documents.length, one), [
      content.id,
      entryBytes(content),
      one ? logins[0] : logins,
      ...PROJECTED.map(([column]) => parameterOf(projection[column])),
      ...documents.flatMap(({ commitment, salt, body }) => [commitment, salt, body]),
    ]),
  );
  return rows.length > 0;
}

const PROJECTED: readonly (readonly [column: keyof Projection, type: string])[] = [
  ['kind', 'text'],
  ['repository_id', 'bigint'],
  ['environment', 'text'],
  ['commit', 'text'],
  ['pull_request', 'int'],
  ['outcome', 'text'],
  ['occurred_at', 'timestamptz'],
  ['recorded_at', 'timestamptz'],
  ['delivery', 'text'],
  ['answers', 'uuid'],
];
/** As text that says UTC: `pg` would work out what the local time was, which takes far longer. */
const parameterOf = (value: Projection[keyof Projection]): string | number | null =>
  value instanceof Date ? value.toISOString() : value;

/** Parameters before the projection's. */
const FIXED = 3;
/** Entries with more documents are rare, and each count of them is a statement of its own to keep prepared. */
const MOST_PREPARED = 4;

/**
 * Everything in one statement, prepared once a connection: measured, planning it anew was a third of what recording cost.
 *
 * A transaction that notifies commits alone, since PostgreSQL orders notifications: measured, 20 callers commit 0.44 times as
 * often. So it rings only while the sequencer sleeps; a share of that lock keeps it from falling asleep before our commit.
 *
 * Nearly every entry names at most one person (`one`: by one name), and looking for one row takes a third of what counting them takes.
 */
function insertion(documents: number, one: boolean): string {
  const name = `ledger_record_${documents}${one ? '_one' : ''}`;
  const made = insertions.get(name);
  if (made !== undefined) return made;
  const columns = PROJECTED.map(([column]) => column).join(', ');
  const values = PROJECTED.map(([, type], at) => `$${FIXED + 1 + at}::${type}`).join(', ');
  const first = FIXED + PROJECTED.length + 1;
  const rows = Array.from(
    { length: documents },
    (_, at) => `($${first + at * 3}::bytea, $${first + at * 3 + 1}::bytea, $${first + at * 3 + 2}::bytea)`,
  );
  const sealed =
    documents === 0
      ? ''
      : `document AS (INSERT INTO ledger.document (commitment, salt, body) SELECT d.* FROM known, (VALUES ${rows.join(', ')}) d), `;
  const text = `${documents > MOST_PREPARED ? '' : `/* prepared ${name} */ `}WITH
    known AS MATERIALIZED (SELECT FROM ledger.subject_login WHERE ${one ? 'ref = $3' : 'ref = ANY ($3::bytea[]) HAVING count(*) = cardinality($3::bytea[])'}),
    entry AS (INSERT INTO ledger.entry (id, canonical) SELECT $1::uuid, $2::bytea FROM known),
    projection AS (INSERT INTO ledger.projection (entry_id, ${columns}) SELECT $1::uuid, ${values} FROM known), ${sealed}
    pending AS (INSERT INTO ledger.pending (entry_id) SELECT $1::uuid FROM known)
    SELECT CASE WHEN NOT pg_try_advisory_xact_lock_shared(${LEDGER_LOCKS}, ${ASLEEP}) THEN pg_notify('${RECORDED_CHANNEL}', '') END FROM known`;
  insertions.set(name, text);
  return text;
}

const insertions = new Map<string, string>();
