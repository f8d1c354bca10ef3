/** Apps and installations as GitHub's REST API and webhooks write them. */
import type { App, Installation } from '../state.ts';
import type { World } from '../world.ts';
import { nodeId, simpleUser } from './accounts.ts';

export function appShape(world: World, app: App): Record<string, unknown> {
  return {
    id: app.id,
    slug: app.slug,
    client_id: app.clientId,
    node_id: nodeId('Integration', app.id),
    owner: simpleUser(world, app.owner),
    name: app.name,
    description: '',
    external_url: `${world.url}/apps/${app.slug}`,
    html_url: `${world.url}/apps/${app.slug}`,
    created_at: app.createdAt,
    updated_at: app.createdAt,
    permissions: app.permissions,
    events: app.events,
  };
}

/** GitHub Actions, which reports check runs like any App. */
export function actionsApp(world: World, id: number): Record<string, unknown> {
  return {
    id,
    slug: 'github-actions',
    node_id: nodeId('Integration', id),
    owner: simpleUser(world, world.webFlow),
    name: 'GitHub Actions',
    description: 'Automate your workflow from idea to production',
    external_url: `${world.url}/features/actions`,
    html_url: `${world.url}/apps/github-actions`,
    created_at: world.webFlow.createdAt,
    updated_at: world.webFlow.createdAt,
    permissions: { checks: 'write', contents: 'read', deployments: 'write' },
    events: [],
  };
}

export function installationShape(world: World, installation: Installation): Record<string, unknown> {
  const api = `${world.apiUrl}/app/installations/${installation.id}`;
  return {
    id: installation.id,
    client_id: installation.app.clientId,
    account: simpleUser(world, installation.account),
    repository_selection: installation.repositories === null ? 'all' : 'selected',
    access_tokens_url: `${api}/access_tokens`,
    repositories_url: `${world.apiUrl}/installation/repositories`,
    html_url: `${world.url}/organizations/${installation.account.login}/settings/installations/${installation.id}`,
    app_id: installation.app.id,
    app_slug: installation.app.slug,
    target_id: installation.account.id,
    target_type: installation.account.kind,
    permissions: installation.permissions,
    events: installation.events,
    created_at: installation.createdAt,
    updated_at: installation.createdAt,
    single_file_name: null,
    has_multiple_single_files: false,
    single_file_paths: [],
    suspended_by: null,
    suspended_at: installation.suspendedAt,
  };
}
