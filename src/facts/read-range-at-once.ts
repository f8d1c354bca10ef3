import type { RepositoryRef } from '../domain/repository.ts';
import { fullName } from '../domain/repository.ts';
import { askGraphql } from './ask-github.ts';
import { type Compared, compareRange } from './compare-range.ts';
import { isRefusal, isTooMuch } from './github-error.ts';
import type { GitHubReader } from './github-reader.ts';
import { PULL_REQUESTS_TOGETHER } from './read-pull-requests.ts';
import { COMMITS_TOGETHER, readCommits } from './read-traced-commits.ts';
import { type TrunkPolicy, trunkPolicyOf } from './read-trunk-policy.ts';
import type { BranchesPage } from './wire-branches.ts';
import { POLICY_VARIABLES } from './wire-policy.ts';
import type { WirePullRequest } from './wire-pull-request.ts';
import type { TracedCommit } from './wire-range.ts';
import { rangeAnswer, rangeQuery } from './wire-range-at-once.ts';

/**
 * Which pull requests our records say that commits came from. As what a commit's message says, it decides nothing: what is named
 * is asked about together with the commits, and GitHub says of each commit where it came from. One that is missing costs a
 * request more, one too many its answer.
 */
export type CameFrom = (shas: readonly string[]) => Promise<readonly number[]>;

export interface AtOnceAsked {
  readonly repository: RepositoryRef;
  /** Where the range starts. */
  readonly base: string;
  /** Where it ends. */
  readonly sha: string;
  readonly cameFrom?: CameFrom;
  /** Whether the default branch's policy is read with it. */
  readonly policy: boolean;
}

/** A range, with what else a deployment needs that GitHub tells in the same answer: all of it as it is at that moment. */
export interface RangeAtOnce {
  readonly base: string;
  readonly sha: string;
  /** Null: one of both commits is not there. */
  readonly compared: Compared | null;
  readonly commits: readonly TracedCommit[];
  /** The first page of the repository's branches; null where it was not told. */
  readonly branches: BranchesPage | null;
  /** Some of the pull requests that the commits came from, and maybe others. */
  readonly pullRequests: readonly WirePullRequest[];
  /** Null where it was not asked for or not told: whoever needs it asks by itself. */
  readonly trunk: TrunkPolicy | null;
}

/** No baseline is no error, and neither is a pull request that isn't there: a commit's message may name anything. */
const MAY_LACK = /^(?:baseline|repository\.p\d+)$/;

/** Reads which commits there are, and then all else in one request. What is too much for one is asked for as ever. */
export async function readRangeAtOnce(github: GitHubReader, asked: AtOnceAsked): Promise<RangeAtOnce> {
  const { repository, base, sha, cameFrom } = asked;
  const compared = await compareRange(github, repository, base, sha);
  const shas = compared?.commits.items ?? [];
  const [first, rest] = [shas.slice(0, COMMITS_TOGETHER), shas.slice(COMMITS_TOGETHER)];
  const recorded = first.length === 0 ? [] : ((await cameFrom?.(shas)) ?? []);
  const likely = [...new Set([...recorded, ...(compared?.named ?? [])])];
  const numbers = likely.slice(0, PULL_REQUESTS_TOGETHER);
  const [told, others] = await Promise.all([
    readTogether(github, asked, { shas: first, numbers }),
    readCommits(github, repository, rest),
  ]);
  return { base, sha, compared, ...told, commits: [...told.commits, ...others] };
}

type Told = Pick<RangeAtOnce, 'commits' | 'branches' | 'pullRequests' | 'trunk'>;

async function readTogether(
  github: GitHubReader,
  { repository, policy }: AtOnceAsked,
  { shas, numbers }: { readonly shas: readonly string[]; readonly numbers: readonly number[] },
): Promise<Told> {
  const { owner, name } = repository;
  const doing = `reading ${shas.length} commits of ${fullName(repository)} and ${numbers.length} pull requests`;
  const variables = {
    owner,
    name,
    ...Object.fromEntries(shas.map((sha, index) => [`o${index}`, sha])),
    ...Object.fromEntries(numbers.map((number, index) => [`n${index}`, number])),
    ...(policy ? POLICY_VARIABLES : {}),
  };
  try {
    const query = rangeQuery({ commits: shas.length, pullRequests: numbers.length, policy });
    const read = await askGraphql(github, query, variables, rangeAnswer, doing, { mayLack: MAY_LACK });
    const commits = shas.flatMap((sha, index) => {
      const commit = read.repository[`c${index}`];
      return isCommit(commit) && commit.commit.sha === sha ? [commit] : [];
    });
    // A repository's name can be another's by now; and what isn't whole is asked for by whoever says what is wrong with it.
    if (read.repository.databaseId === repository.id && commits.length === shas.length) {
      return {
        commits,
        branches: read.repository.refs ?? null,
        pullRequests: numbers.flatMap((number, index) => {
          const pullRequest = read.repository[`p${index}`];
          return isPullRequest(pullRequest) && pullRequest.number === number ? [pullRequest] : [];
        }),
        trunk: policy ? trunkPolicyOf(repository, read) : null,
      };
    }
  } catch (error) {
    if (!isTooMuch(error) && !isRefusal(error)) throw error;
  }
  const commits = await readCommits(github, repository, shas);
  return { commits, branches: null, pullRequests: [], trunk: null };
}

const isCommit = (told: unknown): told is TracedCommit =>
  typeof told === 'object' && told !== null && 'merged' in told;

const isPullRequest = (told: unknown): told is WirePullRequest =>
  typeof told === 'object' && told !== null && 'headRefOid' in told;
