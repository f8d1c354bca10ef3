/** The key that signs checkpoints. It lives in this process, from a file or the environment, never in the database. */
import { createPrivateKey, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { CodedError } from '../../domain/coded-error.ts';
import { checkpointText } from '../format/checkpoint.ts';
import type { NoteSignature } from '../format/note.ts';
import { checkName, formatNote, formatVerifierKey, keyId } from '../format/note.ts';

export interface LedgerSigner {
  /** The log's name, like `audit.example.com/ledger/1`. */
  readonly origin: string;
  /** What a verifier needs: publish it. */
  readonly vkey: string;
  /** The verifier key of the one that signed before, where this process has that too; null otherwise. */
  readonly previousVkey: string | null;
  /**
   * The signed checkpoint. Must only be called for a head that is committed. `both`: with a second signature line by the
   * previous key, which vouches for this one; throws RangeError where there is none.
   */
  sign(head: { readonly size: number; readonly root: Uint8Array }, by?: 'key' | 'both'): string;
}

/** Throws `ledger_key_unreadable` or `origin_invalid`; neither message holds the key. */
export function createSigner(options: {
  readonly origin: string;
  readonly privateKey: string;
  /** What signed until now, while the key is rotated. */
  readonly previousKey?: string;
}): LedgerSigner {
  const { origin } = options;
  checkName(origin);
  const key = signingKey(origin, options.privateKey);
  const previous = options.previousKey === undefined ? null : signingKey(origin, options.previousKey);
  return {
    origin,
    vkey: key.vkey,
    previousVkey: previous?.vkey ?? null,
    sign({ size, root }, by = 'key') {
      const text = checkpointText({ origin, size, root });
      if (by === 'key') return formatNote({ text, signatures: [key.sign(text)] });
      if (previous === null) throw new RangeError('there is no previous key to sign with');
      return formatNote({ text, signatures: [previous.sign(text), key.sign(text)] });
    },
  };
}

function signingKey(
  origin: string,
  pem: string,
): { readonly vkey: string; readonly sign: (text: string) => NoteSignature } {
  const privateKey = readKey(pem);
  const publicKey = createPublicKey(privateKey).export({ format: 'der', type: 'spki' }).subarray(-32);
  const id = keyId(origin, publicKey);
  return {
    vkey: formatVerifierKey(origin, publicKey),
    sign: (text) => ({ name: origin, id, signature: sign(null, Buffer.from(text), privateKey) }),
  };
}

/** A new signing key, as PKCS8 PEM. */
export function generateLedgerKey(): string {
  return generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
}

function readKey(pem: string): ReturnType<typeof createPrivateKey> {
  let key;
  try {
    // An environment variable often holds the line ends as the two characters `\n`.
    key = createPrivateKey(pem.replaceAll('\\n', '\n'));
  } catch {
    throw new CodedError(
      'ledger_key_unreadable',
      "the ledger's key is not a private key in PEM (PKCS8). Make one with `countersign keygen`.",
    );
  }
  if (key.asymmetricKeyType !== 'ed25519') {
    throw new CodedError(
      'ledger_key_unreadable',
      `the ledger's key is ${key.asymmetricKeyType ?? 'of an unknown kind'}, and must be Ed25519. Make one with \`countersign keygen\`.`,
    );
  }
  return key;
}
