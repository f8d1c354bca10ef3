import { z } from 'zod';
import type { MergeGroupFacts, MergeGroupRef } from '../domain/merge-group-facts.ts';
import type { Listed } from '../domain/listed.ts';
import { fullName, type RepositoryRef } from '../domain/repository.ts';
import { askRestPages } from './ask-github.ts';
import { isGitHubStatus } from './github-error.ts';
import type { GitHubReader } from './github-reader.ts';
import { readBranchTip } from './read-branch-tip.ts';
import { sha } from './wire-commit.ts';

/** A group of more than ten thousand commits is incomplete, and holds. */
const PAGES = 100;

const comparisonPage = z.object({
  status: z.enum(['ahead', 'behind', 'identical', 'diverged']),
  total_commits: z.int(),
  commits: z.array(z.object({ sha, parents: z.array(z.object({ sha })) })),
});

export interface GroupLine {
  readonly tip: string;
  readonly status: MergeGroupFacts['status'];
  /** Ids of the first-parent line from the tip to the head, oldest first. */
  readonly line: Listed<string>;
}

/** What the base branch would get, first parents only: what lies beside them came in by a merge among them. */
export async function readGroupLine(
  github: GitHubReader,
  repository: RepositoryRef,
  { baseRef, headSha }: Pick<MergeGroupRef, 'baseRef' | 'headSha'>,
): Promise<GroupLine> {
  const tip = await readBranchTip(github, repository, baseRef);
  const { owner, name } = repository;
  const basehead = `${tip}...${headSha}`;
  const doing = `comparing ${basehead} in ${fullName(repository)}`;
  try {
    const { complete, items: pages } = await askRestPages(
      github,
      'GET /repos/{owner}/{repo}/compare/{basehead}',
      { owner, repo: name, basehead, page: 1 },
      comparisonPage,
      (page) => [page],
      { doing, limit: PAGES },
    );
    const [first] = pages;
    const parents = new Map(
      pages.flatMap(({ commits }) =>
        commits.map((each) => [each.sha, each.parents[0]?.sha ?? null] as const),
      ),
    );
    const line = first?.status === 'ahead' ? firstParents(headSha, parents) : [];
    const all = complete && parents.size === first?.total_commits;
    return { tip, status: first?.status ?? 'unknown', line: { complete: all, items: line } };
  } catch (error) {
    // The group's branch is gone: the queue threw it away while we read.
    if (!isGitHubStatus(error, 404) && !isGitHubStatus(error, 422)) throw error;
    return { tip, status: 'unknown', line: { complete: true, items: [] } };
  }
}

function firstParents(head: string, parents: ReadonlyMap<string, string | null>): readonly string[] {
  const line: string[] = [];
  let at: string | null = head;
  while (at !== null && parents.has(at)) {
    line.unshift(at);
    at = parents.get(at) ?? null;
  }
  return line;
}
