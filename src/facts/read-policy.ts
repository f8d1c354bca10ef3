import { z } from 'zod';
import { CodedError } from '../domain/coded-error.ts';
import type { BaselineSource, PolicySource } from '../domain/policy-reading.ts';
import { fullName, type RepositoryRef } from '../domain/repository.ts';
import { askGraphql } from './ask-github.ts';
import { GitHubError } from './github-error.ts';
import type { GitHubReader } from './github-reader.ts';
import { POLICY_FILE_FIELDS, policyFile, textOfPolicyFile } from './wire-policy-file.ts';
import { sha } from './wire-commit.ts';

/** Where a repository's policy is. */
export const POLICY_PATH = '.github/countersign.yml';

/** The repository of an account in which the baseline for all of its repositories is, and where it is there. */
export const BASELINE_REPOSITORY = '.github';
export const BASELINE_PATH = 'countersign.yml';

export const POLICY_QUERY = `query Policy($owner: String!, $name: String!, $ref: String!, $path: String!, $shared: String!, $baseline: String!) {
  repository(owner: $owner, name: $name) {
    databaseId
    ref(qualifiedName: $ref) {
      target {
        oid
        ... on Commit { file(path: $path) { ${POLICY_FILE_FIELDS} } }
      }
    }
  }
  baseline: repository(owner: $owner, name: $shared) {
    defaultBranchRef {
      name
      target {
        oid
        ... on Commit { file(path: $baseline) { ${POLICY_FILE_FIELDS} } }
      }
    }
  }
}`;

const target = z.object({ oid: sha, file: policyFile.nullish() }).nullable();

const answer = z.object({
  repository: z
    .object({
      databaseId: z.int(),
      ref: z
        .object({
          target,
        })
        .nullable(),
    })
    .nullable(),
  baseline: z.object({ defaultBranchRef: z.object({ name: z.string(), target }).nullable() }).nullable(),
});

/**
 * The policy on a trusted branch, with the commit that it was read from, and the baseline of the repository's owner, in one
 * request so that all is of one moment. `ref` is spelled out: a tag that is named like the branch must not be taken for it. A
 * file that can't be a policy (too large, binary, a link) throws `policy_unreadable`; no file, or no such branch, is `text: null`.
 */
export async function readPolicy(
  github: GitHubReader,
  repository: RepositoryRef,
  branch: string,
): Promise<PolicySource> {
  const { owner, name } = repository;
  const ref = `refs/heads/${branch}`;
  const doing = `reading ${POLICY_PATH} on ${owner}/${name}'s ${branch}`;
  const variables = {
    owner,
    name,
    ref,
    path: POLICY_PATH,
    shared: BASELINE_REPOSITORY,
    baseline: BASELINE_PATH,
  };
  const read = await askGraphql(github, POLICY_QUERY, variables, answer, doing, { mayLack: 'baseline' });
  if (read.repository === null || read.repository.databaseId !== repository.id) {
    throw new GitHubError(
      'github_refused',
      `GitHub shows no repository ${owner}/${name} while ${doing}: it is gone or renamed, or the App is not installed on it`,
      { status: 200, said: 'null' },
    );
  }
  const found = read.repository.ref?.target ?? null;
  const file = found?.file ?? null;
  const baseline = baselineOf(owner, read.baseline);
  const source = { path: POLICY_PATH, ref, commit: found?.oid ?? null, baseline };
  if (file === null) return { ...source, text: null };
  return { ...source, text: textOfPolicyFile(file, `${fullName(repository)}: ${POLICY_PATH} on ${branch}`) };
}

function baselineOf(owner: string, repository: z.output<typeof answer>['baseline']): BaselineSource {
  const path = `${owner}/${BASELINE_REPOSITORY}: ${BASELINE_PATH}`;
  const branch = repository?.defaultBranchRef ?? null;
  const source = { path, ref: branch?.name ?? null, commit: branch?.target?.oid ?? null };
  const file = branch?.target?.file ?? null;
  if (file === null) return { ...source, text: null };
  try {
    return { ...source, text: textOfPolicyFile(file, path) };
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    return { ...source, text: null, unreadable: error.message };
  }
}
