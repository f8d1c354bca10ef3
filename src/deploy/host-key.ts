import { createHash, timingSafeEqual } from 'node:crypto';

/** A host key's fingerprint as `ssh-keygen -l` prints it. */
export function fingerprintOf(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
}

/** The pins of a host: one, or several while its key is renewed. */
export function pinsOf(fingerprint: string | readonly string[]): readonly string[] {
  return typeof fingerprint === 'string' ? [fingerprint] : fingerprint;
}

/**
 * True only for a pinned key. Synchronous and never anything but a boolean: ssh2 takes a promise, `null` or `undefined`
 * from its verifier for a yes.
 */
export function isPinned(presented: string, pinned: string | readonly string[]): boolean {
  const a = Buffer.from(presented);
  return pinsOf(pinned).some((pin) => {
    const b = Buffer.from(pin);
    return a.length === b.length && timingSafeEqual(a, b);
  });
}

/** The kind of key, as its own bytes name it (`ssh-ed25519`). */
export function keyKind(key: Buffer): string {
  const length = key.length < 4 ? 0 : key.readUInt32BE(0);
  const name = key.subarray(4, 4 + Math.min(length, 64)).toString('latin1');
  return /^[a-z0-9@.-]+$/.test(name) ? name : 'unknown';
}
