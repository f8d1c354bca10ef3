import type { ChangeFacts } from '../domain/change-facts.ts';
import type { Decision } from '../domain/decision.ts';
import type { PolicySource } from '../domain/policy-reading.ts';
import type { RepositoryRef } from '../domain/repository.ts';
import { gatherChange } from '../facts/gather-change.ts';
import { readChangeBranches } from '../facts/read-change-branches.ts';
import { evaluateChange } from '../policy/evaluate-change.ts';
import type { PolicyReading } from '../policy/policy-reading.ts';
import { rolesAsked } from '../policy/roles-asked.ts';
import { strictest } from '../policy/strictest.ts';
import type { Pipeline } from './pipeline.ts';
import { policyInForce, type PolicyInForce } from './policy-in-force.ts';
import { pushesTo } from './pushes-to.ts';
import { type BranchPolicy, readBranchPolicy } from './read-branch-policy.ts';

export interface AssessedChange {
  /** The policy that the decision was made by. */
  readonly source: PolicySource;
  readonly reading: PolicyReading;
  readonly facts: ChangeFacts;
  readonly decision: Decision;
  /** The default branch's. */
  readonly policy: PolicyInForce;
  /** The base branch's own, where that is another branch and another text. */
  readonly branchPolicy: BranchPolicy | null;
}

/**
 * Facts, then judgement, of one pull request. Writes nothing. The default branch's policy says whether the base is guarded,
 * since anybody who can push a branch could write a lax one there; a base with a policy of its own asks for that as well,
 * and the stricter decision is the one that stands. The base can be changed while we read: then all is read again. `seen`
 * narrows the facts to those that are to be judged.
 */
export async function assessChange(
  pipeline: Pipeline,
  repository: RepositoryRef,
  number: number,
  seen: (facts: ChangeFacts) => ChangeFacts = (facts) => facts,
): Promise<AssessedChange> {
  const github = await pipeline.github(repository.installationId);
  for (;;) {
    const { base, trunk } = await readChangeBranches(github, repository, number);
    const policy = await policyInForce(pipeline, github, repository, trunk);
    const own = base === trunk ? null : await readBranchPolicy(github, repository, base);
    const branchPolicy = own?.source.text === policy.source.text ? null : own;
    const gathered = await gatherChange(github, {
      repository,
      number,
      appId: pipeline.appId,
      pushes: await pushesTo(pipeline.db, repository, number),
      roles: rolesOf(policy.reading, branchPolicy?.reading),
      now: pipeline.now(),
    });
    if (gathered.pullRequest.baseRef !== base) continue;
    const facts = seen(gathered);
    const judgedBy = ({ source, reading }: BranchPolicy) => ({
      source,
      reading,
      decision: evaluateChange(reading, facts),
    });
    const trunks = judgedBy(policy);
    const judged =
      branchPolicy === null || trunks.decision.verdict === 'not_guarded'
        ? trunks
        : strictest(trunks, judgedBy(branchPolicy));
    return { ...judged, facts, policy, branchPolicy };
  }
}

function rolesOf(...readings: readonly (PolicyReading | undefined)[]) {
  const asked = readings.flatMap((reading) =>
    reading?.kind === 'valid' ? [rolesAsked(reading.policy, 'change')] : [],
  );
  return {
    teams: [...new Set(asked.flatMap(({ teams }) => teams))].toSorted(),
    permissions: asked.some(({ permissions }) => permissions),
  };
}
