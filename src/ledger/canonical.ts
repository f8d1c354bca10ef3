/**
 * The one way in which an entry becomes bytes: RFC 8785 (JCS), narrowed to what every language reads alike. Numbers are
 * integers within 2^53, there is no null, and text is taken as it is: no Unicode normalisation, so NFC and NFD differ.
 * Verifiers hash the stored bytes; nobody needs to canonicalise again.
 */
import { CodedError } from '../domain/coded-error.ts';

const DEEPEST = 16;

/** The UTF-8 bytes of `value`, whose type is judged here and not trusted. Throws `not_canonical`, naming the place, for whatever has no exact form. */
export function canonicalBytes(value: unknown): Uint8Array {
  return new TextEncoder().encode(canonicalText(value));
}

/** The same as text. */
export function canonicalText(value: unknown): string {
  return write(value, '$', 0);
}

function write(value: unknown, place: string, depth: number): string {
  if (depth > DEEPEST) throw refused(place, `is nested deeper than ${DEEPEST}`);
  if (typeof value === 'string') return text(value, place);
  if (typeof value === 'boolean') return String(value);
  if (typeof value === 'number') {
    // RFC 8785 writes -0 as 0: what is read back would not be what was written.
    if (!Number.isSafeInteger(value) || Object.is(value, -0))
      throw refused(
        place,
        `is ${Object.is(value, -0) ? '-0' : value}, and only integers within 2^53 are exact`,
      );
    return String(value);
  }
  if (Array.isArray(value)) {
    return `[${Array.from(value, (item, index) => write(item, `${place}[${index}]`, depth + 1)).join(',')}]`;
  }
  if (isPlainObject(value)) {
    // RFC 8785 sorts by UTF-16 code units, which is what sort() does.
    const members = Object.keys(value)
      .sort()
      .map((key) => `${text(key, place)}:${write(value[key], `${place}.${key}`, depth + 1)}`);
    return `{${members.join(',')}}`;
  }
  throw refused(place, `is ${value === null ? 'null' : typeof value}, which has no canonical form here`);
}

function text(value: string, place: string): string {
  if (!value.isWellFormed()) throw refused(place, 'holds half of a surrogate pair');
  return JSON.stringify(value);
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return (
    (prototype === Object.prototype || prototype === null) && Object.getOwnPropertySymbols(value).length === 0
  );
}

function refused(place: string, why: string): CodedError {
  return new CodedError('not_canonical', `${place} ${why}.`);
}
