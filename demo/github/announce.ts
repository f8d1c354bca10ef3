/** Tells Apps that something happened: every webhook payload begins here, with what all of GitHub's payloads share. */
import { simpleOrganization, simpleUser } from './shapes/accounts.ts';
import { whereabouts } from './shapes/repository.ts';
import type { Actor, App, Organization, Repository } from './state.ts';
import type { World } from './world.ts';

export interface Announcement {
  readonly event: string;
  readonly action: string | null;
  readonly sender: Actor;
  readonly payload: Readonly<Record<string, unknown>>;
  readonly only?: App;
}

/** Something that happened in a repository. */
export function announce(world: World, repository: Repository, what: Announcement): void {
  world.emit({
    ...what,
    repository,
    account: repository.owner,
    payload: {
      ...(what.action === null ? {} : { action: what.action }),
      ...whereabouts(world, repository),
      ...what.payload,
      sender: simpleUser(world, what.sender),
    },
  });
}

/** Something that happened in an organisation, outside any repository. */
export function announceInOrganization(world: World, organization: Organization, what: Announcement): void {
  world.emit({
    ...what,
    repository: null,
    account: organization,
    payload: {
      ...(what.action === null ? {} : { action: what.action }),
      ...what.payload,
      organization: simpleOrganization(world, organization),
      sender: simpleUser(world, what.sender),
    },
  });
}
