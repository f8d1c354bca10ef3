import type { Kysely } from 'kysely';
import type { Database } from '../../db/database.ts';
import type { DeploymentReview } from '../../domain/deployment-facts.ts';
import { CodedError } from '../../domain/coded-error.ts';
import type { EntryKind } from '../../domain/entry.ts';
import type { EnvironmentRun } from '../../domain/timing-facts.ts';
import { listEntries, type ReadEntry, readEntry } from '../../ledger/store/read.ts';
import type { StoredDeployment } from './deployment-row.ts';

/*
 * Rows have a state and can be updated; entries can't. Before a row is acted on, its entry has to say the same: whoever can
 * only write rows can't move what was approved for one commit to another.
 */

/** Whether an entry is of this kind and about this deployment's commit, environment and repository. */
function isAbout(row: StoredDeployment, entry: ReadEntry | null, kind: EntryKind): entry is ReadEntry {
  return (
    entry !== null &&
    entry.content.kind === kind &&
    entry.content.commit === row.sha &&
    entry.content.environment === row.environment &&
    entry.content.repository?.id === String(row.repository_id)
  );
}

/** As `readEntry`, with null for one that was retired: no row that is acted on may rest on what can't be read here. */
async function readHere(db: Kysely<Database>, id: string | null): Promise<ReadEntry | null> {
  try {
    return id === null ? null : await readEntry(db, id);
  } catch (error) {
    if (error instanceof CodedError && error.code === 'entry_retired') return null;
    throw error;
  }
}

/**
 * When a running deployment was started (RFC 3339, UTC). Throws `row_not_recorded` unless the start that it rests on is its own, was by us,
 * and has not ended.
 */
export async function assertStarted(db: Kysely<Database>, row: StoredDeployment): Promise<string> {
  const entry = await startOf(db, row);
  const refuse = (why: string) =>
    new CodedError(
      'row_not_recorded',
      `deployment ${row.id} of ${row.sha} to ${row.environment} is not carried out: ${why}. Somebody changed its row; run \`countersign verify\`, and ask who can write to the database.`,
    );
  if (!isAbout(row, entry, 'deployment.started') || entry.content.outcome !== 'by_ssh') {
    throw refuse('the ledger has no start of it that we made');
  }
  const ended = await listEntries(db, {
    answers: entry.id,
    kinds: ['deployment.finished'],
    // One that is unknown is looked at again, until another entry says how it ended.
    outcomes: ['success', 'failure', 'cancelled'],
    limit: 1,
  });
  if (ended.length > 0) throw refuse('the ledger says that it has ended');
  const others = await db
    .selectFrom('countersign.deployment')
    .select('id')
    .where('started_entry', '=', entry.id)
    .where('id', '!=', row.id)
    .limit(1)
    .execute();
  if (others.length > 0) throw refuse(`its start is that of deployment ${others[0]?.id ?? ''}`);
  return entry.content.occurred;
}

async function startOf(db: Kysely<Database>, row: StoredDeployment): Promise<ReadEntry | null> {
  try {
    return row.started_entry === null ? null : await readEntry(db, row.started_entry);
  } catch (error) {
    if (!(error instanceof CodedError) || error.code !== 'entry_retired') throw error;
    throw new CodedError(
      'row_not_recorded',
      `deployment ${row.id} of ${row.sha} to ${row.environment} is not carried out: ${error.message} No deployment under way is as old as that: ask for it anew, and ask who changed its row.`,
      error,
    );
  }
}

/** Whether the ledger says that this deployment succeeded. */
export async function isFinished(db: Kysely<Database>, row: StoredDeployment): Promise<boolean> {
  const entry = await readHere(db, row.finished_entry);
  return isAbout(row, entry, 'deployment.finished') && entry.content.outcome === 'success';
}

/** How a started deployment went, by its entries; null where they don't say what its row says. A bypassed one has no outcome of ours. */
export async function recordedRun(
  db: Kysely<Database>,
  row: StoredDeployment,
): Promise<Pick<EnvironmentRun, 'state' | 'startedAt' | 'endedAt'> | null> {
  const start = await readHere(db, row.started_entry);
  if (!isAbout(row, start, 'deployment.started')) return null;
  const startedAt = start.content.occurred;
  if (row.state === 'running') return { state: 'running', startedAt, endedAt: null };
  const end = await readHere(db, row.finished_entry);
  if (!isAbout(row, end, 'deployment.finished') || end.content.answers !== start.id) return null;
  const state = start.content.outcome === BYPASSED ? 'unknown' : OUTCOMES[end.content.outcome];
  return state === undefined ? null : { state, startedAt, endedAt: end.content.occurred };
}

const OUTCOMES: Readonly<Record<string, EnvironmentRun['state']>> = {
  success: 'success',
  failure: 'failure',
  // Nothing runs it, as after a failure.
  cancelled: 'failure',
  unknown: 'unknown',
};

/** The outcome of the `deployment.started` of a job that GitHub let through without our approval. */
export const BYPASSED = 'bypassed';

export interface StoredPress {
  readonly reviewer_id: number;
  readonly reviewer_login: string;
  readonly state: DeploymentReview['state'];
  readonly sha: string;
  readonly at: Date;
  readonly delivery: string;
  readonly entry_id: string;
}

/** The presses of our buttons that the ledger has, by the people and with the answers that it has. */
export async function recordedPresses(
  db: Kysely<Database>,
  row: StoredDeployment,
  presses: readonly StoredPress[],
): Promise<readonly DeploymentReview[]> {
  const found: DeploymentReview[] = [];
  for (const press of presses) {
    const entry = await readHere(db, press.entry_id);
    const recorded =
      isAbout(row, entry, 'deployment.reviewed') &&
      entry.content.outcome === press.state &&
      entry.content.delivery === press.delivery &&
      // Somebody whose name was erased since can't be compared any more, and their press counts no more.
      entry.people.some(({ role, actor }) => role === 'reviewer' && actor?.id === press.reviewer_id);
    if (!recorded || press.sha !== row.sha) continue;
    found.push({
      via: 'check_run',
      reviewer: { id: press.reviewer_id, login: press.reviewer_login, kind: 'user' },
      state: press.state,
      sha: press.sha,
      at: press.at.toISOString(),
      comment: '',
    });
  }
  return found;
}
