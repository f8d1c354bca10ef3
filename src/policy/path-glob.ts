/**
 * Which files a pattern of the policy means. The same three signs as for branches: `*` any run of characters within one
 * name, `**` any number of whole parts, `?` one character. A pattern means files from the root, never what is below them.
 */
import { matchesBranch } from './branch-glob.ts';

/** What is wrong with a pattern, as the end of a sentence; null where nothing is. */
export function pathGlobProblem(glob: string): string | null {
  if (glob === '') return 'is empty';
  if (glob.length > 1_024) return 'is longer than 1,024 characters';
  if (/[\p{C}]/u.test(glob)) return 'has an invisible character in it';
  if (glob.startsWith('!')) return 'starts with !, which is not supported; list the files that are meant';
  if (/[[\]{}\\]/.test(glob)) return 'has a sign other than *, ** and ? that is special';
  if (glob.startsWith('/')) return 'starts with a slash; it is meant from the root as it is';
  if (glob.endsWith('/')) return 'ends with a slash; write /** after a directory';
  if (glob.split('/').some((part) => part === '' || part === '.' || part === '..'))
    return 'has a part that no path has';
  if (glob.split('/').some((part) => part !== '**' && part.includes('**')))
    return 'has ** inside a part; it stands for whole parts, as in docs/**';
  return null;
}

/** Whether one of the patterns means this file. */
export function matchesPath(globs: readonly string[], path: string): boolean {
  return matchesBranch(globs, path);
}
