import { isMap, isScalar, LineCounter, parseDocument, type Document } from 'yaml';
import { z } from 'zod';
import { nearest } from '../domain/nearest.ts';
import type { OperatorFile } from './operator-schema.ts';
import { operatorSchema } from './operator-schema.ts';
import type { Report } from './problem.ts';

type Path = readonly PropertyKey[];

/** The operator's file as data, and a way to say where in it something stands. */
export interface ReadOperatorFile {
  readonly content: OperatorFile;
  /** `countersign.yaml:12 targets[0].path` */
  readonly where: (path: Path) => string;
}

/** Reads the file, or reports everything that is wrong with it, each at its line and key. */
export function readOperatorFile(file: string, text: string, report: Report): ReadOperatorFile | null {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, version: '1.2' });
  const at = (offset: number): string => `${file}:${lines.linePos(offset).line}`;
  if (document.errors.length > 0) {
    for (const error of document.errors) report(at(error.pos[0]), error.message);
    return null;
  }
  const where = (path: Path): string => `${at(offsetOf(document, path))} ${keyOf(path)}`.trim();
  const value: unknown = document.toJS();
  const result = operatorSchema.safeParse(value);
  if (result.success) return { content: result.data, where };
  for (const issue of result.error.issues) reportIssue(issue, value, where, report);
  return null;
}

function reportIssue(
  issue: z.core.$ZodIssue,
  value: unknown,
  where: (path: Path) => string,
  report: Report,
): void {
  if (issue.code === 'unrecognized_keys') {
    const known = keysAt(issue.path);
    for (const key of issue.keys) {
      const meant = nearest(key, known);
      const mend = meant === null ? `known here are ${known.join(', ')}` : `did you mean ${meant}?`;
      report(where([...issue.path, key]), `is unknown; ${mend}`);
    }
    return;
  }
  if (issue.code === 'invalid_union') {
    report(
      where(issue.path),
      'must be { file: PATH } or { env: NAME }; the key itself does not belong in this file',
    );
    return;
  }
  const written = valueAt(value, issue.path);
  if (issue.code === 'invalid_type' && (written === undefined || written === null)) {
    report(
      where(issue.path),
      written === null ? 'is empty: write its value, or leave the key out' : 'is missing',
    );
    return;
  }
  report(where(issue.path), sentence(issue.message));
}

/** zod's own messages begin with a capital; ours follow the key. */
function sentence(message: string): string {
  return message.startsWith('must')
    ? message
    : `is not right: ${message.charAt(0).toLowerCase()}${message.slice(1)}`;
}

function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (inner, key) => (typeof inner === 'object' && inner !== null ? Reflect.get(inner, key) : undefined),
    value,
  );
}

/** `targets[0].hosts[1].port` */
function keyOf(path: Path): string {
  return path
    .map((key, index) => (typeof key === 'number' ? `[${key}]` : `${index > 0 ? '.' : ''}${String(key)}`))
    .join('');
}

/** Where a key stands; for one that isn't there, the nearest thing around it that is. */
function offsetOf(document: Document, path: Path): number {
  for (let length = path.length; length > 0; length -= 1) {
    const parent: unknown =
      length === 1 ? document.contents : document.getIn(path.slice(0, length - 1), true);
    const key = path[length - 1];
    if (isMap(parent)) {
      const pair = parent.items.find((item) => isScalar(item.key) && item.key.value === key);
      if (isScalar(pair?.key)) return pair.key.range?.[0] ?? 0;
    }
    const node: unknown = document.getIn(path.slice(0, length), true);
    if (typeof node === 'object' && node !== null && 'range' in node && Array.isArray(node.range))
      return Number(node.range[0]);
  }
  return 0;
}

/** The keys that the schema knows at a path. */
function keysAt(path: Path): string[] {
  let schema: z.core.$ZodType = operatorSchema;
  for (const key of path) {
    schema = bare(schema);
    if (schema instanceof z.ZodArray) schema = schema.element;
    else if (schema instanceof z.ZodObject) schema = schema.shape[String(key)] as z.core.$ZodType;
  }
  schema = bare(schema);
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}

function bare(schema: z.core.$ZodType): z.core.$ZodType {
  return schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault || schema instanceof z.ZodOptional
    ? bare(schema.unwrap())
    : schema;
}
