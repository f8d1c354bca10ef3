/**
 * What a commit's release consists of: every file with its mode, git's id, SHA-256 and size, proven to be the commit. The
 * commit hashes to its id, its tree to the one rebuilt from the list, each file's bytes to the id in the list.
 */
import { createHash } from 'node:crypto';
import type { ManifestEntry } from '../domain/deploy.ts';
import { byBytes } from './byte-order.ts';
import { DeployError } from './deploy-error.ts';
import { runGit } from './git.ts';
import { type HashedBlob, KnownBlobs } from './known-blobs.ts';
import { readObjects, wholeObject } from './object-reader.ts';
import { type TreeEntry, linkProblem, listed, refuseTree, refusedPath } from './refuse-paths.ts';
import { algorithmOf, treeOid } from './tree-oid.ts';

export interface Manifest {
  readonly sha: string;
  readonly tree: string;
  /** Seconds since 1970, as the committer's clock had it: the time of every file in the release. */
  readonly committedAt: number;
  /** Sorted by the bytes of the path. */
  readonly entries: readonly ManifestEntry[];
}

/** Longer blobs are neither: Linux takes no longer link target, and LFS pointers stay under 1,024 bytes by their specification. */
const SMALL = 4096;
const LFS_POINTER = /^version https:\/\/(?:git-lfs\.github\.com|hawser\.github\.com)\/spec\/v1\r?\n/;

/** Reads and proves a commit's manifest, or throws what keeps the commit from being deployed. */
export async function readManifest(
  directory: string,
  sha: string,
  known: KnownBlobs = new KnownBlobs(),
): Promise<Manifest> {
  const [commit, listing] = await Promise.allSettled([readCommit(directory, sha), listTree(directory, sha)]);
  // What is wrong with the commit is why its tree can't be read.
  if (commit.status === 'rejected') throw commit.reason;
  if (listing.status === 'rejected') throw listing.reason;
  const { tree, committedAt } = commit.value;
  // The same bytes of git's list, under the same tree: nothing of what follows can come out otherwise.
  const seen = `${tree} ${createHash('sha256').update(listing.value).digest('hex')}`;
  const proven = known.entriesOf(seen);
  if (proven !== undefined) return kept({ sha, tree, committedAt, entries: proven }, known);
  const entries = refuseTree(parseListing(listing.value));
  const rebuilt = treeOid(entries, algorithmOf(sha));
  if (rebuilt !== tree) {
    throw new DeployError(
      'tree_mismatch',
      `The files of commit ${sha} make tree ${rebuilt}, but the commit says ${tree}. An empty folder in the tree or a damaged mirror can be the reason; nothing was deployed.`,
    );
  }
  const blobs = await hashBlobs(directory, entries, known);

  const manifest: ManifestEntry[] = [];
  const pointers: string[] = [];
  for (const entry of entries) {
    const blob = blobs.get(entry.oid);
    if (blob === undefined) throw new Error(`blob ${entry.oid} was not read`);
    if (entry.mode === '120000') {
      const target = blob.target ?? null;
      const problem = target === null ? 'its target is too long' : linkProblem(entry.path, target);
      if (problem !== null) throw refusedPath(entry.path, problem);
    } else if (blob.lfsPointer) {
      pointers.push(entry.path);
    }
    manifest.push({
      path: entry.path,
      mode: entry.mode,
      oid: entry.oid,
      sha256: blob.sha256,
      size: blob.size,
    });
  }
  if (pointers.length > 0) {
    throw new DeployError(
      'lfs_pointer',
      `The commit holds pointers of Git LFS instead of contents (${listed(pointers)}), so the files themselves are not part of what was approved. Commit the files, or take them out of what is deployed.`,
    );
  }
  manifest.sort((a, b) => byBytes(a.path, b.path));
  known.keepEntries(seen, manifest);
  return kept({ sha, tree, committedAt, entries: manifest }, known);
}

function kept(manifest: Manifest, known: KnownBlobs): Manifest {
  known.keepManifest(manifest);
  return manifest;
}

async function readCommit(directory: string, sha: string): Promise<{ tree: string; committedAt: number }> {
  for await (const object of readObjects(directory, [sha])) {
    const text = (await wholeObject(object)).toString('utf8');
    const tree = /^tree ([0-9a-f]{40,64})\n/.exec(text)?.[1];
    const committedAt = /^committer .*> (\d+) [+-]\d{4}$/m.exec(text.slice(0, text.indexOf('\n\n')))?.[1];
    if (object.type === 'commit' && tree !== undefined) {
      return { tree, committedAt: Math.min(Number(committedAt ?? 0), 0o77777777777) };
    }
  }
  throw new DeployError('commit_unavailable', `${sha} is not a commit of this repository.`);
}

/** `git ls-tree`'s own bytes. */
async function listTree(directory: string, sha: string): Promise<Buffer> {
  const { code, stdout, stderr } = await runGit(['ls-tree', '-r', '-z', '--full-tree', sha], { directory });
  if (code !== 0) {
    throw new DeployError(
      'mirror_corrupt',
      `The mirror of the repository is damaged (git ls-tree: ${stderr.trim()}). It is fetched afresh the next time: deploy again.`,
    );
  }
  return stdout;
}

function parseListing(stdout: Buffer): readonly TreeEntry[] {
  const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  const entries: TreeEntry[] = [];
  for (let at = 0; at < stdout.length;) {
    const end = stdout.indexOf(0, at);
    const record = stdout.subarray(at, end);
    at = end + 1;
    const tab = record.indexOf(9);
    const [mode = '', , oid = ''] = record.subarray(0, tab).toString('latin1').split(' ');
    const name = record.subarray(tab + 1);
    try {
      entries.push({ path: utf8.decode(name), mode, oid });
    } catch {
      throw refusedPath(name.toString('utf8'), 'it is not valid UTF-8');
    }
  }
  return entries;
}

/** What is known of each blob. Reads those that aren't known yet, and a link's also where it is known as a file. */
async function hashBlobs(
  directory: string,
  entries: readonly TreeEntry[],
  known: KnownBlobs,
): Promise<ReadonlyMap<string, HashedBlob>> {
  const links = new Set(entries.filter(({ mode }) => mode === '120000').map(({ oid }) => oid));
  const blobs = new Map<string, HashedBlob>();
  const missing = new Set<string>();
  for (const { oid } of entries) {
    const blob = known.get(oid);
    if (blob === undefined || (links.has(oid) && blob.target === undefined)) missing.add(oid);
    else blobs.set(oid, blob);
  }
  if (missing.size > 0) {
    for await (const object of readObjects(directory, missing)) {
      const hash = createHash('sha256');
      const kept: Buffer[] = [];
      for await (const chunk of object.chunks) {
        hash.update(chunk);
        if (object.size <= SMALL) kept.push(chunk);
      }
      const text = object.size <= SMALL ? Buffer.concat(kept).toString('utf8') : null;
      blobs.set(object.oid, {
        sha256: hash.digest('hex'),
        size: object.size,
        lfsPointer: text !== null && LFS_POINTER.test(text),
        ...(links.has(object.oid) ? { target: text } : {}),
      });
    }
  }
  known.keep(blobs);
  return blobs;
}
