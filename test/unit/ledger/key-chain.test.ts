import { describe, expect, test } from '@jest/globals';
import { sha256 } from '../../../src/ledger/hash.ts';
import { KeyChain } from '../../../src/ledger/key-chain.ts';
import { createSigner, generateLedgerKey } from '../../../src/ledger/signer.ts';

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
    ['the old key alone, after the rotation', 7, signer(ONE).sign(head(7))],
    ['the new key alone, at first', 7, signer(TWO).sign(head(7))],
    ['the new key, before the rotation', 6, signer(TWO).sign(head(6))],
    ['a key that was never named', 7, signer(THREE, ONE).sign(head(7), 'both')],
  ])('does not open what is signed by %s', (_, size, note) => {
    const chain = new KeyChain(one);
    chain.rotate(6, one, two);
    expect(() => chain.open(note, size)).toThrow('signature');
  });

  test('lets two rotations under one checkpoint be vouched for by all three', () => {
    const chain = new KeyChain(one);
    chain.rotate(1, one, two);
    chain.rotate(2, two, three);
    expect(() => chain.open(signer(THREE, TWO).sign(head(3), 'both'), 3)).toThrow('signature');
  });

  test.each([
    ['from a key that does not sign', two, three, 'did not'],
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
