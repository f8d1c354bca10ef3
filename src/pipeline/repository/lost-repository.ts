import { CodedError } from '../../domain/coded-error.ts';
import { fullName, type RepositoryRef } from '../../domain/repository.ts';
import { GitHubError, githubErrorOf, isRefusal } from '../../facts/github-error.ts';
import { mayBeSeen, repositoriesOf } from '../../facts/repositories-of.ts';
import type { Pipeline } from '../pipeline.ts';
import { coverageOf, coverageOfRepository, recordCoverage } from '../control/record-coverage.ts';

/**
 * Whether a repository was taken from us, or put away: then nothing there is judged, shown or deployed, though what is public could
 * still be read. What the ledger has of it is asked first; and since GitHub doesn't keep the order of its deliveries, one that says so is
 * checked with GitHub, so that an "added" that came before its "removed" doesn't leave a repository unguarded for good.
 */
export async function isLost(pipeline: Pipeline, repository: RepositoryRef): Promise<boolean> {
  const { id, installationId } = repository;
  const last = await pipeline.db
    .selectFrom('countersign.last_decision')
    .select('verdict')
    .where('subject', 'in', [coverageOf(installationId), coverageOfRepository(id)])
    .execute();
  if (!last.some(({ verdict }) => verdict.endsWith('.gap') || verdict === 'repository_archived'))
    return false;
  const seen = await ifTold(async () =>
    (await repositoriesOf(await pipeline.github(installationId), installationId)).some(
      (each) => each.id === id,
    ),
  );
  return seen !== true;
}

/** Thrown where a judgement would be of what was taken from us. */
export async function assertNotLost(pipeline: Pipeline, repository: RepositoryRef): Promise<void> {
  if (await isLost(pipeline, repository)) throw new RepositoryLost(repository);
}

export class RepositoryLost extends CodedError<'repository_lost'> {
  constructor(repository: RepositoryRef) {
    super(
      'repository_lost',
      `the App was taken from ${fullName(repository)}, or the repository was put away: nothing is judged or deployed there until it is back`,
    );
  }
}

/**
 * After a look at a repository failed: whether that is because our installation isn't given it any more, and nobody told us. Then it
 * is recorded, as far as anybody can know: since when, and by whom, can't be. An installation that tells nothing at all is no such sign.
 */
export async function noticeLoss(
  pipeline: Pipeline,
  repository: RepositoryRef,
  error: unknown,
): Promise<boolean> {
  if (!isRefusal(githubErrorOf(error, 'looking at it'))) return false;
  const seen = await ifTold(async () =>
    mayBeSeen(await pipeline.github(repository.installationId), repository),
  );
  if (seen !== false) return false;
  await pipeline.db.transaction().execute((tx) =>
    recordCoverage(
      tx,
      pipeline,
      {
        kind: 'record_coverage',
        installationId: repository.installationId,
        repositories: [{ id: repository.id, fullName: fullName(repository) }],
        outcome: 'repository_removed.gap',
        by: null,
        detail: { told: false },
      },
      null,
    ),
  );
  return true;
}

/** Null: an installation that is suspended, or gone. */
async function ifTold(ask: () => Promise<boolean>): Promise<boolean | null> {
  try {
    return await ask();
  } catch (error) {
    const told = githubErrorOf(error, 'listing the repositories of an installation');
    if (told instanceof GitHubError && told.code === 'github_refused') return null;
    throw error;
  }
}
