import { fullName, type RepositoryRef } from '../../domain/repository.ts';
import type { GitHubReader } from '../../facts/github-reader.ts';
import { openChanges } from '../../facts/open-changes.ts';
import { repositoriesOf } from '../../facts/repositories-of.ts';
import { type ControlJob, SweepJob } from '../jobs.ts';
import { queueClock } from '../control/look-at-controls.ts';
import { isLost } from './lost-repository.ts';
import { queueGroups } from '../change/merge-groups.ts';
import { notePolicy } from '../policy/note-policy.ts';
import type { Pipeline } from '../pipeline.ts';
import { policyInForce } from '../policy/policy-in-force.ts';
import { regainRepository } from './regain-repository.ts';

/**
 * Something changed that many decisions may rest on (protection, a team, the policy, a check on some commit): queues a new
 * judgement of every open pull request and every waiting deployment that it can reach.
 */
export async function sweepOpen(pipeline: Pipeline, data: unknown): Promise<void> {
  const { installationId, repository, branch, sha, delivery, controlsBy, controlNamed } =
    SweepJob.parse(data);
  if (repository !== null && (await isLost(pipeline, repository))) return;
  const github = await pipeline.github(installationId);
  const repositories: readonly RepositoryRef[] =
    repository === null ? await repositoriesOf(github, installationId) : [repository];
  for (const each of repositories) {
    await regainRepository(pipeline, each, { github, delivery, listed: repository === null });
    // Of a repository that we have just been given: the policy that stands there now is the one to start from.
    if (repository === null) {
      await notePolicyOf(pipeline, github, each, delivery);
      // After the policy, which says what is demanded; and from then on by the clock.
      if (controlsBy !== undefined) {
        const look: ControlJob = { repository: each, delivery, by: controlsBy, named: controlNamed };
        await pipeline.queue.send(pipeline.db, 'control', look, { key: `${each.id}:${delivery}` });
      }
      await queueClock(pipeline, each, 0);
    }
    const numbers = await openChanges(github, each, { branch, sha });
    for (const number of numbers) {
      await pipeline.queue.send(
        pipeline.db,
        'change',
        { repository: each, number, delivery },
        { key: `${each.id}:${number}` },
      );
    }
    await queueGroups(pipeline.db, pipeline, each, {
      delivery,
      ...(branch === null ? {} : { branch }),
      ...(sha === null ? {} : { headSha: sha, with: numbers }),
    });
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

async function notePolicyOf(
  pipeline: Pipeline,
  github: GitHubReader,
  repository: RepositoryRef,
  delivery: string | null,
): Promise<void> {
  try {
    await notePolicy(pipeline, repository, await policyInForce(pipeline, github, repository), { delivery });
  } catch (error) {
    // An empty repository has no branch yet. It must not keep the others from being looked at.
    pipeline.log.warn({ err: error, repository: fullName(repository) }, 'the policy could not be read');
  }
}
