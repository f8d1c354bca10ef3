import type { ChangeFacts } from '../../domain/change-facts.ts';
import { CodedError } from '../../domain/coded-error.ts';
import type { Decision } from '../../domain/decision.ts';
import type { PolicySource } from '../../domain/policy-reading.ts';
import { fullName, type RepositoryRef } from '../../domain/repository.ts';
import { gatherChange } from '../../facts/gather-change.ts';
import { readChange } from '../../facts/read-change.ts';
import { evaluateChange } from '../../policy/evaluate-change.ts';
import { factsAtMerge } from '../../policy/facts-at-merge.ts';
import { pathsAsked } from '../../policy/paths-asked.ts';
import type { PolicyReading } from '../../policy/policy-reading.ts';
import { rolesAsked } from '../../policy/roles-asked.ts';
import { strictest } from '../../policy/strictest.ts';
import { type PolicyVersion, versionAt } from '../../policy/version-at.ts';
import { broughtAt, lastReviewedPolicy, policyVersions } from '../policy/last-reviewed-policy.ts';
import type { Pipeline } from '../pipeline.ts';
import { classicSeen, withControlsSeen } from '../control/controls-seen.ts';
import { type PolicyInForce, standingPolicy } from '../policy/policy-in-force.ts';
import { pushesTo } from './pushes-to.ts';
import { knownTreesOf } from '../trees-of.ts';
import { type BranchPolicy, branchPolicyOf } from '../policy/branch-policy.ts';

/** Two of GitHub's answers may disagree on the base for a moment; for longer than that, the job waits instead of us. */
const TRIES = 3;
/** A commit that git can't fetch fails the job before this attempt; from it on, what rests on it is unknown. */
const PATIENT = 3;

export interface AssessedChange {
  /** The policy that the decision was made by. */
  readonly source: PolicySource;
  readonly reading: PolicyReading;
  readonly facts: ChangeFacts;
  readonly decision: Decision;
  /** The default branch's, as it is now. */
  readonly policy: PolicyInForce;
  /** The base branch's own, where that is another branch and another text. */
  readonly branchPolicy: BranchPolicy | null;
}

/**
 * Facts, then judgement, of one pull request. Writes nothing. The default branch's policy says whether the base is guarded,
 * since anybody who can push a branch could write a lax one there; a base with a policy of its own asks for that as well,
 * and the stricter decision is the one that stands. The base can be changed while we read: then all is read again. `attempt` is
 * the job's: while it is a low one, merges that can't be made anew throw.
 */
export async function assessChange(
  pipeline: Pipeline,
  repository: RepositoryRef,
  number: number,
  attempt: number,
): Promise<AssessedChange> {
  return assess(pipeline, repository, number, { merge: false, attempt });
}

/** As {@link assessChange}, of a merge: what was said until then, by the policy that was in force just before it. */
export async function assessMerge(
  pipeline: Pipeline,
  repository: RepositoryRef,
  number: number,
  attempt: number,
): Promise<AssessedChange> {
  return assess(pipeline, repository, number, { merge: true, attempt });
}

async function assess(
  pipeline: Pipeline,
  repository: RepositoryRef,
  number: number,
  { merge, attempt }: { readonly merge: boolean; readonly attempt: number },
): Promise<AssessedChange> {
  const github = await pipeline.github(repository.installationId);
  const trees = attempt < PATIENT ? pipeline.trees(repository) : knownTreesOf(pipeline, repository);
  for (let tries = 0; tries < TRIES; tries += 1) {
    // The ledger first: what is read from GitHub afterwards can only be newer.
    const last = await lastReviewedPolicy(pipeline.db, repository.id);
    // A policy that was in force names the teams that the one of now most likely does: they come with the pull request.
    const teams = last === null ? [] : rolesAsked(last.policy, 'change').teams;
    const read = await readChange(github, repository, number, teams);
    const policy = await standingPolicy(pipeline, github, repository, { last, read: read.trunk });
    const versions = merge ? await versionsOf(pipeline, repository, policy) : [];
    const { name: base } = read.base;
    const own = base === policy.trunk ? null : branchPolicyOf(read.base.source);
    // Without a file of its own it asks for nothing more.
    const same =
      own === null || own.reading.kind === 'absent' || own.source.text === policy.changes.source.text;
    const branchPolicy = same ? null : own;
    // A merge is compared with the last look in every setting, so REST tells of it.
    const classic =
      merge || policy.facts !== null ? null : await classicSeen(pipeline, repository, read.base);
    const gathered = await gatherChange(github, {
      repository,
      number,
      ...(classic === null ? {} : { classic }),
      // To judge a changed policy takes a while: who was in a team before that is asked again.
      read: policy.facts === null ? read : { ...read, teams: new Map() },
      appId: pipeline.appId,
      pushes: await pushesTo(pipeline.db, repository, number),
      roles: rolesOf(policy.changes.reading, branchPolicy?.reading, ...versions.map(readingOf)),
      paths: [policy.changes.reading, branchPolicy?.reading, ...versions.map(readingOf)].some(
        (each) => each?.kind === 'valid' && pathsAsked(each.policy),
      ),
      landed: merge,
      trees,
      now: pipeline.now(),
    });
    if (gathered.pullRequest.baseRef !== base) continue;
    const seen = await withControlsSeen(pipeline, gathered);
    const facts = merge ? factsAtMerge(seen) : seen;
    const judgedBy = ({ source, reading }: BranchPolicy) => ({
      source,
      reading,
      decision: evaluateChange(reading, facts),
    });
    const { merged } = facts.pullRequest;
    const version = merged === null ? null : versionAt(versions, merged.at);
    const trunks = judgedBy(
      version === null ? policy.changes : { source: version.source, reading: readingOf(version) },
    );
    const judged =
      branchPolicy === null || trunks.decision.verdict === 'not_guarded'
        ? trunks
        : strictest(trunks, judgedBy(branchPolicy));
    return { ...judged, facts, policy, branchPolicy };
  }
  throw new CodedError(
    'facts_moved',
    `GitHub named two base branches of ${fullName(repository)}#${number} while it was read, ${TRIES} times: it is judged again in a moment`,
  );
}

/** What was in force at one time or another, newest first, with what has just come by review and isn't recorded yet. */
async function versionsOf(
  { db, now }: Pipeline,
  { id }: RepositoryRef,
  { standing, tip, facts }: PolicyInForce,
): Promise<readonly PolicyVersion[]> {
  const recorded = await policyVersions(db, id);
  const { source, reading } = tip;
  const isNew = standing === 'reviewed' || standing === 'adopted';
  if (!isNew || source.commit === null || reading.kind !== 'valid') return recorded;
  const since = broughtAt(facts) ?? now();
  return [{ source, policy: reading.policy, commit: source.commit, since }, ...recorded];
}

const readingOf = ({ policy }: PolicyVersion): PolicyReading => ({ kind: 'valid', policy });

/** What any of the policies asks about roles. */
export function rolesOf(...readings: readonly (PolicyReading | undefined)[]) {
  const asked = readings.flatMap((reading) =>
    reading?.kind === 'valid' ? [rolesAsked(reading.policy, 'change')] : [],
  );
  const codeOwners = asked.find((each) => each.codeOwners !== undefined)?.codeOwners;
  return {
    teams: [...new Set(asked.flatMap(({ teams }) => teams))].toSorted(),
    permissions: asked.some(({ permissions }) => permissions),
    ...(codeOwners === undefined ? {} : { codeOwners }),
  };
}
