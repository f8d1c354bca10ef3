/** From what zod found to what a person mends: each problem at its place, with the key that was probably meant. */
import { z } from 'zod';
import { nearest } from '../domain/nearest.ts';
import type { Place, Problem } from './read-yaml.ts';
import { NOBODY } from './schema.ts';
import { NOTHING } from './timing-schema.ts';
import { isUnsupportedKey } from './unsupported-keys.ts';

type Path = readonly (string | number)[];
type Issue = z.core.$ZodIssue;

/** Every problem of a policy whose YAML is sound. */
export function policyProblems(
  schema: z.ZodType,
  issues: readonly Issue[],
  value: unknown,
  place: Place,
): readonly Problem[] {
  const problems = issues.flatMap((issue) => problemsOf(schema, issue, [], value, place));
  // One slip, one sentence: a key that was misspelt isn't missing as well, and its mapping may well name somebody.
  const meant = new Set(problems.flatMap((problem) => (problem.meant === undefined ? [] : [problem.meant])));
  const withUnknown = new Set(
    problems.filter(({ unknown }) => unknown).map(({ path }) => path.slice(0, -1).join('.')),
  );
  return problems.filter(({ path, message }) => {
    const at = path.join('.');
    if (message.startsWith(MISSING)) return !meant.has(at);
    const empty = message.startsWith(NOBODY) || message.startsWith(NOTHING);
    return !(empty && withUnknown.has(at));
  });
}

const MISSING = 'is missing; ';

/** `meant`: the path of the key that an unknown one was probably meant to be. */
interface Found extends Problem {
  readonly meant?: string;
  /** It is about a key that isn't in the schema. */
  readonly unknown?: true;
}

function problemsOf(
  schema: z.ZodType,
  issue: Issue,
  within: Path,
  value: unknown,
  place: Place,
): readonly Found[] {
  const path: Path = [
    ...within,
    ...issue.path.map((part) => (typeof part === 'symbol' ? part.toString() : part)),
  ];
  const found = at(value, path);
  const here = (message: string): Found[] => [{ path, offset: place(path, 'value'), message }];
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => {
        const inner = [...path, key];
        return {
          path: inner,
          offset: place(inner, 'key'),
          unknown: true as const,
          ...unknownKey(schema, inner),
        };
      });
    case 'invalid_union': {
      // The alternative of the right kind has the better problems to tell; where there is none, say what is allowed.
      const near = alternativesOf(issue.errors).find((alternative) =>
        alternative.every(
          (each) => each.path.length > 0 || each.code === 'unrecognized_keys' || each.code === 'custom',
        ),
      );
      if (near === undefined || near.length === 0) return here(expected(schema, path, found));
      return near.flatMap((each) => problemsOf(schema, each, path, value, place));
    }
    case 'invalid_type':
    case 'invalid_value':
      if (found === undefined)
        return [{ path, offset: place(path, 'key'), message: `${MISSING}${allowed(schema, path)}` }];
      return here(expected(schema, path, found));
    case 'too_small':
      return here(
        issue.origin === 'array' || issue.origin === 'string'
          ? 'is empty; give at least one'
          : `is too small; it must be at least ${issue.minimum}`,
      );
    case 'too_big':
      return here(
        `is too ${issue.origin === 'array' || issue.origin === 'string' ? 'long' : 'large'}; it may be ${issue.maximum} at most`,
      );
    case 'invalid_key':
      return [{ path, offset: place(path, 'key'), message: issue.issues[0]?.message ?? issue.message }];
    case 'invalid_element':
    case 'invalid_format':
    case 'not_multiple_of':
    case 'custom':
      return here(issue.message);
  }
}

/** Those of a union that is one of the alternatives are alternatives too. */
function alternativesOf(errors: readonly (readonly Issue[])[]): readonly (readonly Issue[])[] {
  return errors.flatMap((alternative) => {
    const [only] = alternative;
    return alternative.length === 1 && only?.code === 'invalid_union' && only.path.length === 0
      ? alternativesOf(only.errors)
      : [alternative];
  });
}

function unknownKey(schema: z.ZodType, path: Path): Pick<Found, 'message' | 'meant'> {
  if (isUnsupportedKey(path)) {
    return {
      message: 'not supported by this version, so a policy that asks for it can’t be kept; remove the key',
    };
  }
  const parent = path.slice(0, -1);
  const keys = keysAt(schema, parent);
  const meant = nearest(String(path.at(-1)), keys);
  if (meant === null) return { message: `unknown key; known here: ${keys.join(', ')}` };
  return { message: `unknown key; did you mean ${meant}?`, meant: [...parent, meant].join('.') };
}

function expected(schema: z.ZodType, path: Path, found: unknown): string {
  const words = wordsAt(schema, path);
  const meant = typeof found === 'string' ? nearest(found, words) : null;
  const shown = typeof found === 'string' ? JSON.stringify(found.slice(0, 60)) : kindOf(found);
  if (meant !== null) return `is ${shown}; did you mean ${meant}?`;
  return `is ${shown}; ${allowed(schema, path)}${alone(schema, path, found)}`;
}

/** `: write [leads]`, where a list was meant and its only member given. */
function alone(schema: z.ZodType, path: Path, found: unknown): string {
  if (typeof found !== 'string' || found.length > 60) return '';
  const isMember = schemasAt(schema, path).some(
    (each) => each instanceof z.ZodArray && z.safeParse(each.element, found).success,
  );
  if (!isMember) return '';
  // Whatever YAML could read as something else than this text stands in quotes.
  const isPlain = /^(?!(?:true|false|null)$)[a-z][\w./-]*$/i.test(found);
  return `: write [${isPlain ? found : JSON.stringify(found)}]`;
}

function allowed(schema: z.ZodType, path: Path): string {
  const kinds = schemasAt(schema, path).map((each) => {
    if (each instanceof z.ZodLiteral || each instanceof z.ZodEnum) return wordsOf(each).join(' or ');
    if (each instanceof z.ZodArray) return 'a list';
    if (each instanceof z.ZodObject) return `a mapping with ${Object.keys(each.shape).join(', ')}`;
    if (each instanceof z.ZodRecord) return 'a mapping of names';
    if (each instanceof z.ZodNumber) return 'a whole number';
    return 'text';
  });
  return `it must be ${kinds.join(', or ')}`;
}

const wordsAt = (schema: z.ZodType, path: Path) =>
  schemasAt(schema, path).flatMap((schema) =>
    schema instanceof z.ZodLiteral || schema instanceof z.ZodEnum ? wordsOf(schema) : [],
  );

function wordsOf(schema: z.ZodLiteral | z.ZodEnum): string[] {
  return schema instanceof z.ZodLiteral ? [...schema.values].map(String) : schema.options.map(String);
}

const keysAt = (schema: z.ZodType, path: Path) =>
  schemasAt(schema, path).flatMap((schema) =>
    schema instanceof z.ZodObject ? Object.keys(schema.shape) : [],
  );

/** The alternatives that the schema has at a path. */
function schemasAt(schema: z.ZodType, path: Path): readonly z.core.$ZodType[] {
  let schemas = unwrapped(schema);
  for (const part of path) {
    schemas = schemas.flatMap((each) => {
      if (each instanceof z.ZodObject) {
        const inner = Object.hasOwn(each.shape, part) ? each.shape[part] : undefined;
        return inner === undefined ? [] : unwrapped(inner);
      }
      if (each instanceof z.ZodRecord) return unwrapped(each.valueType);
      if (each instanceof z.ZodArray) return unwrapped(each.element);
      return [];
    });
  }
  return schemas;
}

function unwrapped(schema: z.core.$ZodType): readonly z.core.$ZodType[] {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault) return unwrapped(schema.unwrap());
  if (schema instanceof z.ZodUnion) return schema.options.flatMap(unwrapped);
  return [schema];
}

function at(value: unknown, path: Path): unknown {
  let found = value;
  for (const part of path) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, part)) return undefined;
    found = Reflect.get(found, part);
  }
  return found;
}

function kindOf(value: unknown): string {
  if (value === null) return 'empty';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'a mapping' : JSON.stringify(value);
}
