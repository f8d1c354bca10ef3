/** The App itself: who it is, where it is installed, its tokens, its deliveries, and how one is made from a manifest. */
import { findRepository } from '../find.ts';
import { covers } from '../find.ts';
import { created, HttpError, invalid, notFound, ok, paged, type Call } from '../http.ts';
import type { Deliveries, Delivery } from '../deliveries.ts';
import { permits } from '../rules/roles.ts';
import { appShape, installationShape } from '../shapes/apps.ts';
import { repositoryShape } from '../shapes/repository.ts';
import type { App, Installation, InstallationToken, Repository } from '../state.ts';
import type { World } from '../world.ts';
import { appRoute, route, type Route } from './route.ts';

const HOUR = 3_600_000;

const installationsOf = (world: World, app: App): Installation[] =>
  [...world.state.installations.values()].filter((installation) => installation.app.id === app.id);

function needInstallation(world: World, call: Call, app: App): Installation {
  const found = world.state.installations.get(Number(call.params['installation_id']));
  if (found?.app.id !== app.id) throw notFound();
  return found;
}

function repositoriesOf(world: World, installation: Installation): Repository[] {
  return [...world.state.repositories.values()].filter((repository) => covers(installation, repository));
}

/** Narrows a token to what was asked for; never more than the installation has. */
function narrow(
  world: World,
  call: Call,
  installation: Installation,
): Pick<InstallationToken, 'repositories' | 'permissions'> {
  const available = repositoriesOf(world, installation);
  const ids = call.body.numbers('repository_ids');
  const names = call.body.texts('repositories').map((name) => name.toLowerCase());
  const asked = call.body.has('repository_ids') || call.body.has('repositories');
  const chosen = available.filter(
    (repository) => ids.includes(repository.id) || names.includes(repository.name.toLowerCase()),
  );
  if (asked && chosen.length !== ids.length + names.length)
    throw invalid(
      'There is at least one repository that does not exist or is not accessible to the parent installation.',
    );
  const wanted = call.body.object('permissions');
  const permissions =
    wanted === null
      ? installation.permissions
      : Object.fromEntries(Object.entries(wanted.raw).map(([name, level]) => [name, String(level)]));
  for (const [name, level] of Object.entries(permissions)) {
    if (!permits(installation.permissions, `${name}:${level}`))
      throw invalid('The permissions requested are not granted to this installation.');
  }
  return {
    repositories: asked ? new Set(chosen.map((repository) => repository.id)) : null,
    permissions: { metadata: 'read', ...permissions },
  };
}

/** Long, as GitHub's are since April 2026: `ghs_`, the App's id, and what looks like a JWT. */
function makeToken(world: World, app: App): string {
  const label = `token:${world.id()}`;
  return `ghs_${app.id}_${world.secret(`${label}:head`, 40)}.${world.secret(`${label}:claims`, 220)}.${world.secret(`${label}:signature`, 86)}`;
}

function deliveryShape(delivery: Delivery, whole: boolean): Record<string, unknown> {
  return {
    id: delivery.id,
    guid: delivery.guid,
    delivered_at: delivery.deliveredAt,
    redelivery: delivery.redelivery,
    duration: delivery.duration,
    status: delivery.status,
    status_code: delivery.statusCode,
    event: delivery.event,
    action: delivery.action,
    installation_id: delivery.installationId,
    repository_id: delivery.repositoryId,
    throttled_at: null,
    ...(whole
      ? {
          url: delivery.url,
          request: { headers: delivery.requestHeaders, payload: delivery.payload },
          response: { headers: delivery.responseHeaders, payload: delivery.responseBody },
        }
      : {}),
  };
}

/** The routes; `deliveries` is the courier's log. */
export function appRoutes(deliveries: () => Deliveries): readonly Route[] {
  const own = (app: App): Delivery[] =>
    deliveries().log.filter((one) => one.app.id === app.id && one.status !== 'pending');
  const needDelivery = (call: Call, app: App): Delivery => {
    const found = own(app).find((one) => one.id === Number(call.params['delivery_id']));
    if (found === undefined) throw notFound();
    return found;
  };
  return [
    appRoute('GET /app', (world, _call, app) =>
      ok({ ...appShape(world, app), installations_count: installationsOf(world, app).length }),
    ),
    appRoute('GET /app/installations', (world, call, app) =>
      paged(call, installationsOf(world, app), (installation) => installationShape(world, installation)),
    ),
    appRoute('GET /app/installations/{installation_id}', (world, call, app) =>
      ok(installationShape(world, needInstallation(world, call, app))),
    ),
    appRoute('GET /repos/{owner}/{repo}/installation', (world, call, app) => {
      const repository = findRepository(world, call.params['owner'] ?? '', call.params['repo'] ?? '');
      const found =
        repository === null
          ? undefined
          : installationsOf(world, app).find((installation) => covers(installation, repository));
      if (found === undefined) throw notFound();
      return ok(installationShape(world, found));
    }),
    appRoute('GET /orgs/{org}/installation', (world, call, app) => {
      const found = installationsOf(world, app).find(
        (installation) => installation.account.login.toLowerCase() === call.params['org']?.toLowerCase(),
      );
      if (found === undefined) throw notFound();
      return ok(installationShape(world, found));
    }),
    appRoute('POST /app/installations/{installation_id}/access_tokens', (world, call, app) => {
      const installation = needInstallation(world, call, app);
      if (installation.suspendedAt !== null) throw new HttpError(403, 'This installation has been suspended');
      const scope = narrow(world, call, installation);
      const token: InstallationToken = {
        token: makeToken(world, app),
        installation,
        expiresAt: world.now().getTime() + HOUR,
        ...scope,
      };
      world.state.tokens.set(token.token, token);
      const selected = scope.repositories ?? installation.repositories;
      return created({
        token: token.token,
        expires_at: new Date(token.expiresAt).toISOString().replace(/\.\d+Z$/, 'Z'),
        permissions: scope.permissions,
        repository_selection: selected === null ? 'all' : 'selected',
        ...(scope.repositories === null
          ? {}
          : {
              repositories: repositoriesOf(world, installation)
                .filter((one) => scope.repositories?.has(one.id))
                .map((one) => repositoryShape(world, one)),
            }),
      });
    }),
    route('GET /installation/repositories', (world, call) => {
      if (call.caller.kind !== 'installation')
        throw new HttpError(
          403,
          'You must authenticate with an installation access token in order to list repositories for an installation.',
        );
      const { installation, token } = call.caller;
      const visible = repositoriesOf(world, installation).filter(
        (one) => token.repositories === null || token.repositories.has(one.id),
      );
      return paged(call, visible, (repository) => repositoryShape(world, repository), 'repositories');
    }),
    appRoute('GET /app/hook/deliveries', (_world, call, app) => {
      const status = call.query.get('status');
      const chosen = own(app)
        .filter((one) => status === null || (status === 'success') === (one.status === 'OK'))
        .toReversed();
      const size = Math.min(100, Number(call.query.get('per_page') ?? 30));
      const cursor = call.query.get('cursor');
      const start =
        cursor === null
          ? 0
          : Math.max(
              0,
              chosen.findIndex((one) => one.id <= Number(cursor.replace('v1_', ''))),
            );
      const page = chosen.slice(start, start + size);
      const next = chosen[start + size];
      const address = new URL(call.address);
      if (next !== undefined) address.searchParams.set('cursor', `v1_${next.id}`);
      return {
        ...ok(page.map((one) => deliveryShape(one, false))),
        headers: next === undefined ? {} : { link: `<${address.href}>; rel="next"` },
      };
    }),
    appRoute('GET /app/hook/deliveries/{delivery_id}', (_world, call, app) =>
      ok(deliveryShape(needDelivery(call, app), true)),
    ),
    appRoute('POST /app/hook/deliveries/{delivery_id}/attempts', (_world, call, app) => {
      deliveries().redeliver(needDelivery(call, app).id);
      return { status: 202, body: {} };
    }),
    route('POST /app-manifests/{code}/conversions', (world, call) => {
      const app = world.state.manifestCodes.get(call.params['code'] ?? '');
      if (app === undefined) throw notFound();
      world.state.manifestCodes.delete(call.params['code'] ?? '');
      return created({
        ...appShape(world, app),
        client_id: app.clientId,
        client_secret: app.clientSecret,
        webhook_secret: app.webhookSecret,
        pem: app.privateKey,
      });
    }),
  ];
}
