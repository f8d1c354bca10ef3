/**
 * Whether a sealed document names a person: by a login, a name or an e-mail as whole words, or by GitHub's id of them. It is
 * read as what it is, since in JSON's own text `\nalice` hides a word behind the n of an escape.
 */

export interface WantedPerson {
  readonly githubId: number;
  /** Logins, and whatever else is known to name them. */
  readonly words: readonly string[];
}

/** `body` may be anything that was ever sealed; bytes that are no text name nobody. */
export function namesPerson(body: Uint8Array, person: WantedPerson): boolean {
  const text = new TextDecoder().decode(body);
  const wanted = patternOf(person);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return wanted.test(text);
  }
  return namedIn(json, false, { wanted, id: person.githubId });
}

/**
 * For a search that only has to find too much: runs of plain letters and digits, in lower case, each of which stands in every
 * text that names the person so. An empty one stands in all.
 */
export function roughly({ githubId, words }: WantedPerson): string[] {
  const runs = words.map((word) => {
    const plain = word.toLowerCase().match(/[a-z0-9]+/g) ?? [''];
    return plain.reduce((longest, run) => (run.length > longest.length ? run : longest), '');
  });
  return [...new Set([String(githubId), ...runs])];
}

/** A login may have hyphens, and an enterprise's an underscore, so these don't end a word. GitHub gives out `ID+LOGIN@…` as e-mail. */
function patternOf({ githubId, words }: WantedPerson): RegExp {
  const literal = words.map((word) => word.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&'));
  return new RegExp(
    `(?<![\\p{L}\\p{N}_\\-])(?:${[...literal, `${githubId}(?=\\+)`].join('|')})(?![\\p{L}\\p{N}_\\-])`,
    'iu',
  );
}

/** Keys whose number or text is an id: `id`, `user_id`, `reviewerIds`. Any other number that is equal is chance. */
const ID_KEY = /(?:^id|_id|Id)s?$/;

function namedIn(value: unknown, isId: boolean, by: { wanted: RegExp; id: number }): boolean {
  if (typeof value === 'number') return isId && value === by.id;
  if (typeof value === 'string') return (isId && value === String(by.id)) || by.wanted.test(value);
  if (Array.isArray(value)) return value.some((item) => namedIn(item, isId, by));
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(value).some(
    ([key, member]) => by.wanted.test(key) || namedIn(member, ID_KEY.test(key), by),
  );
}
