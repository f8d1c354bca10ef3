import type { Transaction } from 'kysely';
import type { Database } from '../../db/database.ts';
import type { DeployOutcome } from '../../domain/deploy.ts';
import type { RepositoryRef } from '../../domain/repository.ts';
import { isPrivate } from '../../facts/read-visibility.ts';
import { type StoredDeployment, repositoryOf } from './deployment-row.ts';
import type { DeployTarget, Pipeline } from '../pipeline.ts';

/** Whether the check run may show what failed commands printed; GitHub is asked only where some failed. */
export async function showsOutput(
  pipeline: Pick<Pipeline, 'github' | 'log'>,
  repository: RepositoryRef,
  target: DeployTarget,
  { hosts }: Pick<DeployOutcome, 'hosts'>,
): Promise<boolean> {
  const failed = hosts.some(({ commands }) => commands.some(({ exitCode }) => exitCode !== 0));
  if (!failed) return target.target.showOutput;
  return mayShowOutput(pipeline, repository, target);
}

/**
 * Whether whoever sees the repository may read what commands print: a command can print what it finds on the host. Where
 * GitHub doesn't say who sees it, it isn't shown.
 */
async function mayShowOutput(
  pipeline: Pick<Pipeline, 'github' | 'log'>,
  repository: RepositoryRef,
  { target }: DeployTarget,
): Promise<boolean> {
  if (target.showOutput) return true;
  try {
    return await isPrivate(await pipeline.github(repository.installationId), repository);
  } catch (error) {
    pipeline.log.warn({ err: error, repository: repository.id }, 'commands’ output is not shown');
    return false;
  }
}

/**
 * Notes whether the page of a deployment's log may show it, at each attempt anew: since the one before, the repository may have become
 * public, or the operator have changed their mind.
 */
export async function noteShowsOutput(
  pipeline: Pick<Pipeline, 'db' | 'github' | 'log'>,
  row: StoredDeployment,
  target: DeployTarget,
): Promise<void> {
  if (row.log_key === null) return;
  const shows = await mayShowOutput(pipeline, repositoryOf(row), target);
  await pipeline.db
    .updateTable('countersign.deployment')
    .set({ log_shows_output: shows })
    .where('id', '=', row.id)
    .execute();
}

/** Keeps what commands printed until now off the pages of a repository's deployments: it was for those who saw the repository then. */
export async function hideOutput(tx: Transaction<Database>, repositoryId: number): Promise<void> {
  await tx
    .updateTable('countersign.deployment')
    .set({ log_shows_output: false })
    .where('repository_id', '=', repositoryId)
    .where('log_shows_output', '=', true)
    .execute();
}

/** As {@link hideOutput}, of each repository that an installation has or had when something was deployed there. */
export async function hideOutputOfInstallation(
  tx: Transaction<Database>,
  installationId: number,
): Promise<void> {
  const seen = tx
    .selectFrom('countersign.repository')
    .select('id')
    .where('installation_id', '=', installationId);
  await tx
    .updateTable('countersign.deployment')
    .set({ log_shows_output: false })
    .where((is) => is.or([is('installation_id', '=', installationId), is('repository_id', 'in', seen)]))
    .where('log_shows_output', '=', true)
    .execute();
}

/**
 * Of a repository that was just seen not to be private: as {@link hideOutput}, but where the operator wants it shown. No webhook tells
 * that a private one became internal, and the one that tells that it became public may be lost.
 */
export async function hideOutputSeenByOthers(
  { db, targetOf }: Pick<Pipeline, 'db' | 'targetOf'>,
  repository: RepositoryRef,
): Promise<void> {
  const shown = await db
    .selectFrom('countersign.deployment')
    .select('environment')
    .distinct()
    .where('repository_id', '=', repository.id)
    .where('log_shows_output', '=', true)
    .execute();
  const hidden = shown
    .map(({ environment }) => environment)
    .filter((environment) => targetOf(repository, environment)?.target.showOutput !== true);
  if (hidden.length === 0) return;
  await db
    .updateTable('countersign.deployment')
    .set({ log_shows_output: false })
    .where('repository_id', '=', repository.id)
    .where('environment', 'in', hidden)
    .where('log_shows_output', '=', true)
    .execute();
}
