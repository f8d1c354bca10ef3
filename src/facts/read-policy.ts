import { z } from 'zod';
import { CodedError } from '../domain/coded-error.ts';
import type { PolicySource } from '../domain/policy-reading.ts';
import { fullName, type RepositoryRef } from '../domain/repository.ts';
import { askGraphql } from './ask-github.ts';
import { GitHubError } from './github-error.ts';
import type { GitHubReader } from './github-reader.ts';
import { sha } from './wire-commit.ts';

/** Where a repository's policy is. */
export const POLICY_PATH = '.github/countersign.yml';

/** A policy is a page or two; what is larger is a mistake, or meant to exhaust the parser. */
export const POLICY_BYTES_AT_MOST = 262_144;

export const POLICY_QUERY = `query Policy($owner: String!, $name: String!, $ref: String!, $path: String!) {
  repository(owner: $owner, name: $name) {
    databaseId
    ref(qualifiedName: $ref) {
      target {
        oid
        ... on Commit { file(path: $path) { mode type object { ... on Blob { byteSize isBinary isTruncated text } } } }
      }
    }
  }
}`;

const answer = z.object({
  repository: z
    .object({
      databaseId: z.int(),
      ref: z
        .object({
          target: z
            .object({
              oid: sha,
              file: z
                .object({
                  mode: z.int(),
                  type: z.string(),
                  object: z
                    .object({
                      byteSize: z.int().optional(),
                      isBinary: z.boolean().nullish(),
                      isTruncated: z.boolean().optional(),
                      text: z.string().nullish(),
                    })
                    .nullable(),
                })
                .nullish(),
            })
            .nullable(),
        })
        .nullable(),
    })
    .nullable(),
});

/**
 * The policy on a trusted branch, with the commit that it was read from, in one request so that both are of one moment.
 * `ref` is spelled out: a tag that is named like the branch must not be taken for it. A file that can't be a policy (too
 * large, binary, a link) throws `policy_unreadable`; no file, or no such branch, is `text: null`.
 */
export async function readPolicy(
  github: GitHubReader,
  repository: RepositoryRef,
  branch: string,
): Promise<PolicySource> {
  const { owner, name } = repository;
  const ref = `refs/heads/${branch}`;
  const doing = `reading ${POLICY_PATH} on ${owner}/${name}'s ${branch}`;
  const read = await askGraphql(github, POLICY_QUERY, { owner, name, ref, path: POLICY_PATH }, answer, doing);
  if (read.repository === null || read.repository.databaseId !== repository.id) {
    throw new GitHubError(
      'github_refused',
      `GitHub shows no repository ${owner}/${name} while ${doing}: it is gone or renamed, or the App is not installed on it`,
      { status: 200, said: 'null' },
    );
  }
  const target = read.repository.ref?.target ?? null;
  const file = target?.file ?? null;
  const source = { path: POLICY_PATH, ref, commit: target?.oid ?? null };
  if (file === null) return { ...source, text: null };
  return { ...source, text: textOf(file, `${fullName(repository)}: ${POLICY_PATH} on ${branch}`) };
}

const REGULAR_FILES = new Set([0o100644, 0o100755]);

type WireFile = NonNullable<
  NonNullable<NonNullable<NonNullable<z.output<typeof answer>['repository']>['ref']>['target']>['file']
>;

function textOf({ mode, type, object }: WireFile, what: string): string {
  if (type !== 'blob' || !REGULAR_FILES.has(mode) || object === null) {
    throw unreadable(`${what} is not an ordinary file: replace it by one`);
  }
  const size = object.byteSize ?? Number.POSITIVE_INFINITY;
  if (size > POLICY_BYTES_AT_MOST || object.isTruncated !== false) {
    throw unreadable(`${what} is larger than ${POLICY_BYTES_AT_MOST / 1024} KiB: shorten it`);
  }
  if (object.isBinary !== false || typeof object.text !== 'string') {
    throw unreadable(`${what} is binary: save it as UTF-8 text`);
  }
  return object.text;
}

function unreadable(message: string): CodedError<'policy_unreadable'> {
  return new CodedError('policy_unreadable', message);
}
