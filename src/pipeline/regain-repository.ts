import { fullName, type RepositoryRef } from '../domain/repository.ts';
import type { Pipeline } from './pipeline.ts';
import { coverageOfRepository, recordCoverage } from './record-coverage.ts';

/**
 * Of a repository that GitHub has just shown us: what waits in it goes on under the name, owner and installation that it has now, and
 * a gap in what we cover ends, also where no delivery told of its end (an App that was installed anew, one that GitHub lost).
 */
export async function regainRepository(
  pipeline: Pipeline,
  repository: RepositoryRef,
  delivery: string | null,
): Promise<void> {
  const { id, owner, name, installationId } = repository;
  await pipeline.db
    .updateTable('countersign.deployment')
    .set({ owner, name, installation_id: installationId })
    .where('repository_id', '=', id)
    .where('state', 'in', ['requested', 'held', 'approved'])
    .where((is) =>
      is.or([is('owner', '!=', owner), is('name', '!=', name), is('installation_id', '!=', installationId)]),
    )
    .execute();
  const last = await pipeline.db
    .selectFrom('countersign.last_decision')
    .select('verdict')
    .where('subject', '=', coverageOfRepository(id))
    .executeTakeFirst();
  if (last?.verdict.endsWith('.gap') !== true) return;
  await pipeline.db.transaction().execute((tx) =>
    recordCoverage(
      tx,
      pipeline,
      {
        kind: 'record_coverage',
        installationId,
        repositories: [{ id, fullName: fullName(repository) }],
        outcome: 'repository_added.whole',
        by: null,
        detail: { told: false },
      },
      delivery,
    ),
  );
}
