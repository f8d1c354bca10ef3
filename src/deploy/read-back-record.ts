/** What is recorded of a release that a host was read back, from the host's own answer. */
import { createHash } from 'node:crypto';
import type { DriftedFile, HostReadBack, ManifestDifference, ManifestEntry } from '../domain/deploy.ts';
import { difference } from './difference.ts';
import { manifestDigest } from './manifest-digest.ts';
import type { ReadBack } from './read-back.ts';

/** The manifest in the host's words: its hashes, modes and sizes, and the id of the blob that has those bytes. */
export function entriesAsRead(found: ReadBack, manifest: readonly ManifestEntry[]): readonly ManifestEntry[] {
  return manifest.flatMap((entry): ManifestEntry[] => {
    const target = found.links.get(entry.path);
    if (target !== undefined) {
      const sha256 = createHash('sha256').update(target).digest('hex');
      return [{ ...entry, mode: '120000', sha256, size: Buffer.byteLength(target) }];
    }
    const file = found.files.get(entry.path);
    if (file === undefined) return [];
    const mode = file.mode === '755' ? '100755' : '100644';
    return [{ ...entry, mode, sha256: file.sha256, size: file.size }];
  });
}

/**
 * What a host has now against what ran there before. `before`: its manifest, where the ledger has it for the release that was found
 * running; null where nothing ran, or something that nobody can tell the files of.
 */
export function readBackRecord(input: {
  readonly found: ReadBack;
  readonly manifest: readonly ManifestEntry[];
  readonly before: { readonly release: string; readonly manifest: readonly ManifestEntry[] | null } | null;
  readonly drifted: readonly DriftedFile[];
}): { readonly readBack: Omit<HostReadBack, 'changes'>; readonly changes: ManifestDifference } {
  const { found, manifest, before, drifted } = input;
  const against = before === null ? 'nothing' : before.manifest === null ? 'unknown' : 'before';
  return {
    readBack: {
      digest: manifestDigest(entriesAsRead(found, manifest)),
      against,
      before: before?.release ?? null,
      drifted,
    },
    changes: difference(before?.manifest ?? null, manifest),
  };
}

/** Files that were to be copied on the host, and weren't there any more as they had been verified. */
export function driftedFiles(
  found: ReadBack,
  reuse: readonly ManifestEntry[],
  wrong: ReadonlySet<string>,
): readonly DriftedFile[] {
  return reuse
    .filter(({ path }) => wrong.has(path))
    .map(({ path, oid, sha256, mode }) => {
      const [now] = entriesAsRead(found, [{ path, oid, sha256, mode, size: 0 }]);
      const file = found.files.get(path);
      return {
        path,
        oid,
        sha256,
        mode,
        found: now === undefined ? null : { sha256: now.sha256, mode: file?.mode ?? 'link' },
      };
    });
}

/** Names equal differences alike, so that a hundred hosts with the same one have it recorded once. */
export function digestOfChanges(changes: ManifestDifference): string {
  return createHash('sha256').update(JSON.stringify(changes)).digest('hex');
}
