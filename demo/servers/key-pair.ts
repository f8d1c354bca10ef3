import ssh2 from 'ssh2';

export interface KeyPair {
  /** In OpenSSH's own format, without a passphrase. */
  readonly privateKey: string;
  /** One line, as `authorized_keys` takes it. */
  readonly publicKey: string;
}

/** A fresh ed25519 key pair. */
export function createKeyPair(comment: string): KeyPair {
  for (;;) {
    const made = ssh2.utils.generateKeyPairSync('ed25519', { comment });
    // About one in two hundred that ssh2 1.17 makes can't be read back, by itself or by OpenSSH.
    if (isUsable(made.private, made.public)) return { privateKey: made.private, publicKey: made.public };
  }
}

function isUsable(privateKey: string, publicKey: string): boolean {
  const own = ssh2.utils.parseKey(privateKey);
  const other = ssh2.utils.parseKey(publicKey);
  if (own instanceof Error || other instanceof Error) return false;
  const signature: unknown = own.sign(Buffer.from('countersign'));
  if (!Buffer.isBuffer(signature)) return false;
  // An error of its own is given back, not thrown.
  const verified: unknown = other.verify(Buffer.from('countersign'), signature);
  return verified === true;
}
