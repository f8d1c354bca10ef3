import type { MergeGroupDecision, MergeGroupFacts, MergeGroupRef } from '../../domain/merge-group-facts.ts';
import type { RepositoryRef } from '../../domain/repository.ts';
import { gatherChange } from '../../facts/gather-change.ts';
import { gatherMergeGroup } from '../../facts/gather-merge-group.ts';
import type { GitHubReader } from '../../facts/github-reader.ts';
import { readPolicy } from '../../facts/read-policy.ts';
import { evaluateMergeGroup } from '../../policy/evaluate-merge-group.ts';
import { policiesGuarding } from '../../policy/organisation-policy.ts';
import { pathsAsked } from '../../policy/paths-asked.ts';
import { strictest } from '../../policy/strictest.ts';
import { rolesOf } from './assess-change.ts';
import { type BranchPolicy, branchPolicyOf } from '../policy/branch-policy.ts';
import { withControlsSeen } from '../control/controls-seen.ts';
import { namedByGroups } from './merge-groups.ts';
import type { Pipeline } from '../pipeline.ts';
import { policyInForce, type PolicyInForce } from '../policy/policy-in-force.ts';
import { pushesTo } from './pushes-to.ts';

/** The policies that a merge group is judged by, as those of a change: the default branch's, and the base's own beside it. */
export interface GroupPolicies {
  readonly policy: PolicyInForce;
  readonly branchPolicy: BranchPolicy | null;
}

export interface AssessedGroup extends BranchPolicy {
  readonly facts: MergeGroupFacts;
  readonly decision: MergeGroupDecision;
}

/** Reads them; writes nothing. */
export async function groupPolicies(
  pipeline: Pipeline,
  github: GitHubReader,
  repository: RepositoryRef,
  base: string,
): Promise<GroupPolicies> {
  const policy = await policyInForce(pipeline, github, repository);
  const own = base === policy.trunk ? null : branchPolicyOf(await readPolicy(github, repository, base));
  const same =
    own === null || own.reading.kind === 'absent' || own.source.text === policy.changes.source.text;
  return { policy, branchPolicy: same ? null : own };
}

/** Whether the default branch's policy asks anything of the branch; one that can't be read might. */
export function isGuarded({ policy }: GroupPolicies, branch: string): boolean {
  const { reading } = policy.changes;
  return reading.kind !== 'valid' || policiesGuarding(reading.policy, branch).length > 0;
}

/** Facts, then judgement, of one merge group. Writes nothing but what git keeps in the mirror. */
export async function assessMergeGroup(
  pipeline: Pipeline,
  github: GitHubReader,
  repository: RepositoryRef,
  { group, policies }: { readonly group: MergeGroupRef; readonly policies: GroupPolicies },
): Promise<AssessedGroup> {
  const { policy, branchPolicy } = policies;
  const readings = [policy.changes.reading, ...(branchPolicy === null ? [] : [branchPolicy.reading])];
  const trees = pipeline.trees(repository);
  const facts = await gatherMergeGroup(github, {
    repository,
    group,
    named: await namedByGroups(pipeline.db, repository, group.baseRef),
    trees,
    changeOf: async (number) => {
      const change = await gatherChange(github, {
        repository,
        number,
        appId: pipeline.appId,
        pushes: await pushesTo(pipeline.db, repository, number),
        roles: rolesOf(...readings),
        paths: readings.some((each) => each.kind === 'valid' && pathsAsked(each.policy)),
        trees,
        now: pipeline.now(),
      });
      return withControlsSeen(pipeline, change);
    },
    now: pipeline.now(),
  });
  const judgedBy = ({ source, reading }: BranchPolicy) => ({
    source,
    reading,
    facts,
    decision: evaluateMergeGroup(reading, facts),
  });
  const trunks = judgedBy(policy.changes);
  return branchPolicy === null || trunks.decision.verdict === 'not_guarded'
    ? trunks
    : strictest(trunks, judgedBy(branchPolicy));
}
