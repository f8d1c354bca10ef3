import { z } from 'zod';
import type { PolicySource } from '../domain/policy-reading.ts';
import { fullName, type RepositoryRef } from '../domain/repository.ts';
import { askGraphql } from './ask-github.ts';
import { GitHubError } from './github-error.ts';
import type { GitHubReader } from './github-reader.ts';
import { POLICY_PATH } from './wire-policy.ts';
import { sha } from './wire-commit.ts';
import { POLICY_FILE_FIELDS, policyFile, textOfPolicyFile } from './wire-policy-file.ts';

export const POLICY_AT_QUERY = `query PolicyAt($owner: String!, $name: String!, $commit: GitObjectID!, $path: String!) {
  repository(owner: $owner, name: $name) {
    databaseId
    object(oid: $commit) { ... on Commit { oid file(path: $path) { ${POLICY_FILE_FIELDS} } } }
  }
}`;

const answer = z.object({
  repository: z
    .object({
      databaseId: z.int(),
      object: z.object({ oid: sha, file: policyFile.nullable() }).nullable(),
    })
    .nullable(),
});

/**
 * The policy's file in one commit, to be looked at and never to be judged by: whoever can push a branch can write one there.
 * A file that can't be a policy throws `policy_unreadable`.
 */
export async function readPolicyAt(
  github: GitHubReader,
  repository: RepositoryRef,
  commit: string,
): Promise<PolicySource> {
  const { owner, name } = repository;
  const doing = `reading ${POLICY_PATH} at ${commit} of ${fullName(repository)}`;
  const variables = { owner, name, commit, path: POLICY_PATH };
  const read = await askGraphql(github, POLICY_AT_QUERY, variables, answer, doing);
  const found = read.repository?.databaseId === repository.id ? read.repository.object : null;
  if (found?.oid !== commit) {
    const message = `GitHub shows no commit ${commit} while ${doing}`;
    throw new GitHubError('github_refused', message, { status: 200, said: 'null' });
  }
  const text = found.file === null ? null : textOfPolicyFile(found.file, `${POLICY_PATH} at ${commit}`);
  return { path: POLICY_PATH, ref: commit, commit, text };
}
