import { z } from 'zod';
import type { BranchFacts } from '../domain/deployment-facts.ts';
import { type Known, known, unknown } from '../domain/known.ts';
import { fullName, type RepositoryRef } from '../domain/repository.ts';
import { askGraphql, askRest } from './ask-github.ts';
import { isGitHubStatus } from './github-error.ts';
import type { GitHubReader } from './github-reader.ts';
import { inParallel } from './in-parallel.ts';
import { pageInfo } from './wire-check.ts';
import { sha } from './wire-commit.ts';

export const BRANCHES_QUERY = `query Branches($owner: String!, $name: String!, $after: String) {
  repository(owner: $owner, name: $name) {
    refs(refPrefix: "refs/heads/", first: 100, after: $after) {
      pageInfo { hasNextPage endCursor }
      nodes { name target { oid } }
    }
  }
}`;

const ref = z.object({ name: z.string(), target: z.object({ oid: sha }).nullable() });
const branchesAnswer = z.object({
  repository: z.object({ refs: z.object({ pageInfo, nodes: z.array(ref.nullable()).nullish() }).nullable() }),
});
const comparison = z.object({ status: z.string() });

const PAGES = 30;
const COMPARED_AT_MOST = 100;

/** The allowed branches that have the commit in their history (or as their tip). A branch that is gone has nothing. */
export async function readContainingBranches(
  github: GitHubReader,
  repository: RepositoryRef,
  target: string,
  allows: (branch: string) => boolean,
): Promise<Known<readonly BranchFacts[]>> {
  const matching = await readMatching(github, repository, allows);
  if (matching === null) return unknown(`${fullName(repository)} has more than ${PAGES * 100} branches`);
  if (matching.length > COMPARED_AT_MOST) {
    return unknown(
      `more than ${COMPARED_AT_MOST} branches of ${fullName(repository)} match the policy's patterns`,
    );
  }
  const contained = await inParallel(matching, (branch) => isContained(github, repository, target, branch));
  return known(matching.filter((_, index) => contained[index] === true));
}

/** The names of the branches that `matches` takes; null where there are more branches than we read. */
export async function readBranchNames(
  github: GitHubReader,
  repository: RepositoryRef,
  matches: (branch: string) => boolean,
): Promise<readonly string[] | null> {
  return (await readMatching(github, repository, matches))?.map(({ name }) => name) ?? null;
}

async function readMatching(
  github: GitHubReader,
  { owner, name }: RepositoryRef,
  allows: (branch: string) => boolean,
): Promise<readonly BranchFacts[] | null> {
  const doing = `listing the branches of ${owner}/${name}`;
  const found: BranchFacts[] = [];
  let after: string | null = null;
  for (let page = 0; page < PAGES; page += 1) {
    const variables: Readonly<Record<string, string | null>> = { owner, name, after };
    const { repository } = await askGraphql(github, BRANCHES_QUERY, variables, branchesAnswer, doing);
    found.push(...(repository.refs?.nodes ?? []).flatMap(branchOf).filter((branch) => allows(branch.name)));
    if (repository.refs?.pageInfo.hasNextPage !== true) return found;
    after = repository.refs.pageInfo.endCursor;
  }
  return null;
}

function branchOf(wire: z.output<typeof ref> | null): readonly BranchFacts[] {
  return wire === null || wire.target === null ? [] : [{ name: wire.name, tip: wire.target.oid }];
}

async function isContained(
  github: GitHubReader,
  { owner, name }: RepositoryRef,
  target: string,
  branch: BranchFacts,
): Promise<boolean> {
  if (branch.tip === target) return true;
  const parameters = { owner, repo: name, basehead: `${target}...${branch.tip}`, per_page: 1 };
  const doing = `reading whether ${branch.name} of ${owner}/${name} has ${target}`;
  try {
    const route = 'GET /repos/{owner}/{repo}/compare/{basehead}';
    const { status } = await askRest(github, route, parameters, comparison, doing);
    return status === 'ahead' || status === 'identical';
  } catch (error) {
    // No common history, or no such commit: not contained.
    if (isGitHubStatus(error, 404) || isGitHubStatus(error, 422)) return false;
    throw error;
  }
}
