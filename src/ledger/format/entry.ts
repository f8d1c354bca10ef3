/**
 * The shape of an entry's bytes, `countersign.entry/v1`, written here and read back here. It holds no name, e-mail, message
 * or path: people are keyed references, everything large or personal a commitment. What is absent has no key.
 */
import { z } from 'zod';
import { CodedError } from '../../domain/coded-error.ts';
import type { NewEntry } from '../../domain/entry.ts';
import { canonicalBytes, canonicalText } from './canonical.ts';
import { plainEntry } from './plain-entry.ts';

export const ENTRY_SCHEMA = 'countersign.entry/v1';

/** A C2SP entry bundle counts an entry's bytes in 16 bits. */
export const LARGEST_ENTRY = 65_535;

const time = z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
const hash = z.string().regex(/^[A-Za-z0-9_-]{43}$/);

const size = z.int().nonnegative();

/** {@link LedgerFact} */
const ledgerFact = z.discriminatedUnion('act', [
  z.strictObject({ act: z.literal('erased'), subjects: z.array(hash), documents: z.array(hash) }),
  z.strictObject({ act: z.literal('rotated'), from: z.string(), to: z.string() }),
  z.strictObject({
    act: z.literal('incarnated'),
    predecessor: z.strictObject({
      origin: z.string(),
      vkey: z.string(),
      size,
      root: z.string(),
      signed: size.optional(),
    }),
    witnessed: z.string(),
  }),
  z.strictObject({ act: z.literal('pruned'), minimum: size, kept: z.string(), archive: z.string() }),
]);

/** What an entry's JSON may be. */
export const entrySchema = z.strictObject({
  schema: z.literal(ENTRY_SCHEMA),
  id: z.guid(),
  kind: z.string().min(1),
  /** When it happened, by its source's clock; and when it was recorded, by ours. */
  occurred: time,
  recorded: time,
  who: z.array(z.strictObject({ role: z.string(), type: z.enum(['user', 'bot']), actor: hash, login: hash })),
  repository: z.strictObject({ id: z.string().regex(/^\d+$/), name: z.string() }).optional(),
  commit: z.string().optional(),
  pullRequest: z.int().optional(),
  environment: z.string().optional(),
  hosts: z.array(z.string()),
  outcome: z.string(),
  reasons: z.array(z.string()),
  delivery: z.string().optional(),
  answers: z.guid().optional(),
  documents: z.array(z.strictObject({ name: z.string(), type: z.string(), commitment: hash })),
  ledger: ledgerFact.optional(),
});

/** An entry as its bytes say it. Hashes are base64url. */
export type EntryContent = z.infer<typeof entrySchema>;

/** A person as an entry names them, both base64url. */
export interface PersonReference {
  readonly actor: string;
  readonly login: string;
}

export interface EntryParts {
  readonly id: string;
  readonly recordedAt: string;
  /** One for each of the entry's `who`, in their order. */
  readonly people: readonly PersonReference[];
  /** One for each of the entry's documents, in their order. */
  readonly commitments: readonly Uint8Array[];
}

/** The content of a new entry. Throws `entry_invalid` for a time that is none. */
export function entryContent(entry: NewEntry, parts: EntryParts): EntryContent {
  const { repository } = entry;
  return {
    schema: ENTRY_SCHEMA,
    id: parts.id.toLowerCase(),
    kind: entry.kind,
    occurred: utc(entry.occurredAt, 'occurredAt'),
    recorded: utc(parts.recordedAt, 'now'),
    who: entry.who.map(({ role, actor }, at) => ({ role, type: actor.kind, ...nth(parts.people, at) })),
    ...(repository === null ? {} : { repository: { id: String(repository.id), name: repository.fullName } }),
    ...(entry.commit === null ? {} : { commit: entry.commit }),
    ...(entry.pullRequest === null ? {} : { pullRequest: entry.pullRequest }),
    ...(entry.environment === null ? {} : { environment: entry.environment }),
    hosts: [...entry.hosts],
    outcome: entry.outcome,
    reasons: [...entry.reasons],
    ...(entry.delivery === null ? {} : { delivery: entry.delivery }),
    ...(entry.answers === null ? {} : { answers: entry.answers.toLowerCase() }),
    documents: entry.documents.map(({ name, mediaType }, at) => ({
      name,
      type: mediaType,
      commitment: Buffer.from(nth(parts.commitments, at)).toString('base64url'),
    })),
    ...(entry.ledger === undefined ? {} : { ledger: ledgerFact.parse(entry.ledger) }),
  };
}

/** The bytes that are stored and hashed. Throws `entry_too_large`, `entry_invalid` or `not_canonical`. */
export function entryBytes(content: EntryContent): Uint8Array {
  const text = canonicalText(content);
  const bytes = new TextEncoder().encode(text);
  if (bytes.length > LARGEST_ENTRY) {
    throw new CodedError(
      'entry_too_large',
      `a ${content.kind} entry would be ${bytes.length} bytes, and ${LARGEST_ENTRY} is the most: put its lists into a sealed document.`,
    );
  }
  // What can't be read back must not be written. As many bytes as characters: then it is ASCII, and the text is as its bytes are.
  if (bytes.length > text.length || plainEntry(text) === null) parseEntry(bytes);
  return bytes;
}

/** Reads an entry's bytes, which may have been altered. Throws `entry_invalid`, saying what is wrong with them. */
export function parseEntry(bytes: Uint8Array): EntryContent {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
  if (plainEntry(text) !== null) return JSON.parse(text) as EntryContent;
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw new CodedError('entry_invalid', 'the entry is not JSON in UTF-8.', error);
  }
  const parsed = entrySchema.safeParse(json);
  if (parsed.success) {
    // A key twice, a byte order mark or other spacing: two readers could read two things in one entry.
    if (isCanonical(bytes, json)) return parsed.data;
    throw new CodedError('entry_invalid', `the entry is no ${ENTRY_SCHEMA}: it is not in canonical form.`);
  }
  const [issue] = parsed.error.issues;
  throw new CodedError(
    'entry_invalid',
    `the entry is no ${ENTRY_SCHEMA}: ${issue?.path.join('.')}: ${issue?.message}.`,
  );
}

function isCanonical(bytes: Uint8Array, value: unknown): boolean {
  try {
    return Buffer.compare(bytes, canonicalBytes(value)) === 0;
  } catch (error) {
    if (error instanceof CodedError) return false;
    throw error;
  }
}

/** GitHub leaves the milliseconds out; an entry always has them. */
function utc(time: string, name: string): string {
  const date = new Date(time);
  if (!/^\d{4}-\d\d-\d\dT/.test(time) || Number.isNaN(date.getTime())) {
    throw new CodedError('entry_invalid', `${name} is ${JSON.stringify(time)}, which is no RFC 3339 time.`);
  }
  return date.toISOString();
}

function nth<T>(items: readonly T[], at: number): T {
  const item = items[at];
  if (item === undefined) throw new RangeError(`nothing at ${at} of ${items.length}`);
  return item;
}
