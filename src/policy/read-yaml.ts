/**
 * A policy's text to plain data, with the place of everything in it. The text is whatever somebody could bring to the
 * trusted branch: nothing here may throw, run long, or read it in two ways. So it is YAML without its traps: one document,
 * no aliases, no tags, no directives, no key twice, keys that are plain strings, no control characters.
 */
import { isAlias, isMap, isPair, isScalar, isSeq, LineCounter, parseAllDocuments, type Document } from 'yaml';

/** More than a thousand lines. What is longer is no policy that a person reads. */
export const MOST_CHARACTERS = 64 * 1024;
const DEEPEST = 20;
/** One slip makes the parser stumble over all that follows: the first ones are what helps. */
const MOST_YAML_PROBLEMS = 5;

/** NUL and the other controls, bidirectional and zero-width signs: what a reader of the file wouldn't see. */
const UNSEEN =
  // oxlint-disable-next-line no-control-regex
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u0084\u0086-\u009f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]|\p{Cs}/u;

/** A problem at an offset of the text. `path` is empty where it is about the text itself. */
export interface Problem {
  readonly path: readonly (string | number)[];
  readonly offset: number;
  readonly message: string;
}

export type ReadYaml =
  | { readonly ok: true; readonly value: unknown; readonly place: Place; readonly lines: LineCounter }
  | { readonly ok: false; readonly problems: readonly Problem[]; readonly lines: LineCounter };

/** The place of the value at a path, or of its key; that of the nearest parent where there is none. */
export type Place = (path: readonly (string | number)[], what: 'key' | 'value') => number;

/** Reads the text, or says everything that is wrong with it as YAML. */
export function readYaml(text: string): ReadYaml {
  const lines = new LineCounter();
  const refuse = (...problems: readonly Problem[]): ReadYaml => ({ ok: false, problems, lines });
  if (text.length > MOST_CHARACTERS) {
    return refuse(about(0, `is longer than ${MOST_CHARACTERS} characters; a policy is a page or two`));
  }
  const control = forbiddenCharacter(text);
  if (control !== null) {
    countLines(lines, text);
    return refuse(
      about(control, `has a character that can't be seen (${codePoint(text, control)}); remove it`),
    );
  }
  let documents: readonly Document.Parsed[];
  try {
    // Positions, not pretty errors: those quote the line, and we name it. Keys are compared below, in linear time.
    const parsed = parseAllDocuments(text, {
      lineCounter: lines,
      prettyErrors: false,
      uniqueKeys: false,
      version: '1.2',
      logLevel: 'silent',
    });
    documents = 'empty' in parsed ? [] : parsed;
  } catch {
    return refuse(about(0, 'is nested too deeply to be read'));
  }
  const [document, second] = documents;
  if (document === undefined) return refuse(about(0, 'is empty; it needs at least version: 1 and changes:'));
  const broken = [...document.errors, ...document.warnings].map((error) =>
    about(error.pos[0], sentenceOf(error.code, error.message)),
  );
  if (broken.length > 0) return refuse(...broken.slice(0, MOST_YAML_PROBLEMS));
  if (second !== undefined)
    return refuse(about(second.range[0], 'has a second document (---); a policy is one'));
  if (document.directives.yaml.explicit === true) return refuse(about(0, 'has a %YAML directive; remove it'));
  if (document.contents === null || (isScalar(document.contents) && document.contents.value === null)) {
    return refuse(about(0, 'is empty; it needs at least version: 1 and changes:'));
  }
  const found: Found = { problems: [], keys: new Map(), values: new Map() };
  const value = plain(document.contents, [], found);
  if (found.problems.length > 0) return refuse(...found.problems);
  return { ok: true, value, place: placeIn(found), lines };
}

interface Found {
  readonly problems: Problem[];
  /** Offsets, by path as JSON. */
  readonly keys: Map<string, number>;
  readonly values: Map<string, number>;
}

/** Copies a node out as plain data, without prototypes, so that no key means anything to JavaScript. */
function plain(node: unknown, path: readonly (string | number)[], found: Found): unknown {
  const offset = offsetOf(node);
  const refuse = (message: string) => void found.problems.push({ path, offset, message });
  if (path.length > DEEPEST) return refuse('is nested too deeply');
  found.values.set(JSON.stringify(path), offset);
  if (isAlias(node)) return refuse('is an alias (*); write the value out');
  if (hasTag(node)) return refuse('has a tag (!); remove it');
  if (isScalar(node)) {
    if (typeof node.value === 'bigint') return refuse('is too large a number');
    return node.value;
  }
  if (isSeq(node)) return node.items.map((item, index) => plain(item, [...path, index], found));
  if (!isMap(node)) return null;
  const entries = new Map<string, unknown>();
  for (const pair of node.items) {
    if (!isPair(pair)) continue;
    const { key } = pair;
    const keyOffset = offsetOf(key);
    const problem = (message: string) => void found.problems.push({ path, offset: keyOffset, message });
    if (!isScalar(key) || hasTag(key)) problem('has a key that is not a plain string');
    else if (typeof key.value !== 'string')
      problem(`has a key that is not a string: ${clip(String(key.source ?? key.value))}; put it in quotes`);
    else if (key.value === '__proto__' || key.value === '<<')
      problem(`has a key that is not allowed: ${key.value}`);
    else if (entries.has(key.value)) problem(`has the key ${clip(key.value)} twice`);
    else {
      const inner = [...path, key.value];
      found.keys.set(JSON.stringify(inner), keyOffset);
      entries.set(key.value, plain(pair.value, inner, found));
    }
  }
  return Object.fromEntries(entries);
}

function placeIn({ keys, values }: Found): Place {
  return (path, what) => {
    for (let length = path.length; length >= 0; length -= 1) {
      const at = JSON.stringify(path.slice(0, length));
      const exact = length === path.length;
      const offset = exact && what === 'value' ? values.get(at) : (keys.get(at) ?? values.get(at));
      if (offset !== undefined) return offset;
    }
    return 0;
  };
}

function forbiddenCharacter(text: string): number | null {
  const body = text.startsWith('\ufeff') ? 1 : 0;
  const found = UNSEEN.exec(text.slice(body));
  return found === null ? null : found.index + body;
}

const codePoint = (text: string, offset: number) =>
  `U+${(text.codePointAt(offset) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;

function countLines(lines: LineCounter, text: string): void {
  lines.addNewLine(0);
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) lines.addNewLine(at + 1);
}

const about = (offset: number, message: string): Problem => ({ path: [], offset, message });

function offsetOf(node: unknown): number {
  return isScalar(node) || isMap(node) || isSeq(node) || isAlias(node) ? (node.range?.[0] ?? 0) : 0;
}

const hasTag = (node: unknown) => (isScalar(node) || isMap(node) || isSeq(node)) && node.tag !== undefined;

function sentenceOf(code: string, message: string): string {
  if (code === 'TAB_AS_INDENT') return 'has a tab as indentation; use blanks';
  if (code === 'RESOURCE_EXHAUSTION') return 'is nested too deeply to be read';
  return `is not valid YAML: ${clip(message.replaceAll(/\s+/g, ' '), 200)}`;
}

const clip = (text: string, most = 60) => (text.length > most ? `${text.slice(0, most)}…` : text);
