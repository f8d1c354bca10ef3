import { expect, test } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { policySchemas } from '../../../src/policy/schema.ts';

const manual = await readFile(new URL('../../../docs/policy.md', import.meta.url), 'utf8');

/** A row of the manual's tables of keys: the key's whole path, and what stands there as code. */
interface Row {
  readonly path: string;
  readonly names: string;
}

/** The rows of the table that begins with these columns, each path with `prefix` before it. */
function rowsOf(columns: readonly string[], prefix = ''): readonly Row[] {
  const cells = (line: string) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim());
  const lines = manual.split('\n');
  const heads = lines.flatMap((line, at) =>
    columns.every((column, index) => cells(line)[index] === column) ? [at] : [],
  );
  expect({ columns, tables: heads.length }).toEqual({ columns, tables: 1 });
  const body = lines.slice((heads[0] ?? 0) + 2);
  return body.slice(0, body.indexOf('')).map((line) => {
    const [key = '', ...rest] = cells(line);
    const name = /^`([^`:]+)/.exec(key)?.[1] ?? key;
    return {
      path: `${prefix}${name.replace(/^…/, 'environments.NAME')}`,
      names: (rest.join(' ').match(/`[^`]+`/g) ?? []).join(' '),
    };
  });
}

const rows = [
  ...rowsOf(['key', 'value', 'meaning']),
  ...rowsOf(['key', "met by classic protection's"], 'changes.protection.'),
  ...rowsOf(['condition', 'holds when'], 'changes.rules[].when.'),
];

/** Every path of the schema, inner ones as well: `[]` is any member of a list, `NAME` any name. */
function pathsOf(schema: unknown, path = ''): readonly string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const { properties, items, additionalProperties, anyOf } = schema as Readonly<Record<string, unknown>>;
  const dot = path === '' ? '' : '.';
  return [
    path,
    ...Object.entries(properties ?? {}).flatMap(([key, inner]) => pathsOf(inner, `${path}${dot}${key}`)),
    ...pathsOf(items, `${path}[]`),
    ...pathsOf(additionalProperties, `${path}${dot}NAME`),
    ...(Array.isArray(anyOf) ? anyOf.flatMap((inner) => pathsOf(inner, path)) : []),
  ];
}

const schema = policySchemas()['countersign.schema.json'];
const paths = [...new Set(pathsOf(schema))].filter((path) => path !== '');
const isWithin = (path: string, outer: string) =>
  path === outer || path.startsWith(`${outer}.`) || path.startsWith(`${outer}[]`);

test('no key of the policy stands in the manual’s tables twice, and none that there isn’t', () => {
  const keys = rows.map(({ path }) => path);
  expect(keys.toSorted()).toEqual([...new Set(keys)].toSorted());
  expect(keys.filter((key) => !paths.includes(key))).toEqual([]);
});

test('each key of the policy stands in them: in a row of its own, or by name in that of what it is a part of', () => {
  // How a member of any list of users may be written is told once, for all of them.
  expect(manual).toMatch(/`\{ login: \w+, id: \d+ \}` in place of/);
  const leaves = paths
    .filter((path) => !paths.some((other) => other !== path && isWithin(other, path)))
    .map((path) => path.replace(/\busers\[\]\.(?:login|id)$/, 'users'));
  const missing = leaves.filter((leaf) => {
    const [row] = rows
      .filter(({ path }) => isWithin(leaf, path))
      .toSorted((a, b) => b.path.length - a.path.length);
    const rest = leaf.slice(row?.path.length ?? 0).match(/\w+/g) ?? [];
    return !rest.every((part) => new RegExp(`\\b${part}\\b`).test(row?.names ?? ''));
  });
  expect(missing).toEqual([]);
  expect(leaves.length).toBeGreaterThan(60);
});
