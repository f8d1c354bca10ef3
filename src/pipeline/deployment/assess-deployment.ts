import type { Decision } from '../../domain/decision.ts';
import type { DeploymentFacts } from '../../domain/deployment-facts.ts';
import type { PolicySource } from '../../domain/policy-reading.ts';
import { gatherDeployment } from '../../facts/gather-deployment.ts';
import { readRangeAtOnce } from '../../facts/read-range-at-once.ts';
import { readTrunkPolicy } from '../../facts/read-trunk-policy.ts';
import { allowsBranch } from '../../policy/allows-branch.ts';
import { environmentOf } from '../../policy/environment-of.ts';
import { evaluateDeployment } from '../../policy/evaluate-deployment.ts';
import { organisationPolicy } from '../../policy/organisation-policy.ts';
import type { PolicyReading } from '../../policy/policy-reading.ts';
import { pathsAsked } from '../../policy/paths-asked.ts';
import { rolesAsked } from '../../policy/roles-asked.ts';
import { deploymentControls } from '../control/controls-seen.ts';
import { type StoredDeployment, repositoryOf, requestOf } from './deployment-row.ts';
import type { Pipeline } from '../pipeline.ts';
import { standingPolicy, type PolicyInForce } from '../policy/policy-in-force.ts';
import { recordedPresses } from './backed-by-ledger.ts';
import { lastReviewedPolicy, type ReviewedPolicy } from '../policy/last-reviewed-policy.ts';
import { recordedAtMerge } from '../change/recorded-at-merge.ts';
import { mergedInto } from '../change/merged-into.ts';
import { pushesTo } from '../change/pushes-to.ts';
import { readEmergency } from '../emergency/read-emergencies.ts';
import { readOpenReviews } from '../emergency/read-open-reviews.ts';
import { readRanBefore } from './ran-there.ts';
import { readLockFacts } from '../command/read-lock.ts';
import { runningRelease } from './running-release.ts';
import { runsBefore } from './runs-before.ts';
import { knownTreesOf } from '../trees-of.ts';
import { ungatheredFacts } from './ungathered-facts.ts';

export interface AssessedDeployment {
  readonly source: PolicySource;
  readonly reading: PolicyReading;
  readonly facts: DeploymentFacts;
  readonly decision: Decision;
  /** Null where the assessment was read back from its entry, or GitHub could not be read. */
  readonly policy: PolicyInForce | null;
}

/** Facts, then judgement, of one wanted deployment, by the policy of the repository's default branch. Writes nothing. */
export async function assessDeployment(
  pipeline: Pipeline,
  row: StoredDeployment,
): Promise<AssessedDeployment> {
  const { db } = pipeline;
  const repository = repositoryOf(row);
  const github = await pipeline.github(row.installation_id);
  const { last, uncertain } = await runningRelease(db, repository, row.environment);
  const cameFrom = (shas: readonly string[]) => mergedInto(db, repository.id, shas);
  const running = last?.sha ?? null;
  // The ledger first: what is read from GitHub afterwards can only be newer.
  const reviewed = await lastReviewedPolicy(db, repository.id);
  const base = rangeStart(reviewed, { environment: row.environment, running });
  const wanted = { repository, sha: row.sha, policy: true, cameFrom };
  const read = base === null ? null : await readRangeAtOnce(github, { ...wanted, base });
  const standing = await standingPolicy(pipeline, github, repository, {
    last: reviewed,
    read: read?.trunk ?? (await readTrunkPolicy(github, repository)),
  });
  const { source, reading, trust } = standing;
  const policy = reading.kind === 'valid' ? reading.policy : null;
  const environment = policy === null ? null : environmentOf(policy, row.environment);
  if (policy === null || !trust.trusted || environment === null) {
    // The policy alone decides, whatever GitHub would tell: such requests may wait for long, and are looked at again and again.
    const why = 'not read, since the policy alone decided';
    const facts = ungatheredFacts(row, { why, policy: trust, now: pipeline.now() });
    return { source, reading, facts, decision: evaluateDeployment(reading, facts), policy: standing };
  }
  const unreviewed = await db
    .selectFrom('countersign.unreviewed_commit')
    .select('sha')
    .where('repository_id', '=', repository.id)
    .execute();
  const pressed = await db
    .selectFrom('countersign.deployment_review')
    .selectAll()
    .where('deployment_id', '=', row.id)
    .orderBy('at')
    .execute();

  // The organisation's asks are judged beside the repository's own, so what they rest on is gathered with it.
  const organisation = organisationPolicy(policy);
  const asking = [
    environment,
    organisation === null ? null : environmentOf(organisation, row.environment),
  ].flatMap((each) => each ?? []);
  const place = { repositoryId: repository.id, environment: row.environment };
  const emergency = await readEmergency(db, { ...place, commit: row.sha, id: row.id }, pipeline.now());
  const before = [...new Set(asking.flatMap(({ after }) => Object.keys(after ?? {})))];
  const gathered = await gatherDeployment(github, {
    appId: pipeline.appId,
    repository,
    request: requestOf(row),
    running,
    // To judge a changed policy takes a while, in which what was read beside it grows old.
    atOnce: standing.facts === null ? read : null,
    cameFrom,
    uncertain: uncertain !== null,
    baseline: environment.baseline ?? null,
    allowsBranch: (name: string) => allowsBranch(policy, row.environment, name),
    unreviewed: new Set(unreviewed.map(({ sha }) => sha)),
    pressed: await recordedPresses(db, row, pressed),
    before: await runsBefore(db, repository, before, row.sha),
    lock: await readLockFacts(db, repository.id, row.environment),
    emergency,
    openReviews: await readOpenReviews(db, repository.id),
    ranBefore: row.source === 'rollback' ? await readRanBefore(db, row) : null,
    identity: asking.reduce((asked, { identity }) => ({ ...asked, ...identity }), {}),
    pushesOf: (number: number) => pushesTo(db, repository, number),
    trees: knownTreesOf(pipeline, repository),
    atMerge: (number: number, sha: string) => recordedAtMerge(db, repository.id, { number, sha }),
    roles: rolesAsked(policy, {
      environment: row.environment,
      rollback: row.source === 'rollback',
      emergency: emergency.known && emergency.value !== null,
    }),
    paths: pathsAsked(policy),
    policy: trust,
    now: pipeline.now(),
  });
  const { visibility } = standing;
  const facts = {
    ...gathered,
    visibility,
    controls: await deploymentControls(pipeline, gathered),
    githubAhead: pipeline.githubAhead(),
  };
  return { source, reading, facts, decision: evaluateDeployment(reading, facts), policy: standing };
}

/**
 * Where the range starts by the policy that was last in force: then it is read in one go with what is in force now. Null where
 * that policy doesn't name the environment, for which it alone decides; or where there is nothing to start from.
 */
function rangeStart(
  reviewed: ReviewedPolicy | null,
  { environment, running }: { readonly environment: string; readonly running: string | null },
): string | null {
  const named = reviewed === null ? null : environmentOf(reviewed.policy, environment);
  return named === null ? null : (running ?? named.baseline ?? null);
}
