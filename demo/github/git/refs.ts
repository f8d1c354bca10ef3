/** Branches as git keeps them, a file each, which spares a process; where they may be kept otherwise git is asked. */
import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';

import { git, tryGit } from './run-git.ts';

/** A commit's whole id. */
export const FULL = /^[0-9a-f]{40}$/;

/** A branch as its file has it, which spares a process; undefined where git must be asked, null where there is none. */
export async function looseRef(directory: string, ref: string): Promise<string | null | undefined> {
  if (!/^refs\/(?:heads|scratch)\//.test(ref) || /\.\.|[^!-~]/.test(ref)) return undefined;
  const read = (name: string): Promise<string | null> =>
    readFile(path.join(directory, name), 'utf8').catch((error: unknown) => {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
      return '';
    });
  const text = (await read(ref))?.trim();
  if (text !== undefined) return FULL.test(text) ? text : undefined;
  // A ref is in a file of its own until somebody packs them.
  return (await read('packed-refs')) === null ? null : undefined;
}

/** What a branch of full name (`refs/heads/…`) or any other ref stands at; null where there is none. */
export async function readRef(directory: string, ref: string): Promise<string | null> {
  const loose = await looseRef(directory, ref);
  if (loose !== undefined) return loose;
  const found = await tryGit(directory, ['rev-parse', '--verify', '--quiet', ref]);
  return found.code === 0 ? found.stdout.toString('utf8').trim() : null;
}

/** Every branch with its tip, by name. */
export async function listBranches(directory: string): Promise<{ name: string; sha: string }[]> {
  const files = await readdir(path.join(directory, 'refs/heads'), { recursive: true, withFileTypes: true });
  const loose = await Promise.all(
    files
      .filter((file) => file.isFile() && !file.name.endsWith('.lock'))
      .map(async (file) => {
        const name = path.relative(path.join(directory, 'refs/heads'), path.join(file.parentPath, file.name));
        return { name, sha: await looseRef(directory, `refs/heads/${name}`) };
      }),
  );
  const packed = await stat(path.join(directory, 'packed-refs')).then(
    () => true,
    () => false,
  );
  // One that is gone since has no tip, and isn't there any more.
  if (!packed && loose.every(({ sha }) => sha !== undefined))
    return loose
      .flatMap(({ name, sha }) => (typeof sha === 'string' ? [{ name, sha }] : []))
      .sort((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)));
  const output = await git(directory, [
    'for-each-ref',
    '--format=%(objectname) %(refname:lstrip=2)',
    'refs/heads',
  ]);
  return output === ''
    ? []
    : output.split('\n').map((line) => ({ sha: line.slice(0, 40), name: line.slice(41) }));
}
