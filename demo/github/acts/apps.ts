/** Apps: made, installed, suspended, uninstalled. */
import { createPublicKey, generateKeyPairSync } from 'node:crypto';

import { EVENT_PERMISSIONS } from '../deliveries.ts';
import { covers, findAccount } from '../find.ts';
import { permits } from '../rules/roles.ts';
import { nodeId, simpleUser } from '../shapes/accounts.ts';
import { installationShape } from '../shapes/apps.ts';
import type { App, Bot, Installation, Organization, Repository, User } from '../state.ts';
import type { World } from '../world.ts';
import { personOf } from './organizations.ts';

export interface NewApp {
  readonly slug: string;
  readonly name?: string;
  /** Default: the first organisation there is, else the first person. */
  readonly owner?: Organization | User;
  readonly permissions: Readonly<Record<string, string>>;
  readonly events: readonly string[];
  readonly webhookUrl: string | null;
  readonly webhookSecret?: string;
  /** PEM; made where it isn't given. */
  readonly privateKey?: string;
}

/** An App with the three things that its owner is given. */
export interface CreatedApp {
  readonly app: App;
  readonly appId: number;
  readonly privateKey: string;
  readonly webhookSecret: string;
}

/** GitHub lets nobody subscribe to an event whose permission they don't ask for. */
function refuseUnheardEvents(wanted: NewApp): void {
  for (const event of wanted.events) {
    const needed = EVENT_PERMISSIONS[event];
    if (needed === undefined) throw new Error(`The stand-in does not know the event ${event}`);
    const either = event === 'issue_comment' && permits(wanted.permissions, 'pull_requests:read');
    if (!permits(wanted.permissions, needed) && !either)
      throw new Error(`The event ${event} needs ${needed}, which ${wanted.slug} does not ask for`);
  }
}

function newKey(): string {
  return generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  }).privateKey;
}

function usualOwner(world: World): Organization | User {
  const accounts = [...world.state.accounts.values()];
  const owner =
    accounts.find((one) => one.kind === 'Organization') ?? accounts.find((one) => one.kind === 'User');
  if (owner === undefined) throw new Error('Create a user or an organization first: an App has an owner');
  return owner;
}

export function createApp(world: World, wanted: NewApp): CreatedApp {
  refuseUnheardEvents(wanted);
  const { slug } = wanted;
  if ([...world.state.apps.values()].some((app) => app.slug === slug))
    throw new Error(`The name ${slug} is taken`);
  const privateKey = wanted.privateKey ?? newKey();
  const webhookSecret = wanted.webhookSecret ?? world.secret(`webhook:${slug}`, 40);
  const id = world.id();
  const bot: Bot = { kind: 'Bot', id: world.id(), login: `${slug}[bot]`, createdAt: world.timestamp() };
  const app: App = {
    id,
    slug,
    name: wanted.name ?? slug,
    owner: wanted.owner ?? usualOwner(world),
    bot,
    clientId: `Iv23${world.secret(`client:${slug}`, 16)}`,
    clientSecret: world.secret(`client-secret:${slug}`, 40),
    privateKey,
    publicKey: createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }).toString(),
    hookId: world.id(),
    createdAt: world.timestamp(),
    permissions: { metadata: 'read', ...wanted.permissions },
    events: wanted.events,
    webhookUrl: wanted.webhookUrl,
    webhookSecret,
  };
  world.state.accounts.set(bot.id, bot);
  world.state.apps.set(id, app);
  return { app, appId: id, privateKey, webhookSecret };
}

const briefly = (one: Repository): Record<string, unknown> => ({
  id: one.id,
  node_id: nodeId('Repository', one.id),
  name: one.name,
  full_name: `${one.owner.login}/${one.name}`,
  private: one.private,
});

function announceInstallation(world: World, installation: Installation, action: string, by: User): void {
  const covered = [...world.state.repositories.values()].filter((repository) =>
    covers(installation, repository),
  );
  world.emit({
    event: 'installation',
    action,
    repository: null,
    account: installation.account,
    sender: by,
    only: installation.app,
    always: true,
    payload: {
      action,
      installation: installationShape(world, installation),
      repositories: covered.map(briefly),
      requester: null,
      sender: simpleUser(world, by),
    },
  });
}

/** Installs an App on an account: on the repositories given, or on all it has and will have. */
export function install(
  world: World,
  app: App,
  account: Organization | User,
  repositories: readonly Repository[] | 'all',
): Installation {
  const installation: Installation = {
    id: world.id(),
    app,
    account,
    repositories: repositories === 'all' ? null : new Set(repositories.map((repository) => repository.id)),
    permissions: app.permissions,
    events: app.events,
    suspendedAt: null,
    createdAt: world.timestamp(),
  };
  world.state.installations.set(installation.id, installation);
  announceInstallation(world, installation, 'created', personOf(world, account));
  return installation;
}

export function suspend(world: World, installation: Installation, suspended: boolean, by: User): void {
  installation.suspendedAt = suspended ? world.timestamp() : null;
  announceInstallation(world, installation, suspended ? 'suspend' : 'unsuspend', by);
}

/** An account gets another login. Of its repositories, which have another name by that, GitHub tells nothing. */
export function renameAccount(world: World, account: Organization | User, login: string, by: User): void {
  if (findAccount(world, login) !== null) throw new Error(`The login ${login} is taken`);
  const from = account.login;
  account.login = login;
  for (const installation of world.state.installations.values()) {
    if (installation.account.id !== account.id) continue;
    world.emit({
      event: 'installation_target',
      action: 'renamed',
      repository: null,
      account,
      sender: by,
      only: installation.app,
      payload: {
        action: 'renamed',
        account: simpleUser(world, account),
        changes: { login: { from } },
        target_type: account.kind,
        installation: { id: installation.id, node_id: nodeId('Installation', installation.id) },
        sender: simpleUser(world, by),
      },
    });
  }
}

/** An owner gives an installation on selected repositories one more, or takes one from it. */
export function selectRepository(
  world: World,
  installation: Installation,
  repository: Repository,
  action: 'added' | 'removed',
  by: User,
): void {
  const { app, account, repositories } = installation;
  if (repositories === null) throw new Error('It is installed on all repositories');
  if (action === 'added') repositories.add(repository.id);
  else repositories.delete(repository.id);
  world.emit({
    event: 'installation_repositories',
    action,
    repository: null,
    account,
    sender: by,
    only: app,
    always: true,
    payload: {
      action,
      installation: installationShape(world, installation),
      repository_selection: 'selected',
      repositories_added: action === 'added' ? [briefly(repository)] : [],
      repositories_removed: action === 'removed' ? [briefly(repository)] : [],
      requester: null,
      sender: simpleUser(world, by),
    },
  });
}

/** An owner accepts what the App asks for by now. Tokens that were made before go on with what they were made with. */
export function acceptPermissions(
  world: World,
  installation: Installation,
  permissions: Readonly<Record<string, string>>,
  by: User,
): void {
  const { app } = installation;
  app.permissions = { metadata: 'read', ...permissions };
  installation.permissions = app.permissions;
  announceInstallation(world, installation, 'new_permissions_accepted', by);
}

export function uninstall(world: World, installation: Installation, by: User): void {
  announceInstallation(world, installation, 'deleted', by);
  world.state.installations.delete(installation.id);
}
