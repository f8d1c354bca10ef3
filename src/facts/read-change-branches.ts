import { z } from 'zod';
import { fullName, type RepositoryRef } from '../domain/repository.ts';
import { askGraphql } from './ask-github.ts';
import { GitHubError } from './github-error.ts';
import type { GitHubReader } from './github-reader.ts';

export const CHANGE_BRANCHES_QUERY = `query ChangeBranches($owner: String!, $name: String!, $number: Int!) {
  repository(owner: $owner, name: $name) {
    databaseId
    defaultBranchRef { name }
    pullRequest(number: $number) { baseRefName }
  }
}`;

const answer = z.object({
  repository: z
    .object({
      databaseId: z.int(),
      defaultBranchRef: z.object({ name: z.string() }).nullable(),
      pullRequest: z.object({ baseRefName: z.string() }).nullable(),
    })
    .nullable(),
});

/** The branches whose policies a change is judged by. */
export interface ChangeBranches {
  /** The one that the pull request wants to be merged into. */
  readonly base: string;
  /** The repository's default branch: its policy says which branches are guarded. */
  readonly trunk: string;
}

/** The branch that a pull request wants to be merged into, and the repository's default branch. */
export async function readChangeBranches(
  github: GitHubReader,
  repository: RepositoryRef,
  number: number,
): Promise<ChangeBranches> {
  const { owner, name } = repository;
  const doing = `reading the base branch of ${fullName(repository)}#${number}`;
  const read = await askGraphql(github, CHANGE_BRANCHES_QUERY, { owner, name, number }, answer, doing);
  const found = read.repository?.databaseId === repository.id ? read.repository : null;
  const base = found?.pullRequest?.baseRefName;
  const trunk = found?.defaultBranchRef?.name;
  if (base !== undefined && trunk !== undefined) return { base, trunk };
  throw new GitHubError(
    'github_refused',
    `GitHub shows no ${fullName(repository)}#${number} while ${doing}: it does not exist, or the App is not installed there`,
    { status: 200, said: 'null' },
  );
}
