import { fullName, type RepositoryRef } from '../domain/repository.ts';
import { askGraphql, askRest } from './ask-github.ts';
import { GitHubError, isTooMuch } from './github-error.ts';
import type { GitHubReader } from './github-reader.ts';
import { inGroups, inParallel } from './in-parallel.ts';
import { type TracedCommit, commitsAnswer, commitsQuery, pullsOfCommit } from './wire-range.ts';

/** With what is asked of each, 12,000 of the 500,000 nodes that GitHub lets one query name. */
export const COMMITS_TOGETHER = 200;

/** With fewer than this in a query, its failure isn't its size. */
const SPLIT_DOWN_TO = 10;

/** So many commits without a pull request are asked for again; more than that hold anyway. */
const ASKED_AGAIN_AT_MOST = 20;

/** Commits by id, in the order given, each with the merged pull requests that GitHub associates with it. */
export async function readTraced(
  github: GitHubReader,
  repository: RepositoryRef,
  shas: readonly string[],
): Promise<readonly TracedCommit[]> {
  return askAgain(github, repository, await readCommits(github, repository, shas));
}

/** As {@link readTraced}, without asking again about those that no merged pull request is known of yet. */
export async function readCommits(
  github: GitHubReader,
  repository: RepositoryRef,
  shas: readonly string[],
): Promise<readonly TracedCommit[]> {
  const groups = await inParallel(inGroups(shas, COMMITS_TOGETHER), (group) =>
    readGroup(github, repository, group),
  );
  return groups.flat();
}

async function readGroup(
  github: GitHubReader,
  repository: RepositoryRef,
  shas: readonly string[],
): Promise<readonly TracedCommit[]> {
  const { owner, name } = repository;
  const variables = Object.fromEntries(shas.map((sha, index) => [`o${index}`, sha]));
  const doing = `reading ${shas.length} commits of ${fullName(repository)}`;
  try {
    const query = commitsQuery(shas.length);
    const read = await askGraphql(github, query, { owner, name, ...variables }, commitsAnswer, doing);
    return shas.map((sha, index) => {
      const commit = read.repository[`c${index}`];
      if (
        read.repository.databaseId === repository.id &&
        typeof commit === 'object' &&
        commit?.commit.sha === sha
      ) {
        return commit;
      }
      throw new GitHubError('github_refused', `GitHub shows no commit ${sha} while ${doing}`, {
        status: 200,
        said: 'null',
      });
    });
  } catch (error) {
    if (!isTooMuch(error) || shas.length <= SPLIT_DOWN_TO) throw error;
    const halves = inGroups(shas, Math.ceil(shas.length / 2));
    return (await inParallel(halves, (half) => readGroup(github, repository, half))).flat();
  }
}

/**
 * Asks REST about the commits that GraphQL knows no merged pull request of: for a while after a merge it says there is none.
 * The newest are the likeliest to be so.
 */
export async function askAgain(
  github: GitHubReader,
  repository: RepositoryRef,
  commits: readonly TracedCommit[],
): Promise<readonly TracedCommit[]> {
  const { owner, name } = repository;
  const untraced = commits.filter((each) => each.merged.length === 0).slice(-ASKED_AGAIN_AT_MOST);
  const found = await inParallel(untraced, async ({ commit }) => {
    const parameters = { owner, repo: name, commit_sha: commit.sha, per_page: 100 };
    const doing = `reading which pull request ${fullName(repository)}@${commit.sha} came from`;
    const route = 'GET /repos/{owner}/{repo}/commits/{commit_sha}/pulls';
    const pulls = await askRest(github, route, parameters, pullsOfCommit, doing);
    return [commit.sha, pulls.filter((pull) => pull.merged)] as const;
  });
  const bySha = new Map(found);
  return commits.map((each) => ({ ...each, merged: bySha.get(each.commit.sha) ?? each.merged }));
}
