import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { canonicalBytes } from '../../../../src/ledger/format/canonical.ts';
import type { EntryContent } from '../../../../src/ledger/format/entry.ts';
import { ENTRY_SCHEMA, entrySchema, parseEntry } from '../../../../src/ledger/format/entry.ts';
import { plainEntry } from '../../../../src/ledger/format/plain-entry.ts';

const character = (from: string): fc.Arbitrary<string> => fc.constantFrom(...from.split(''));
const exactly = (count: number, from: string): fc.Arbitrary<string> =>
  fc.string({ unit: character(from), minLength: count, maxLength: count });
const HEX = '0123456789abcdef';
const hash = exactly(43, 'AZaz09_-');
const guid = fc
  .tuple(...[8, 4, 4, 4, 12].map((count) => exactly(count, HEX)))
  .map((parts) => parts.join('-'));
const time = fc
  .date({ min: new Date('1000-01-01'), max: new Date('9999-12-31'), noInvalidDate: true })
  .map((date) => date.toISOString());
/** Printable ASCII that needs no escape, as nearly all that we write is. */
const plainText = fc.string({ maxLength: 12 }).map((value) => value.replaceAll(/["\\]/g, ''));
/** Mostly that, sometimes what nobody should write. */
const anyText = fc.oneof(
  { weight: 9, arbitrary: plainText },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 6 }).map((value) => value.toWellFormed()) },
);

const contentWith = ({
  text,
  pullRequest,
}: {
  readonly text: fc.Arbitrary<string>;
  readonly pullRequest: fc.Arbitrary<number>;
}): fc.Arbitrary<EntryContent> =>
  fc.record(
    {
      schema: fc.constant<typeof ENTRY_SCHEMA>(ENTRY_SCHEMA),
      id: guid,
      kind: text.map((value) => `n${value}`),
      occurred: time,
      recorded: time,
      who: fc.array(
        fc.record({
          role: text,
          type: fc.constantFrom<('user' | 'bot')[]>('user', 'bot'),
          actor: hash,
          login: hash,
        }),
        { maxLength: 3 },
      ),
      repository: fc.record({ id: fc.nat().map(String), name: text }),
      commit: text,
      pullRequest,
      environment: text,
      hosts: fc.array(text, { maxLength: 3 }),
      outcome: text,
      reasons: fc.array(text, { maxLength: 3 }),
      delivery: text,
      answers: guid,
      documents: fc.array(fc.record({ name: text, type: text, commitment: hash }), { maxLength: 3 }),
    },
    {
      requiredKeys: [
        'schema',
        'id',
        'kind',
        'occurred',
        'recorded',
        'who',
        'hosts',
        'outcome',
        'reasons',
        'documents',
      ],
    },
  );

/** Whatever may be asked of an entry, and only what we write. */
const content = contentWith({ text: anyText, pullRequest: fc.integer() });
const plainContent = contentWith({ text: plainText, pullRequest: fc.nat() });

const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');
const isPlain = (bytes: Uint8Array): boolean => plainEntry(latin1(bytes)) !== null;

/** What the schema says of bytes, without the short cut that plain ones take. */
function bySchema(bytes: Uint8Array): EntryContent | null {
  try {
    return entrySchema.parse(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)));
  } catch {
    return null;
  }
}

describe('a plain entry', () => {
  test('is one to the schema as well, with the same people and documents', () => {
    fc.assert(
      fc.property(fc.oneof(content, plainContent), (entry) => {
        const bytes = canonicalBytes(entry);
        const found = plainEntry(latin1(bytes));
        if (found === null) return;
        expect(bySchema(bytes)).toEqual(entry);
        expect(parseEntry(bytes)).toEqual(entry);
        expect(JSON.parse(found.who)).toEqual(entry.who);
        expect(JSON.parse(found.documents)).toEqual(entry.documents);
      }),
      { numRuns: 150 },
    );
  });

  test('is whatever is written in printable ASCII without an escape', () => {
    fc.assert(
      fc.property(plainContent, (entry) => {
        expect(isPlain(canonicalBytes(entry))).toBe(true);
      }),
      { numRuns: 150 },
    );
  });

  test('is none any more where the schema refuses it: any byte changed, put in or taken out', () => {
    let refused = 0;
    fc.assert(
      fc.property(content, fc.nat(), fc.nat({ max: 255 }), fc.nat({ max: 2 }), (entry, where, byte, how) => {
        const bytes = Buffer.from(canonicalBytes(entry));
        const at = where % bytes.length;
        const changed = Buffer.concat([
          bytes.subarray(0, at),
          ...(how === 2 ? [] : [Buffer.of(byte)]),
          bytes.subarray(how === 1 ? at : at + 1),
        ]);
        if (bySchema(changed) !== null) return;
        refused += 1;
        expect(isPlain(changed)).toBe(false);
      }),
      { numRuns: 250 },
    );
    expect(refused).toBeGreaterThan(30);
  });

  const usual: EntryContent = {
    schema: ENTRY_SCHEMA,
    id: '019b76da-a800-7000-8000-000000000001',
    kind: 'decision.made',
    occurred: '2026-03-01T12:00:00.000Z',
    recorded: '2026-03-01T12:00:00.001Z',
    who: [{ role: 'requester', type: 'user', actor: 'a'.repeat(43), login: 'b'.repeat(43) }],
    repository: { id: '5', name: 'acme/shop' },
    pullRequest: 12,
    hosts: ['web1.internal:22'],
    outcome: 'approved',
    reasons: [],
    documents: [],
  };

  test('is what we usually write', () => {
    expect(isPlain(canonicalBytes(usual))).toBe(true);
  });

  test.each<[string, EntryContent]>([
    ['a letter beyond ASCII', { ...usual, outcome: 'approuvé' }],
    ['an escape', { ...usual, outcome: 'a\nb' }],
    ['a number below zero', { ...usual, pullRequest: -1 }],
    [
      'something about the ledger itself',
      { ...usual, ledger: { act: 'erased', subjects: ['a'.repeat(43)], documents: [] } },
    ],
  ])('is not one with %s, which the schema allows', (_, entry) => {
    expect(isPlain(canonicalBytes(entry))).toBe(false);
    expect(parseEntry(canonicalBytes(entry))).toEqual(entry);
  });

  test.each([
    ['a key twice', (plain: string) => plain.replace('"hosts":', '"hosts":[],"hosts":')],
    ['an unknown key', (plain: string) => plain.replace('"hosts":', '"hosted":true,"hosts":')],
    ['a line after it', (plain: string) => `${plain}\n`],
    ['another before it', (plain: string) => `${plain}${plain}`],
  ])('is not one with %s', (_, change) => {
    expect(plainEntry(change(latin1(canonicalBytes(usual))))).toBeNull();
  });
});
