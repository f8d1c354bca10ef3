import { z } from 'zod';
import type { RepositoryRef } from '../domain/repository.ts';
import { askRestPages } from './ask-github.ts';
import { GitHubError } from './github-error.ts';
import type { GitHubReader } from './github-reader.ts';

const PAGES = 100;
const answer = z.object({
  repositories: z.array(
    z.object({
      id: z.int(),
      name: z.string(),
      owner: z.object({ login: z.string() }),
      archived: z.boolean().nullish(),
    }),
  ),
});

/** Every repository that an installation may see, but the archived ones: nothing changes in those. */
export async function repositoriesOf(
  github: GitHubReader,
  installationId: number,
): Promise<readonly RepositoryRef[]> {
  const all = await allOf(github, installationId);
  return all.filter(({ archived }) => !archived).map(({ repository }) => repository);
}

/** Whether an installation may see a repository, archived or not. By its id: another may have its name by now. */
export async function mayBeSeen(
  github: GitHubReader,
  { id, installationId }: RepositoryRef,
): Promise<boolean> {
  return (await allOf(github, installationId)).some(({ repository }) => repository.id === id);
}

async function allOf(
  github: GitHubReader,
  installationId: number,
): Promise<readonly { readonly repository: RepositoryRef; readonly archived: boolean }[]> {
  const doing = `listing the repositories of installation ${installationId}`;
  const { complete, items } = await askRestPages(
    github,
    'GET /installation/repositories',
    {},
    answer,
    (page) => page.repositories,
    { doing, limit: PAGES },
  );
  if (!complete) {
    const message = `installation ${installationId} has more than ${PAGES * 100} repositories: install the App on those it should guard`;
    throw new GitHubError('github_unreadable', message, { status: 200, said: '' });
  }
  return items.map(({ id, name, owner, archived }) => ({
    repository: { id, owner: owner.login, name, installationId },
    archived: archived === true,
  }));
}
