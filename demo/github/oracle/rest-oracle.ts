/**
 * GitHub's own description as judge: is this request one that GitHub documents, and is this answer of ours one that it
 * could give? Stricter than the schemas in one point: keys they don't name, in bodies and queries, are refused.
 */
import { OPERATIONS, type Operation } from '../description/operations.ts';
import { encodePointer, isObject, loadSchemaSet, type Json } from './schema-set.ts';

export interface Matched {
  readonly operation: Operation;
  readonly params: Readonly<Record<string, string>>;
}

export interface RestOracle {
  match(method: string, pathname: string): Matched | null;
  /** Problems of a request; `query` values as they stood in the address. */
  checkRequest(operation: Operation, query: URLSearchParams, body: unknown): string[];
  checkResponse(operation: Operation, status: number, body: unknown): string[];
  /** Whether GitHub lets an App's installation token call it at all. */
  forApps(operation: Operation): boolean;
  /** Faults of an App's permissions, unknown ones among them. */
  problemsOfPermissions(permissions: unknown): string[];
}

/** Parameters that may hold slashes. */
const DEEP = new Set(['path', 'ref', 'basehead', 'branch']);

function pathPattern(template: string): RegExp {
  const pattern = template.replace(/\{(\w+)\}|[.]/g, (whole, name: string | undefined) => {
    if (name === undefined) return `\\${whole}`;
    return `(?<${name}>${DEEP.has(name) ? '.+' : '[^/]+'})`;
  });
  return new RegExp(`^${pattern}$`);
}

/** Templates that end in a literal are tried before those that end in a parameter which may swallow it. */
const specificity = (operation: string): number =>
  operation.split('/').reduce((sum, part) => sum + (part.startsWith('{') ? 1 : 100), 0);

let loaded: RestOracle | null = null;

/** Loads the slice, once a process; validators are compiled when first needed. */
export function loadRestOracle(): RestOracle {
  loaded ??= makeRestOracle();
  return loaded;
}

function makeRestOracle(): RestOracle {
  const set = loadSchemaSet('rest.json', { emptyAddresses: false });
  const { document } = set;
  const paths = isObject(document['paths']) ? document['paths'] : {};

  const resolve = (schema: unknown): Json | null => {
    if (!isObject(schema)) return null;
    const reference = schema['$ref'];
    if (typeof reference !== 'string') return schema;
    let node: unknown = document;
    for (const part of reference.slice(2).split('/')) node = isObject(node) ? node[part] : undefined;
    return resolve(node);
  };
  const find = (operation: Operation): { base: string; described: Json } => {
    const [method = '', template = ''] = operation.split(' ');
    const entry = paths[template];
    const described = isObject(entry) ? entry[method.toLowerCase()] : undefined;
    if (!isObject(described)) throw new Error(`The slice lacks ${operation}: run npm run github:slice`);
    return { base: `/paths/${encodePointer(template)}/${method.toLowerCase()}`, described };
  };
  const branchesOf = (schema: Json): Json[] =>
    ['anyOf', 'oneOf', 'allOf'].flatMap((key) => {
      const list = schema[key];
      return Array.isArray(list) ? list.map(resolve).filter((item) => item !== null) : [];
    });
  /** The property names that any of these schemas knows at this level; null where anything goes. */
  const known = (schemas: readonly Json[]): Map<string, Json[]> | null => {
    const names = new Map<string, Json[]>();
    for (const schema of schemas) {
      if (isObject(schema['additionalProperties'])) return null;
      const own = isObject(schema['properties']) ? schema['properties'] : {};
      for (const [name, value] of Object.entries(own))
        names.set(name, [...(names.get(name) ?? []), resolve(value) ?? {}]);
      for (const [name, values] of known(branchesOf(schema)) ?? [])
        names.set(name, [...(names.get(name) ?? []), ...values]);
    }
    return names.size === 0 ? null : names;
  };
  const unknownKeys = (schemas: readonly Json[], value: unknown, where: string): string[] => {
    if (Array.isArray(value)) {
      const items = [...schemas, ...schemas.flatMap(branchesOf)]
        .map((schema) => resolve(schema['items']))
        .filter((schema) => schema !== null);
      return value.flatMap((item, index) => unknownKeys(items, item, `${where}/${index}`));
    }
    const names = known(schemas);
    if (!isObject(value) || names === null) return [];
    return Object.entries(value).flatMap(([key, item]) => {
      const inner = names.get(key);
      return inner === undefined
        ? [`${where}/${key} is no key of GitHub's`]
        : unknownKeys(inner, item, `${where}/${key}`);
    });
  };

  const table = OPERATIONS.map((operation) => ({
    operation,
    method: operation.split(' ')[0],
    pattern: pathPattern(operation.split(' ')[1] ?? ''),
  }));
  table.sort((a, b) => specificity(b.operation) - specificity(a.operation));

  const queryProblems = (parameters: unknown, query: URLSearchParams): string[] => {
    const named = new Map<string, Json>();
    for (const parameter of Array.isArray(parameters) ? parameters : []) {
      const described = resolve(parameter);
      if (described?.['in'] === 'query' && typeof described['name'] === 'string')
        named.set(described['name'], described);
    }
    const found = [...query].flatMap(([name, raw]) => {
      const schema = resolve(named.get(name)?.['schema']);
      if (schema === null) return [`query ${name} is no parameter of GitHub's`];
      const wanted = schema['type'];
      let value: unknown = raw;
      if (wanted === 'integer') value = Number(raw);
      if (wanted === 'boolean') value = raw === 'true' ? true : raw === 'false' ? false : raw;
      return set.problemsOf(schema, value, `query ${name}=${raw}`);
    });
    for (const [name, parameter] of named) {
      if (parameter['required'] === true && !query.has(name)) found.push(`query ${name} is missing`);
    }
    return found;
  };

  return {
    match(method, pathname) {
      for (const { operation, method: wanted, pattern } of table) {
        if (wanted !== method) continue;
        const groups = pattern.exec(pathname)?.groups;
        if (pattern.test(pathname)) {
          const params = Object.fromEntries(
            Object.entries(groups ?? {}).map(([key, value]) => [key, decodeURIComponent(value)]),
          );
          return { operation, params };
        }
      }
      return null;
    },
    checkRequest(operation, query, body) {
      const { base, described } = find(operation);
      const found = queryProblems(described['parameters'], query);
      const request = resolve(described['requestBody']);
      if (request === null) return body === undefined ? found : [...found, 'the call takes no body'];
      if (body === undefined)
        return request['required'] === true && requiresKeys(request)
          ? [...found, 'a body is required']
          : found;
      found.push(...set.problems(`${base}/requestBody/content/application~1json/schema`, body, 'body'));
      const schema = at(request, ['content', 'application/json', 'schema']);
      return [...found, ...unknownKeys([resolve(schema) ?? {}], body, 'body')];
    },
    checkResponse(operation, status, body) {
      const { base, described } = find(operation);
      const response = isObject(described['responses']) ? described['responses'][String(status)] : undefined;
      if (response === undefined) {
        if (status < 400) return [`GitHub documents no ${status} for ${operation}`];
        return isObject(body) && typeof body['message'] === 'string' ? [] : ['an error without a message'];
      }
      const resolved = resolve(response);
      const schema = at(resolved, ['content', 'application/json', 'schema']);
      if (schema === undefined)
        return body === undefined || status >= 400 || status === 202
          ? []
          : [`a ${status} of ${operation} has no body`];
      const reference = isObject(response) ? response['$ref'] : undefined;
      const start = typeof reference === 'string' ? reference.slice(1) : `${base}/responses/${status}`;
      return set.problems(`${start}/content/application~1json/schema`, body, 'answer');
    },
    problemsOfPermissions(permissions) {
      const schema = { $ref: '#/components/schemas/app-permissions' };
      return [
        ...set.problems('/components/schemas/app-permissions', permissions, 'permissions'),
        ...unknownKeys([resolve(schema) ?? {}], permissions, 'permissions'),
      ];
    },
    forApps: (operation) => find(operation).described['apps'] === true,
  };

  function requiresKeys(request: Json): boolean {
    const schema = resolve(at(request, ['content', 'application/json', 'schema']));
    return Array.isArray(schema?.['required']) && schema['required'].length > 0;
  }

  function at(node: unknown, keys: readonly string[]): unknown {
    return keys.reduce<unknown>((inner, key) => (isObject(inner) ? inner[key] : undefined), node);
  }
}
