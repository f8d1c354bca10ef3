import { createHash } from 'node:crypto';
import type { TreeEntry } from './refuse-paths.ts';

interface Folder {
  readonly folders: Map<string, Folder>;
  readonly files: TreeEntry[];
}

/**
 * The id of the root tree that holds exactly these files. Equal to the commit's tree, it proves that the list is the
 * commit: nothing left out, nothing added. SHA-256 repositories have longer ids and are hashed as such.
 */
export function treeOid(entries: readonly TreeEntry[], algorithm: 'sha1' | 'sha256' = 'sha1'): string {
  const root: Folder = { folders: new Map(), files: [] };
  for (const entry of entries) {
    const names = entry.path.split('/');
    let folder = root;
    for (const name of names.slice(0, -1)) folder = folderIn(folder, name);
    folder.files.push({ ...entry, path: names.at(-1) ?? '' });
  }
  return hashFolder(root, algorithm);
}

/** The id git gives to these bytes. */
export function objectOid(
  type: 'blob' | 'tree' | 'commit',
  body: Uint8Array,
  algorithm: 'sha1' | 'sha256' = 'sha1',
): string {
  return createHash(algorithm).update(`${type} ${body.length}\0`).update(body).digest('hex');
}

/** Which hash a repository's ids are made with, told by their length. */
export function algorithmOf(oid: string): 'sha1' | 'sha256' {
  return oid.length === 64 ? 'sha256' : 'sha1';
}

function folderIn(parent: Folder, name: string): Folder {
  const found = parent.folders.get(name);
  if (found !== undefined) return found;
  const made: Folder = { folders: new Map(), files: [] };
  parent.folders.set(name, made);
  return made;
}

function hashFolder(folder: Folder, algorithm: 'sha1' | 'sha256'): string {
  const lines = [
    ...folder.files.map((file) => ({
      key: Buffer.from(file.path),
      line: treeLine(file.mode, file.path, file.oid),
    })),
    // git sorts a folder as if its name ended in a slash
    ...[...folder.folders].map(([name, inner]) => ({
      key: Buffer.from(`${name}/`),
      line: treeLine('40000', name, hashFolder(inner, algorithm)),
    })),
  ];
  lines.sort((a, b) => Buffer.compare(a.key, b.key));
  return objectOid('tree', Buffer.concat(lines.map(({ line }) => line)), algorithm);
}

function treeLine(mode: string, name: string, oid: string): Buffer {
  return Buffer.concat([Buffer.from(`${mode} ${name}\0`), Buffer.from(oid, 'hex')]);
}
