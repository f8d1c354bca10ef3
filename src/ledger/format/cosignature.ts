/**
 * C2SP tlog-cosignature v1 (Ed25519, type 0x04): a witness's word that it saw a checkpoint at a time, and saw the log only
 * grow up to it. Owns the encoding of a witness's key and the verifying; lines and keys may come from a stranger.
 */
import type { KeyObject } from 'node:crypto';
import { createPublicKey, verify } from 'node:crypto';
import { CodedError } from '../../domain/coded-error.ts';
import { sha256 } from './hash.ts';
import { parseNote } from './note.ts';

const COSIGNATURE = 0x04;
/** DER of an Ed25519 SubjectPublicKeyInfo up to the 32 bytes of the key. */
const SPKI = Buffer.from('302a300506032b6570032100', 'hex');
const [TIME_SIZE, SIGNATURE_SIZE] = [8, 64];
/** Beyond it a number of seconds is no date. */
const LATEST = 8_640_000_000_000n;

export interface CosignerKey {
  readonly name: string;
  readonly id: Buffer;
  readonly publicKey: KeyObject;
}

/** Throws `cosigner_key_unreadable` for anything that isn't the verifier key of a cosignature/v1 witness. */
export function parseCosignerKey(text: string): CosignerKey {
  const [, name, id, encoded] = /^([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+=*)$/.exec(text.trim()) ?? [];
  const key = Buffer.from(encoded ?? '', 'base64');
  const right =
    name !== undefined &&
    key.length === 33 &&
    key[0] === COSIGNATURE &&
    Buffer.from(sha256(Buffer.concat([Buffer.from(`${name}\n`), key])).subarray(0, 4)).toString('hex') === id;
  if (!right) {
    throw new CodedError(
      'cosigner_key_unreadable',
      `${JSON.stringify(text.trim().slice(0, 120))} is no witness's cosignature key; one looks like NAME+1a2b3c4d+BASE64.`,
    );
  }
  const publicKey = createPublicKey({
    key: Buffer.concat([SPKI, key.subarray(1)]),
    format: 'der',
    type: 'spki',
  });
  return { name, id: Buffer.from(id ?? '', 'hex'), publicKey };
}

/**
 * When `key` cosigned the checkpoint, by its own clock (seconds since 1970), as one of `lines` shows: the signature lines as
 * the witness sent them. Null where none of them is its cosignature of this checkpoint, or one by it is wrong.
 */
export function cosignedAt(checkpoint: string, lines: string, key: CosignerKey): number | null {
  try {
    const { text } = parseNote(checkpoint);
    // Read as the signatures of the same text, so that there is one reader for lines from outside.
    const ours = parseNote(`${text}\n${lines}`).signatures.filter(
      ({ name, id }) => name === key.name && id.equals(key.id),
    );
    const times = ours.map(({ signature }) => {
      if (signature.length !== TIME_SIZE + SIGNATURE_SIZE) return null;
      const time = signature.readBigUInt64BE(0);
      if (time > LATEST) return null;
      const said = Buffer.from(`cosignature/v1\ntime ${time}\n${text}`);
      return verify(null, said, key.publicKey, signature.subarray(TIME_SIZE)) ? Number(time) : null;
    });
    const [first] = times;
    return first === undefined || times.includes(null) ? null : first;
  } catch (error) {
    if (error instanceof CodedError) return null;
    throw error;
  }
}
