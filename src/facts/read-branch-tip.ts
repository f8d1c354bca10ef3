import { z } from 'zod';
import { fullName, type RepositoryRef } from '../domain/repository.ts';
import { askRest } from './ask-github.ts';
import type { GitHubReader } from './github-reader.ts';
import { sha } from './wire-commit.ts';

const branchAnswer = z.object({ commit: z.object({ sha }) });

/** The commit that a branch is at. Throws `GitHubError` where there is no such branch. */
export async function readBranchTip(
  github: GitHubReader,
  repository: RepositoryRef,
  branch: string,
): Promise<string> {
  const { owner, name } = repository;
  const doing = `reading where ${branch} of ${fullName(repository)} is`;
  const route = 'GET /repos/{owner}/{repo}/branches/{branch}';
  return (await askRest(github, route, { owner, repo: name, branch }, branchAnswer, doing)).commit.sha;
}
