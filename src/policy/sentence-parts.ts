/** Pieces of the sentences that people read. What comes from outside (logins, checks, branches) can't become Markdown. */

// oxlint-disable-next-line no-control-regex
const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]+/g;

/** One line, without what can't be seen, and not too long. */
function line(text: unknown, most: number): string {
  const given = typeof text === 'string' ? text : typeof text === 'number' ? String(text) : '?';
  const clean = given.replaceAll(UNSEEN, ' ').trim();
  const letters = Array.from(clean);
  return letters.length > most ? `${letters.slice(0, most - 1).join('')}…` : clean;
}

/** In code type, where neither mentions nor links are made. */
export function code(text: unknown): string {
  const shown = line(text, 120).replaceAll('`', "'").replaceAll('|', '¦');
  return shown === '' ? '(empty)' : `\`${shown}\``;
}

/** As it is written, with every sign of Markdown and HTML made harmless, pinging nobody. */
export function words(text: unknown, most = 300): string {
  return line(text, most)
    .replaceAll('`', "'")
    .replaceAll(/[\\*_[\]<>~|#&!$]/g, String.raw`\$&`)
    .replaceAll('@', '@\u2060')
    .replaceAll('://', ':\u2060//');
}

/** A person. */
export const login = (name: unknown): string =>
  typeof name === 'string' && name !== '' ? words(name, 60) : 'somebody whose account is deleted';

/** `1a2b3c4` */
export const sha = (id: unknown): string =>
  typeof id === 'string' && id !== ''
    ? `\`${line(id, 120).slice(0, 7).replaceAll(/[`|]/g, '?')}\``
    : 'a commit that is gone';

/** `1 approval`, `2 approvals` */
export const count = (number: unknown, noun: string): string =>
  `${words(number, 12)} ${noun}${number === 1 ? '' : 's'}`;

/** `a, b and c`; at most ten, then how many more. Empty: `nobody`. */
export function list(items: unknown, word: 'and' | 'or', show: (item: unknown) => string = words): string {
  const all: readonly unknown[] = Array.isArray(items) ? items : [];
  const shown = all.slice(0, all.length > 10 ? 9 : 10).map(show);
  if (all.length > shown.length) shown.push(`${all.length - shown.length} more`);
  if (shown.length === 0) return 'nobody';
  return shown.length === 1
    ? (shown[0] ?? '')
    : `${shown.slice(0, -1).join(', ')} ${word} ${shown.at(-1) ?? ''}`;
}

/** Why somebody whose login the policy names isn't whom it asks for; null: it doesn't name them. */
export function although(
  who: unknown,
  { lacks, account }: { readonly lacks?: unknown; readonly account?: unknown },
): string | null {
  if (account !== undefined)
    return `this account has the login ${login(who)}, but isn’t account ${words(account)}, which the policy names`;
  return lacks === undefined ? null : `the policy names ${login(who)}, who may not write to this repository`;
}

/** Whom the policy names: `team leads`, `carol`, `write permission`. */
export function asked(names: unknown): string {
  return list(names, 'or', (name) => {
    const text = String(name);
    if (text.startsWith('team ')) return `somebody of team ${code(text.slice(5))}`;
    if (text === 'the code owners' || text.startsWith('e-mail at ')) return ownerName(text);
    return text.endsWith(' permission') ? `somebody with ${words(text)}` : login(text);
  });
}

/** A code owner: `team \`leads\``, `carol`, `somebody by their e-mail at \`example.com\``. */
export function ownerName(name: unknown): string {
  const text = String(name);
  if (text.startsWith('team ')) return `team ${code(text.slice(5))}`;
  if (text.startsWith('e-mail at ')) return `somebody by their e-mail at ${code(text.slice(10))}`;
  return login(text);
}
