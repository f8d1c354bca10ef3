/**
 * Which files a pattern of `CODEOWNERS` means: those of `.gitignore`, without negation and character ranges, and with
 * GitHub's own reading of `docs/*`, which goes no deeper. Case counts. Paths are attacker-controlled, so patterns are
 * matched by stepping back to the last star: the time is at worst the product of both lengths.
 * https://docs.github.com/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners#codeowners-syntax
 */
import { wildcard } from './glob.ts';

/** A part of a path: `**`, or the signs of one name. */
type Part = '**' | readonly Sign[];
/** `literal` stands for itself even where it is a star: it was escaped. */
interface Sign {
  readonly text: string;
  readonly literal: boolean;
}

export interface OwnerPattern {
  /** What a path has to begin with, where it is one name: for finding the pattern by it. Null: anything. */
  readonly first: string | null;
  readonly parts: readonly Part[];
  /** Whether what lies below a match is meant too. */
  readonly deeper: boolean;
}

/** What GitHub has against a pattern, as the end of a sentence; null where it is one. */
export function ownerPatternProblem(pattern: string): string | null {
  if (pattern.startsWith('!')) return 'begins with !, and CODEOWNERS knows no negation';
  if (pattern.startsWith(String.raw`\#`)) return 'begins with an escaped #, which CODEOWNERS doesn’t know';
  if (/(?<!\\)[[\]]/.test(pattern)) return 'has [ or ], and CODEOWNERS knows no character ranges';
  if (pattern.includes('***')) return 'has more than two stars in a row';
  if (/(?:^|[^\\])(?:\\\\)*\\$/.test(pattern)) return 'ends with an escape of nothing';
  return null;
}

/** Reads a pattern that has no problem. */
export function ownerPattern(pattern: string): OwnerPattern {
  const parts = pattern.split('/');
  const directory = parts.length > 1 && parts.at(-1) === '';
  if (directory) parts.pop();
  // A slash at the front or in the middle ties it to the root; a name by itself is meant at any depth.
  const anchored = parts.length > 1;
  if (parts[0] === '' && anchored) parts.shift();
  const signs = parts.filter((part) => part !== '').map(partOf);
  const last = signs.at(-1);
  const isStar = last !== '**' && last?.length === 1 && last[0]?.text === '*' && !last[0].literal;
  if (last === undefined) return { first: '', parts: [], deeper: false };
  const anywhere: readonly Part[] = anchored ? [] : ['**'];
  return {
    first: anchored ? nameOf(signs[0]) : null,
    // What is named as a directory is not a file: something lies below it.
    parts: [
      ...anywhere,
      ...signs,
      ...(directory && last === '**' ? [ANY_NAME] : []),
      ...(directory ? ANYTHING_BELOW : []),
    ],
    deeper: !directory && !isStar,
  };
}

/** Whether a pattern means this file. `path` is from the root, without a leading slash. */
export function matchesOwnerPattern({ parts, deeper }: OwnerPattern, path: string): boolean {
  if (parts.length === 0) return false;
  const names = path.split('/');
  if (parts.at(-1) === '**') return matchesParts([...parts, ANY_NAME], names);
  return matchesParts(parts, names) || (deeper && matchesParts([...parts, ...ANYTHING_BELOW], names));
}

const ANY_NAME: Part = [{ text: '*', literal: false }];
const ANYTHING_BELOW: readonly Part[] = ['**', ANY_NAME];

function partOf(part: string): Part {
  if (part === '**') return '**';
  const signs: Sign[] = [];
  const letters = Array.from(part);
  for (let at = 0; at < letters.length; at += 1) {
    const literal = letters[at] === '\\';
    if (literal) at += 1;
    signs.push({ text: letters[at] ?? '', literal });
  }
  return signs;
}

/** The name that a part is, where it has no wildcards. */
function nameOf(part: Part | undefined): string | null {
  if (part === undefined || part === '**') return null;
  if (part.some((sign) => isWild(sign))) return null;
  return part.map(({ text }) => text).join('');
}

const isWild = ({ text, literal }: Sign) => !literal && (text === '*' || text === '?');

const matchesParts = (parts: readonly Part[], names: readonly string[]) =>
  wildcard(parts, names, (part) => part === '**', matchesName);

const matchesName = (part: Part, name: string) =>
  part !== '**' &&
  wildcard(
    part,
    Array.from(name),
    (sign) => !sign.literal && sign.text === '*',
    (sign, letter) => (!sign.literal && sign.text === '?') || sign.text === letter,
  );
