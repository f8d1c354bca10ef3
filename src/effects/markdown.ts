/**
 * The only place where text becomes Markdown. Titles, logins, branches, file names, commit messages and output come from
 * whoever could push: none of it may break a table, start HTML, ping a person, or become a link that we didn't write.
 */
import { clip } from './clip.ts';

const ZERO_WIDTH_SPACE = '\u200b';
// oxlint-disable-next-line no-control-regex
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g;
/** What hides in a line or turns its reading order around (U+200D may stay: it joins emoji). */
const INVISIBLE =
  /[\u00ad\u061c\u180e\u200b\u200c\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]+/g;

/** One line of plain text: for titles, statuses, and as the first step of everything below. */
export function plain(text: string, max = 500): string {
  const line = text.toWellFormed().replaceAll(CONTROLS, ' ').replaceAll(INVISIBLE, '');
  return clip(line.replaceAll(/ {2,}/g, ' ').trim(), max);
}

/** Plain text as inline Markdown that shows just these characters. */
export function escape(text: string, max = 500): string {
  return breakAutolinks(plain(text, max).replaceAll(/[\\`*_[\]<>~!&$]/g, String.raw`\$&`))
    .replaceAll('|', '&#124;')
    .replace(/^(?:[-+#=]|\d+(?=[.)]))/, (start) => (/\d/.test(start) ? start : `\\${start}`))
    .replace(/^(\d+)([.)])/, String.raw`$1\$2`);
}

/** A name, path, branch or commit in code type. Mentions and links aren't made in there. */
export function code(text: string, max = 200): string {
  const shown = plain(text, max);
  if (shown === '') return '';
  return /[`|\\<]/.test(shown) ? `<code>${escape(shown, max * 2)}</code>` : `\`${shown}\``;
}

/** Text within our own HTML (a `<summary>`), where Markdown isn't read. */
export function html(text: string, max = 200): string {
  return breakAutolinks(
    plain(text, max)
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      .replaceAll('"', '&quot;'),
  );
}

/** A link; `label` is Markdown already, `url` anything: what isn't plain http(s) is left out, and only the label stays. */
export function link(label: string, url: string): string {
  return /^https?:\/\/[\w.~:/?#@!$&'*+,;=%-]+$/.test(url) ? `[${label}](${url})` : label;
}

/**
 * Lines in a block of code, closed by a fence longer than any in them. Controls go, so that neither a terminal's colours nor
 * a reversed line can show something else than what is there.
 */
export function fenced(lines: readonly string[], language = ''): string {
  const clean = lines.map((line) =>
    line.toWellFormed().replaceAll('\t', '  ').replaceAll(CONTROLS, '').replaceAll(INVISIBLE, ''),
  );
  const longest = Math.max(
    2,
    ...clean.flatMap((line) => [...line.matchAll(/`+/g)].map(([run]) => run.length)),
  );
  const fence = '`'.repeat(longest + 1);
  return [`${fence}${language}`, ...clean, fence].join('\n');
}

/** What is folded away until somebody opens it. */
export function details(summary: string, body: string): string {
  return `<details><summary>${summary}</summary>\n\n${body}\n\n</details>`;
}

/**
 * A sentence of the policy room: Markdown, with data escaped. Should some data have come through raw, it still can't
 * break a table, start HTML, become a link or ping anybody. A `#12` that isn't escaped is meant as a pull request's.
 */
export function sentence(markdown: string, max = 600): string {
  return plain(markdown, max)
    .split(/(\\[!-/:-@[-`{-~]|`[^`]*`)/)
    .map((part, index) => {
      if (index % 2 === 0) return breakNames(part.replaceAll(/[<|`]|\]\(|\\$/g, entity));
      if (part.startsWith('`')) return code(part.slice(1, -1), max);
      if (part === String.raw`\#`) return part + ZERO_WIDTH_SPACE;
      return /^\\[<|`]$/.test(part) ? entity(part.slice(1)) : breakNames(part);
    })
    .join('');
}

const entity = (text: string): string => `&#x${text.charCodeAt(0).toString(16)};${text.slice(1)}`;

/** A sentence of the policy room as plain text, for a title. */
export function sentenceAsText(markdown: string, max = 200): string {
  const bare = markdown.replaceAll(
    /\\([!-/:-@[-`{-~])|[`*]/g,
    (_, escaped: string | undefined) => escaped ?? '',
  );
  const decoded = bare.replaceAll(/&(?:#124|lt|gt|amp);/g, (name) => ENTITIES[name] ?? name);
  return plain(decoded, max);
}

const ENTITIES: Readonly<Record<string, string>> = { '&#124;': '|', '&lt;': '<', '&gt;': '>', '&amp;': '&' };

/** GitHub makes links of `@login`, `#12`, `GH-12`, URLs and e-mails in finished text, so escaping alone doesn't stop it. */
function breakAutolinks(text: string): string {
  return breakNames(text)
    .replaceAll(/#(?=\d)/g, `#${ZERO_WIDTH_SPACE}`)
    .replaceAll(/\b(GH-)(?=\d)/gi, `$1${ZERO_WIDTH_SPACE}`);
}

/** Of people and places only. */
function breakNames(text: string): string {
  return text
    .replaceAll('@', `@${ZERO_WIDTH_SPACE}`)
    .replaceAll('://', `:${ZERO_WIDTH_SPACE}//`)
    .replaceAll(/www\./gi, (www) => `${www.slice(0, -1)}${ZERO_WIDTH_SPACE}.`);
}
