/**
 * What an erasure would take away, before anybody is asked whether it shall: a person, the entries that would name nobody
 * then, and the sealed documents. It reads as the eraser, and changes nothing.
 */
import { sql } from 'kysely';
import type { Kysely } from 'kysely';
import type { Database } from '../../db/database.ts';
import { CodedError } from '../../domain/coded-error.ts';
import type { EntryContent } from '../format/entry.ts';
import { parseEntry } from '../format/entry.ts';
import type { FoundPerson } from './find-person.ts';
import { findPerson } from './find-person.ts';
import { namesPerson, roughly } from '../format/names-person.ts';
import { policiesInForce } from '../store/policies-in-force.ts';
import { readErasures } from './read-erasures.ts';

export interface FoundDocument {
  /** Base64url. */
  readonly commitment: string;
  /** Null where no entry rests on it. */
  readonly entry: { readonly id: string; readonly index: number | null; readonly kind: string } | null;
  readonly name: string;
}

export interface ErasurePlan {
  readonly person: FoundPerson | null;
  /** How many entries name the person. */
  readonly entries: number;
  readonly documents: readonly FoundDocument[];
  /** They name the person and stay, since what is decided next rests on them. */
  readonly kept: readonly FoundDocument[];
}

export interface PersonAsked {
  /** {@link findPerson} */
  readonly who: string;
  /** Null: documents stay. Else they go too where they name the person, by login, by id, or by one of these words. */
  readonly alsoDocuments: readonly string[] | null;
  /** What is needed still. */
  readonly needs: ErasureNeeds;
}

export interface ErasureNeeds {
  /** Outcomes of `policy.changed` that put a policy into force. */
  readonly policyOutcomes: readonly string[];
  readonly underWay: readonly UnderWay[];
}

/** What isn't over and is told of later from the documents of an entry. */
export interface UnderWay {
  readonly entryId: string;
  /** `a deployment of acme/shop to production is running` */
  readonly what: string;
}

/** Throws what {@link findPerson} throws, or `document_needed`. */
export async function planPersonErasure(db: Kysely<Database>, asked: PersonAsked): Promise<ErasurePlan> {
  const person = await findPerson(db, asked.who);
  const naming =
    asked.alsoDocuments === null
      ? new Set<string>()
      : await documentsNaming(db, person, [...person.logins, ...asked.alsoDocuments]);
  const mark = Buffer.from(`"actor":"${person.reference}"`);
  const documents: FoundDocument[] = [];
  const unseen = new Set(naming);
  let entries = 0;
  await eachEntry(db, ({ id, index, canonical }) => {
    if (canonical.includes(mark)) entries += 1;
    if (naming.size === 0) return;
    for (const { content, name, commitment } of documentsIn(canonical, naming)) {
      const found = { commitment, name, entry: { id, index, kind: content.kind } };
      unseen.delete(commitment);
      documents.push(found);
    }
  });
  for (const commitment of unseen) documents.push({ commitment, name: 'document', entry: null });
  const needed = naming.size === 0 ? naming : await policiesInForce(db, asked.needs.policyOutcomes);
  const going = documents.filter(({ commitment }) => !needed.has(commitment));
  assertOver(going, asked.needs.underWay);
  return {
    person,
    entries,
    documents: going,
    kept: documents.filter(({ commitment }) => needed.has(commitment)),
  };
}

/**
 * One document. Throws `document_gone`, with the time since when where that is
 * recorded, or `document_needed`.
 */
export async function planDocumentErasure(
  db: Kysely<Database>,
  commitment: string,
  needs: ErasureNeeds,
): Promise<ErasurePlan> {
  const there = await db
    .selectFrom('ledger.document')
    .select('commitment')
    .where('commitment', '=', Buffer.from(commitment, 'base64url'))
    .executeTakeFirst();
  if (there === undefined) {
    const erasure = (await readErasures(db)).of(commitment);
    const why =
      erasure === null
        ? 'there is none of this commitment'
        : `it was erased on ${erasure.recordedAt}, as entry ${erasure.index ?? erasure.id} records`;
    throw new CodedError('document_gone', `the document ${commitment} can't be erased: ${why}.`);
  }
  if ((await policiesInForce(db, needs.policyOutcomes)).has(commitment)) {
    throw new CodedError(
      'document_needed',
      `the document ${commitment} can't be erased yet: it is the policy in force in its repository, without which nothing could be decided there. Change the policy first, then erase it.`,
    );
  }
  const documents: FoundDocument[] = [];
  await eachEntry(db, ({ id, index, canonical }) => {
    for (const { content, name } of documentsIn(canonical, new Set([commitment])))
      documents.push({ commitment, name, entry: { id, index, kind: content.kind } });
  });
  assertOver(documents, needs.underWay);
  const found = documents.length > 0 ? documents : [{ commitment, name: 'document', entry: null }];
  return { person: null, entries: 0, documents: found, kept: [] };
}

/** How something ends is recorded from the documents of its start: without them its end would never be. */
function assertOver(documents: readonly FoundDocument[], underWay: readonly UnderWay[]): void {
  for (const { entry, name } of documents) {
    const one = underWay.find(({ entryId }) => entryId === entry?.id);
    if (one === undefined) continue;
    throw new CodedError(
      'document_needed',
      `the document "${name}" of entry ${entry?.index ?? one.entryId} can't be erased yet: ${one.what}, and what becomes of it is recorded from this. ` +
        'Nothing was erased. Erase it when that deployment has ended, was rejected, or a newer one has taken its place.',
    );
  }
}

/**
 * The server finds candidates by a rough search, so that only those are read; each is judged here. One at a time, for a body
 * may be megabytes.
 */
async function documentsNaming(
  db: Kysely<Database>,
  person: FoundPerson,
  words: readonly string[],
): Promise<Set<string>> {
  const wanted = { githubId: person.githubId, words };
  const patterns = roughly(wanted).map((run) => `%${run}%`);
  const { rows } = await sql<{ commitment: Buffer }>`
    SELECT commitment FROM ledger.document WHERE lower(encode(body, 'escape')) LIKE ANY (${patterns}::text[])`.execute(
    db,
  );
  const naming = new Set<string>();
  for (const { commitment } of rows) {
    const row = await db
      .selectFrom('ledger.document')
      .select('body')
      .where('commitment', '=', commitment)
      .executeTakeFirst();
    if (row !== undefined && namesPerson(row.body, wanted)) naming.add(commitment.toString('base64url'));
  }
  return naming;
}

interface StoredEntry {
  readonly id: string;
  readonly index: number | null;
  readonly canonical: Buffer;
}

const PAGE = 1000;

async function eachEntry(db: Kysely<Database>, look: (entry: StoredEntry) => void): Promise<void> {
  for (let last = '00000000-0000-0000-0000-000000000000'; ;) {
    const { rows } = await sql<StoredEntry>`
      SELECT e.id, i.index, e.canonical FROM ledger.entry e LEFT JOIN ledger.integration i ON i.entry_id = e.id
      WHERE e.id > ${last} ORDER BY e.id LIMIT ${PAGE}`.execute(db);
    for (const row of rows) look(row);
    const end = rows.at(-1);
    if (end === undefined) return;
    last = end.id;
  }
}

/** Parses only what mentions one of them. */
function documentsIn(
  canonical: Buffer,
  wanted: ReadonlySet<string>,
): { content: EntryContent; name: string; commitment: string }[] {
  const mentioned = [...canonical.toString('latin1').matchAll(/"commitment":"([A-Za-z0-9_-]{43})"/g)];
  if (!mentioned.some(([, commitment]) => wanted.has(commitment ?? ''))) return [];
  const content = entryIn(canonical);
  if (content === null) return [];
  return content.documents
    .filter(({ commitment }) => wanted.has(commitment))
    .map(({ name, commitment }) => ({ content, name, commitment }));
}

/** Whoever may record can record what is no entry; `verify` names it, and it keeps nobody from being erased. */
function entryIn(canonical: Buffer): EntryContent | null {
  try {
    return parseEntry(canonical);
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    return null;
  }
}
