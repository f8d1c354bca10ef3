/**
 * Reads a `CODEOWNERS` file as GitHub does: one pattern a line with its owners, and of all lines the last that means a file
 * counts. A line that GitHub can't read it skips, and so do we; each is kept, with what it seems to mean.
 * https://docs.github.com/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners
 */
import {
  matchesOwnerPattern,
  ownerPattern,
  ownerPatternProblem,
  type OwnerPattern,
} from './owner-pattern.ts';

/** Somebody whom a line names. Logins and teams are as written: GitHub compares them without regard to case. */
export type Owner =
  | { readonly is: 'user'; readonly login: string }
  | { readonly is: 'team'; readonly org: string; readonly slug: string }
  | { readonly is: 'email'; readonly email: string };

/** A line that counts. Without owners it takes the files away from those who own them by an earlier line. */
export interface OwnersLine {
  /** From 1. */
  readonly line: number;
  readonly pattern: string;
  readonly owners: readonly Owner[];
}

/** A line that GitHub skips, and why, as the end of a sentence. */
export interface SkippedLine {
  readonly line: number;
  readonly why: string;
}

export interface CodeOwners {
  readonly skipped: readonly SkippedLine[];
  /** The line that owns a file, and the skipped one after it that seems to mean the file too. */
  of(path: string): { readonly owned: OwnersLine | null; readonly skipped: SkippedLine | null };
}

/** Reads the text of a file. Every text is one: what can't be read is among `skipped`. */
export function codeOwnersOf(text: string): CodeOwners {
  const lines = text.replace(/^\uFEFF/, '').split(/\r\n|\n/);
  const read = lines.flatMap((line, index) => readLine(line, index + 1) ?? []);
  const find = byFirstName(read);
  return {
    skipped: read.flatMap((each) => ('why' in each ? [{ line: each.line, why: each.why }] : [])),
    of: (path) => {
      let skipped: SkippedLine | null = null;
      for (const each of find(path)) {
        if (!each.meant.some((pattern) => matchesOwnerPattern(pattern, path))) continue;
        if ('owners' in each) {
          const { line, pattern, owners } = each;
          return { owned: { line, pattern, owners }, skipped };
        }
        skipped ??= { line: each.line, why: each.why };
      }
      return { owned: null, skipped };
    },
  };
}

/** What a line means: one pattern; of a skipped one, each way in which it may have been meant. */
type ReadLine = (OwnersLine | SkippedLine) & { readonly meant: readonly OwnerPattern[] };

function readLine(text: string, line: number): ReadLine | null {
  const [pattern, ...names] = wordsOf(text);
  if (pattern === undefined) return null;
  const problem = ownerPatternProblem(pattern);
  if (problem !== null) {
    return { line, why: `its pattern ${problem}`, meant: meantBy(pattern).map(ownerPattern) };
  }
  const meant = [ownerPattern(pattern)];
  const owners: Owner[] = [];
  for (const name of names) {
    const owner = ownerOf(name);
    // An e-mail is not repeated: what is skipped is shown to everyone who sees the check run.
    if (owner === null) {
      return { line, why: `its owner ${owners.length + 1} is no @user, @org/team or e-mail`, meant };
    }
    owners.push(owner);
  }
  return { line, pattern, owners, meant };
}

/** Blanks part the words, unless they are escaped; a `#` at the front of a word makes the rest of the line a comment. */
function wordsOf(line: string): readonly string[] {
  const words = line.match(/(?:\\.|[^\s\\]|\\$)+/gsu) ?? [];
  const comment = words.findIndex((word) => word.startsWith('#'));
  return comment < 0 ? words : words.slice(0, comment);
}

const USER = /^@([a-z\d](?:[a-z\d_-]*[a-z\d_])?(?:\[bot\])?)$/i;
const TEAM = /^@([a-z\d](?:[a-z\d_-]*[a-z\d_])?)\/([a-z\d_][\w.-]*)$/i;
const EMAIL = /^[\w.%+'-]+@[a-z\d-]+(?:\.[a-z\d-]+)+$/i;

function ownerOf(word: string): Owner | null {
  const [, login] = USER.exec(word) ?? [];
  if (login !== undefined) return { is: 'user', login };
  const [, org, slug] = TEAM.exec(word) ?? [];
  if (org !== undefined && slug !== undefined) return { is: 'team', org, slug };
  return EMAIL.test(word) ? { is: 'email', email: word } : null;
}

/**
 * The files that somebody may have meant with a pattern that GitHub can't read. A negation means to own less: nothing is
 * lost without it.
 */
function meantBy(pattern: string): readonly string[] {
  if (pattern.startsWith('!')) return [];
  const whole = pattern
    .replace(/^\\#/, '#')
    .replaceAll(/\*{3,}/g, '**')
    .replace(/\\$/, '');
  const literal = whole.replaceAll(/(?<!\\)([[\]])/g, String.raw`\$1`);
  return [...new Set([literal, whole.replaceAll(/(?<!\\)\[[^\]/]*\]/g, '?')])];
}

/**
 * Finds the lines that may mean a path, last first. Most lines begin with a directory's name: they are found by it, so
 * that a large file isn't read through for each of thousands of changed files.
 */
function byFirstName(lines: readonly ReadLine[]): (path: string) => Iterable<ReadLine> {
  const anywhere: ReadLine[] = [];
  const named = new Map<string, ReadLine[]>();
  for (const each of lines.toReversed()) {
    const names = each.meant.map(({ first }) => first);
    if (names.includes(null)) anywhere.push(each);
    else {
      for (const name of new Set(names.filter((name) => name !== null))) {
        const group = named.get(name);
        if (group === undefined) named.set(name, [each]);
        else group.push(each);
      }
    }
  }
  return function* (path) {
    const here = named.get(path.split('/', 1)[0] ?? '') ?? [];
    let next = 0;
    for (const each of anywhere) {
      for (; (here[next]?.line ?? 0) > each.line; next += 1) yield here[next] as ReadLine;
      yield each;
    }
    yield* here.slice(next);
  };
}
