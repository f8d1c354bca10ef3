import { z } from 'zod';
import type { BranchFacts } from '../domain/deployment-facts.ts';
import { type Known, known, unknown } from '../domain/known.ts';
import { fullName, type RepositoryRef } from '../domain/repository.ts';
import { askGraphql, askRest } from './ask-github.ts';
import { isGitHubStatus } from './github-error.ts';
import type { GitHubReader } from './github-reader.ts';
import { inParallel } from './in-parallel.ts';
import { type BranchesPage, branchesField, branchesPage } from './wire-branches.ts';

export const BRANCHES_QUERY = `query Branches($owner: String!, $name: String!, $after: String) {
  repository(owner: $owner, name: $name) {
    ${branchesField('$after')}
  }
}`;

const branchesAnswer = z.object({ repository: z.object({ refs: branchesPage }) });
const comparison = z.object({ status: z.string() });

const PAGES = 30;
const COMPARED_AT_MOST = 100;

/**
 * The allowed branches that have the commit in their history (or as their tip). A branch that is gone has nothing. `read`: the
 * first page of them, where it came with something else.
 */
export async function readContainingBranches(
  github: GitHubReader,
  repository: RepositoryRef,
  target: string,
  { allows, read }: { readonly allows: (branch: string) => boolean; readonly read: BranchesPage | null },
): Promise<Known<readonly BranchFacts[]>> {
  const matching = await readMatching(github, repository, allows, read);
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
  read: BranchesPage | null = null,
): Promise<readonly BranchFacts[] | null> {
  const doing = `listing the branches of ${owner}/${name}`;
  const found: BranchFacts[] = [];
  let page = read;
  for (let count = 0; count < PAGES; count += 1) {
    const variables = { owner, name, after: page?.after ?? null };
    if (count > 0 || page === null)
      page = (await askGraphql(github, BRANCHES_QUERY, variables, branchesAnswer, doing)).repository.refs;
    found.push(...(page?.items ?? []).filter((branch) => allows(branch.name)));
    if (page?.more !== true) return found;
  }
  return null;
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
