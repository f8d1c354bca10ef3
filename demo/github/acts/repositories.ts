/** Repositories: made with a first commit, and forked. */
import path from 'node:path';

import { commitAs, type FileContent } from '../desk.ts';
import { makeBareRepository } from '../git-http.ts';
import { git } from '../git/run-git.ts';
import type { Organization, Repository, User } from '../state.ts';
import type { World } from '../world.ts';
import { personOf } from './organizations.ts';

export interface NewRepository {
  readonly private?: boolean;
  readonly defaultBranch?: string;
  /** What the first commit holds; default: a README. */
  readonly files?: Readonly<Record<string, FileContent>>;
  /** Who pushes the first commit; default: an owner. */
  readonly by?: User;
}

function blank(
  world: World,
  owner: Organization | User,
  wanted: Pick<Repository, 'name' | 'private' | 'defaultBranch' | 'fork'>,
): Repository {
  const id = world.id();
  const at = world.timestamp();
  return {
    ...wanted,
    id,
    owner,
    archived: false,
    directory: path.join(world.dataDir, 'repositories', `${id}.git`),
    createdAt: at,
    pushedAt: at,
    nextNumber: 1,
    collaborators: new Map(),
    teams: new Map(),
    pulls: new Map(),
    comments: [],
    suites: [],
    checkRuns: new Map(),
    statuses: [],
    protections: new Map(),
    rulesets: new Map(),
    activities: [],
    deployments: new Map(),
    environments: new Map(),
    runs: new Map(),
    queues: new Map(),
    signed: new Set(),
  };
}

export async function createRepository(
  world: World,
  owner: Organization | User,
  name: string,
  wanted: NewRepository,
): Promise<Repository> {
  const defaultBranch = wanted.defaultBranch ?? 'main';
  const repository = blank(world, owner, {
    name,
    private: wanted.private ?? false,
    defaultBranch,
    fork: null,
  });
  await makeBareRepository(repository.directory, defaultBranch);
  world.state.repositories.set(repository.id, repository);
  const files = wanted.files ?? { 'README.md': `# ${name}\n` };
  await commitAs(world, repository, wanted.by ?? personOf(world, owner), {
    branch: defaultBranch,
    files,
    message: 'Initial commit',
  });
  return repository;
}

export async function forkRepository(
  world: World,
  repository: Repository,
  owner: User | Organization,
): Promise<Repository> {
  const { name, defaultBranch } = repository;
  const copy = blank(world, owner, { name, private: repository.private, defaultBranch, fork: repository });
  await makeBareRepository(copy.directory, copy.defaultBranch);
  await git(copy.directory, ['fetch', '--quiet', repository.directory, '+refs/heads/*:refs/heads/*']);
  world.state.repositories.set(copy.id, copy);
  return copy;
}
