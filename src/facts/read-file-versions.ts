import { z } from 'zod';
import { fullName, type RepositoryRef } from '../domain/repository.ts';
import { askGraphql } from './ask-github.ts';
import { GitHubError } from './github-error.ts';
import type { GitHubReader } from './github-reader.ts';
import { inGroups, inParallel } from './in-parallel.ts';
import { sha } from './wire-commit.ts';

const TOGETHER = 100;

/** Which version of a file each of many commits has: `c0` is the first, whose id comes as the variable `o0`. */
export function fileVersionsQuery(count: number): string {
  const indices = Array.from({ length: count }, (_, index) => index);
  const variables = indices.map((index) => `, $o${index}: GitObjectID!`).join('');
  const fields = indices.map(
    (index) => `c${index}: object(oid: $o${index}) { ... on Commit { oid file(path: $path) { oid } } }`,
  );
  return `query FileVersions($owner: String!, $name: String!, $path: String!${variables}) {
  repository(owner: $owner, name: $name) {
    databaseId
    ${fields.join('\n    ')}
  }
}`;
}

const version = z.object({ oid: sha, file: z.object({ oid: sha }).nullable() });

const answer = z.object({
  repository: z.object({ databaseId: z.int() }).catchall(version.nullable()),
});

/** By commit: the id of the file's content there; null where the commit doesn't have the file. */
export async function readFileVersions(
  github: GitHubReader,
  repository: RepositoryRef,
  path: string,
  shas: readonly string[],
): Promise<ReadonlyMap<string, string | null>> {
  const { owner, name } = repository;
  const doing = `reading the versions of ${path} in ${fullName(repository)}`;
  const groups = await inParallel(inGroups(shas, TOGETHER), async (group) => {
    const variables = Object.fromEntries(group.map((each, index) => [`o${index}`, each]));
    const query = fileVersionsQuery(group.length);
    const read = await askGraphql(github, query, { owner, name, path, ...variables }, answer, doing);
    return group.map((each, index) => {
      const found = read.repository[`c${index}`];
      if (read.repository.databaseId === repository.id && typeof found === 'object' && found?.oid === each) {
        return [each, found.file?.oid ?? null] as const;
      }
      throw new GitHubError('github_refused', `GitHub shows no commit ${each} while ${doing}`, {
        status: 200,
        said: 'null',
      });
    });
  });
  return new Map(groups.flat());
}
