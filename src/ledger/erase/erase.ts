/**
 * Takes a person or documents away, and records that in the same transaction: a crash leaves both or neither. No entry is
 * touched, so every proof stays as it was; what an entry says in their place then means nothing to anybody.
 */
import { sql } from 'kysely';
import type { Kysely, Transaction } from 'kysely';
import type { Database } from '../../db/database.ts';
import { CodedError } from '../../domain/coded-error.ts';
import type { NewEntry } from '../../domain/entry.ts';
import type { ErasurePlan } from './plan-erasure.ts';
import { record } from '../store/record.ts';

export interface ErasedAt {
  /** RFC 3339 */
  readonly now: string;
  readonly newId: () => string;
  readonly random: (size: number) => Uint8Array;
}

/** So many commitments fit into one entry, and more: an entry has 65,535 bytes, a commitment takes 46. */
const MOST_IN_ONE = 1000;

/**
 * Erases what `plan` found, and nothing that came since. `reason` is sealed beside the entry, so that it can be erased too.
 * Answers the ids of the entries that record it: one, or more for very many documents. Throws `nothing_erased`.
 */
export async function erase(
  db: Kysely<Database>,
  plan: ErasurePlan,
  reason: string | null,
  at: ErasedAt,
): Promise<string[]> {
  return await db.transaction().execute(async (tx) => {
    const subjects = await deleteSubject(tx, plan.person?.reference ?? null);
    const documents = await deleteDocuments(tx, [
      ...new Set(plan.documents.map(({ commitment }) => commitment)),
    ]);
    if (subjects.length + documents.length === 0) {
      throw new CodedError(
        'nothing_erased',
        'somebody else has just erased it: there is nothing left to erase.',
      );
    }
    const { rows } = await sql<{ login: string }>`SELECT session_user AS login`.execute(tx);
    const why = { by: rows[0]?.login ?? '', reason };
    const ids: string[] = [];
    for (let from = 0; from === 0 || from < documents.length; from += MOST_IN_ONE) {
      const part = {
        subjects: from === 0 ? subjects : [],
        documents: documents.slice(from, from + MOST_IN_ONE),
      };
      const entry = erasureEntry(part, { why, answers: ids[0] ?? null, now: at.now });
      const { entryId } = await record(tx, entry, { id: at.newId(), now: at.now, random: at.random });
      ids.push(entryId);
    }
    return ids;
  });
}

/**
 * Their logins go with them. Whoever records a new login of theirs at this moment holds the row: the deletion waits for them
 * and takes that login too, or they find nobody there and try again.
 */
async function deleteSubject(tx: Transaction<Database>, reference: string | null): Promise<string[]> {
  if (reference === null) return [];
  const deleted = await tx
    .deleteFrom('ledger.subject')
    .where('ref', '=', Buffer.from(reference, 'base64url'))
    .returning('ref')
    .execute();
  return deleted.map(({ ref }) => ref.toString('base64url'));
}

async function deleteDocuments(tx: Transaction<Database>, commitments: readonly string[]): Promise<string[]> {
  const gone: string[] = [];
  for (let from = 0; from < commitments.length; from += MOST_IN_ONE) {
    const part = commitments.slice(from, from + MOST_IN_ONE).map((each) => Buffer.from(each, 'base64url'));
    const deleted = await tx
      .deleteFrom('ledger.document')
      .where('commitment', 'in', part)
      .returning('commitment')
      .execute();
    gone.push(...deleted.map(({ commitment }) => commitment.toString('base64url')));
  }
  return gone;
}

function erasureEntry(
  erased: { readonly subjects: readonly string[]; readonly documents: readonly string[] },
  { why, answers, now }: { why: object; answers: string | null; now: string },
): NewEntry {
  return {
    kind: 'ledger.erased',
    occurredAt: now,
    who: [],
    repository: null,
    commit: null,
    pullRequest: null,
    environment: null,
    hosts: [],
    outcome: 'erased',
    reasons: [],
    delivery: null,
    answers,
    documents: [{ name: 'reason', mediaType: 'application/json', body: Buffer.from(JSON.stringify(why)) }],
    ledger: { act: 'erased', ...erased },
  };
}
