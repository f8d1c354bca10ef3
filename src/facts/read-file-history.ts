import { z } from 'zod';
import { fullName, type RepositoryRef } from '../domain/repository.ts';
import { askGraphql } from './ask-github.ts';
import { GitHubError } from './github-error.ts';
import type { GitHubReader } from './github-reader.ts';
import { sha } from './wire-commit.ts';

/** A file that changed more often than this since it was last reviewed is not followed: it holds. */
const FOLLOWED_AT_MOST = 100;

export const FILE_HISTORY_QUERY = `query FileHistory($owner: String!, $name: String!, $tip: GitObjectID!, $since: GitObjectID!, $path: String!) {
  repository(owner: $owner, name: $name) {
    databaseId
    tip: object(oid: $tip) { ... on Commit { history(first: ${FOLLOWED_AT_MOST}, path: $path) { nodes { oid file(path: $path) { oid } } } } }
    since: object(oid: $since) { ... on Commit { file(path: $path) { oid } } }
  }
}`;

const file = z.object({ oid: sha }).nullish();

const answer = z.object({
  repository: z
    .object({
      databaseId: z.int(),
      tip: z
        .object({
          history: z.object({ nodes: z.array(z.object({ oid: sha, file }).nullable()).nullish() }).optional(),
        })
        .nullable(),
      since: z.object({ file }).nullable(),
    })
    .nullable(),
});

export interface FileHistory {
  /** The history at `tip` leads back to a commit where the file was what it was at `since`. */
  readonly connected: boolean;
  /** Commits that changed the file after that, newest first. */
  readonly touching: readonly string[];
}

/**
 * Which commits changed a file between two commits, as `git log -- PATH` has it: where a merge took one side's file as it
 * was, only that side is followed. Putting back the version before `since` therefore doesn't pass for that version.
 */
export async function readFileHistory(
  github: GitHubReader,
  repository: RepositoryRef,
  { path, since, tip }: { readonly path: string; readonly since: string; readonly tip: string },
): Promise<FileHistory> {
  const { owner, name } = repository;
  const doing = `reading the history of ${path} in ${fullName(repository)}`;
  const read = await askGraphql(github, FILE_HISTORY_QUERY, { owner, name, path, since, tip }, answer, doing);
  if (read.repository === null || read.repository.databaseId !== repository.id) {
    throw new GitHubError('github_refused', `GitHub shows no such repository while ${doing}`, {
      status: 200,
      said: 'null',
    });
  }
  const { tip: end, since: start } = read.repository;
  const touching = (end?.history?.nodes ?? []).flatMap((node) => node ?? []);
  const origin = start?.file?.oid;
  const reached = origin === undefined ? -1 : touching.findIndex((commit) => commit.file?.oid === origin);
  const oids = touching.map(({ oid }) => oid);
  return reached === -1
    ? { connected: false, touching: oids }
    : { connected: true, touching: oids.slice(0, reached) };
}
