/** Which branches a pattern means. */
import { matchesName } from './glob.ts';

/** What is wrong with a pattern, as the end of a sentence; null where nothing is. */
export function branchGlobProblem(glob: string): string | null {
  if (glob === '') return 'is empty';
  if (glob.length > 255) return 'is longer than 255 characters';
  if (/[\s\p{C}]/u.test(glob)) return 'has a blank or an invisible character in it, and no branch can';
  if (glob.startsWith('!')) return 'starts with !, which is not supported; list the branches that are meant';
  if (/[[\]{}()|\\^~:]/.test(glob))
    return 'has a sign other than *, ** and ? that is special or that no branch can have';
  if (glob.startsWith('refs/')) return 'is a full ref; write the branch alone, as in main';
  if (glob.startsWith('/') || glob.endsWith('/') || glob.includes('//'))
    return 'has an empty part between slashes';
  if (glob.split('/').some((part) => part !== '**' && part.includes('**')))
    return 'has ** inside a part; it stands for whole parts, as in release/**';
  return null;
}

/** Whether one of the patterns means this branch. */
export function matchesBranch(globs: readonly string[], branch: string): boolean {
  return globs.some((glob) => matchesName(glob, branch));
}
