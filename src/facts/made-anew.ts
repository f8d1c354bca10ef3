import type { ChangeFacts } from '../domain/change-facts.ts';
import type { Known } from '../domain/known.ts';
import type { BaseMergeFacts, LandingFacts } from '../domain/landing-facts.ts';
import type { RepositoryRef } from '../domain/repository.ts';
import type { GitHubReader } from './github-reader.ts';
import { makeLandingAnew } from './make-landing-anew.ts';
import { readBaseMerges } from './read-base-merges.ts';
import type { PullRequestReading } from './read-pull-requests.ts';
import type { TreeReader } from './tree-reader.ts';

/** What we make anew of a pull request, to compare it with what GitHub has. */
export interface MadeAnew {
  readonly baseMerges: readonly BaseMergeFacts[];
  /** Null: there is nothing to compare. */
  readonly landing: Known<LandingFacts> | null;
}

/** The updates since an approval, and what was left by the merge. */
export async function makeAnew(
  github: GitHubReader,
  repository: RepositoryRef,
  reading: PullRequestReading,
  trees: TreeReader,
): Promise<MadeAnew> {
  const baseMerges = await readBaseMerges(github, repository, reading, trees);
  return { baseMerges, landing: await makeLandingAnew(github, repository, reading, trees) };
}

/** A reading with what was made anew of it. */
export function withMadeAnew<Reading extends PullRequestReading>(
  reading: Reading,
  { baseMerges, landing }: MadeAnew,
): Reading & Pick<ChangeFacts, 'baseMerges'> {
  const { pullRequest } = reading;
  const { merged } = pullRequest;
  const landed =
    merged === null || landing === null ? pullRequest : { ...pullRequest, merged: { ...merged, landing } };
  return { ...reading, pullRequest: landed, ...(baseMerges.length === 0 ? {} : { baseMerges }) };
}
