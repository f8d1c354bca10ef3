import type { ChangeFacts } from '../domain/change-facts.ts';
import type { Decision } from '../domain/decision.ts';
import type { PolicySource } from '../domain/policy-reading.ts';
import type { RepositoryRef } from '../domain/repository.ts';
import { gatherChange } from '../facts/gather-change.ts';
import { readBaseBranch } from '../facts/read-base-branch.ts';
import { evaluateChange } from '../policy/evaluate-change.ts';
import type { PolicyReading } from '../policy/policy-reading.ts';
import { rolesAsked } from '../policy/roles-asked.ts';
import type { Pipeline } from './pipeline.ts';
import { pushesTo } from './pushes-to.ts';
import { readTrustedPolicy } from './read-trusted-policy.ts';

export interface AssessedChange {
  readonly source: PolicySource;
  readonly reading: PolicyReading;
  readonly facts: ChangeFacts;
  readonly decision: Decision;
}

/**
 * Facts, then judgement, of one pull request, by the policy of its base branch. Writes nothing. The base can be changed
 * while we read: facts that name another base than the policy's are gathered again.
 */
export async function assessChange(
  pipeline: Pipeline,
  repository: RepositoryRef,
  number: number,
): Promise<AssessedChange> {
  const github = await pipeline.github(repository.installationId);
  for (;;) {
    const branch = await readBaseBranch(github, repository, number);
    const { source, reading } = await readTrustedPolicy(github, repository, branch);
    const facts = await gatherChange(github, {
      repository,
      number,
      pushes: await pushesTo(pipeline.db, repository, number),
      roles:
        reading.kind === 'valid' ? rolesAsked(reading.policy, 'change') : { teams: [], permissions: false },
      now: pipeline.now(),
    });
    if (facts.pullRequest.baseRef !== branch) continue;
    return { source, reading, facts, decision: evaluateChange(reading, facts) };
  }
}
