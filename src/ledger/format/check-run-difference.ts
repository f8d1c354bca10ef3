/**
 * Where a saved check run says something else than what was recorded. Only line ends, and blanks at the end of lines and of the
 * whole, are taken for the same: whatever a reader could see makes a difference.
 */
import type { CheckRunCopy, CopiedField } from './check-run-copy.ts';
import type { CheckRunRecord } from './check-run-record.ts';

export interface Difference {
  /** As in `in line 7 of its summary: it says "…", and "…" was recorded`. */
  readonly what: string;
  /** How much is the same before it, in lines and parts of one: the more, the likelier it is that this is what was edited. */
  readonly same: number;
}

export interface Compared {
  readonly difference: Difference | null;
  /** Parts of the check run that the copy doesn't have. */
  readonly unseen: readonly CopiedField[];
}

export function compareCheckRun(copy: CheckRunCopy, record: CheckRunRecord): Compared {
  return copy.fields === null ? compareMarkdown(copy.markdown, record) : compareFields(copy.fields, record);
}

const FIELDS: readonly CopiedField[] = [
  'summary',
  'text',
  'title',
  'conclusion',
  'name',
  'sha',
  'externalId',
];
/** As a sentence names them. */
export const FIELD_NAMES: Readonly<Record<CopiedField, string>> = {
  name: 'name',
  sha: 'commit',
  externalId: 'external id',
  conclusion: 'conclusion',
  title: 'title',
  summary: 'summary',
  text: 'text',
};

function compareFields(fields: NonNullable<CheckRunCopy['fields']>, record: CheckRunRecord): Compared {
  let same = 0;
  for (const field of FIELDS) {
    const said = fields[field];
    if (said === undefined) continue;
    const recorded = record[field] ?? '';
    const [saidLines, recordedLines] = [linesOf(said), linesOf(recorded)];
    const at = firstDifference(saidLines, recordedLines);
    same += at === null ? recordedLines.length : at + begunAlike(saidLines[at], recordedLines[at]);
    if (at === null) continue;
    const whole = field === 'summary' || field === 'text';
    const where = whole ? `in line ${at + 1} of its ${FIELD_NAMES[field]}` : `in its ${FIELD_NAMES[field]}`;
    const [one, other] = [saidLines[at], recordedLines[at]];
    const what = whole ? both(one, other) : both(one ?? '', other ?? '');
    return { difference: { what: `${where}: ${what}`, same }, unseen: [] };
  }
  return { difference: null, unseen: FIELDS.filter((field) => fields[field] === undefined) };
}

/** Whoever copies Markdown may begin with the title, and may leave the summary out. How many blank lines join them is theirs too. */
function compareMarkdown(markdown: string, record: CheckRunRecord): Compared {
  const said = linesOf(markdown);
  const body: readonly CopiedField[] = record.text === null ? ['summary'] : ['summary', 'text'];
  const ways: readonly (readonly CopiedField[])[] = [['title', ...body], ['text'], ['title', 'text']];
  let closest = compareInOrder(said, body, record);
  for (const way of ways.filter((fields) => !fields.includes('text') || record.text !== null)) {
    if (closest.difference === null) break;
    const compared = compareInOrder(said, way, record);
    if (compared.difference === null || compared.difference.same > closest.difference.same)
      closest = compared;
  }
  return closest;
}

function compareInOrder(
  said: readonly string[],
  way: readonly CopiedField[],
  record: CheckRunRecord,
): Compared {
  let at = 0;
  let same = 0;
  for (const [number, field] of way.entries()) {
    const recorded = linesOf(record[field] ?? '');
    if (number > 0) while (said[at] === '') at += 1;
    const last = number === way.length - 1;
    const part = last ? said.slice(at) : said.slice(at, at + recorded.length);
    const differs = firstDifference(part, recorded);
    if (differs !== null) {
      const what = `in line ${at + differs + 1}: ${both(part[differs], recorded[differs])}`;
      const alike = begunAlike(part[differs], recorded[differs]);
      return { difference: { what, same: same + differs + alike }, unseen: [] };
    }
    at += recorded.length;
    same += recorded.length;
  }
  return { difference: null, unseen: FIELDS.filter((field) => !way.includes(field)) };
}

function linesOf(text: string): string[] {
  const lines = text.split(/\r\n|\n|\r/).map(withoutBlanksAtEnd);
  const last = lines.findLastIndex((line) => line !== '');
  return lines.slice(
    lines.findIndex((line) => line !== ''),
    last + 1,
  );
}

/** Not by a pattern: one for blanks at the end looks at every run of them from each of its blanks on, which takes minutes for a megabyte. */
function withoutBlanksAtEnd(line: string): string {
  let end = line.length;
  while (end > 0 && (line[end - 1] === ' ' || line[end - 1] === '\t')) end -= 1;
  return line.slice(0, end);
}

function firstDifference(said: readonly string[], recorded: readonly string[]): number | null {
  const longer = Math.max(said.length, recorded.length);
  for (let at = 0; at < longer; at += 1) if (said[at] !== recorded[at]) return at;
  return null;
}

/** How much of a line's beginning is as recorded: less than 1, for it differs. */
function begunAlike(said = '', recorded = ''): number {
  return partingOf(said, recorded) / (Math.max(said.length, recorded.length) + 1);
}

function partingOf(said: string, recorded: string): number {
  let at = 0;
  while (at < said.length && said[at] === recorded[at]) at += 1;
  return at;
}

const LONGEST = 100;

/** What can't be seen, or looks like a blank and is none: controls, formats, separators, variation selectors. */
const HIDDEN = /(?! )[\p{C}\p{Z}\ufe00-\ufe0f\u{e0100}-\u{e01ef}]/gu;

/** From a little before where they part, and quoted, so that nothing in it moves a terminal's cursor, or looks the same and isn't. */
function both(said: string | undefined, recorded: string | undefined): string {
  const from = Math.max(0, partingOf(said ?? '', recorded ?? '') - 30);
  const quoted = (line: string): string => {
    const part = `${from > 0 ? '…' : ''}${line.slice(from, from + LONGEST)}${line.length > from + LONGEST ? '…' : ''}`;
    return JSON.stringify(part.toWellFormed()).replaceAll(HIDDEN, (hidden) =>
      Array.from({ length: hidden.length }, (_, at) => hidden.charCodeAt(at))
        .map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`)
        .join(''),
    );
  };
  if (said === undefined) return `it ends, and ${quoted(recorded ?? '')} was recorded`;
  if (recorded === undefined) return `it says ${quoted(said)}, where what was recorded has ended`;
  return `it says ${quoted(said)}, and ${quoted(recorded)} was recorded`;
}
