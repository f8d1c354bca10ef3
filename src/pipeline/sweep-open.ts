import type { RepositoryRef } from '../domain/repository.ts';
import { openChanges } from '../facts/open-changes.ts';
import { repositoriesOf } from '../facts/repositories-of.ts';
import { SweepJob } from './jobs.ts';
import type { Pipeline } from './pipeline.ts';

/**
 * Something changed that many decisions may rest on (protection, a team, the policy, a check on some commit): queues a new
 * judgement of every open pull request and every waiting deployment that it can reach.
 */
export async function sweepOpen(pipeline: Pipeline, data: unknown): Promise<void> {
  const { installationId, repository, branch, sha, delivery } = SweepJob.parse(data);
  const github = await pipeline.github(installationId);
  const repositories: readonly RepositoryRef[] =
    repository === null ? await repositoriesOf(github, installationId) : [repository];
  for (const each of repositories) {
    const numbers = await openChanges(github, each, { branch, sha });
    for (const number of numbers) {
      await pipeline.queue.send(
        pipeline.db,
        'change',
        { repository: each, number, delivery },
        { key: `${each.id}:${number}` },
      );
    }
    const waiting = await pipeline.db
      .selectFrom('countersign.deployment')
      .select('id')
      .where('repository_id', '=', each.id)
      .where('state', 'in', ['requested', 'held', 'approved'])
      .execute();
    for (const { id } of waiting)
      await pipeline.queue.send(pipeline.db, 'deployment', { id, delivery }, { key: id });
  }
}
