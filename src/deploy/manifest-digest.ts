import { createHash } from 'node:crypto';
import type { ManifestEntry } from '../domain/deploy.ts';
import { byBytes } from './byte-order.ts';

const AT_ONCE = 500;

const lineOf = ({ mode, oid, sha256, size, path }: ManifestEntry): string =>
  `${mode} ${oid} ${sha256} ${size}\t${path}\0`;

/**
 * One value for a whole manifest: SHA-256 over `MODE OID SHA256 SIZE<tab>PATH<NUL>` for each file, sorted by the bytes
 * of the path.
 */
export function manifestDigest(entries: readonly ManifestEntry[]): string {
  const hash = createHash('sha256');
  const sorted = entries.toSorted((a, b) => byBytes(a.path, b.path));
  // Many at once: each update costs more than what it hashes.
  for (let at = 0; at < sorted.length; at += AT_ONCE) {
    const lines = sorted.slice(at, at + AT_ONCE).map(lineOf);
    hash.update(lines.join(''));
  }
  return hash.digest('hex');
}
