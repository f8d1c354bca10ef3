import { createHash } from 'node:crypto';
import type { ManifestEntry } from '../domain/deploy.ts';
import { byBytes } from './byte-order.ts';

/**
 * One value for a whole manifest: SHA-256 over `MODE OID SHA256 SIZE<tab>PATH<NUL>` for each file, sorted by the bytes
 * of the path.
 */
export function manifestDigest(entries: readonly ManifestEntry[]): string {
  const hash = createHash('sha256');
  for (const entry of entries.toSorted((a, b) => byBytes(a.path, b.path))) {
    hash.update(`${entry.mode} ${entry.oid} ${entry.sha256} ${entry.size}\t${entry.path}\0`);
  }
  return hash.digest('hex');
}
