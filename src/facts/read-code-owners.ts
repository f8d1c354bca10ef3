import { z } from 'zod';
import type { CodeOwnersFile } from '../domain/code-owners-facts.ts';
import { type Known, known, unknown } from '../domain/known.ts';
import { fullName, type RepositoryRef } from '../domain/repository.ts';
import { askGraphql, askRest } from './ask-github.ts';
import { GitHubError, isRefusal } from './github-error.ts';
import type { GitHubReader } from './github-reader.ts';
import { inGroups, inParallel } from './in-parallel.ts';
import { sha } from './wire-commit.ts';

/** Where GitHub looks, in this order; the first file that is there counts. */
export const CODE_OWNERS_PLACES = ['.github/CODEOWNERS', 'CODEOWNERS', 'docs/CODEOWNERS'] as const;

/** GitHub loads only what is smaller than 3 MB. */
export const CODE_OWNERS_BYTES_BELOW = 3 * 1_024 * 1_024;

/** A branch at its tip, or a commit. */
export type OwnersAt = { readonly branch: string } | { readonly commit: string };

/** Each place's answer is as large as three files may be. */
const TOGETHER = 10;

/** One query for many branches and commits: `a0` is the first, whose name or id comes as the variable `v0`. */
export function codeOwnersQuery(at: readonly OwnersAt[]): string {
  const variables = at.map((each, index) => `, $v${index}: ${'branch' in each ? 'String' : 'GitObjectID'}!`);
  const fields = at.map((each, index) =>
    'branch' in each
      ? `a${index}: ref(qualifiedName: $v${index}) { target { ...Owners } }`
      : `a${index}: object(oid: $v${index}) { ...Owners }`,
  );
  const files = CODE_OWNERS_PLACES.map((path, index) => `f${index}: file(path: "${path}") { ...OwnersFile }`);
  return `query CodeOwners($owner: String!, $name: String!${variables.join('')}) {
  repository(owner: $owner, name: $name) {
    databaseId
    ${fields.join('\n    ')}
  }
}
fragment OwnersFile on TreeEntry {
  mode type object { ... on Blob { byteSize isBinary isTruncated text } }
}
fragment Owners on GitObject {
  oid
  ... on Commit { ${files.join(' ')} }
}`;
}

const file = z
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
  .nullish();
const commit = z.object({ oid: sha, f0: file, f1: file, f2: file });
const place = z.union([z.object({ target: commit.nullable() }).transform(({ target }) => target), commit]);

const answer = z.object({
  repository: z.object({ databaseId: z.int() }).catchall(place.nullable()),
});

/**
 * The `CODEOWNERS` of each branch or commit, in order. Null: it has none. A file that GitHub wouldn't load or that can't be
 * read is unknown, never none: none would ask nobody.
 */
export async function readCodeOwners(
  github: GitHubReader,
  repository: RepositoryRef,
  at: readonly OwnersAt[],
): Promise<readonly Known<CodeOwnersFile | null>[]> {
  const groups = await inParallel(inGroups(at, TOGETHER), (group) => readTogether(github, repository, group));
  return groups.flat();
}

async function readTogether(
  github: GitHubReader,
  repository: RepositoryRef,
  at: readonly OwnersAt[],
): Promise<readonly Known<CodeOwnersFile | null>[]> {
  const { owner, name } = repository;
  const doing = `reading CODEOWNERS of ${fullName(repository)}`;
  const variables = Object.fromEntries(
    at.map((each, index) => [`v${index}`, 'branch' in each ? `refs/heads/${each.branch}` : each.commit]),
  );
  const query = codeOwnersQuery(at);
  const read = await askGraphql(github, query, { owner, name, ...variables }, answer, doing);
  // A repository's name can be another's by now.
  if (read.repository.databaseId !== repository.id) {
    throw new GitHubError('github_refused', `GitHub shows no ${fullName(repository)} while ${doing}`, {
      status: 200,
      said: 'null',
    });
  }
  const places = at.map((each, index) => ({ each, found: read.repository[`a${index}`] }));
  return inParallel(places, async ({ each, found }) => {
    if (typeof found !== 'object' || found === null) {
      return unknown(
        `GitHub shows no ${'branch' in each ? `branch ${each.branch}` : `commit ${each.commit}`}`,
      );
    }
    const files = [found.f0, found.f1, found.f2];
    const first = files.findIndex((entry) => entry !== null && entry !== undefined);
    const path = CODE_OWNERS_PLACES[first];
    const entry = files[first];
    if (path === undefined || entry === null || entry === undefined) return known(null);
    const text = await textOf(github, repository, { entry, path, commit: found.oid });
    return text.known ? known({ path, commit: found.oid, text: text.value }) : text;
  });
}

const REGULAR_FILES = new Set([0o100644, 0o100755]);

async function textOf(
  github: GitHubReader,
  repository: RepositoryRef,
  at: { readonly entry: NonNullable<z.output<typeof file>>; readonly path: string; readonly commit: string },
): Promise<Known<string>> {
  const { mode, type, object } = at.entry;
  if (type !== 'blob' || !REGULAR_FILES.has(mode) || object === null) {
    return unknown(`${at.path} is not an ordinary file: replace it by one`);
  }
  if ((object.byteSize ?? Number.POSITIVE_INFINITY) >= CODE_OWNERS_BYTES_BELOW) {
    return unknown(`${at.path} is 3 MB or more, and GitHub loads no such file: shorten it`);
  }
  if (object.isBinary !== false) return unknown(`${at.path} is binary: save it as UTF-8 text`);
  if (object.isTruncated === false && typeof object.text === 'string') return known(object.text);
  return readRaw(github, repository, at);
}

/** GraphQL cuts a text at 512 kB; this has all of it. */
async function readRaw(
  github: GitHubReader,
  { owner, name }: RepositoryRef,
  { path, commit }: { readonly path: string; readonly commit: string },
): Promise<Known<string>> {
  const doing = `reading ${path} of ${owner}/${name} at ${commit}`;
  const parameters = { owner, repo: name, path, ref: commit, mediaType: { format: 'raw' } };
  try {
    return known(
      await askRest(github, 'GET /repos/{owner}/{repo}/contents/{path}', parameters, z.string(), doing),
    );
  } catch (error) {
    if (isRefusal(error)) return unknown(error.message);
    throw error;
  }
}
