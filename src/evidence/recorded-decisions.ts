import type { Kysely } from 'kysely';
import type { Database } from '../db/database.ts';
import type { ChangeFacts } from '../domain/change-facts.ts';
import type { Decision } from '../domain/decision.ts';
import type { DeploymentFacts } from '../domain/deployment-facts.ts';
import type { EntryKind } from '../domain/entry.ts';
import type { MergeGroupFacts } from '../domain/merge-group-facts.ts';
import type { PolicySource } from '../domain/policy-reading.ts';
import { readDocument, readEntry, type ReadEntry } from '../ledger/read.ts';

/** The entries that hold a decision with the policy and the facts that it rests on. */
export const DECISION_KINDS = [
  'decision.made',
  'change.merged',
  'deployment.approved',
  'deployment.held',
  'deployment.rejected',
  'deployment.started',
] as const satisfies readonly EntryKind[];

/** What a decision was made of, as its entry holds it by commitment. */
export interface RecordedDecision {
  readonly entry: ReadEntry;
  readonly decision: Decision;
  readonly facts: ChangeFacts | DeploymentFacts | MergeGroupFacts;
  readonly source: PolicySource;
}

/** One whose documents aren't all there any more. */
export interface LostDecision {
  readonly entry: ReadEntry;
  /** Names of the documents that were erased. */
  readonly erased: readonly string[];
}

export interface DecisionFilter {
  readonly repositoryId?: number;
  /** Only what happened at or after this moment, RFC 3339. */
  readonly since?: string;
}

/** Entries are asked for in so many at a time: the facts of a large deployment are megabytes. */
const PAGE = 100;

/**
 * Every recorded decision, oldest first, one at a time, so that memory doesn't grow with the ledger. Throws where a document
 * isn't what was sealed, or a search column isn't what the entry says.
 */
export async function* recordedDecisions(
  db: Kysely<Database>,
  filter: DecisionFilter = {},
): AsyncGenerator<RecordedDecision | LostDecision> {
  let after = '00000000-0000-0000-0000-000000000000';
  for (;;) {
    const rows = await found(db, filter)
      .select('entry_id')
      .where('entry_id', '>', after)
      .orderBy('entry_id')
      .limit(PAGE)
      .execute();
    for (const { entry_id: id } of rows) {
      const entry = await readEntry(db, id);
      if (entry !== null) yield await documented(db, entry);
    }
    const last = rows.at(-1);
    if (last === undefined || rows.length < PAGE) return;
    after = last.entry_id;
  }
}

/** How many there are. */
export async function countDecisions(db: Kysely<Database>, filter: DecisionFilter = {}): Promise<number> {
  const { count } = await found(db, filter)
    .select((of) => of.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  return count;
}

function found(db: Kysely<Database>, { repositoryId, since }: DecisionFilter) {
  let query = db.selectFrom('ledger.projection').where('kind', 'in', DECISION_KINDS);
  if (repositoryId !== undefined) query = query.where('repository_id', '=', repositoryId);
  if (since !== undefined) query = query.where('occurred_at', '>=', new Date(since));
  return query;
}

async function documented(db: Kysely<Database>, entry: ReadEntry): Promise<RecordedDecision | LostDecision> {
  const read = async (name: string): Promise<unknown> => {
    const sealed = entry.content.documents.find((each) => each.name === name);
    const body = sealed === undefined ? null : await readDocument(db, sealed.commitment);
    return body === null ? null : JSON.parse(body.toString('utf8'));
  };
  // The casts: the pipeline wrote these three, in these forms, and the commitments hold them.
  const decision = (await read('decision')) as Decision | null;
  const facts = (await read('facts')) as ChangeFacts | DeploymentFacts | MergeGroupFacts | null;
  const source = (await read('policy')) as PolicySource | null;
  if (decision === null || facts === null || source === null) {
    const parts = { decision, facts, policy: source };
    return { entry, erased: Object.entries(parts).flatMap(([name, part]) => (part === null ? [name] : [])) };
  }
  return { entry, decision, facts, source };
}
