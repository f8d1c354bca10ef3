import { stripTypeScriptTypes } from 'node:module';

/** One import or re-export of a file. */
export interface Import {
  readonly specifier: string;
  /** Erased before the program runs. */
  readonly typeOnly: boolean;
  /** What it takes, as the other file calls it; `*` for all of it. */
  readonly names: readonly string[];
}

/**
 * A source with its comments, and what its strings say, blanked out: what is left is code. What stands in a
 * template's `${…}` is code too. Every character keeps its place.
 */
export function codeOf(source: string): string {
  return scan(source, false);
}

/** The same, but with the strings left in. */
function withStrings(source: string): string {
  return scan(source, true);
}

const STATEMENT =
  /(?:^|[;}\n])\s*(?<verb>import|export)\s+(?<type>type\s+)?(?<what>[\w$*\s{},]*?)\s*from\s*(?<quote>['"])(?<from>[^'"\n]+)\k<quote>/g;
const BARE = /(?:^|[;}\n])\s*import\s*(?<quote>['"])(?<from>[^'"\n]+)\k<quote>/g;
const DYNAMIC = /\bimport\s*\(\s*(?:(?<quote>['"`])(?<from>[^'"`\n]+)\k<quote>)?/g;

/** Every import of a TypeScript source, however it is written. A dynamic one of something computed is `?`. */
export function importsOf(source: string): Import[] {
  const text = withStrings(source);
  const found: Import[] = [];
  for (const { groups } of text.matchAll(STATEMENT)) {
    const what = groups?.['what'] ?? '';
    const parts = what
      .replaceAll(/[{}]/g, ',')
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== '');
    const named = what.includes('{');
    const typeOnly =
      groups?.['type'] !== undefined ||
      (named && parts.length > 0 && parts.every((part) => part.startsWith('type ')));
    const names = parts.map((part) => part.replace(/^type\s+/, '').replace(/\s+as\s.*$/, ''));
    found.push({ specifier: groups?.['from'] ?? '?', typeOnly, names: named ? names : ['*'] });
  }
  for (const { groups } of text.matchAll(BARE))
    found.push({ specifier: groups?.['from'] ?? '?', typeOnly: false, names: [] });
  for (const { groups } of text.matchAll(DYNAMIC)) {
    found.push({ specifier: groups?.['from'] ?? '?', typeOnly: false, names: ['*'] });
  }
  return found;
}

/** A TypeScript source as the program runs it, as code only. */
export function runningCodeOf(source: string): string {
  return codeOf(stripTypeScriptTypes(source, { mode: 'strip' }));
}

/** After these a `/` begins a regular expression; after anything else it divides. */
const BEFORE_REGEXP =
  /(?:^|[=([{,;:!&|?+\-*%~^<>]|\b(?:return|typeof|case|in|of|delete|void|throw|new|await|yield|else|do))\s*$/;

function scan(source: string, keepStrings: boolean): string {
  let out = '';
  let at = 0;
  /** For each open template: how many braces are open inside its `${`. */
  const templates: number[] = [];
  const blank = (text: string): string => text.replaceAll(/[^\n]/g, ' ');
  const take = (end: number, keep: boolean): void => {
    const text = source.slice(at, end);
    out += keep ? text : blank(text);
    at = end;
  };
  // The quotes stay in any case: `f('a')` must not look like `f()`.
  const takeString = (): void => {
    const end = endOfString(source, at);
    take(at + 1, true);
    take(end - 1, keepStrings);
    take(end, true);
  };
  const template = (): void => {
    const end = endOfTemplatePart(source, at);
    take(end, keepStrings);
    if (source.slice(end - 2, end) === '${') templates.push(0);
  };
  while (at < source.length) {
    const two = source.slice(at, at + 2);
    const char = source[at] ?? '';
    const depth = templates.at(-1);
    if (two === '//') take(endOf(source, '\n', at), false);
    else if (two === '/*') take(Math.min(source.length, endOf(source, '*/', at + 2) + 2), false);
    else if (char === "'" || char === '"') takeString();
    else if (char === '`') {
      take(at + 1, true);
      template();
    } else if (char === '/' && BEFORE_REGEXP.test(out.slice(-40))) take(endOfRegExp(source, at), false);
    else if (char === '}' && depth === 0) {
      templates.pop();
      take(at + 1, keepStrings);
      template();
    } else {
      if (depth !== undefined && (char === '{' || char === '}'))
        templates[templates.length - 1] = depth + (char === '{' ? 1 : -1);
      take(at + 1, true);
    }
  }
  return out;
}

function endOf(source: string, what: string, from: number): number {
  const index = source.indexOf(what, from);
  return index === -1 ? source.length : index;
}

function endOfString(source: string, start: number): number {
  const quote = source[start];
  let at = start + 1;
  while (at < source.length && source[at] !== quote && source[at] !== '\n') at += source[at] === '\\' ? 2 : 1;
  return at + 1;
}

/** Just behind the closing backtick, or behind the next `${`. */
function endOfTemplatePart(source: string, start: number): number {
  let at = start;
  while (at < source.length) {
    if (source[at] === '`') return at + 1;
    if (source.startsWith('${', at)) return at + 2;
    at += source[at] === '\\' ? 2 : 1;
  }
  return at;
}

function endOfRegExp(source: string, start: number): number {
  let at = start + 1;
  let inClass = false;
  while (at < source.length && source[at] !== '\n' && (inClass || source[at] !== '/')) {
    if (source[at] === '[') inClass = true;
    else if (source[at] === ']') inClass = false;
    at += source[at] === '\\' ? 2 : 1;
  }
  return at + 1;
}
