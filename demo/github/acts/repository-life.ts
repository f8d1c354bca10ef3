/** What becomes of a repository: another name, another owner, put away, shown to everybody, gone. */
import { announce } from '../announce.ts';
import { findRepository } from '../find.ts';
import { simpleOrganization, simpleUser } from '../shapes/accounts.ts';
import type { Organization, Repository, User } from '../state.ts';
import type { World } from '../world.ts';
import { selectRepository } from './apps.ts';

function tell(
  world: World,
  repository: Repository,
  action: string,
  sender: User,
  changes?: Readonly<Record<string, unknown>>,
): void {
  const payload = changes === undefined ? {} : { changes };
  announce(world, repository, { event: 'repository', action, sender, payload });
}

export function renameRepository(world: World, repository: Repository, name: string, by: User): void {
  if (findRepository(world, repository.owner.login, name) !== null)
    throw new Error(`The name ${name} is taken`);
  const from = repository.name;
  repository.name = name;
  tell(world, repository, 'renamed', by, { repository: { name: { from } } });
}

/**
 * The event goes to the new owner's installations alone (https://docs.github.com/webhooks/webhook-events-and-payloads#repository). That
 * an installation on selected repositories of the old owner hears that it lost one is taken to be so, not known.
 */
export function transferRepository(
  world: World,
  repository: Repository,
  owner: Organization | User,
  by: User,
): void {
  const { owner: before } = repository;
  for (const installation of world.state.installations.values())
    if (installation.account.id === before.id && installation.repositories?.has(repository.id) === true)
      selectRepository(world, installation, repository, 'removed', by);
  repository.owner = owner;
  repository.teams.clear();
  const from =
    before.kind === 'Organization'
      ? { organization: simpleOrganization(world, before) }
      : { user: simpleUser(world, before) };
  tell(world, repository, 'transferred', by, { owner: { from } });
}

export function archiveRepository(world: World, repository: Repository, archived: boolean, by: User): void {
  repository.archived = archived;
  tell(world, repository, archived ? 'archived' : 'unarchived', by);
}

export function setVisibility(
  world: World,
  repository: Repository,
  visibility: 'public' | 'private',
  by: User,
): void {
  repository.private = visibility === 'private';
  tell(world, repository, visibility === 'private' ? 'privatized' : 'publicized', by);
}

export function deleteRepository(world: World, repository: Repository, by: User): void {
  tell(world, repository, 'deleted', by);
  world.state.repositories.delete(repository.id);
  for (const installation of world.state.installations.values())
    installation.repositories?.delete(repository.id);
}
