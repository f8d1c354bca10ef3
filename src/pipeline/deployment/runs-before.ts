import type { Kysely } from 'kysely';
import type { Database } from '../../db/database.ts';
import { type Known, known, unknown } from '../../domain/known.ts';
import type { RepositoryRef } from '../../domain/repository.ts';
import type { EnvironmentRun, EnvironmentRuns } from '../../domain/timing-facts.ts';
import { CodedError } from '../../domain/coded-error.ts';
import { listEntries, readEntry } from '../../ledger/store/read.ts';
import { recordedRun } from './backed-by-ledger.ts';
import { clocksThen } from './clock-then.ts';
import type { StoredDeployment } from './deployment-row.ts';
import { mayStillRun } from './may-still-run.ts';

/** More deployments than this since the commit's own: the first of them took its place, and what came later says nothing. */
const MOST = 50;

/** What each of these environments ran: the commit's own newest deployment there and what started since. */
export async function runsBefore(
  db: Kysely<Database>,
  repository: RepositoryRef,
  environments: readonly string[],
  sha: string,
): Promise<readonly EnvironmentRuns[]> {
  const found: EnvironmentRuns[] = [];
  for (const environment of environments.toSorted())
    found.push({ environment, runs: await runsIn(db, repository, environment, sha) });
  return found;
}

async function runsIn(
  db: Kysely<Database>,
  repository: RepositoryRef,
  environment: string,
  sha: string,
): Promise<Known<readonly EnvironmentRun[]>> {
  const started = db
    .selectFrom('countersign.deployment')
    .where('repository_id', '=', repository.id)
    .where('environment', '=', environment)
    .where('started_sequence', 'is not', null);
  const own = await started
    .selectAll()
    .where('sha', '=', sha)
    .orderBy('started_sequence', 'desc')
    .limit(1)
    .executeTakeFirst();
  try {
    if (!(await isNewest(db, repository, environment, sha, own)))
      return unknown('the ledger has an end of it there that our records don’t have');
    if (own === undefined || own.started_sequence === null) return known([]);
    const since = await started
      .selectAll()
      .where('started_sequence', '>=', own.started_sequence)
      .orderBy('started_sequence')
      .limit(MOST)
      .execute();
    const before = await started
      .select('sha')
      .distinct()
      .where('state', '=', 'succeeded')
      .where('started_sequence', '<', own.started_sequence)
      .where(
        'sha',
        'in',
        since.map((each) => each.sha),
      )
      .execute();
    const ranBefore = new Set(before.map((each) => each.sha));
    const runs: EnvironmentRun[] = [];
    for (const row of since) {
      const run = await recordedRun(db, row);
      if (run === null) return unknown(`the ledger doesn’t bear out deployment ${row.id}`);
      // Of the commit itself a failure is one, wherever it runs; of another's it matters whether that took its place.
      const tookPlace = row.sha !== sha && run.state === 'failure' && (await mayStillRun(db, row));
      const state = tookPlace ? 'unknown' : run.state;
      const isNext =
        row.sha !== sha &&
        state !== 'failure' &&
        runs.every((each) => each.sha === sha || each.state === 'failure');
      runs.push({
        ...run,
        ...(row.sha === sha ? { endedAt: await lateEnd(db, row, run) } : {}),
        ...(isNext ? { startedAt: await earlyStart(db, row, run) } : {}),
        state,
        order: row.started_sequence ?? 0,
        sha: row.sha,
        ranBefore: ranBefore.has(row.sha),
      });
    }
    return known(runs);
  } catch (error) {
    if (error instanceof CodedError) return unknown(error.message);
    throw error;
  }
}

/** A soak begins once the commit's deployment had ended by both clocks, and ends when the next began by either: a wrong one shortens it. */
async function lateEnd(
  db: Kysely<Database>,
  { finished_entry: id }: StoredDeployment,
  { endedAt }: Pick<EnvironmentRun, 'endedAt'>,
): Promise<string | null> {
  const entry = id === null || endedAt === null ? null : await readEntry(db, id);
  return entry === null ? endedAt : (await clocksThen(db, entry)).later;
}

async function earlyStart(
  db: Kysely<Database>,
  { started_entry: id }: StoredDeployment,
  { startedAt }: Pick<EnvironmentRun, 'startedAt'>,
): Promise<string> {
  const entry = id === null ? null : await readEntry(db, id);
  return entry === null ? startedAt : (await clocksThen(db, entry)).earlier;
}

/** A row that was altered must not hide how the commit's newest deployment there ended. */
async function isNewest(
  db: Kysely<Database>,
  repository: RepositoryRef,
  environment: string,
  sha: string,
  own: StoredDeployment | undefined,
): Promise<boolean> {
  const [ended] = await listEntries(db, {
    repositoryId: repository.id,
    environment,
    commit: sha,
    kinds: ['deployment.finished'],
    limit: 1,
  });
  if (ended === undefined) return true;
  if (own === undefined) return false;
  // One that runs now comes after the end of an older one.
  return own.finished_entry === null || own.finished_entry === ended.id;
}
