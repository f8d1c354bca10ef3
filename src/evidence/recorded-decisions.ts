import type { Kysely } from 'kysely';
import type { Database } from '../db/database.ts';
import type { ChangeFacts } from '../domain/change-facts.ts';
import type { CommandAnswer } from '../domain/command-answer.ts';
import type { CommandFacts } from '../domain/command-facts.ts';
import type { Decision } from '../domain/decision.ts';
import type { DeploymentFacts } from '../domain/deployment-facts.ts';
import type { EntryKind } from '../domain/entry.ts';
import type { MergeGroupFacts } from '../domain/merge-group-facts.ts';
import type { PolicySource } from '../domain/policy-reading.ts';
import { readDocument, readEntry, type ReadEntry } from '../ledger/store/read.ts';

/** The entries that hold a decision with the policy and the facts that it rests on. */
export const DECISION_KINDS = [
  'decision.made',
  'change.merged',
  'deployment.approved',
  'deployment.held',
  'deployment.rejected',
  'deployment.started',
] as const satisfies readonly EntryKind[];

const ANSWER_KINDS = ['command.answered'] as const satisfies readonly EntryKind[];

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
  for await (const entry of entriesOf(db, DECISION_KINDS, filter)) {
    // The casts: the pipeline wrote these three, in these forms, and the commitments hold them.
    const found = await documentsOf(db, entry, ['decision', 'facts', 'policy']);
    yield 'erased' in found
      ? found
      : {
          entry,
          decision: found.documents['decision'] as Decision,
          facts: found.documents['facts'] as RecordedDecision['facts'],
          source: found.documents['policy'] as PolicySource,
        };
  }
}

/** The answer to one command, with what it was made of. */
export interface RecordedAnswer {
  readonly entry: ReadEntry;
  readonly answer: CommandAnswer;
  readonly facts: CommandFacts;
  readonly source: PolicySource;
}

/** Every recorded answer to a command, as {@link recordedDecisions}. */
export async function* recordedAnswers(
  db: Kysely<Database>,
  filter: DecisionFilter = {},
): AsyncGenerator<RecordedAnswer | LostDecision> {
  for await (const entry of entriesOf(db, ANSWER_KINDS, filter)) {
    const found = await documentsOf(db, entry, ['answer', 'facts', 'policy']);
    yield 'erased' in found
      ? found
      : {
          entry,
          answer: found.documents['answer'] as CommandAnswer,
          facts: found.documents['facts'] as CommandFacts,
          source: found.documents['policy'] as PolicySource,
        };
  }
}

async function* entriesOf(
  db: Kysely<Database>,
  kinds: readonly EntryKind[],
  filter: DecisionFilter,
): AsyncGenerator<ReadEntry> {
  let after = '00000000-0000-0000-0000-000000000000';
  for (;;) {
    const rows = await found(db, kinds, filter)
      .select('entry_id')
      .where('entry_id', '>', after)
      .orderBy('entry_id')
      .limit(PAGE)
      .execute();
    for (const { entry_id: id } of rows) {
      const entry = await readEntry(db, id);
      if (entry !== null) yield entry;
    }
    const last = rows.at(-1);
    if (last === undefined || rows.length < PAGE) return;
    after = last.entry_id;
  }
}

/** How many decisions and answers there are. */
export async function countDecisions(db: Kysely<Database>, filter: DecisionFilter = {}): Promise<number> {
  const { count } = await found(db, [...DECISION_KINDS, ...ANSWER_KINDS], filter)
    .select((of) => of.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  return count;
}

function found(db: Kysely<Database>, kinds: readonly EntryKind[], { repositoryId, since }: DecisionFilter) {
  let query = db.selectFrom('ledger.projection').where('kind', 'in', kinds);
  if (repositoryId !== undefined) query = query.where('repository_id', '=', repositoryId);
  if (since !== undefined) query = query.where('occurred_at', '>=', new Date(since));
  return query;
}

async function documentsOf(
  db: Kysely<Database>,
  entry: ReadEntry,
  names: readonly string[],
): Promise<LostDecision | { readonly documents: Readonly<Record<string, unknown>> }> {
  const documents: Record<string, unknown> = {};
  for (const name of names) {
    const sealed = entry.content.documents.find((each) => each.name === name);
    const body = sealed === undefined ? null : await readDocument(db, sealed.commitment);
    documents[name] = body === null ? null : JSON.parse(body.toString('utf8'));
  }
  const erased = names.filter((name) => documents[name] === null);
  return erased.length > 0 ? { entry, erased } : { documents };
}
