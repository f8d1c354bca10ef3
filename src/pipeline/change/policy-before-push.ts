import type { RepositoryRef } from '../../domain/repository.ts';
import { compareCommits } from '../../facts/compare-commits.ts';
import type { GitHubReader } from '../../facts/github-reader.ts';
import { type PolicyVersion, versionAt } from '../../policy/version-at.ts';
import { policyVersions } from '../policy/last-reviewed-policy.ts';
import type { Pipeline } from '../pipeline.ts';

export interface PushedTo {
  readonly branch: string;
  /** The default branch. */
  readonly trunk: string;
  /** Where the branch was. */
  readonly before: string;
  readonly delivery: string | null;
}

/**
 * The version of the policy that was in force when a push came: what the push itself made of it asks nothing of its own
 * commits, and neither does what came after it, however late we look. On the default branch history tells which one that
 * is; on another branch the moment does at which we were told. Null: none was ever in force.
 */
export async function policyBeforePush(
  pipeline: Pick<Pipeline, 'db' | 'now'>,
  github: GitHubReader,
  repository: RepositoryRef,
  push: PushedTo,
): Promise<PolicyVersion | null> {
  const versions = await policyVersions(pipeline.db, repository.id);
  if (push.branch !== push.trunk) return versionAt(versions, await toldAt(pipeline, push.delivery));
  for (const version of versions) {
    const { commit } = version;
    const relation = await compareCommits(github, repository, { from: commit, to: push.before });
    // Only what surely came with this push or after it is passed over: nobody gets an older policy by rewriting the branch.
    if (relation !== 'behind') return version;
  }
  return versions.at(-1) ?? null;
}

async function toldAt({ db, now }: Pick<Pipeline, 'db' | 'now'>, delivery: string | null): Promise<string> {
  if (delivery === null) return now();
  const told = await db
    .selectFrom('countersign.delivery')
    .select('received_at')
    .where('guid', '=', delivery)
    .executeTakeFirst();
  return told?.received_at.toISOString() ?? now();
}
