import { z } from 'zod';
import { fullName, type RepositoryRef } from '../domain/repository.ts';
import { askGraphql } from './ask-github.ts';
import { isRefusal } from './github-error.ts';
import type { GitHubReader } from './github-reader.ts';
import { sha } from './wire-commit.ts';

/** GitHub's merge queue of a branch: each entry with the commit that the queue made of its pull request. */
export const QUEUE_ENTRIES_QUERY = `query QueueEntries($owner: String!, $name: String!, $branch: String!) {
  repository(owner: $owner, name: $name) {
    databaseId
    mergeQueue(branch: $branch) {
      entries(first: 100) { nodes { headCommit { oid } pullRequest { number } } }
    }
  }
}`;

const entry = z.object({
  headCommit: z.object({ oid: sha }).nullable(),
  pullRequest: z.object({ number: z.int() }).nullable(),
});

const answer = z.object({
  repository: z
    .object({
      databaseId: z.int(),
      mergeQueue: z
        .object({ entries: z.object({ nodes: z.array(entry.nullable()).nullish() }).nullable() })
        .nullable(),
    })
    .nullable(),
});

/** A commit of the queue, and the pull request that it ends. */
export interface QueuedCommit {
  readonly sha: string;
  readonly pullRequest: number;
}

/**
 * Which pull request each of the queue's commits ends, as GitHub has it now. Empty where there is no queue, or where GitHub
 * doesn't show it to us: then only what its webhooks named is known.
 */
export async function readQueueEntries(
  github: GitHubReader,
  repository: RepositoryRef,
  branch: string,
): Promise<readonly QueuedCommit[]> {
  const { id, owner, name } = repository;
  const doing = `reading the merge queue of ${fullName(repository)}'s ${branch}`;
  try {
    const read = await askGraphql(github, QUEUE_ENTRIES_QUERY, { owner, name, branch }, answer, doing);
    const queue = read.repository?.databaseId === id ? read.repository.mergeQueue : null;
    return (queue?.entries?.nodes ?? []).flatMap((each) =>
      each?.headCommit && each.pullRequest
        ? [{ sha: each.headCommit.oid, pullRequest: each.pullRequest.number }]
        : [],
    );
  } catch (error) {
    if (isRefusal(error)) return [];
    throw error;
  }
}
