/** Commits, files and comparisons as GitHub's REST API writes them. */
import { accountOfEmail } from '../find.ts';
import type { FileChange, GitCommit } from '../git/commits.ts';
import type { Repository } from '../state.ts';
import type { World } from '../world.ts';
import { maybeUser, nodeId } from './accounts.ts';
import { repositoryApi, repositoryWeb } from './repository.ts';

/** What GitHub says of a commit's signature: it vouches only for the commits that it made itself. */
export function verification(repository: Repository, commit: GitCommit): Record<string, unknown> {
  const signed = repository.signed.has(commit.sha);
  return {
    verified: signed,
    reason: signed ? 'valid' : 'unsigned',
    signature: signed
      ? '-----BEGIN PGP SIGNATURE-----\n\n(kept by the stand-in)\n-----END PGP SIGNATURE-----\n'
      : null,
    payload: signed ? `tree ${commit.tree}\n` : null,
    verified_at: signed ? commit.committer.date : null,
  };
}

export function commitShape(
  world: World,
  repository: Repository,
  commit: GitCommit,
): Record<string, unknown> {
  const api = repositoryApi(world, repository);
  const web = repositoryWeb(world, repository);
  return {
    sha: commit.sha,
    node_id: nodeId('Commit', commit.sha),
    url: `${api}/commits/${commit.sha}`,
    html_url: `${web}/commit/${commit.sha}`,
    comments_url: `${api}/commits/${commit.sha}/comments`,
    commit: {
      url: `${api}/git/commits/${commit.sha}`,
      author: { ...commit.author },
      committer: { ...commit.committer },
      message: commit.message,
      comment_count: 0,
      tree: { sha: commit.tree, url: `${api}/git/trees/${commit.tree}` },
      verification: verification(repository, commit),
    },
    author: maybeUser(world, accountOfEmail(world, commit.author.email)),
    committer: maybeUser(world, accountOfEmail(world, commit.committer.email)),
    parents: commit.parents.map((sha) => ({
      sha,
      url: `${api}/commits/${sha}`,
      html_url: `${web}/commit/${sha}`,
    })),
  };
}

/** The short form that pushes and workflow runs carry. */
export function simpleCommit(commit: GitCommit): Record<string, unknown> {
  return {
    id: commit.sha,
    tree_id: commit.tree,
    message: commit.message,
    timestamp: commit.committer.date,
    author: { name: commit.author.name, email: commit.author.email },
    committer: { name: commit.committer.name, email: commit.committer.email },
  };
}

export function fileShape(
  world: World,
  repository: Repository,
  file: FileChange,
  ref: string,
): Record<string, unknown> {
  const api = repositoryApi(world, repository);
  const web = repositoryWeb(world, repository);
  const name = file.filename.split('/').map(encodeURIComponent).join('/');
  return {
    sha: file.sha,
    filename: file.filename,
    status: file.status,
    additions: file.additions,
    deletions: file.deletions,
    changes: file.additions + file.deletions,
    blob_url: `${web}/blob/${ref}/${name}`,
    raw_url: `${web}/raw/${ref}/${name}`,
    contents_url: `${api}/contents/${name}?ref=${ref}`,
    ...(file.previous === null ? {} : { previous_filename: file.previous }),
  };
}
