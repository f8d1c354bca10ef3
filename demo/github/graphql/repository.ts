/** A repository as a GraphQL object. */
import { branchTip, listTree, readCommit, resolveCommit } from '../git/commits.ts';
import { listBranches } from '../git/refs.ts';
import { nodeId } from '../shapes/accounts.ts';
import { repositoryName, repositoryWeb } from '../shapes/repository.ts';
import type { Repository } from '../state.ts';
import { blobObject, commitObject } from './commits.ts';
import { connection, GraphqlRefusal, type ConnectionArguments } from './connection.ts';
import { need, type Asking } from './context.ts';
import { mergeQueueObject } from './merge-queue.ts';
import { actorObject, organizationObject } from './people.ts';
import { pullObject } from './pulls.ts';
import { refObject } from './refs.ts';

type Fields = Record<string, unknown>;

/** `REF:path` is a file or directory; anything else a commit. */
async function gitObject(
  asking: Asking,
  repository: Repository,
  args: { readonly expression?: string | null; readonly oid?: string | null },
): Promise<Fields | null> {
  need(asking, repository, 'contents:read');
  const { directory } = repository;
  const [name = '', ...rest] = (args.oid ?? args.expression ?? '').split(':');
  const sha = await resolveCommit(directory, name === 'HEAD' ? repository.defaultBranch : name);
  if (sha === null) return null;
  if (rest.length === 0) return commitObject(asking, repository, await readCommit(directory, sha));
  const path = rest.join(':');
  const [entry] = await listTree(directory, sha, path, false);
  if (entry === undefined) return null;
  if (entry.type === 'blob') return blobObject(repository, entry.sha);
  return {
    __typename: 'Tree',
    oid: entry.sha,
    entries: (await listTree(directory, sha, path, true)).map((one) => ({
      __typename: 'TreeEntry',
      name: one.path.split('/').at(-1),
      path: one.path,
      type: one.type,
      oid: one.sha,
    })),
  };
}

interface PullArguments extends ConnectionArguments {
  readonly states?: readonly string[] | null;
  readonly baseRefName?: string | null;
  readonly headRefName?: string | null;
}

export function repositoryObject(asking: Asking, repository: Repository): Fields {
  const { world } = asking;
  return {
    __typename: 'Repository',
    id: nodeId('Repository', repository.id),
    databaseId: repository.id,
    name: repository.name,
    nameWithOwner: repositoryName(repository),
    url: repositoryWeb(world, repository),
    isPrivate: repository.private,
    isFork: repository.fork !== null,
    isArchived: repository.archived,
    visibility: repository.private ? 'PRIVATE' : 'PUBLIC',
    owner:
      repository.owner.kind === 'Organization'
        ? organizationObject(asking, repository.owner)
        : actorObject(asking, repository.owner),
    isInOrganization: repository.owner.kind === 'Organization',
    defaultBranchRef: () => refObject(asking, repository, repository.defaultBranch),
    pullRequest: ({ number }: { readonly number: number }) => {
      need(asking, repository, 'pull_requests:read');
      const pull = repository.pulls.get(number);
      if (pull === undefined)
        throw new GraphqlRefusal(
          'NOT_FOUND',
          `Could not resolve to a PullRequest with the number of ${number}.`,
        );
      return pullObject(asking, pull);
    },
    mergeQueue: ({ branch }: { readonly branch?: string | null }) =>
      mergeQueueObject(asking, repository, branch ?? repository.defaultBranch),
    pullRequests: (args: PullArguments) => {
      need(asking, repository, 'pull_requests:read');
      const chosen = [...repository.pulls.values()].filter((pull) => {
        const state = pull.merge === null ? pull.state.toUpperCase() : 'MERGED';
        return (
          (args.states?.includes(state) ?? true) &&
          (args.baseRefName ?? pull.baseRef) === pull.baseRef &&
          (args.headRefName ?? pull.headRef) === pull.headRef
        );
      });
      return connection(chosen, args, (pull) => pullObject(asking, pull));
    },
    object: (args: { readonly expression?: string | null; readonly oid?: string | null }) =>
      gitObject(asking, repository, args),
    ref: async ({ qualifiedName }: { readonly qualifiedName: string }) => {
      need(asking, repository, 'contents:read');
      const branch = qualifiedName.replace(/^refs\/heads\//, '');
      return (await branchTip(repository.directory, branch)) === null
        ? null
        : refObject(asking, repository, branch);
    },
    refs: async (
      args: ConnectionArguments & { readonly refPrefix: string; readonly query?: string | null },
    ) => {
      need(asking, repository, 'contents:read');
      if (args.refPrefix !== 'refs/heads/')
        throw new Error('The stand-in models refs only under refs/heads/');
      const branches = (await listBranches(repository.directory)).filter(({ name }) =>
        name.includes(args.query ?? ''),
      );
      return connection(branches, args, ({ name }) => refObject(asking, repository, name));
    },
  };
}
