/** A slice of GitHub's description, with its validators compiled when first needed. */
import { readFileSync } from 'node:fs';
import path from 'node:path';

import { Ajv, type ValidateFunction } from 'ajv';
import formats from 'ajv-formats';

export type Json = Record<string, unknown>;

export const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** One step of a JSON pointer inside a reference. */
export const encodePointer = (part: string): string =>
  encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'));

/** How many of a value's faults are told at once. */
const TOLD = 8;

export interface SchemaSet {
  readonly document: Json;
  /** Faults of a value against the schema at a pointer, each led by `where`. */
  problems(pointer: string, value: unknown, where: string): string[];
  /** Faults against a schema that stands alone. */
  problemsOf(schema: Json, value: unknown, where: string): string[];
}

/** Loads `description/NAME`. In webhooks GitHub sends '' where it documents an address: `emptyAddresses`. */
export function loadSchemaSet(name: string, options: { readonly emptyAddresses: boolean }): SchemaSet {
  const document = JSON.parse(
    readFileSync(path.join(import.meta.dirname, '../description', name), 'utf8'),
  ) as Json;
  // Each run uses a validator a few dozen times: what makes them faster costs more than it saves.
  const ajv = new Ajv({
    strict: false,
    allErrors: true,
    logger: false,
    inlineRefs: false,
    code: { optimize: false },
  });
  formats.default(ajv);
  if (options.emptyAddresses) ajv.addFormat('uri', (text) => text === '' || URL.canParse(text));
  // A bot's own e-mail has the brackets of its login, which the format knows only in quotes.
  ajv.addFormat('email', /^[^@\s]+@[^@\s]+$/);
  ajv.addFormat('repo.nwo', true);
  ajv.addFormat('ssh-key', true);
  ajv.addSchema({ ...document, $id: 'github' });
  const compiled = new Map<string, ValidateFunction>();
  const run = (key: string, schema: Json, value: unknown, where: string): string[] => {
    const validate = compiled.get(key) ?? ajv.compile(schema);
    compiled.set(key, validate);
    if (validate(value)) return [];
    const errors = validate.errors ?? [];
    return errors
      .slice(0, TOLD)
      .map((error) => `${where}${error.instancePath} ${error.message ?? 'is wrong'}`);
  };
  return {
    document,
    problems: (pointer, value, where) => run(pointer, { $ref: `github#${pointer}` }, value, where),
    problemsOf: (schema, value, where) => run(JSON.stringify(schema), schema, value, where),
  };
}
