import { z } from 'zod';
import type { FileFacts } from '../domain/change-facts.ts';
import type { Listed } from '../domain/listed.ts';
import type { RepositoryRef } from '../domain/repository.ts';
import { askGraphql, askRestPages } from './ask-github.ts';
import type { GitHubReader } from './github-reader.ts';
import { readConnection } from './read-connection.ts';
import {
  MORE_FILES,
  MORE_LABELS,
  type WirePullRequest,
  moreFilesAnswer,
  moreLabelsAnswer,
} from './wire-pull-request.ts';

/** Which of a pull request's facts cost a request more, and are read only for a policy that asks. */
export interface PullRequestAsked {
  /** Where renamed files were before. */
  readonly paths: boolean;
}

/** GitHub lists no more of a pull request's files, and doesn't say so. */
const MOST_FILES = 3_000;

/**
 * What a pull request changes; null where its head moved meanwhile. GraphQL tells all but where a renamed file was before,
 * which only REST has: it is asked where the policy judges paths and something was renamed, so that nothing gets out of
 * `billing/**` by being moved.
 */
export async function readAllFiles(
  github: GitHubReader,
  repository: RepositoryRef,
  wire: WirePullRequest,
  asked: PullRequestAsked,
): Promise<Listed<FileFacts> | null> {
  if (wire.files === null) return { complete: false, items: [] };
  const variables = { owner: repository.owner, name: repository.name, number: wire.number };
  const all = await readConnection(wire.files, async (after) => {
    const doing = `reading the files of ${repository.owner}/${repository.name}#${wire.number}`;
    const answer = await askGraphql(github, MORE_FILES, { ...variables, after }, moreFilesAnswer, doing);
    const { headRefOid, files } = answer.repository.pullRequest;
    return headRefOid === wire.headRefOid ? files : null;
  });
  if (all === null) return null;
  const { length } = all.items;
  const files = {
    complete: all.complete && length === wire.changedFiles && length < MOST_FILES,
    items: all.items,
  };
  const renamed = files.items.some(({ status }) => status === 'renamed');
  return asked.paths && renamed ? withPreviousPaths(github, repository, wire, files) : files;
}

const restFile = z.object({
  filename: z.string(),
  status: z.string(),
  previous_filename: z.string().optional(),
  contents_url: z.string(),
});

/** REST names no head for the list, but each renamed file's address has the commit that it is read at. */
async function withPreviousPaths(
  github: GitHubReader,
  { owner, name }: RepositoryRef,
  wire: WirePullRequest,
  files: Listed<FileFacts>,
): Promise<Listed<FileFacts> | null> {
  const { items } = await askRestPages(
    github,
    'GET /repos/{owner}/{repo}/pulls/{pull_number}/files',
    { owner, repo: name, pull_number: wire.number },
    z.array(restFile),
    (page) => page,
    {
      doing: `reading where the renamed files of ${owner}/${name}#${wire.number} were`,
      limit: MOST_FILES / 100,
    },
  );
  const renamed = items.filter(({ status }) => status === 'renamed');
  if (renamed.some(({ contents_url: url }) => refOf(url) !== wire.headRefOid)) return null;
  const previous = new Map(renamed.map((file) => [file.filename, file.previous_filename]));
  return {
    complete: files.complete,
    items: files.items.map((file) =>
      file.status === 'renamed' ? { ...file, previousPath: previous.get(file.path) ?? null } : file,
    ),
  };
}

const refOf = (url: string): string | null =>
  URL.canParse(url) ? new URL(url).searchParams.get('ref') : null;

/** All labels of a pull request; null where its head moved meanwhile. */
export async function readAllLabels(
  github: GitHubReader,
  repository: RepositoryRef,
  wire: WirePullRequest,
): Promise<Listed<string> | null> {
  if (wire.labels === null) return { complete: false, items: [] };
  const variables = { owner: repository.owner, name: repository.name, number: wire.number };
  const all = await readConnection(wire.labels, async (after) => {
    const doing = `reading the labels of ${repository.owner}/${repository.name}#${wire.number}`;
    const answer = await askGraphql(github, MORE_LABELS, { ...variables, after }, moreLabelsAnswer, doing);
    const { headRefOid, labels } = answer.repository.pullRequest;
    return headRefOid === wire.headRefOid ? labels : null;
  });
  return all === null ? null : { complete: all.complete, items: all.items.map(({ name }) => name) };
}
