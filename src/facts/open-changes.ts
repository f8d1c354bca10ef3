import { z } from 'zod';
import { fullName, type RepositoryRef } from '../domain/repository.ts';
import { askGraphql } from './ask-github.ts';
import { GitHubError } from './github-error.ts';
import type { GitHubReader } from './github-reader.ts';
import { pageInfo } from './wire-check.ts';

export const OPEN_CHANGES_QUERY = `query OpenChanges($owner: String!, $name: String!, $branch: String, $after: String) {
  repository(owner: $owner, name: $name) {
    pullRequests(states: [OPEN], baseRefName: $branch, first: 100, after: $after) {
      pageInfo { hasNextPage endCursor }
      nodes { number }
    }
  }
}`;

export const CHANGES_OF_COMMIT_QUERY = `query ChangesOfCommit($owner: String!, $name: String!, $oid: GitObjectID!) {
  repository(owner: $owner, name: $name) {
    object(oid: $oid) {
      ... on Commit { associatedPullRequests(first: 100) { nodes { number state baseRefName baseRepository { databaseId } } } }
    }
  }
}`;

const openAnswer = z.object({
  repository: z.object({
    pullRequests: z.object({ pageInfo, nodes: z.array(z.object({ number: z.int() }).nullable()).nullish() }),
  }),
});

const ofCommitAnswer = z.object({
  repository: z.object({
    object: z
      .object({
        associatedPullRequests: z
          .object({
            nodes: z
              .array(
                z
                  .object({
                    number: z.int(),
                    state: z.string(),
                    baseRefName: z.string(),
                    baseRepository: z.object({ databaseId: z.int() }).nullable(),
                  })
                  .nullable(),
              )
              .nullish(),
          })
          .nullish(),
      })
      .nullable(),
  }),
});

const PAGES = 100;

/** Numbers of the open pull requests into `branch`, or into any; only those that have the commit `sha`, where one is given. */
export async function openChanges(
  github: GitHubReader,
  repository: RepositoryRef,
  { branch, sha }: { readonly branch: string | null; readonly sha: string | null },
): Promise<readonly number[]> {
  return sha === null ? openInto(github, repository, branch) : openWith(github, repository, branch, sha);
}

async function openInto(
  github: GitHubReader,
  repository: RepositoryRef,
  branch: string | null,
): Promise<readonly number[]> {
  const { owner, name } = repository;
  const doing = `listing the open pull requests of ${fullName(repository)}`;
  const numbers: number[] = [];
  let after: string | null = null;
  for (let page = 0; page < PAGES; page += 1) {
    const variables: Readonly<Record<string, string | null>> = { owner, name, branch, after };
    const read = await askGraphql(github, OPEN_CHANGES_QUERY, variables, openAnswer, doing);
    const { pullRequests } = read.repository;
    numbers.push(...(pullRequests.nodes ?? []).flatMap((node) => node?.number ?? []));
    if (!pullRequests.pageInfo.hasNextPage) return numbers;
    after = pullRequests.pageInfo.endCursor;
  }
  const message = `${fullName(repository)} has more than ${PAGES * 100} open pull requests: close some`;
  throw new GitHubError('github_unreadable', message, { status: 200, said: '' });
}

async function openWith(
  github: GitHubReader,
  repository: RepositoryRef,
  branch: string | null,
  oid: string,
): Promise<readonly number[]> {
  const { owner, name } = repository;
  const doing = `reading which open pull requests of ${fullName(repository)} have ${oid}`;
  const read = await askGraphql(github, CHANGES_OF_COMMIT_QUERY, { owner, name, oid }, ofCommitAnswer, doing);
  return (read.repository.object?.associatedPullRequests?.nodes ?? []).flatMap((node) =>
    node !== null &&
    node.state === 'OPEN' &&
    node.baseRepository?.databaseId === repository.id &&
    (branch === null || node.baseRefName === branch)
      ? node.number
      : [],
  );
}
