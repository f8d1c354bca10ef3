import { describe, expect, test } from '@jest/globals';
import { sha256 } from '../../../../src/ledger/format/hash.ts';
import { KeyChain } from '../../../../src/ledger/store/key-chain.ts';
import { createSigner, generateLedgerKey } from '../../../../src/ledger/sequence/signer.ts';
import { refusalOf } from '../../../../src/ledger/sequence/unsigned-entries.ts';

const ORIGIN = 'audit.example.com/ledger/1';
const [ONE, TWO, THREE] = [generateLedgerKey(), generateLedgerKey(), generateLedgerKey()];
const signer = (privateKey: string, previousKey?: string) =>
  createSigner({ origin: ORIGIN, privateKey, ...(previousKey === undefined ? {} : { previousKey }) });
const head = (size: number) => ({ size, root: sha256(Buffer.from(String(size))) });
const [one, two, three] = [signer(ONE).vkey, signer(TWO).vkey, signer(THREE).vkey];

describe('a chain of keys', () => {
  test('opens what each key signed while it was the one', () => {
    const chain = new KeyChain(one);
    expect(chain.open(signer(ONE).sign(head(4)), 4).size).toBe(4);
    expect(chain.rotate(6, one, two)).toBeNull();
    // An extra line before its time does no harm.
    expect(chain.open(signer(TWO, ONE).sign(head(6), 'both'), 6).size).toBe(6);
    expect(chain.open(signer(TWO, ONE).sign(head(9), 'both'), 9).size).toBe(9);
    expect(chain.open(signer(TWO).sign(head(10)), 10).size).toBe(10);
    expect(chain.vkeys).toEqual([one, two]);
  });

  test.each([
    ['the new key alone, at first', 7, signer(TWO).sign(head(7))],
    ['the new key, before the rotation', 6, signer(TWO).sign(head(6))],
    ['a key that was never named', 7, signer(THREE).sign(head(7))],
  ])('does not open what is signed by %s', (_, size, note) => {
    const chain = new KeyChain(one);
    chain.rotate(6, one, two);
    expect(() => chain.open(note, size)).toThrow('signature');
  });

  test('lets no key stop another by an entry alone: the first checkpoint over it must be signed by both', () => {
    const chain = new KeyChain(one);
    chain.rotate(6, one, two);
    expect(chain.awaited).toEqual([two]);
    expect(chain.open(signer(ONE).sign(head(7)), 7).size).toBe(7);
    expect(chain.takeUnfounded()).toEqual([{ index: 6, from: one, to: two, size: 7 }]);
    expect(chain.takeUnfounded()).toEqual([]);
    expect([chain.vkeys, chain.awaited]).toEqual([[one], []]);
    // Too late: it would have had to be the first.
    expect(chain.open(signer(TWO, ONE).sign(head(8), 'both'), 8).size).toBe(8);
    expect(chain.vkeys).toEqual([one]);
    expect(chain.rotate(9, one, two)).toBeNull();
    chain.open(signer(TWO, ONE).sign(head(10), 'both'), 10);
    expect(chain.vkeys).toEqual([one, two]);
    expect(() => chain.open(signer(ONE).sign(head(11)), 11)).toThrow('signature');
  });

  test('takes the true one of two rotations under one checkpoint', () => {
    const chain = new KeyChain(one);
    chain.rotate(6, one, three);
    chain.rotate(7, one, two);
    chain.rotate(8, one, two);
    chain.open(signer(TWO, ONE).sign(head(9), 'both'), 9);
    expect(chain.vkeys).toEqual([one, two]);
    expect(chain.takeUnfounded().map(({ index }) => index)).toEqual([6, 8]);
  });

  test('says nothing of a rotation of another log, which may have waited there when this one began', () => {
    const [from, to] = [ONE, TWO].map(
      (privateKey) => createSigner({ origin: 'other.example.com/1', privateKey }).vkey,
    );
    const chain = new KeyChain(one);
    expect(chain.rotate(1, from ?? '', to ?? '')).toBeNull();
    expect([chain.vkeys, chain.awaited]).toEqual([[one], []]);
  });

  test('knows which of its keys really signed', () => {
    const chain = new KeyChain(one);
    expect(chain.signers).toEqual([]);
    chain.rotate(1, one, two);
    expect([chain.vkeys, chain.signers]).toEqual([[one], []]);
    chain.open(signer(TWO, ONE).sign(head(2), 'both'), 2);
    expect(chain.signers).toEqual([one, two]);
  });

  test('lets two rotations under one checkpoint be vouched for by all three', () => {
    const chain = new KeyChain(one);
    chain.rotate(1, one, two);
    chain.rotate(2, two, three);
    expect(() => chain.open(signer(THREE, TWO).sign(head(3), 'both'), 3)).toThrow('signature');
  });

  test.each([
    ['from a key that does not sign', two, three, 'did not'],
    ['to the key that signs already', one, one, 'signs already'],
    ['to what is no key', one, 'nonsense', 'is no verifier key'],
    [
      "to another log's key",
      one,
      createSigner({ origin: 'other.example.com/1', privateKey: TWO }).vkey,
      'is the key of another log',
    ],
  ])('refuses a rotation %s', (_, from, to, why) => {
    const chain = new KeyChain(one);
    expect(chain.rotate(1, from, to)).toContain(why);
    expect(chain.vkeys).toEqual([one]);
  });
});

describe('what the sequencer lets through of rotations that nobody makes, verify takes for no word about the key', () => {
  const elsewhere = createSigner({ origin: 'audit.example.com/ledger/2', privateKey: TWO }).vkey;
  const another = createSigner({ origin: 'audit.example.com/ledger/2', privateKey: THREE }).vkey;
  const cases: [from: string, to: string, about: boolean][] = [
    [one, two, true],
    [two, one, true],
    [one, elsewhere, true],
    [elsewhere, one, true],
    ['', one, true],
    [elsewhere, another, false],
    ['', '', false],
    [`${ORIGIN}/1+00000000+AAAA`, elsewhere, false],
  ];
  test.each(cases)('%s → %s', (from, to, about) => {
    const entry = {
      ...ENTRY,
      ledger: { act: 'rotated', from, to },
    };
    const unsigned = { entry_id: ENTRY.id, suspect: Buffer.from(JSON.stringify(entry)), retires: false };
    expect(refusalOf(unsigned, { origin: ORIGIN, rotation: null }) !== null).toBe(about);
    const chain = new KeyChain(one);
    const told = chain.rotate(6, from, to) !== null || chain.awaited.length > 0;
    expect(told).toBe(about);
  });
});

const ENTRY = {
  schema: 'countersign.entry/v1',
  id: '019b76da-a800-7000-8000-000000000001',
  kind: 'ledger.rotated',
  occurred: '2026-03-01T12:00:00.000Z',
  recorded: '2026-03-01T12:00:00.000Z',
  who: [],
  hosts: [],
  outcome: 'rotated',
  reasons: [],
  documents: [],
};
