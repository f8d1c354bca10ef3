/**
 * Which files a pattern means. Paths are compared as git has them: case counts, and a name with a dot in front is a name.
 * Only Unicode's two ways to write an accent are taken as one, so that no file slips past a pattern that looks like it.
 */
import { matchesName } from './glob.ts';

/** What is wrong with a pattern, as the end of a sentence that gives the nearest right one; null where nothing is. */
export function pathGlobProblem(glob: string): string | null {
  if (glob === '') return 'is empty';
  if (glob.length > 1_024) return 'is longer than 1024 characters';
  if (/\p{C}/u.test(glob)) return 'has an invisible character in it';
  if (glob.startsWith('!')) return 'starts with !, which is not supported; list the paths that are meant';
  if (glob.includes('\\')) return 'has a backslash, which escapes nothing here; parts are divided by /';
  if (/[[\]{}]/.test(glob)) {
    return 'has a bracket or brace, which has no meaning here; list the paths, or write ? where a path has one';
  }
  if (glob.trim() !== glob) return `has a blank at its ${glob.startsWith(' ') ? 'start' : 'end'}; remove it`;
  const parts = glob.split('/');
  if (parts.some((part) => part === '' || part === '.' || part === '..')) {
    return `can match no path, for git has no such parts; did you mean ${nearestTo(parts)}?`;
  }
  if (parts.some((part) => part !== '**' && part.includes('**'))) {
    return `has ** inside a part, and it stands for whole parts; did you mean ${apart(parts)}?`;
  }
  return null;
}

/** `/billing`, `./billing`, `a/../billing` → `billing`; `billing/` → `billing/**` */
function nearestTo(parts: readonly string[]): string {
  const kept: string[] = [];
  for (const part of parts) {
    if (part === '..') kept.pop();
    else if (part !== '' && part !== '.') kept.push(part);
  }
  const folder = parts.length > 1 && ['', '.', '..'].includes(parts.at(-1) ?? '');
  if (folder && kept.at(-1) !== '**') kept.push('**');
  return kept.length === 0 ? '**' : kept.join('/');
}

/** `src/**.ts` → `src/**` and `*.ts` below it; `src**` → `src*` and all below it. */
function apart(parts: readonly string[]): string {
  return parts
    .flatMap((part) => {
      if (part === '**' || !part.includes('**')) return part;
      const one = part.replaceAll(/\*\*+/g, '*');
      return part.startsWith('**') ? ['**', one] : [one, '**'];
    })
    .join('/');
}

/** The first of the patterns that means this path. */
export function patternOf(globs: readonly string[], path: string): string | undefined {
  const name = path.normalize('NFC');
  return globs.find((glob) => matchesName(glob.normalize('NFC'), name));
}

/** Whether one of the patterns means exactly this file. */
export function matchesPath(globs: readonly string[], path: string): boolean {
  return globs.some((glob) => matchesName(glob, path));
}
