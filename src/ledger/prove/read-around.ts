/**
 * One entry with all that a person wants to see around it: who and what it names, what it answers, what answers it, and whether
 * it is what was signed. It is read even where it was altered, since that is when somebody looks.
 */
import { sql } from 'kysely';
import type { Kysely } from 'kysely';
import type { Database } from '../../db/database.ts';
import { CodedError } from '../../domain/coded-error.ts';
import type { EntryContent } from '../format/entry.ts';
import { parseEntry } from '../format/entry.ts';
import type { Erasure } from '../source/erasures.ts';
import { entryProver } from './entry-prover.ts';
import type { ReadEntry, ReadPerson } from '../store/read.ts';
import { joinPeople } from '../store/read.ts';
import { readErasures } from '../erase/read-erasures.ts';
import { timeText } from '../format/time-text.ts';

export interface AroundEntry {
  readonly id: string;
  readonly index: number | null;
  /** Of the log that it is in. */
  readonly origin: string | null;
  readonly content: EntryContent;
  /** Whether the newest checkpoint proves its bytes; null while none covers it. */
  readonly holds: boolean | null;
  /** The first that covers it. */
  readonly checkpoint: { readonly size: number; readonly signedAt: string } | null;
  readonly people: readonly (ReadPerson & { readonly erased: Erasure | null })[];
  readonly documents: readonly AroundDocument[];
  readonly answers: NeighbourEntry | null;
  /** In the order of recording. */
  readonly answeredBy: readonly NeighbourEntry[];
}

export interface AroundDocument {
  readonly name: string;
  readonly type: string;
  readonly commitment: string;
  /** In bytes; null where it is gone. */
  readonly size: number | null;
  /** What records that it was erased, where something does. */
  readonly erased: Erasure | null;
}

export interface NeighbourEntry {
  readonly id: string;
  readonly index: number | null;
  readonly kind: string;
  readonly outcome: string;
  readonly recorded: string;
}

interface Row {
  readonly id: string;
  readonly index: number | null;
  readonly canonical: Buffer;
}

/** By index in the newest log, or by id; null if there is none. Throws `entry_invalid` for bytes that are no entry any more. */
export async function readAround(db: Kysely<Database>, which: number | string): Promise<AroundEntry | null> {
  const by =
    typeof which === 'number'
      ? sql`i.index = ${which} AND i.log_id = (SELECT max(log_id) FROM ledger.log)`
      : sql`e.id = ${which}`;
  const { rows } = await sql<
    Row & {
      log_id: number | null;
      origin: string | null;
      vkey: string | null;
      size: number | null;
      signed_at: Date | null;
    }
  >`
    SELECT e.id, i.index, e.canonical, l.log_id, l.origin, l.vkey, c.size, c.signed_at
    FROM ledger.entry e
    LEFT JOIN ledger.integration i ON i.entry_id = e.id
    LEFT JOIN ledger.log l ON l.log_id = i.log_id
    LEFT JOIN LATERAL (SELECT size, signed_at FROM ledger.checkpoint
      WHERE log_id = i.log_id AND size > i.index ORDER BY size LIMIT 1) c ON true
    WHERE ${by}`.execute(db);
  const [row] = rows;
  if (row === undefined) return null;
  const content = parseEntry(row.canonical);
  const [entry] = await joinPeople(db, [{ id: row.id, index: row.index, content }]);
  const erasures = await readErasures(db);
  return {
    id: row.id,
    index: row.index,
    origin: row.origin,
    content,
    holds:
      row.log_id === null || row.vkey === null
        ? null
        : await (
            await entryProver(db, { log_id: row.log_id, vkey: row.vkey }, null)
          ).proves(row.id, row.canonical),
    checkpoint:
      row.size === null || row.signed_at === null
        ? null
        : { size: row.size, signedAt: timeText(row.signed_at) ?? '' },
    people: peopleOf(entry, content).map((person, at) => ({
      ...person,
      erased: person.actor === null ? erasures.of(content.who[at]?.actor ?? '') : null,
    })),
    documents: await documentsOf(db, content, (commitment) => erasures.of(commitment)),
    answers: content.answers === undefined ? null : await neighbour(db, content.answers),
    answeredBy: await answersTo(db, content.id),
  };
}

const peopleOf = (entry: ReadEntry | undefined, content: EntryContent): readonly ReadPerson[] =>
  entry?.people ?? content.who.map(({ role, type }) => ({ role, type, actor: null }));

async function documentsOf(
  db: Kysely<Database>,
  { documents }: EntryContent,
  erased: (commitment: string) => Erasure | null,
): Promise<AroundDocument[]> {
  if (documents.length === 0) return [];
  const { rows } = await sql<{ commitment: Buffer; size: number }>`
    SELECT commitment, octet_length(body) AS size FROM ledger.document
    WHERE commitment IN (SELECT decode(c, 'hex') FROM unnest(${documents.map(({ commitment }) => Buffer.from(commitment, 'base64url').toString('hex'))}::text[]) c)`.execute(
    db,
  );
  const sizes = new Map(rows.map(({ commitment, size }) => [commitment.toString('base64url'), size]));
  return documents.map((document) => {
    const size = sizes.get(document.commitment) ?? null;
    return { ...document, size, erased: size === null ? erased(document.commitment) : null };
  });
}

async function neighbour(db: Kysely<Database>, id: string): Promise<NeighbourEntry | null> {
  const { rows } = await sql<Row>`
    SELECT e.id, i.index, e.canonical FROM ledger.entry e LEFT JOIN ledger.integration i ON i.entry_id = e.id
    WHERE e.id = ${id}`.execute(db);
  return rows.map(asNeighbour)[0] ?? null;
}

/** The projection only finds them: one that doesn't say so itself answers something else. */
async function answersTo(db: Kysely<Database>, id: string): Promise<NeighbourEntry[]> {
  const { rows } = await sql<Row>`
    SELECT e.id, i.index, e.canonical FROM ledger.projection p
    JOIN ledger.entry e ON e.id = p.entry_id LEFT JOIN ledger.integration i ON i.entry_id = e.id
    WHERE p.answers = ${id} ORDER BY i.index NULLS LAST, e.id`.execute(db);
  return rows.filter((row) => parseEntry(row.canonical).answers === id).map(asNeighbour);
}

function asNeighbour(row: Row): NeighbourEntry {
  const { kind, outcome, recorded } = parseEntry(row.canonical);
  return { id: row.id, index: row.index, kind, outcome, recorded };
}

/** The one document of a name. Throws `document_gone`, saying since when where that is recorded. */
export function documentNamed(entry: AroundEntry, name: string): AroundDocument {
  const found = entry.documents.find((document) => document.name === name);
  const which = `entry ${entry.index ?? entry.id}`;
  if (found === undefined) {
    const names = entry.documents.map((document) => document.name).join(', ');
    throw new CodedError(
      'document_gone',
      `${which} has no document ${name}: it has ${names === '' ? 'none' : names}.`,
    );
  }
  if (found.size !== null) return found;
  const why =
    found.erased === null
      ? 'is gone, and no entry says that it was erased'
      : `was erased on ${found.erased.recordedAt}, as entry ${found.erased.index ?? found.erased.id} records`;
  throw new CodedError('document_gone', `the document ${name} of ${which} ${why}.`);
}
