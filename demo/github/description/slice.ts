/**
 * Cuts GitHub's OpenAPI description (385 MB as a package, 13 MB as the one file we want) down to what the stand-in
 * serves, so that no one has to install it. Run it after `operations.ts` changes:
 *   npm install --no-save @octokit/openapi@23.0.2   (anywhere), then
 *   npm run github:slice -- PATH/TO/node_modules/@octokit/openapi
 */
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { OPERATIONS } from './operations.ts';
import { WEBHOOKS } from './webhooks.ts';

type Json = Record<string, unknown>;

const NOISE = new Set([
  'description',
  'example',
  'examples',
  'summary',
  'externalDocs',
  'tags',
  'deprecated',
  'title',
]);
/** Names below these are property names or component names, not keywords. */
const MAPS = new Set(['properties', 'schemas', 'responses', 'parameters', 'headers', 'content', 'paths']);

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** JSON Schema has no `nullable`: write it as a type, and drop what no validator reads. */
function plain(value: unknown, insideMap = false): unknown {
  if (Array.isArray(value)) return value.map((item) => plain(item));
  if (!isObject(value)) return value;
  const out: Json = {};
  for (const [key, item] of Object.entries(value)) {
    if (!insideMap && (NOISE.has(key) || (key.startsWith('x-') && key !== 'x-github'))) continue;
    out[key] = key === 'enum' || key === 'default' ? item : plain(item, !insideMap && MAPS.has(key));
  }
  // GitHub's list of an App's events is older than its events.
  if (!insideMap && Array.isArray(out['enum']) && out['enum'].includes('branch_protection_rule'))
    delete out['enum'];
  // GitHub documents an installation's account as a user and an enterprise at once, and sends one of them.
  if (insideMap && isObject(out['account']) && Array.isArray(out['account']['anyOf'])) {
    out['account'] = oneOfAll(out['account']);
  }
  // GitHub answers '' where it documents an address with '' as its default.
  if (!insideMap && out['default'] === '') delete out['format'];
  if (insideMap || out['nullable'] !== true) return out;
  delete out['nullable'];
  if (typeof out['type'] === 'string') {
    out['type'] = [out['type'], 'null'];
    if (Array.isArray(out['enum']) && !out['enum'].includes(null)) out['enum'] = [...out['enum'], null];
    return out;
  }
  return { anyOf: [out, { type: 'null' }] };
}

function oneOfAll({ anyOf }: Json): Json {
  const either = (anyOf as readonly Json[]).flatMap(
    (each) => (each['allOf'] as readonly Json[] | undefined) ?? each,
  );
  return { anyOf: either };
}

function references(value: unknown, found: Set<string>): void {
  if (Array.isArray(value)) for (const item of value) references(item, found);
  if (!isObject(value)) return;
  for (const [key, item] of Object.entries(value)) {
    if (key === '$ref' && typeof item === 'string') found.add(item);
    else references(item, found);
  }
}

function at(document: unknown, pointer: string): unknown {
  return pointer
    .slice(2)
    .split('/')
    .map((part) => part.replaceAll('~1', '/'))
    .reduce<unknown>((node, part) => (isObject(node) ? node[part] : undefined), document);
}

function slice(packageDirectory: string): void {
  const source = readFileSync(path.join(packageDirectory, 'generated/api.github.com.json'));
  const { version } = JSON.parse(readFileSync(path.join(packageDirectory, 'package.json'), 'utf8')) as {
    version: string;
  };
  const whole: unknown = JSON.parse(source.toString('utf8'));
  const paths: Record<string, Json> = {};
  for (const operation of OPERATIONS) {
    const [method = '', template = ''] = operation.split(' ');
    const described = isObject(whole) && isObject(whole['paths']) ? whole['paths'][template] : undefined;
    if (!isObject(described) || !isObject(described[method.toLowerCase()]))
      throw new Error(`GitHub's description has no ${operation}`);
    const {
      parameters,
      requestBody,
      responses,
      'x-github': github,
    } = described[method.toLowerCase()] as Json;
    (paths[template] ??= {})[method.toLowerCase()] = plain({
      parameters: [
        ...((described['parameters'] as unknown[] | undefined) ?? []),
        ...((parameters as unknown[] | undefined) ?? []),
      ],
      requestBody: requestBody ?? null,
      responses,
      apps: isObject(github) && github['enabledForGitHubApps'] === true,
    });
  }
  const webhooks: Record<string, unknown> = {};
  for (const name of WEBHOOKS) {
    const body = at(whole, `#/x-webhooks/${name}/post/requestBody/content/application~1json/schema`);
    if (body === undefined) throw new Error(`GitHub's description has no webhook ${name}`);
    webhooks[name] = plain(body);
  }
  const sha256 = createHash('sha256').update(source).digest('hex');
  const origin = {
    package: '@octokit/openapi',
    version,
    file: 'generated/api.github.com.json',
    sha256,
    licence: 'MIT',
  };
  write('rest.json', { source: origin, paths, components: closure(whole, paths) });
  write('webhooks.json', { source: origin, webhooks, components: closure(whole, webhooks) });
}

/** Every component that a part of the description needs. */
function closure(whole: unknown, part: unknown): Record<string, Json> {
  const components: Record<string, Json> = {};
  const seen = new Set<string>();
  for (;;) {
    const found = new Set<string>();
    references(part, found);
    references(components, found);
    const fresh = [...found].filter((reference) => !seen.has(reference)).sort();
    if (fresh.length === 0) return components;
    for (const reference of fresh) {
      seen.add(reference);
      const [, , group = '', name = ''] = reference.split('/');
      const component = plain(at(whole, reference));
      // GitHub documents people only as reviewers here, and sends teams too.
      if (name === 'webhooks_reviewers' && isObject(component)) component['items'] = { type: 'object' };
      (components[group] ??= {})[name] = component;
    }
  }
}

function write(name: string, content: unknown): void {
  const text = JSON.stringify(content);
  writeFileSync(path.join(import.meta.dirname, name), `${text}\n`);
  console.log(`${name}: ${text.length} bytes`);
}

const [packageDirectory] = process.argv.slice(2);
if (packageDirectory === undefined)
  throw new Error('Give the directory of @octokit/openapi: npm run github:slice -- DIR');
slice(packageDirectory);
