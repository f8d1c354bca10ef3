/**
 * How patterns match, the same for branches, paths and titles. Three signs only: `*` any run of characters within one part,
 * `**` any number of whole parts, `?` one character. Time is at worst the product of both lengths, whatever the pattern: it
 * is matched by stepping back to the last star, not by a regular expression.
 */

/** Whether a pattern means a name of parts between slashes: a branch, a path. */
export function matchesName(glob: string, name: string): boolean {
  return glob === name || matchesParts(glob.split('/'), name.split('/'));
}

/** Whether a pattern means a whole text, in which a slash is a character as any other. */
export function matchesText(glob: string, text: string): boolean {
  return wildcard(
    Array.from(glob),
    Array.from(text),
    (sign) => sign === '*',
    (sign, character) => sign === '?' || sign === character,
  );
}

const matchesParts = (glob: readonly string[], parts: readonly string[]) =>
  wildcard(glob, parts, (sign) => sign === '**', matchesText);

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
