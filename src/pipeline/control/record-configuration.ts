import type { Config } from '../../config.ts';
import type { Pipeline } from '../pipeline.ts';
import { recordOnce } from '../record-once.ts';

/** A `configuration.loaded` each time this process starts with another operator's file than the last one. */
export async function recordConfiguration(
  pipeline: Pipeline,
  config: Pick<Config, 'digest' | 'document'>,
): Promise<void> {
  await recordOnce(pipeline, {
    subject: 'configuration',
    basis: config.digest,
    verdict: 'loaded',
    entry: (answers) => ({
      kind: 'configuration.loaded',
      occurredAt: pipeline.now(),
      who: [],
      repository: null,
      commit: null,
      pullRequest: null,
      environment: null,
      hosts: [],
      outcome: 'loaded',
      reasons: [],
      delivery: null,
      answers,
      documents: [
        { name: 'configuration', mediaType: 'application/json', body: Buffer.from(config.document) },
      ],
    }),
    effects: () => [],
  });
}
