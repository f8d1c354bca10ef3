import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { checkpointText, openCheckpoint, parseCheckpoint } from '../../../../src/ledger/format/checkpoint.ts';
import { GrowingTree } from '../../../../src/ledger/format/growing-tree.ts';
import { leafHash } from '../../../../src/ledger/format/hash.ts';
import {
  formatNote,
  formatVerifierKey,
  parseNote,
  parseVerifierKey,
  signedBy,
} from '../../../../src/ledger/format/note.ts';
import { formatProof, parseProof, verifyProof } from '../../../../src/ledger/format/proof.ts';
import { createSigner, generateLedgerKey } from '../../../../src/ledger/sequence/signer.ts';
import { inclusionRanges, rangeHash } from '../../../../src/ledger/format/tree-proof.ts';

/** Made by another program and accepted by Go's `sumdb/note`: a log's checkpoint with a witness's cosignature. */
const OUTSIDE_KEY = 'audit.example.com/ledger/1+410a5832+AU4y0Om8VMMGqptTuWhOe/mGXgbAP++zPRkC7dTWb9E4';
const OUTSIDE_CHECKPOINT = `audit.example.com/ledger/1
1000
FCczqV7A9S8R7Bs1NwFf8srdbgowjAK6L8pP/j3RaWU=

— audit.example.com/ledger/1 QQpYMmecETq99FheXJCkYpqHc4GrLjTQ+mPH9mX5AgniDutbijjxIZLkrp2fVv4kWYRu4ShZ+L/ndhj6tB7qE6MB9gk=
— witness.example.com/w1 Ya3zwgAAAABpVbkAtmekL/V/8URJTOCjTJv36ua2LUHmu0SXpb/kmCr8hc5PlGkYyqC+vhgEc0pqdvfdUcneozS0pFqiXt8NS+KtAQ==
`;

/** The vector of golang.org/x/mod/sumdb/note. */
const GO_KEY = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW';
const GO_NOTE = `If you think cryptography is the answer to your problem,
then you don't know what your problem is.

— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=
`;

const PEM = generateLedgerKey();
const signer = createSigner({ origin: 'audit.example.com/ledger/1', privateKey: PEM });
const key = parseVerifierKey(signer.vkey);

const entry = (index: number): Buffer => Buffer.from(`{"entry":${index}}`);

function proofOf(index: number, size: number): string {
  const tree = new GrowingTree();
  for (let at = 0; at < size; at += 1) tree.append(leafHash(entry(at)));
  const hashes = inclusionRanges(index, size).map((range) =>
    rangeHash(range, (level, at) => (level === 0 ? leafHash(entry(at)) : tree.edge(level)[at]!)),
  );
  return formatProof({ index, hashes, checkpoint: signer.sign({ size, root: tree.root() }), extra: null });
}

describe('signed notes', () => {
  test("Go's own vector verifies", () => {
    expect(signedBy(parseNote(GO_NOTE), parseVerifierKey(GO_KEY))).toBe(true);
  });

  test('a checkpoint that another program signed opens, and has the size and root it says', () => {
    const checkpoint = openCheckpoint(OUTSIDE_CHECKPOINT, parseVerifierKey(OUTSIDE_KEY));
    expect(checkpoint).toMatchObject({ origin: 'audit.example.com/ledger/1', size: 1000 });
    expect(checkpoint.root.toString('base64')).toBe('FCczqV7A9S8R7Bs1NwFf8srdbgowjAK6L8pP/j3RaWU=');
    expect(formatNote(parseNote(OUTSIDE_CHECKPOINT))).toBe(OUTSIDE_CHECKPOINT);
  });

  test('no character of a signed note can be another', () => {
    const note = signer.sign({ size: 12, root: leafHash(entry(0)) });
    fc.assert(
      fc.property(fc.nat(note.length - 1), fc.constantFrom('A', '0', '\n', ' ', '=', '—'), (at, other) => {
        fc.pre(note[at] !== other);
        const changed = note.slice(0, at) + other + note.slice(at + 1);
        const opens = (): unknown => openCheckpoint(changed, key);
        expect(opens).toThrow(
          expect.objectContaining({
            code: expect.stringMatching(/note_unreadable|checkpoint_(unreadable|forged)/),
          }),
        );
      }),
      { numRuns: 400 },
    );
  });

  test.each([
    ['nothing', ''],
    ['no signature', 'log\n1\nAAAA\n'],
    ['no newline at the end', OUTSIDE_CHECKPOINT.slice(0, -1)],
    ['a hyphen for the dash', OUTSIDE_CHECKPOINT.replaceAll('—', '-')],
    ['a control character', OUTSIDE_CHECKPOINT.replace('1000', '1000\r')],
    ['far too much', `x\n\n— a ${'A'.repeat(70_000)}\n`],
  ])('%s is refused', (_, note) => {
    expect(() => parseNote(note)).toThrow(expect.objectContaining({ code: 'note_unreadable' }));
  });

  test.each(['-1', '01', '1.5', '9007199254740993', '', 'x'])('a size of %j is refused', (size) => {
    const text = checkpointText({ origin: 'log', size: 1, root: leafHash(entry(1)) }).replace(
      '\n1\n',
      `\n${size}\n`,
    );
    expect(() =>
      parseCheckpoint(
        formatNote({ text, signatures: [{ name: 'log', id: Buffer.alloc(4), signature: Buffer.alloc(64) }] }),
      ),
    ).toThrow(expect.objectContaining({ code: 'checkpoint_unreadable' }));
  });

  test("a wrong signature of the log's key is not outweighed by a right one", () => {
    const note = parseNote(signer.sign({ size: 3, root: leafHash(entry(3)) }));
    const wrong = { ...note.signatures[0]!, signature: Buffer.alloc(64) };
    expect(signedBy({ ...note, signatures: [...note.signatures, wrong] }, key)).toBe(false);
    expect(
      signedBy({ ...note, signatures: [...note.signatures, { ...wrong, name: 'witness.example.com' }] }, key),
    ).toBe(true);
  });

  test('another log of the same key is another log', () => {
    const other = createSigner({ origin: 'audit.example.com/ledger/2', privateKey: PEM });
    const note = other.sign({ size: 1, root: leafHash(entry(0)) });
    expect(() => openCheckpoint(note, key)).toThrow(expect.objectContaining({ code: 'checkpoint_forged' }));
  });
});

describe('verifier keys', () => {
  test('are written as they are read', () => {
    const { publicKey, name } = parseVerifierKey(GO_KEY);
    const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32);
    expect(formatVerifierKey(name, raw)).toBe(GO_KEY);
  });

  test.each([
    GO_KEY.replace('c74f20a3', 'c74f20a4'),
    GO_KEY.replace('PeterNeumann', 'Peter Neumann'),
    GO_KEY.slice(0, -4),
    GO_KEY.replace('+AR', '+BR'),
    'nonsense',
  ])('%s is refused', (text) => {
    expect(() => parseVerifierKey(text)).toThrow(
      expect.objectContaining({ code: 'verifier_key_unreadable' }),
    );
  });

  test.each(['', 'a b', 'a+b', 'a\nb'])('a log can not be called %j', (origin) => {
    expect(() => createSigner({ origin, privateKey: PEM })).toThrow(
      expect.objectContaining({ code: 'origin_invalid' }),
    );
  });
});

test('a private key that was given for the public one is not repeated', () => {
  const pem = generateLedgerKey();
  const [, secret = ''] = pem.split('\n');
  let message = '';
  try {
    parseVerifierKey(pem);
  } catch (error) {
    message = String(error);
  }
  expect(message).toContain('is no Ed25519 verifier key');
  expect(message).not.toContain(secret.slice(-20));
});

describe('the signing key', () => {
  test('may come with its line ends written out', () => {
    expect(createSigner({ origin: signer.origin, privateKey: PEM.replaceAll('\n', '\\n') }).vkey).toBe(
      signer.vkey,
    );
  });

  test('is refused when it is none, without being told', () => {
    const make = (): unknown => createSigner({ origin: 'log', privateKey: 'MC4CAQAwBQYDK2VwBCIEIsecret' });
    expect(make).toThrow(
      expect.objectContaining({
        code: 'ledger_key_unreadable',
        message: expect.not.stringContaining('secret'),
      }),
    );
  });
});

describe('proofs', () => {
  test.each([
    [0, 1],
    [4, 5],
    [99, 200],
    [199, 200],
  ])('of entry %i of %i hold', (index, size) => {
    const text = proofOf(index, size);
    expect(verifyProof(text, leafHash(entry(index)), signer.vkey)).toMatchObject({
      index,
      checkpoint: { size },
    });
    expect(formatProof(parseProof(text))).toBe(text);
  });

  test('carry the entry in a line that the proof does not cover', () => {
    const proof = { ...parseProof(proofOf(3, 9)), extra: entry(3) };
    expect(Buffer.from(parseProof(formatProof(proof)).extra ?? []).toString()).toBe('{"entry":3}');
    expect(formatProof(proof).split('\n')[1]).toMatch(/^extra /);
  });

  const text = proofOf(7, 50);
  test.each([
    ['another entry', text, entry(8), 'proof_wrong'],
    ['another index', text.replace('index 7', 'index 6'), entry(7), 'proof_wrong'],
    ['a hash left out', text.replace(/index 7\n.*\n/, 'index 7\n'), entry(7), 'proof_wrong'],
    ['a forged size', text.replace('\n50\n', '\n51\n'), entry(7), 'checkpoint_forged'],
    ['an index that is no number', text.replace('index 7', 'index 7.0'), entry(7), 'proof_unreadable'],
    ['another version', text.replace('@v1', '@v2'), entry(7), 'proof_unreadable'],
    [
      'a hash that is too short',
      text.replace(/\n[A-Za-z0-9+/]{43}=\n/, '\nAAAA\n'),
      entry(7),
      'proof_unreadable',
    ],
    ['nothing', '', entry(7), 'proof_unreadable'],
  ])('with %s do not', (_, proof, bytes, code) => {
    expect(() => verifyProof(proof, leafHash(bytes), signer.vkey)).toThrow(expect.objectContaining({ code }));
  });

  test("under another log's key do not", () => {
    const other = createSigner({ origin: signer.origin, privateKey: generateLedgerKey() });
    expect(() => verifyProof(text, leafHash(entry(7)), other.vkey)).toThrow(
      expect.objectContaining({ code: 'checkpoint_forged' }),
    );
  });
});
