/**
 * Which branches a pattern means. Three signs only: `*` any run of characters within one part of the name, `**` any
 * number of whole parts, `?` one character. Time is at worst the product of both lengths, whatever the pattern: it is
 * matched by stepping back to the last star, not by a regular expression.
 */

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
  return globs.some((glob) => glob === branch || matchesParts(glob.split('/'), branch.split('/')));
}

const matchesParts = (glob: readonly string[], parts: readonly string[]) =>
  wildcard(glob, parts, (sign) => sign === '**', matchesPart);

const matchesPart = (glob: string, part: string) =>
  wildcard(
    Array.from(glob),
    Array.from(part),
    (sign) => sign === '*',
    (sign, character) => sign === '?' || sign === character,
  );

/** The usual greedy match: on a mismatch the last star takes one more, and no earlier star need ever be tried again. */
export function wildcard<Sign>(
  signs: readonly Sign[],
  subject: readonly string[],
  isStar: (sign: Sign) => boolean,
  matches: (sign: Sign, item: string) => boolean,
): boolean {
  let sign = 0;
  let item = 0;
  let star = -1;
  let taken = 0;
  while (item < subject.length) {
    const wanted = signs[sign];
    const found = subject[item] ?? '';
    if (wanted !== undefined && isStar(wanted)) {
      star = sign;
      taken = item;
      sign += 1;
    } else if (wanted !== undefined && matches(wanted, found)) {
      sign += 1;
      item += 1;
    } else if (star >= 0) {
      taken += 1;
      item = taken;
      sign = star + 1;
    } else {
      return false;
    }
  }
  return signs.slice(sign).every(isStar);
}
