import { z } from 'zod';
import type { BranchFacts } from '../domain/deployment-facts.ts';
import { fullName, type RepositoryRef } from '../domain/repository.ts';
import { askGraphql } from './ask-github.ts';
import { GitHubError } from './github-error.ts';
import type { GitHubReader } from './github-reader.ts';
import { sha } from './wire-commit.ts';

export const DEFAULT_BRANCH_QUERY = `query DefaultBranch($owner: String!, $name: String!) {
  repository(owner: $owner, name: $name) { databaseId defaultBranchRef { name target { oid } } }
}`;

const answer = z.object({
  repository: z
    .object({
      databaseId: z.int(),
      defaultBranchRef: z.object({ name: z.string(), target: z.object({ oid: sha }).nullable() }).nullable(),
    })
    .nullable(),
});

/** A repository's default branch with the commit it is at. */
export async function readDefaultTip(github: GitHubReader, repository: RepositoryRef): Promise<BranchFacts> {
  const { owner, name } = repository;
  const doing = `reading the default branch of ${fullName(repository)}`;
  const read = await askGraphql(github, DEFAULT_BRANCH_QUERY, { owner, name }, answer, doing);
  const branch = read.repository?.databaseId === repository.id ? read.repository.defaultBranchRef : null;
  if (branch === null || branch.target === null) {
    throw new GitHubError(
      'github_refused',
      `GitHub shows no default branch while ${doing}: the repository is empty, gone or renamed, or the App is not installed on it`,
      { status: 200, said: 'null' },
    );
  }
  return { name: branch.name, tip: branch.target.oid };
}
