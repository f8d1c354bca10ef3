/**
 * Knows an entry by its text alone, where it is written in the plainest way: every key in its canonical place and all text
 * printable ASCII without an escape, as nearly all of ours is. Parsing and the schema cost fifteen times as much. Whatever
 * isn't that plain is not thereby wrong: the schema in `entry.ts` judges it, and a property test holds this to that.
 */

export interface PlainEntry {
  /** The JSON of the entry's `documents` and of its `who`. */
  readonly documents: string;
  readonly who: string;
}

/** `text`: the entry's bytes, one character each (latin1). Null: look closer. */
export function plainEntry(text: string): PlainEntry | null {
  const [, documents, who] = PLAIN.exec(text) ?? [];
  return documents === undefined || who === undefined ? null : { documents, who };
}

/** Repeated as text: V8 counts a `{43}` at each character, which takes twice as long. */
const times = (count: number, characters: string): string => characters.repeat(count);
const digits = (count: number): string => times(count, String.raw`\d`);
const hex = (count: number): string => times(count, '[0-9a-f]');
const list = (item: string): string => String.raw`\[(?:${item}(?:,${item})*)?\]`;

/** Neither a quote, nor an escape, nor a control character, nor a byte that UTF-8 needs others with. */
const CHARACTER = String.raw`[^"\\\0-\x1f\x7f-\xff]`;
const TEXT = `"${CHARACTER}*"`;
const TIME = String.raw`"${digits(4)}-${digits(2)}-${digits(2)}T${digits(2)}:${digits(2)}:${digits(2)}\.${digits(3)}Z"`;
const HASH = `"${times(43, '[A-Za-z0-9_-]')}"`;
const GUID = `"${hex(8)}-${hex(4)}-${hex(4)}-${hex(4)}-${hex(12)}"`;
const DOCUMENT = String.raw`\{"commitment":${HASH},"name":${TEXT},"type":${TEXT}\}`;
const PERSON = String.raw`\{"actor":${HASH},"login":${HASH},"role":${TEXT},"type":"(?:user|bot)"\}`;

const MEMBERS = [
  `(?:"answers":${GUID},)?`,
  `(?:"commit":${TEXT},)?`,
  `(?:"delivery":${TEXT},)?`,
  `"documents":(${list(DOCUMENT)}),`,
  `(?:"environment":${TEXT},)?`,
  `"hosts":${list(TEXT)},`,
  `"id":${GUID},`,
  `"kind":"${CHARACTER}+",`,
  `"occurred":${TIME},`,
  `"outcome":${TEXT},`,
  String.raw`(?:"pullRequest":(?:0|[1-9]\d{0,14}),)?`,
  `"reasons":${list(TEXT)},`,
  `"recorded":${TIME},`,
  String.raw`(?:"repository":\{"id":"\d+","name":${TEXT}\},)?`,
  String.raw`"schema":"countersign\.entry/v1",`,
  `"who":(${list(PERSON)})`,
];
const PLAIN = new RegExp(String.raw`^\{${MEMBERS.join('')}\}$`);
