/** GitHub's page that makes an App from a manifest: it takes the form, makes the App, and goes back with a code. */
import { createApp } from '../acts/apps.ts';
import { needOrganization } from '../find.ts';
import { HttpError } from '../http.ts';
import { loadRestOracle } from '../oracle/rest-oracle.ts';
import type { Organization, User } from '../state.ts';
import type { World } from '../world.ts';
import { personOf } from '../acts/organizations.ts';

const KEYS = new Set([
  'name',
  'url',
  'hook_attributes',
  'redirect_url',
  'callback_urls',
  'setup_url',
  'description',
  'public',
  'default_events',
  'default_permissions',
  'request_oauth_on_install',
  'setup_on_update',
]);

const record = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const refuse = (message: string): HttpError => new HttpError(422, `Error creating GitHub App: ${message}`);

function slugOf(name: string): string {
  return name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '');
}

/** Makes the App that a manifest describes and gives the address to go back to. */
export function appFromManifest(world: World, organization: string | null, form: URLSearchParams): URL {
  const manifest = record(JSON.parse(form.get('manifest') ?? 'null'));
  const stray = Object.keys(manifest).filter((key) => !KEYS.has(key));
  if (stray.length > 0) throw refuse(`${stray.join(', ')} is no key of a manifest`);
  const hook = record(manifest['hook_attributes']);
  const name = text(manifest['name']) === '' ? 'app' : text(manifest['name']);
  if (text(manifest['url']) === '') throw refuse('url is missing');
  if (!URL.canParse(text(manifest['redirect_url']))) throw refuse('redirect_url is missing');
  const permissions = Object.fromEntries(
    Object.entries(record(manifest['default_permissions'])).map(([key, level]) => [key, text(level)]),
  );
  const wrong = loadRestOracle().problemsOfPermissions(permissions);
  if (wrong.length > 0) throw refuse(wrong.join('; '));
  const events = Array.isArray(manifest['default_events']) ? manifest['default_events'].map(text) : [];
  const owner: Organization | User =
    organization === null ? personOf(world, firstAccount(world)) : needOrganization(world, organization);
  const active = hook['active'] !== false && text(hook['url']) !== '';
  const { app } = createApp(world, {
    slug: slugOf(name),
    name,
    owner,
    permissions,
    events,
    webhookUrl: active ? text(hook['url']) : null,
  });
  const code = world.secret(`manifest:${app.id}`, 40);
  world.state.manifestCodes.set(code, app);
  const back = new URL(text(manifest['redirect_url']));
  back.searchParams.set('code', code);
  const state = form.get('state');
  if (state !== null) back.searchParams.set('state', state);
  return back;
}

function firstAccount(world: World): User | Organization {
  const account = [...world.state.accounts.values()].find((one) => one.kind !== 'Bot');
  if (account === undefined) throw refuse('there is nobody yet to own it');
  return account;
}
