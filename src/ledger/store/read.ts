/**
 * Entries as people and the pipeline read them: the bytes, with people and documents joined where they aren't erased. The
 * projection only finds candidates; what is returned was read from the bytes, and an opening that doesn't fit is refused.
 */
import { sql } from 'kysely';
import type { Kysely, Selectable } from 'kysely';
import type { Database } from '../../db/database.ts';
import type { LedgerTables } from '../../db/ledger-tables.ts';
import { CodedError } from '../../domain/coded-error.ts';
import type { EntryKind } from '../../domain/entry.ts';
import type { EntryContent } from '../format/entry.ts';
import { parseEntry } from '../format/entry.ts';
import { leafHash, sameHash } from '../format/hash.ts';
import type { Projection } from '../format/projection.ts';
import { projectionDifferences, projectionOf } from '../format/projection.ts';
import { queryOf } from './query.ts';
import { assertNotRetired } from './read-retirement.ts';
import { actorReference, commitmentOf, loginReference } from '../format/seal.ts';

/** Null where the person was erased. `login`: the name they had then, null where only that is gone. */
export interface ReadPerson {
  readonly role: string;
  readonly type: 'user' | 'bot';
  readonly actor: { readonly id: number; readonly login: string | null } | null;
}

export interface ReadEntry {
  readonly id: string;
  /** Null until a sequencer has given it one. */
  readonly index: number | null;
  readonly content: EntryContent;
  readonly people: readonly ReadPerson[];
}

export interface EntryFilter {
  /** Null: those that name none. */
  readonly repositoryId?: number | null;
  readonly environment?: string;
  readonly kinds?: readonly EntryKind[];
  readonly outcomes?: readonly string[];
  readonly commit?: string;
  readonly pullRequest?: number;
  readonly answers?: string;
  /** Only these entries. */
  readonly ids?: readonly string[];
  /** Newest first; 100 if not given. */
  readonly limit?: number;
}

interface Row {
  readonly id: string;
  readonly index: number | null;
  /** As it was when the entry got its index. */
  readonly leaf_hash: Buffer | null;
  readonly canonical: Buffer;
}

/** One entry, integrated or not; null if there is none of this id. Throws `entry_retired` where only its bytes are gone, to an archive. */
export async function readEntry(db: Kysely<Database>, id: string): Promise<ReadEntry | null> {
  const { rows } = await sql<Row>`
    SELECT e.id, i.index, i.leaf_hash, e.canonical FROM ledger.entry e LEFT JOIN ledger.integration i ON i.entry_id = e.id
    WHERE e.id = ${id}`.execute(db);
  if (rows.length === 0) await assertNotRetired(queryOf(db), id);
  const [entry] = await withPeople(db, rows);
  return entry ?? null;
}

/** The entry at an index of the newest log. Throws `entry_retired`. */
export async function readEntryAt(db: Kysely<Database>, index: number): Promise<ReadEntry | null> {
  const { rows } = await sql<{ entry_id: string }>`
    SELECT entry_id FROM ledger.integration
    WHERE index = ${index} AND log_id = (SELECT max(log_id) FROM ledger.log)`.execute(db);
  const [place] = rows;
  return place === undefined ? null : await readEntry(db, place.entry_id);
}

/** Entries by what they are about, newest first. Throws `projection_forged` where the projection doesn't fit the bytes. */
export async function listEntries(db: Kysely<Database>, filter: EntryFilter): Promise<ReadEntry[]> {
  let found = db
    .selectFrom('ledger.projection as p')
    .innerJoin('ledger.entry as e', 'e.id', 'p.entry_id')
    .leftJoin('ledger.integration as i', 'i.entry_id', 'p.entry_id')
    .leftJoin(
      (pending) =>
        pending
          .selectFrom('ledger.pending')
          .select((of) => ['entry_id', of.fn.max('position').as('position')])
          .groupBy('entry_id')
          .as('w'),
      (on) => on.onRef('w.entry_id', '=', 'p.entry_id'),
    )
    .selectAll('p')
    .select(['e.id', 'e.canonical', 'i.index', 'i.leaf_hash']);
  if (filter.repositoryId === null) found = found.where('p.repository_id', 'is', null);
  else if (filter.repositoryId !== undefined)
    found = found.where('p.repository_id', '=', filter.repositoryId);
  if (filter.environment !== undefined) found = found.where('p.environment', '=', filter.environment);
  if (filter.kinds !== undefined) found = found.where('p.kind', 'in', filter.kinds);
  if (filter.outcomes !== undefined) found = found.where('p.outcome', 'in', filter.outcomes);
  if (filter.commit !== undefined) found = found.where('p.commit', '=', filter.commit);
  if (filter.pullRequest !== undefined) found = found.where('p.pull_request', '=', filter.pullRequest);
  if (filter.answers !== undefined) found = found.where('p.answers', '=', filter.answers);
  if (filter.ids !== undefined) found = found.where('p.entry_id', 'in', filter.ids);
  // By index, and what has none yet by the order in which it will get one: clocks of several machines, or one that was
  // set back, would make an older entry the newest, and what is in force is read from the newest.
  const rows = await found
    .orderBy('i.log_id', (order) => order.desc().nullsFirst())
    .orderBy('i.index', (order) => order.desc().nullsFirst())
    .orderBy('w.position', (order) => order.desc().nullsLast())
    .limit(filter.limit ?? 100)
    .execute();
  for (const row of rows) assertProjected(row);
  return await withPeople(db, rows);
}

/** A sealed document's body; null where it was erased. Throws `document_altered` where it isn't what was sealed. */
export async function readDocument(db: Kysely<Database>, commitment: string): Promise<Buffer | null> {
  const row = await db
    .selectFrom('ledger.document')
    .select(['salt', 'body'])
    .where('commitment', '=', Buffer.from(commitment, 'base64url'))
    .executeTakeFirst();
  if (row === undefined) return null;
  if (commitmentOf(row.salt, row.body).toString('base64url') !== commitment) {
    throw new CodedError(
      'document_altered',
      `the sealed document ${commitment} is not what was sealed; run \`countersign verify\`.`,
    );
  }
  return row.body;
}

/** Cheap, and no proof: the stored hash could be altered too. It keeps decisions from resting on what plainly isn't so. */
function assertUnaltered(row: Row): void {
  if (row.leaf_hash !== null && !sameHash(leafHash(row.canonical), row.leaf_hash)) {
    throw new CodedError(
      'entry_altered',
      `entry ${row.index} (${row.id}) was altered; run \`countersign verify\`.`,
    );
  }
}

function assertProjected(row: Row & Selectable<LedgerTables['ledger.projection']>): void {
  const stored: Projection = row;
  const differences = projectionDifferences(stored, projectionOf(parseEntry(row.canonical)));
  if (differences.length > 0) {
    throw new CodedError(
      'projection_forged',
      `the search columns of entry ${row.id} do not say what its bytes say (${differences.join(', ')}); run \`countersign verify\`.`,
    );
  }
}

async function withPeople(db: Kysely<Database>, rows: readonly Row[]): Promise<ReadEntry[]> {
  for (const row of rows) assertUnaltered(row);
  return await joinPeople(
    db,
    rows.map((row) => ({ id: row.id, index: row.index, content: parseEntry(row.canonical) })),
  );
}

/** The same entries with the people whom they name, as far as anybody still knows them. */
export async function joinPeople(
  db: Kysely<Database>,
  entries: readonly Omit<ReadEntry, 'people'>[],
): Promise<ReadEntry[]> {
  const references = new Set(entries.flatMap(({ content }) => content.who.map(({ actor }) => actor)));
  const people = references.size === 0 ? new Map<string, Person>() : await readPeople(db, [...references]);
  return entries.map((entry) => ({
    ...entry,
    people: entry.content.who.map(({ role, type, actor, login }) => {
      const person = people.get(actor);
      return {
        role,
        type,
        actor: person === undefined ? null : { id: person.id, login: person.logins.get(login) ?? null },
      };
    }),
  }));
}

interface Person {
  readonly id: number;
  /** By reference. */
  readonly logins: ReadonlyMap<string, string>;
}

/** Only rows whose secret opens the reference: a row that was altered names nobody rather than somebody else. */
async function readPeople(db: Kysely<Database>, references: readonly string[]): Promise<Map<string, Person>> {
  const { rows } = await sql<{ ref: Buffer; github_id: number; secret: Buffer; logins: string[] }>`
    SELECT s.*, ARRAY(SELECT l.login FROM ledger.subject_login l WHERE l.subject = s.ref) AS logins FROM ledger.subject s
    WHERE s.ref IN (SELECT decode(r, 'hex') FROM unnest(${references.map((ref) => Buffer.from(ref, 'base64url').toString('hex'))}::text[]) r)`.execute(
    db,
  );
  return new Map(
    rows
      .filter((row) => actorReference(row.secret, row.github_id).equals(row.ref))
      .map((row) => [
        row.ref.toString('base64url'),
        {
          id: row.github_id,
          logins: new Map(
            row.logins.map((login) => [loginReference(row.secret, login).toString('base64url'), login]),
          ),
        },
      ]),
  );
}
