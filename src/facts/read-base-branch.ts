import { z } from 'zod';
import { fullName, type RepositoryRef } from '../domain/repository.ts';
import { askGraphql } from './ask-github.ts';
import { GitHubError } from './github-error.ts';
import type { GitHubReader } from './github-reader.ts';

export const BASE_BRANCH_QUERY = `query BaseBranch($owner: String!, $name: String!, $number: Int!) {
  repository(owner: $owner, name: $name) { databaseId pullRequest(number: $number) { baseRefName } }
}`;

const answer = z.object({
  repository: z
    .object({ databaseId: z.int(), pullRequest: z.object({ baseRefName: z.string() }).nullable() })
    .nullable(),
});

/** The branch that a pull request wants to be merged into: its policy is the one that counts. */
export async function readBaseBranch(
  github: GitHubReader,
  repository: RepositoryRef,
  number: number,
): Promise<string> {
  const { owner, name } = repository;
  const doing = `reading the base branch of ${fullName(repository)}#${number}`;
  const read = await askGraphql(github, BASE_BRANCH_QUERY, { owner, name, number }, answer, doing);
  const pullRequest = read.repository?.databaseId === repository.id ? read.repository.pullRequest : null;
  if (pullRequest !== null) return pullRequest.baseRefName;
  throw new GitHubError(
    'github_refused',
    `GitHub shows no ${fullName(repository)}#${number} while ${doing}: it does not exist, or the App is not installed there`,
    { status: 200, said: 'null' },
  );
}
