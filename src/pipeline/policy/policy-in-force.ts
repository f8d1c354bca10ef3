import { isDeepStrictEqual } from 'node:util';
import { type BaselineSource, type PolicySource, textsOf } from '../../domain/policy-reading.ts';
import type { PolicyChangeFacts, PolicyTrust } from '../../domain/policy-trust.ts';
import type { RepositoryRef } from '../../domain/repository.ts';
import type { Visibility } from '../../domain/visibility.ts';
import { gatherPolicyChange } from '../../facts/gather-policy-change.ts';
import type { GitHubReader } from '../../facts/github-reader.ts';
import { readTrunkPolicy, type TrunkPolicy } from '../../facts/read-trunk-policy.ts';
import { judgePolicyChange } from '../../policy/judge-policy-change.ts';
import type { PolicyReading } from '../../policy/policy-reading.ts';
import { pathsAsked } from '../../policy/paths-asked.ts';
import { readingOf } from '../../policy/reading-of.ts';
import { rolesAsked } from '../../policy/roles-asked.ts';
import type { Policy } from '../../policy/schema.ts';
import { lastReviewedPolicy, type ReviewedPolicy } from './last-reviewed-policy.ts';
import { recordedAtMerge } from '../change/recorded-at-merge.ts';
import type { Pipeline } from '../pipeline.ts';
import { pushesTo } from '../change/pushes-to.ts';
import { type BranchPolicy, branchPolicyOf } from './branch-policy.ts';

/** The policy of a repository's default branch, and whether what stands there now may judge. */
export interface PolicyInForce {
  /** The default branch. */
  readonly trunk: string;
  readonly visibility: Visibility;
  /** What stands on the default branch now. */
  readonly tip: { readonly source: PolicySource; readonly reading: PolicyReading };
  /** What judges deployments: the tip's, or the last reviewed one where the tip's was changed without review. */
  readonly source: PolicySource;
  readonly reading: PolicyReading;
  /** What judges changes: as above, but the last reviewed one also where the tip's can't be used. So a change can mend it. */
  readonly changes: BranchPolicy;
  readonly standing: 'adopted' | 'reviewed' | 'unchanged' | 'baseline_changed' | 'unreviewed' | 'unusable';
  readonly trust: PolicyTrust;
  /** What the standing of a changed file rests on; null where nothing had to be gathered. */
  readonly facts: PolicyChangeFacts | null;
  /** The last one that could be used and came by review, the tip's included; null: there was none yet. */
  readonly guarding: Policy | null;
  /** The entry of the version that was in force before; null: there was none. */
  readonly before: string | null;
}

/**
 * Reads the default branch's policy and judges, if its text isn't that of the last reviewed version, whether it came by review
 * under that version. The first policy that we see is taken as it is, and so is what follows one that only observes:
 * nothing was guarded until then. Writes nothing; `notePolicy` records it.
 */
export async function policyInForce(
  pipeline: Pick<Pipeline, 'db' | 'now' | 'trees'>,
  github: GitHubReader,
  repository: RepositoryRef,
): Promise<PolicyInForce> {
  // The ledger first: what is read from GitHub afterwards can only be newer.
  const last = await lastReviewedPolicy(pipeline.db, repository.id);
  const read = await readTrunkPolicy(github, repository);
  return standingPolicy(pipeline, github, repository, { last, read });
}

/** As {@link policyInForce}, of what was `read` after the `last` one was looked up. */
export async function standingPolicy(
  pipeline: Pick<Pipeline, 'db' | 'now' | 'trees'>,
  github: GitHubReader,
  repository: RepositoryRef,
  { last, read }: { readonly last: ReviewedPolicy | null; readonly read: TrunkPolicy },
): Promise<PolicyInForce> {
  const { trunk, visibility } = read;
  const tip = withSeenBaseline(branchPolicyOf(read.source), last);
  const { source, reading } = tip;
  const before = last?.entryId ?? null;
  const common = {
    trunk,
    visibility,
    tip,
    source,
    reading,
    changes: tip,
    before,
    trust: { trusted: true },
    facts: null,
  } as const;
  const lasting = last === null ? null : lastingUnder(last, source.baseline);
  if (reading.kind !== 'valid' || source.commit === null) {
    return { ...common, changes: lasting ?? tip, standing: 'unusable', guarding: last?.policy ?? null };
  }
  if (last !== null && source.text === last.source.text) {
    const same = isDeepStrictEqual(textsOf(source), textsOf(last.source));
    return { ...common, standing: same ? 'unchanged' : 'baseline_changed', guarding: reading.policy };
  }
  if (last === null || last.policy.mode === 'observe') {
    return { ...common, standing: 'adopted', guarding: reading.policy };
  }
  const facts = await gatherPolicyChange(github, {
    repository,
    branch: trunk,
    tip: source.commit,
    since: last.source.commit,
    pushesOf: (number) => pushesTo(pipeline.db, repository, number),
    trees: pipeline.trees(repository),
    atMerge: (number, sha) => recordedAtMerge(pipeline.db, repository.id, { number, sha }),
    roles: rolesAsked(last.policy, 'change'),
    paths: pathsAsked(last.policy),
    now: pipeline.now(),
  });
  const trust = judgePolicyChange(last.policy, facts);
  if (trust.trusted) return { ...common, facts, standing: 'reviewed', guarding: reading.policy };
  return {
    trunk,
    visibility,
    tip,
    ...(lasting ?? tip),
    changes: lasting ?? tip,
    standing: 'unreviewed',
    trust,
    facts,
    guarding: last.policy,
    before,
  };
}

/**
 * GitHub doesn't tell a repository that we may not see from one that isn't there. Where a baseline was seen before, it is
 * taken as hidden: whoever takes the App off that repository must not loosen every other one by it.
 */
function withSeenBaseline(tip: BranchPolicy, last: ReviewedPolicy | null): BranchPolicy {
  const { baseline } = tip.source;
  const seen = last?.source.baseline;
  if (seen === undefined || baseline === undefined || baseline.ref !== null) return tip;
  if (seen.text === null && seen.unreadable === undefined) return tip;
  const unreadable = `${seen.path} held for this repository, and GitHub shows us that repository no more: install the App on it again, or make it anew without the file`;
  const source = { ...tip.source, baseline: { ...baseline, unreadable } };
  return { source, reading: readingOf(source) };
}

/** The last reviewed version under the baseline of now; under its own where that of now can't be used. */
function lastingUnder(last: ReviewedPolicy, baseline: BaselineSource | undefined): BranchPolicy {
  const { baseline: _, ...own } = last.source;
  const source = baseline === undefined ? own : { ...own, baseline };
  const reading = readingOf(source);
  if (reading.kind === 'valid') return { source, reading };
  return { source: last.source, reading: { kind: 'valid', policy: last.policy } };
}
