/**
 * The one way in which an entry becomes bytes: RFC 8785 (JCS), narrowed to what every language reads alike. Numbers are
 * integers within 2^53, there is no null, and text is taken as it is: no Unicode normalisation, so NFC and NFD differ.
 * Verifiers hash the stored bytes; nobody needs to canonicalise again.
 */
import { CodedError } from '../../domain/coded-error.ts';

const DEEPEST = 16;

/** The UTF-8 bytes of `value`, whose type is judged here and not trusted. Throws `not_canonical`, naming the place, for whatever has no exact form. */
export function canonicalBytes(value: unknown): Uint8Array {
  return new TextEncoder().encode(canonicalText(value));
}

/** The same as text. */
export function canonicalText(value: unknown): string {
  return write(value, []);
}

/** Keys and positions from the root to what is being written. It becomes words only where something is refused. */
type Path = (string | number)[];

function write(value: unknown, path: Path): string {
  if (path.length > DEEPEST) throw refused(path, `is nested deeper than ${DEEPEST}`);
  if (typeof value === 'string') return text(value, path);
  if (typeof value === 'boolean') return String(value);
  if (typeof value === 'number') return integer(value, path);
  if (Array.isArray(value)) return list(value, path);
  if (isPlainObject(value)) return object(value, path);
  throw refused(path, `is ${value === null ? 'null' : typeof value}, which has no canonical form here`);
}

/** RFC 8785 writes -0 as 0: what is read back would not be what was written. */
function integer(value: number, path: Path): string {
  if (Number.isSafeInteger(value) && !Object.is(value, -0)) return String(value);
  throw refused(path, `is ${Object.is(value, -0) ? '-0' : value}, and only integers within 2^53 are exact`);
}

function list(items: readonly unknown[], path: Path): string {
  let written = '';
  // By position, for holes are refused as what they are read as.
  for (let at = 0; at < items.length; at += 1) {
    path.push(at);
    written += `${at === 0 ? '' : ','}${write(items[at], path)}`;
    path.pop();
  }
  return `[${written}]`;
}

/** RFC 8785 sorts by UTF-16 code units, which is what sort() does. */
function object(members: Readonly<Record<string, unknown>>, path: Path): string {
  let written = '';
  for (const key of Object.keys(members).sort()) {
    const name = text(key, path);
    path.push(key);
    written += `${written === '' ? '' : ','}${name}:${write(members[key], path)}`;
    path.pop();
  }
  return `{${written}}`;
}

/** Printable ASCII without what JSON escapes stands as it is: nearly all text of ours, in a fraction of the time. */
const PLAIN = /^[ !#-[\]-~]*$/;

function text(value: string, path: Path): string {
  if (PLAIN.test(value)) return `"${value}"`;
  if (!value.isWellFormed()) throw refused(path, 'holds half of a surrogate pair');
  return JSON.stringify(value);
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return (
    (prototype === Object.prototype || prototype === null) && Object.getOwnPropertySymbols(value).length === 0
  );
}

function refused(path: Path, why: string): CodedError {
  const place = path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`)).join('');
  return new CodedError('not_canonical', `$${place} ${why}.`);
}
