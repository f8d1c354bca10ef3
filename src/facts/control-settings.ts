import type { ControlSettings } from '../domain/control-facts.ts';

/**
 * What GitHub answered, as settings by their path: so that parameters which we don't know yet are compared and told too. Left out
 * is what says nothing about what is enforced (addresses, times, node ids) or depends on who asks. An account, team or App is
 * its id and name; the order of a list means nothing.
 */
export function controlSettings(raw: unknown): ControlSettings {
  const settings: Record<string, string> = {};
  flatten(reduced(raw), '', settings);
  return settings;
}

const LEFT_OUT = /^(?:url|_links|node_id|.*_urls?|created_at|updated_at|current_user_can_bypass)$/;
const NAMES = ['login', 'slug'] as const;

function reduced(value: unknown): unknown {
  if (Array.isArray(value)) {
    const items = value.map(reduced);
    return items.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  }
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value);
  const fields: Readonly<Record<string, unknown>> = Object.fromEntries(entries);
  // An environment, a rule or a ruleset has an id too: only what is called by a login or a slug is an account, a team or an App.
  if ('id' in fields && ('login' in fields || 'slug' in fields)) {
    const name = NAMES.find((key) => typeof fields[key] === 'string');
    return { id: fields['id'], ...(name === undefined ? {} : { [name]: fields[name] }) };
  }
  return Object.fromEntries(
    entries
      .filter(([key, each]) => !LEFT_OUT.test(key) && each !== undefined)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, each]) => [key, reduced(each)]),
  );
}

function flatten(value: unknown, path: string, into: Record<string, string>): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    into[path === '' ? 'value' : path] = JSON.stringify(value ?? null);
    return;
  }
  const entries = Object.entries(value);
  if (entries.length === 0 && path !== '') into[path] = '{}';
  for (const [key, each] of entries) flatten(each, path === '' ? key : `${path}.${key}`, into);
}
