import type { Kysely } from 'kysely';
import type { Database } from '../../db/database.ts';
import { CodedError } from '../../domain/coded-error.ts';
import type { RanInEmergency, RanThere } from '../../domain/command-facts.ts';
import type { RanBefore } from '../../domain/deployment-facts.ts';
import { type Known, known, unknown } from '../../domain/known.ts';
import type { RepositoryRef } from '../../domain/repository.ts';
import { approvedRun } from './approved-run.ts';
import { recordedRun } from './backed-by-ledger.ts';
import type { StoredDeployment } from './deployment-row.ts';
import { mayStillRun } from './may-still-run.ts';
import { runningRelease } from './running-release.ts';

const MOST = 100;

/** What was approved and deployed with success in an environment, newest first, what an emergency let through apart from it, and what runs there now. */
export async function readRanThere(
  db: Kysely<Database>,
  repository: RepositoryRef,
  environment: string,
): Promise<Known<RanThere>> {
  try {
    const { last, uncertain } = await runningRelease(db, repository, environment);
    if (uncertain !== null)
      return unknown(`how deployment ${uncertain.id} of ${uncertain.sha} ended is not known yet`);
    const rows = await succeeded(db, repository.id, environment).limit(MOST).execute();
    const runs: RanThere['runs'][number][] = [];
    const inEmergency: RanInEmergency[] = [];
    for (const row of rows) {
      const run = await approvedRun(db, row);
      if (run === null) continue;
      const { sha } = row;
      if (run.lifted.length === 0) runs.push({ sha, startedAt: run.startedAt });
      else inEmergency.push({ sha, lifted: run.lifted, newer: runs.length });
    }
    const left = await leftThere(db, { repository, environment, since: last?.started_sequence ?? 0 });
    return known({
      running: last?.sha ?? null,
      left,
      runs,
      ...(inEmergency.length === 0 ? {} : { inEmergency }),
    });
  } catch (error) {
    // What was altered must not leave whoever asks without an answer.
    if (error instanceof CodedError) return unknown(error.message);
    throw error;
  }
}

/** The newest commit that started there since, didn't succeed, and may run there all the same; null: none. */
async function leftThere(
  db: Kysely<Database>,
  {
    repository,
    environment,
    since,
  }: { readonly repository: RepositoryRef; readonly environment: string; readonly since: number },
): Promise<string | null> {
  const rows = await db
    .selectFrom('countersign.deployment')
    .selectAll()
    .where('repository_id', '=', repository.id)
    .where('environment', '=', environment)
    .where('state', '=', 'failed')
    .where('started_sequence', '>', since)
    .orderBy('started_sequence', 'desc')
    .limit(MOST)
    .execute();
  for (const row of rows) {
    // One that the ledger doesn't bear out says nothing: it must keep nobody from going back.
    if ((await recordedRun(db, row)) !== null && (await mayStillRun(db, row))) return row.sha;
  }
  return null;
}

/** The newest approved and successful deployment of a rollback's commit there, before it was asked for; null: there is none. */
export async function readRanBefore(
  db: Kysely<Database>,
  { repository_id: repositoryId, environment, sha, id }: StoredDeployment,
): Promise<Known<RanBefore | null>> {
  try {
    const rows = await succeeded(db, repositoryId, environment)
      .where('sha', '=', sha)
      .where('id', '!=', id)
      .limit(MOST)
      .execute();
    for (const row of rows) {
      const run = await approvedRun(db, row);
      if (run?.lifted.length === 0 && run.endedAt !== null && row.finished_entry !== null)
        return known({ entry: row.finished_entry, endedAt: run.endedAt });
    }
    return known(null);
  } catch (error) {
    if (error instanceof CodedError) return unknown(error.message);
    throw error;
  }
}

const succeeded = (db: Kysely<Database>, repositoryId: number, environment: string) =>
  db
    .selectFrom('countersign.deployment')
    .selectAll()
    .where('repository_id', '=', repositoryId)
    .where('environment', '=', environment)
    .where('state', '=', 'succeeded')
    .orderBy('started_sequence', 'desc');
