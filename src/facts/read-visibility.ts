import { z } from 'zod';
import { fullName, type RepositoryRef } from '../domain/repository.ts';
import { askGraphql } from './ask-github.ts';
import type { GitHubReader } from './github-reader.ts';

export const VISIBILITY_QUERY = `query Visibility($owner: String!, $name: String!) {
  repository(owner: $owner, name: $name) { databaseId visibility }
}`;

const answer = z.object({
  repository: z.object({ databaseId: z.int(), visibility: z.string() }).nullable(),
});

/** Whether only those who were let in see a repository, as GitHub says now; an internal one is everybody's in the enterprise, so it isn't. */
export async function isPrivate(github: GitHubReader, repository: RepositoryRef): Promise<boolean> {
  const { owner, name } = repository;
  const doing = `reading who sees ${fullName(repository)}`;
  const { repository: read } = await askGraphql(github, VISIBILITY_QUERY, { owner, name }, answer, doing);
  return read?.databaseId === repository.id && read.visibility === 'PRIVATE';
}
