import type { PolicySource } from '../domain/policy-reading.ts';
import { fullName, type RepositoryRef } from '../domain/repository.ts';
import { digest } from './digest.ts';
import { policyDocument } from './documents.ts';
import type { Pipeline } from './pipeline.ts';
import { recordOnce } from './record-once.ts';

/** A `policy.changed` whenever a trusted branch's policy is another than the last one we saw there, or is gone. */
export async function notePolicy(
  pipeline: Pipeline,
  repository: RepositoryRef,
  source: PolicySource,
  delivery: string | null,
): Promise<void> {
  await recordOnce(pipeline, {
    subject: `policy:${repository.id}:${source.ref}`,
    basis: digest([source.text]),
    verdict: source.text === null ? 'absent' : 'present',
    entry: (answers) => ({
      kind: 'policy.changed',
      occurredAt: pipeline.now(),
      who: [],
      repository: { id: repository.id, fullName: fullName(repository) },
      commit: source.commit,
      pullRequest: null,
      environment: null,
      hosts: [],
      outcome: source.text === null ? 'absent' : 'present',
      reasons: [],
      delivery,
      answers,
      documents: [policyDocument(source)],
    }),
    effects: () => [],
  });
}
