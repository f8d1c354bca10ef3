import { installations } from '../../facts/installations.ts';
import type { GitHubReader } from '../../facts/github-reader.ts';
import type { SweepJob } from '../jobs.ts';
import type { Pipeline } from '../pipeline.ts';

/**
 * Queues a new look at everything that is open. At a start, because GitHub doesn't repeat what it could not deliver: an
 * installation, a review or a policy may have come while nobody listened. What stands already is not recorded again.
 */
export async function sweepInstallations(
  { db, queue, log }: Pick<Pipeline, 'db' | 'queue' | 'log'>,
  app: () => Promise<GitHubReader>,
): Promise<void> {
  try {
    for (const installationId of await installations(await app())) {
      const job: SweepJob = { installationId, repository: null, branch: null, sha: null, delivery: null };
      await queue.send(db, 'sweep', job, { key: `${installationId}:::` });
    }
  } catch (error) {
    // GitHub being down must not keep us from serving: its deliveries come again by themselves once it is up.
    log.warn({ err: error }, 'what changed while we were away could not be looked up');
  }
}
