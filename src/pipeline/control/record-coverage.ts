import type { Transaction } from 'kysely';
import type { Database } from '../../db/database.ts';
import type { Trigger } from '../../domain/trigger.ts';
import { jsonDocument } from '../documents.ts';
import type { Pipeline } from '../pipeline.ts';
import { recordOnceIn } from '../record-once.ts';
import { hideOutput, hideOutputOfInstallation } from '../deployment/shows-output.ts';

const NOT_TOLD = 'not told';

type Coverage = Extract<Trigger, { kind: 'record_coverage' }>;

/** What the entries about an installation as a whole are about. */
export const coverageOf = (installationId: number): string => `coverage:installation:${installationId}`;

/** What the entries about one repository are about, whatever it is called and whose it is. */
export const coverageOfRepository = (repositoryId: number): string => `coverage:${repositoryId}`;

/**
 * From then on, others may see the repository and with it the addresses of its deployments' pages. In a gap nobody tells us who sees it:
 * it may be made public then without a word.
 */
const mayBeSeenByOthers = (outcome: Coverage['outcome']): boolean =>
  outcome === 'repository_publicized' || outcome === 'repository_transferred' || outcome.endsWith('.gap');

/**
 * A `control.changed` for the App's own life: one for the installation, or one for each repository, that answers the last one about
 * it. So the end of a gap names its beginning. The same delivery worked again writes nothing; null: no delivery told of it.
 */
export async function recordCoverage(
  tx: Transaction<Database>,
  pipeline: Pick<Pipeline, 'queue' | 'now' | 'newId' | 'random'>,
  { installationId, repositories, outcome, by, detail }: Coverage,
  delivery: string | null,
): Promise<void> {
  const about = repositories.length === 0 ? [null] : repositories;
  for (const repository of about) {
    if (mayBeSeenByOthers(outcome))
      await (repository === null
        ? hideOutputOfInstallation(tx, installationId)
        : hideOutput(tx, repository.id));
    await recordOnceIn(tx, pipeline, {
      subject: repository === null ? coverageOf(installationId) : coverageOfRepository(repository.id),
      basis: [delivery ?? NOT_TOLD, outcome, repository?.fullName ?? ''].join(' '),
      verdict: outcome,
      entry: (answers) => ({
        kind: 'control.changed',
        occurredAt: pipeline.now(),
        who: by === null ? [] : [{ role: 'changer', actor: by }],
        repository,
        commit: null,
        pullRequest: null,
        environment: null,
        hosts: [],
        outcome,
        reasons: [],
        delivery,
        answers,
        documents: [jsonDocument('coverage', { schema: 'coverage/v1', installationId, outcome, ...detail })],
      }),
      effects: () => [],
    });
  }
}
