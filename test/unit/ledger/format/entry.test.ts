import { createHmac } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { ENTRY_KINDS } from '../../../../src/domain/entry.ts';
import type { NewEntry } from '../../../../src/domain/entry.ts';
import { entryBytes, entryContent, parseEntry } from '../../../../src/ledger/format/entry.ts';
import type { EntryParts } from '../../../../src/ledger/format/entry.ts';
import { newEntryId } from '../../../../src/ledger/format/entry-id.ts';
import { projectionDifferences, projectionOf } from '../../../../src/ledger/format/projection.ts';
import {
  actorReference,
  commitmentOf,
  loginReference,
  sealDocument,
} from '../../../../src/ledger/format/seal.ts';

const ID = '019b76da-a800-7000-8000-000000000001';
const secret = Buffer.alloc(32, 7);
const person = {
  actor: actorReference(secret, 11).toString('base64url'),
  login: loginReference(secret, 'alice').toString('base64url'),
};

const entry: NewEntry = {
  kind: 'deployment.finished',
  occurredAt: '2026-03-01T12:00:00Z',
  who: [{ role: 'requester', actor: { id: 11, login: 'alice', kind: 'user' } }],
  repository: { id: 1296269, fullName: 'acme/shop' },
  commit: 'c'.repeat(40),
  pullRequest: 7,
  environment: 'production',
  hosts: ['web1.internal:22'],
  outcome: 'success',
  reasons: ['approvals_given'],
  delivery: '72d3162e-cc78-11e3-81ab-4c9367dc0958',
  answers: ID,
  documents: [{ name: 'manifest', mediaType: 'application/json', body: Buffer.from('[]') }],
};
const parts: EntryParts = {
  id: ID,
  recordedAt: '2026-03-01T12:00:01.250Z',
  people: [person],
  commitments: [Buffer.alloc(32, 9)],
};

const written = (): string => Buffer.from(entryBytes(entryContent(entry, parts))).toString();

describe("an entry's bytes", () => {
  test('say one thing to every reader: whatever else is in them is refused', () => {
    const bytes = Buffer.from(written());
    const anywhere = fc.integer({ min: 0, max: bytes.length });
    fc.assert(
      fc.property(anywhere, fc.constantFrom(' ', '\n', '\t', ',', '{}', '\ufeff', '"a":1,'), (at, more) => {
        const longer = Buffer.concat([bytes.subarray(0, at), Buffer.from(more), bytes.subarray(at)]);
        let read;
        try {
          read = parseEntry(longer);
        } catch (error) {
          expect(error).toMatchObject({ code: 'entry_invalid' });
          return;
        }
        // It went into some text, and is what the entry then says.
        expect(Buffer.from(entryBytes(read)).equals(longer)).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });

  test('are these: whoever changes them breaks every proof there is', () => {
    expect(Buffer.from(entryBytes(entryContent(entry, parts))).toString()).toBe(
      '{"answers":"019b76da-a800-7000-8000-000000000001","commit":"cccccccccccccccccccccccccccccccccccccccc",' +
        '"delivery":"72d3162e-cc78-11e3-81ab-4c9367dc0958","documents":[{"commitment":"CQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQk",' +
        '"name":"manifest","type":"application/json"}],"environment":"production","hosts":["web1.internal:22"],' +
        '"id":"019b76da-a800-7000-8000-000000000001","kind":"deployment.finished","occurred":"2026-03-01T12:00:00.000Z",' +
        '"outcome":"success","pullRequest":7,"reasons":["approvals_given"],"recorded":"2026-03-01T12:00:01.250Z",' +
        '"repository":{"id":"1296269","name":"acme/shop"},"schema":"countersign.entry/v1","who":[{' +
        `"actor":"${person.actor}","login":"${person.login}","role":"requester","type":"user"}]}`,
    );
  });

  test('hold no name, login or id of a person, and nothing of a document', () => {
    const text = Buffer.from(entryBytes(entryContent(entry, parts))).toString();
    expect(text).not.toContain('alice');
    expect(text).not.toMatch(/\b11\b/);
    expect(text).not.toContain('[]');
  });

  test('leave out what is absent', () => {
    const bare = {
      ...entry,
      repository: null,
      commit: null,
      pullRequest: null,
      environment: null,
      delivery: null,
      answers: null,
    };
    const keys = Object.keys(parseEntry(entryBytes(entryContent(bare, parts))));
    expect(keys.sort()).toEqual([
      'documents',
      'hosts',
      'id',
      'kind',
      'occurred',
      'outcome',
      'reasons',
      'recorded',
      'schema',
      'who',
    ]);
  });

  test.each(ENTRY_KINDS)('are read back as they were written: %s', (kind) => {
    const content = entryContent({ ...entry, kind }, parts);
    expect(parseEntry(entryBytes(content))).toEqual(content);
  });

  test('may not be more than a bundle can count', () => {
    const hosts = Array.from({ length: 5000 }, (_, number) => `web${number}.internal:22`);
    expect(() => entryBytes(entryContent({ ...entry, hosts }, parts))).toThrow(
      expect.objectContaining({ code: 'entry_too_large' }),
    );
  });

  test.each([
    ['in ASCII', 'acme/shop'],
    ['beyond it', 'acme/sh\u00f6p'],
    ['beyond what one byte a character can say', 'acme/\u5e97'],
  ])('are written, %s, only if they can be read back', (_, fullName) => {
    const named = { ...entry, repository: { id: 5, fullName } };
    const content = entryContent(named, parts);
    expect(parseEntry(entryBytes(content))).toEqual(content);
    for (const unreadable of [
      { ...content, id: 'no-guid' },
      { ...content, kind: '' },
    ])
      expect(() => entryBytes(unreadable)).toThrow(expect.objectContaining({ code: 'entry_invalid' }));
  });

  test.each(['yesterday', '2026-03-01', '2026-13-01T00:00:00Z', ''])(
    'need a time: %j is none',
    (occurredAt) => {
      expect(() => entryContent({ ...entry, occurredAt }, parts)).toThrow(
        expect.objectContaining({ code: 'entry_invalid' }),
      );
    },
  );

  test.each([
    ['no JSON', '{'],
    ['another schema', '{"schema":"countersign.entry/v2"}'],
    [
      'an unknown key',
      Buffer.from(entryBytes(entryContent(entry, parts)))
        .toString()
        .replace('{"answers"', '{"admin":true,"answers"'),
    ],
    ['bytes that are no UTF-8', Buffer.from([0x22, 0xff, 0x22])],
    ['behind a byte order mark', `\ufeff${written()}`],
    ['with a space more', written().replace('"kind":', '"kind": ')],
    ['with a key twice', written().replace('"outcome":', '"outcome":"failure","outcome":')],
    ['in another order', written().replace(/^\{("answers":"[^"]*"),(.*)\}$/s, '{$2,$1}')],
    ['with an escape that need not be', written().replace('"success"', '"\\u0073uccess"')],
  ])('that are %s are refused', (_, bytes) => {
    expect(() => parseEntry(Buffer.from(bytes))).toThrow(expect.objectContaining({ code: 'entry_invalid' }));
  });
});

describe('the search columns', () => {
  const content = entryContent(entry, parts);

  test('say what the bytes say', () => {
    expect(projectionOf(content)).toEqual({
      kind: 'deployment.finished',
      repository_id: 1296269,
      environment: 'production',
      commit: 'c'.repeat(40),
      pull_request: 7,
      outcome: 'success',
      occurred_at: new Date('2026-03-01T12:00:00.000Z'),
      recorded_at: new Date('2026-03-01T12:00:01.250Z'),
      delivery: '72d3162e-cc78-11e3-81ab-4c9367dc0958',
      answers: ID,
    });
  });

  test('are found out where they do not', () => {
    const derived = projectionOf(content);
    expect(projectionDifferences(derived, derived)).toEqual([]);
    expect(
      projectionDifferences(
        { ...derived, outcome: 'failure', recorded_at: new Date(0), commit: null },
        derived,
      ),
    ).toEqual(['commit', 'outcome', 'recorded_at']);
  });
});

describe('references and seals', () => {
  test('are what the documentation says they are', () => {
    expect(actorReference(secret, 11)).toEqual(
      createHmac('sha256', secret).update(Buffer.from('actor\x0011')).digest(),
    );
    expect(loginReference(secret, 'alice')).toEqual(
      createHmac('sha256', secret).update(Buffer.from('login\0alice')).digest(),
    );
    // printf '\1%.0s' $(seq 32) | cat - body | sha256sum
    expect(commitmentOf(Buffer.alloc(32, 1), Buffer.from('policy')).toString('hex')).toBe(
      '24b1d0cf0c2f72ecc3318c7fbd690a1607aeb7ac085607f32deb38a24a12614f',
    );
  });

  test('of one body differ, for each has a salt of its own', () => {
    let count = 0;
    const random = (size: number): Uint8Array => Buffer.alloc(size, (count += 1));
    const [first, second] = [sealDocument(Buffer.from('x'), random), sealDocument(Buffer.from('x'), random)];
    expect(first.salt).toHaveLength(32);
    expect(first.commitment).not.toEqual(second.commitment);
    expect(commitmentOf(first.salt, first.body)).toEqual(first.commitment);
  });
});

describe('an id', () => {
  test('is a UUID of version 7 that begins with the time', () => {
    const id = newEntryId('2026-01-01T00:00:00.000Z', (size) => Buffer.alloc(size, 0xff));
    expect(id).toBe('019b76da-a800-7fff-bfff-ffffffffffff');
  });

  test('of a later time sorts after', () => {
    const time = fc.integer({ min: 0, max: 4_000_000_000_000 });
    fc.assert(
      fc.property(time, time, (a, b) => {
        fc.pre(a < b);
        const [first, second] = [a, b].map((at) =>
          newEntryId(new Date(at).toISOString(), (size) => Buffer.alloc(size, 0x5a)),
        );
        expect(first! < second!).toBe(true);
        expect(first).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      }),
    );
  });

  test('needs a time', () => {
    expect(() => newEntryId('never', (size) => Buffer.alloc(size))).toThrow(RangeError);
  });
});
