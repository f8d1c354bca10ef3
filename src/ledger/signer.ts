/** The key that signs checkpoints. It lives in this process, from a file or the environment, never in the database. */
import { createPrivateKey, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { CodedError } from '../domain/coded-error.ts';
import { checkpointText } from './checkpoint.ts';
import { checkName, formatNote, formatVerifierKey, keyId } from './note.ts';

export interface LedgerSigner {
  /** The log's name, like `audit.example.com/ledger/1`. */
  readonly origin: string;
  /** What a verifier needs: publish it. */
  readonly vkey: string;
  /** The signed checkpoint. Must only be called for a head that is committed. */
  sign(head: { readonly size: number; readonly root: Uint8Array }): string;
}

/** Throws `ledger_key_unreadable` or `origin_invalid`; neither message holds the key. */
export function createSigner(options: {
  readonly origin: string;
  readonly privateKey: string;
}): LedgerSigner {
  const { origin } = options;
  checkName(origin);
  const privateKey = readKey(options.privateKey);
  const publicKey = createPublicKey(privateKey).export({ format: 'der', type: 'spki' }).subarray(-32);
  const id = keyId(origin, publicKey);
  return {
    origin,
    vkey: formatVerifierKey(origin, publicKey),
    sign({ size, root }) {
      const text = checkpointText({ origin, size, root });
      return formatNote({
        text,
        signatures: [{ name: origin, id, signature: sign(null, Buffer.from(text), privateKey) }],
      });
    },
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
