/**
 * C2SP signed notes with Ed25519: text, a blank line, one line a signature. Owns the encoding of notes, of verifier keys,
 * and the verifying. Notes and keys may come from a stranger; a signature of an unknown key is ignored, not trusted.
 */
import type { KeyObject } from 'node:crypto';
import { createPublicKey, verify } from 'node:crypto';
import { CodedError } from '../../domain/coded-error.ts';
import { sha256 } from './hash.ts';

const ED25519 = 0x01;
const LARGEST = 64 * 1024;
/** DER of an Ed25519 SubjectPublicKeyInfo up to the 32 bytes of the key. */
const SPKI = Buffer.from('302a300506032b6570032100', 'hex');

export interface VerifierKey {
  readonly name: string;
  /** Four bytes that tell keys of one name apart. */
  readonly id: Buffer;
  readonly publicKey: KeyObject;
}

export interface NoteSignature {
  readonly name: string;
  readonly id: Buffer;
  readonly signature: Buffer;
}

export interface Note {
  /** With its last newline: what is signed. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

/** `name+id+key`, as C2SP writes a verifier key. */
export function formatVerifierKey(name: string, publicKey: Uint8Array): string {
  checkName(name);
  const key = Buffer.concat([Buffer.of(ED25519), publicKey]);
  return `${name}+${keyId(name, publicKey).toString('hex')}+${key.toString('base64')}`;
}

/** What may be repeated of a text that should have been a public key: it may be the private one, of a file named by mistake. */
function shown(text: string): string {
  const start = text.trim();
  return /PRIVATE KEY|\n/.test(start) ? 'What was given' : JSON.stringify(start.slice(0, 120));
}

/** Throws `verifier_key_unreadable` for anything that isn't an Ed25519 verifier key. */
export function parseVerifierKey(text: string): VerifierKey {
  const match = /^([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+=*)$/.exec(text.trim());
  const [, name, id, encoded] = match ?? [];
  const key = Buffer.from(encoded ?? '', 'base64');
  if (name === undefined || id === undefined || key.length !== 33 || key[0] !== ED25519) {
    throw new CodedError(
      'verifier_key_unreadable',
      `${shown(text)} is no Ed25519 verifier key; one looks like NAME+1a2b3c4d+BASE64.`,
    );
  }
  if (keyId(name, key.subarray(1)).toString('hex') !== id) {
    throw new CodedError(
      'verifier_key_unreadable',
      `the verifier key of ${name} was cut or altered: its id is not ${id}.`,
    );
  }
  const publicKey = createPublicKey({
    key: Buffer.concat([SPKI, key.subarray(1)]),
    format: 'der',
    type: 'spki',
  });
  return { name, id: Buffer.from(id, 'hex'), publicKey };
}

/** The same key as another log would name it. */
export function renamedKey({ publicKey }: VerifierKey, name: string): VerifierKey {
  const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(SPKI.length);
  return { name, id: keyId(name, raw), publicKey };
}

/** The first four bytes of SHA-256(name ‖ newline ‖ type ‖ key). */
export function keyId(name: string, publicKey: Uint8Array): Buffer {
  return Buffer.from(
    sha256(Buffer.concat([Buffer.from(`${name}\n`), Buffer.of(ED25519), publicKey])),
  ).subarray(0, 4);
}

/** The note as text. */
export function formatNote(note: Note): string {
  if (!note.text.endsWith('\n')) throw new RangeError("a note's text ends with a newline");
  const lines = note.signatures.map(
    ({ name, id, signature }) => `— ${name} ${Buffer.concat([id, signature]).toString('base64')}\n`,
  );
  return `${note.text}\n${lines.join('')}`;
}

/** Throws `note_unreadable`. Says nothing yet about who signed. */
export function parseNote(note: string): Note {
  const split = note.lastIndexOf('\n\n');
  // No control character but the newline.
  if (note.length > LARGEST || split < 0 || /[^\P{Cc}\n]/u.test(note))
    throw unreadable('it has no signature block');
  const lines = note.slice(split + 2).split('\n');
  if (lines.pop() !== '' || lines.length === 0) throw unreadable('its last line has no newline');
  const signatures = lines.map((line) => {
    const match = /^— ([^\s+]+) ([A-Za-z0-9+/]+=*)$/.exec(line);
    const [, name, encoded] = match ?? [];
    const bytes = Buffer.from(encoded ?? '', 'base64');
    if (name === undefined || bytes.length < 5 || bytes.toString('base64') !== encoded)
      throw unreadable('a signature line is malformed');
    return { name, id: bytes.subarray(0, 4), signature: bytes.subarray(4) };
  });
  return { text: note.slice(0, split + 1), signatures };
}

/** Whether `key` signed the note. A note that has a wrong signature by `key` is refused even if it also has a right one. */
export function signedBy(note: Note, key: VerifierKey): boolean {
  const ours = note.signatures.filter(({ name, id }) => name === key.name && id.equals(key.id));
  if (ours.length === 0) return false;
  return ours.every(({ signature }) => verify(null, Buffer.from(note.text), key.publicKey, signature));
}

/** A key's name, which is a log's origin: no blank, no `+`. */
export function checkName(name: string): void {
  if (!/^[^\s+]+$/.test(name) || name.length > 200 || !name.isWellFormed()) {
    throw new CodedError(
      'origin_invalid',
      `${JSON.stringify(name)} can't name a log: take a host and a path without blanks and without "+", like audit.example.com/ledger/1.`,
    );
  }
}

function unreadable(why: string): CodedError {
  return new CodedError('note_unreadable', `the note can't be read: ${why}.`);
}
