import { z } from 'zod';
import type { CheckFacts, CommitFacts, ReviewFacts } from '../domain/change-facts.ts';
import type { Listed } from '../domain/listed.ts';
import type { RepositoryRef } from '../domain/repository.ts';
import { askGraphql, askRest } from './ask-github.ts';
import type { GitHubReader } from './github-reader.ts';
import { PAGES, readConnection } from './read-connection.ts';
import { type WireCheck, checksOf } from './wire-check.ts';
import {
  CHECKS_OF_COMMIT,
  MORE_COMMITS,
  MORE_REVIEWS,
  type WirePullRequest,
  checksOfCommitAnswer,
  moreCommitsAnswer,
  moreReviewsAnswer,
} from './wire-pull-request.ts';

/** From so many commits on, GitHub's lists of a pull request's commits are known to end early without saying so. */
const DOUBTED_FROM = 250;

/** All commits of a pull request; null where its head moved meanwhile. */
export async function readAllCommits(
  github: GitHubReader,
  repository: RepositoryRef,
  wire: WirePullRequest,
): Promise<Listed<CommitFacts> | null> {
  const variables = { owner: repository.owner, name: repository.name, number: wire.number };
  const all = await readConnection(wire.commits, async (after) => {
    const doing = `reading the commits of ${repository.owner}/${repository.name}#${wire.number}`;
    const answer = await askGraphql(github, MORE_COMMITS, { ...variables, after }, moreCommitsAnswer, doing);
    const { headRefOid, commits } = answer.repository.pullRequest;
    return headRefOid === wire.headRefOid ? commits : null;
  });
  if (all === null) return null;
  const items = all.items.map(({ commit }) => commit);
  if (!all.complete || items.length < DOUBTED_FROM) return { complete: all.complete, items };
  return { complete: items.length === (await countBetween(github, repository, wire)), items };
}

/** All reviews of a pull request; null where its head moved meanwhile. */
export async function readAllReviews(
  github: GitHubReader,
  repository: RepositoryRef,
  wire: WirePullRequest,
): Promise<Listed<ReviewFacts> | null> {
  const variables = { owner: repository.owner, name: repository.name, number: wire.number };
  return readConnection(wire.reviews, async (after) => {
    const doing = `reading the reviews of ${repository.owner}/${repository.name}#${wire.number}`;
    const answer = await askGraphql(github, MORE_REVIEWS, { ...variables, after }, moreReviewsAnswer, doing);
    const { headRefOid, reviews } = answer.repository.pullRequest;
    return headRefOid === wire.headRefOid ? reviews : null;
  });
}

/** Everything that was reported on a commit. */
export async function readChecksOn(
  github: GitHubReader,
  repository: RepositoryRef,
  sha: string,
): Promise<Listed<CheckFacts>> {
  return readChecks(github, repository, { headRefOid: sha, head: { nodes: [] } });
}

/** Everything that was reported on the head commit, whatever page it is on. */
export async function readChecks(
  github: GitHubReader,
  { owner, name }: RepositoryRef,
  wire: Pick<WirePullRequest, 'headRefOid' | 'head'>,
): Promise<Listed<CheckFacts>> {
  const oid = wire.headRefOid;
  const readChecksPage = async (variables: Readonly<Record<string, string | null>>) => {
    const doing = `reading the checks on ${owner}/${name}@${oid}`;
    return (await askGraphql(github, CHECKS_OF_COMMIT, variables, checksOfCommitAnswer, doing)).repository;
  };
  const reports: WireCheck[] = [];
  const last = wire.head.nodes?.[0]?.commit;
  let page = last?.oid === oid ? (last.statusCheckRollup?.contexts ?? null) : undefined;
  let after: string | null = null;
  for (let count = 1; count <= PAGES; count += 1) {
    if (page === undefined) {
      const { object } = await readChecksPage({ owner, name, oid, after });
      if (object === null) return { complete: false, items: checksOf(reports) };
      page = object.statusCheckRollup?.contexts ?? null;
    }
    reports.push(...(page?.nodes ?? []).filter((report) => report !== null));
    if (page?.pageInfo.hasNextPage !== true) return { complete: true, items: checksOf(reports) };
    after = page.pageInfo.endCursor;
    page = undefined;
  }
  return { complete: false, items: checksOf(reports) };
}

const comparison = z.object({ total_commits: z.int() });

/** How many commits git itself has between base and head. */
async function countBetween(
  github: GitHubReader,
  { owner, name }: RepositoryRef,
  wire: WirePullRequest,
): Promise<number> {
  const parameters = { owner, repo: name, basehead: `${wire.baseRefOid}...${wire.headRefOid}`, per_page: 1 };
  const doing = `counting the commits of ${owner}/${name}#${wire.number}`;
  const route = 'GET /repos/{owner}/{repo}/compare/{basehead}';
  return (await askRest(github, route, parameters, comparison, doing)).total_commits;
}
