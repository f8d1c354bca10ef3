import type { Kysely } from 'kysely';
import { z } from 'zod';
import type { Database } from '../../db/database.ts';
import { CodedError } from '../../domain/coded-error.ts';
import { type ReadEntry, readDocument, readEntry } from '../../ledger/store/read.ts';
import { liftedOfCommit } from '../../policy/deployment/lifted-of-commit.ts';
import { recordedRun } from './backed-by-ledger.ts';
import type { StoredDeployment } from './deployment-row.ts';

export interface ApprovedRun {
  readonly startedAt: string;
  readonly endedAt: string | null;
  /** What an emergency lifted for it; empty: its approval is the policy's own, and its commit a way back. */
  readonly lifted: readonly string[];
}

interface Judged extends ApprovedRun {
  /** Of what an older run of the same commit proved: all of it (a rollback), its changes (nothing was new there), or nothing. */
  readonly restsOn: 'all' | 'changes' | 'nothing';
}

const recorded = z.object({
  verdict: z.string(),
  gates: z.array(
    z.object({
      gate: z.string(),
      outcome: z.enum(['passed', 'pending', 'failed', 'lifted', 'not_applicable']),
      reasons: z.array(z.object({ code: z.string() })),
    }),
  ),
});
type Recorded = z.output<typeof recorded>;

/** More runs of one commit in one environment than this, and the rest isn't looked at: it only ever offers less. */
const MOST = 100;

/**
 * How a deployment ran that was approved, by its entries; null where they don't say that it was and succeeded. A row alone proves nothing,
 * and a policy that only observes starts what it would have held. Two decisions speak: the one that approved it, and the one at its start,
 * which may have rested on an emergency where the approval didn't. What was retired with its year or erased can't be gone back to.
 *
 * A rollback judged no changes, nor did the deployment of what ran there already: such a run proves what an older run of
 * its commit proves, or it would wash out what an emergency let through.
 */
export async function approvedRun(db: Kysely<Database>, row: StoredDeployment): Promise<ApprovedRun | null> {
  const run = await judgedRun(db, row);
  if (run === null || run.restsOn === 'nothing' || run.lifted.length > 0) return run;
  const older = await db
    .selectFrom('countersign.deployment')
    .selectAll()
    .where('repository_id', '=', row.repository_id)
    .where('environment', '=', row.environment)
    .where('sha', '=', row.sha)
    .where('state', '=', 'succeeded')
    .where('started_sequence', '<', row.started_sequence ?? 0)
    .orderBy('started_sequence')
    .limit(MOST)
    .execute();
  let changesProven = false;
  const lacking = new Set<string>();
  // Oldest first. A rollback among them proves nothing by itself either: what that rests on is older still.
  for (const each of older) {
    const before = await judgedRun(db, each);
    if (before === null || before.restsOn === 'all') continue;
    if (before.restsOn === 'nothing' && !before.lifted.includes('changes')) changesProven = true;
    if (changesProven && (run.restsOn === 'changes' || before.lifted.length === 0)) return run;
    for (const key of before.lifted) lacking.add(key);
  }
  return lacking.size === 0 ? null : { ...run, lifted: [...lacking].toSorted() };
}

/** The same, by its own two decisions alone. */
async function judgedRun(db: Kysely<Database>, row: StoredDeployment): Promise<Judged | null> {
  const run = await recordedRun(db, row);
  if (run?.state !== 'success' || row.started_entry === null) return null;
  try {
    const start = await readEntry(db, row.started_entry);
    const answered = start?.content.answers ?? null;
    const approval = answered === null ? null : await readEntry(db, answered);
    if (start === null || approval === null) return null;
    if (approval.content.kind !== 'deployment.approved' || approval.content.commit !== row.sha) return null;
    const decisions = [await decisionOf(db, approval), await decisionOf(db, start)];
    const gates = decisions.flatMap((each) => each?.gates ?? []);
    if (!decisions.every((each) => each?.verdict === 'approved')) return null;
    const { startedAt, endedAt } = run;
    return { startedAt, endedAt, lifted: liftedOfCommit(gates), restsOn: restsOn(gates) };
  } catch (error) {
    if (error instanceof CodedError && error.code === 'entry_retired') return null;
    throw error;
  }
}

function restsOn(gates: Recorded['gates']): Judged['restsOn'] {
  const codes = new Set(gates.flatMap(({ reasons }) => reasons.map(({ code }) => code)));
  if (codes.has('rollback_proven')) return 'all';
  return codes.has('nothing_to_deploy') ? 'changes' : 'nothing';
}

/** The decision that stands sealed beside an entry; null where it was erased, or can't be understood. */
async function decisionOf(db: Kysely<Database>, { content }: ReadEntry): Promise<Recorded | null> {
  const sealed = content.documents.find(({ name }) => name === 'decision');
  const body = sealed === undefined ? null : await readDocument(db, sealed.commitment);
  return body === null ? null : (recorded.safeParse(JSON.parse(body.toString('utf8'))).data ?? null);
}
