/** Looks at a host's disk, and not through the engine: is everything under a final name a whole commit, and what was left behind? */
import { execFile } from 'node:child_process';
import { lstat, readdir, readlink } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

export interface Found {
  /** What `current` names; null: nothing. */
  readonly running: string | null;
  /** Final names that hold something else than their commit, or that `current` names in vain. */
  readonly half: readonly string[];
  /** Staging folders, a lock, a link that was to become `current`, notes that were to be renamed. */
  readonly left: readonly string[];
}

/** What stays in our own folder between deployments. */
const LASTING = ['history', 'hook', 'mutex', 'releases'];

/** `repository`: GitHub's own, which knows the commits. */
export async function inspectHost(shop: string, repository: string): Promise<Found> {
  const names = await readdir(path.join(shop, 'releases')).catch((): string[] => []);
  const link = await readlink(path.join(shop, 'current')).catch(() => null);
  const running = link === null ? null : path.basename(link);
  const half: string[] = [];
  for (const name of names.filter((one) => !one.startsWith('.'))) {
    const wrong = await differs(path.join(shop, 'releases', name), repository);
    if (wrong !== null) half.push(`${name}: ${wrong}`);
  }
  if (running !== null && !names.includes(running)) half.push(`current names ${running}, which is not there`);
  const own = await readdir(path.join(shop, '.countersign')).catch((): string[] => []);
  const notes = await readdir(path.join(shop, '.countersign', 'releases')).catch((): string[] => []);
  return {
    running,
    half,
    left: [
      ...names.filter((one) => one.startsWith('.')),
      ...own.filter((one) => !LASTING.includes(one)),
      ...notes.filter((one) => one.endsWith('.new')),
    ],
  };
}

/** In what a release differs from the commit that its name ends with; null: in nothing. git hashes the files anew. */
async function differs(folder: string, repository: string): Promise<string | null> {
  const git = async (args: readonly string[]): Promise<string> =>
    (
      await promisify(execFile)('git', [...args], {
        env: { ...process.env, GIT_DIR: repository },
        maxBuffer: 2 ** 26,
      })
    ).stdout;
  const sha = path.basename(folder).split('-').at(-1) ?? '';
  const wanted = new Map<string, string>();
  for (const record of (await git(['ls-tree', '-r', '-z', sha])).split('\0')) {
    const [, mode, oid, name] = /^(\d+) blob ([0-9a-f]+)\t(.*)$/s.exec(record) ?? [];
    if (name !== undefined) wanted.set(name, `${mode ?? ''} ${oid ?? ''}`);
  }
  const found = new Map<string, string>();
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isDirectory()) continue;
    const file = path.join(entry.parentPath, entry.name);
    const mode = ((await lstat(file)).mode & 0o111) === 0 ? '100644' : '100755';
    found.set(path.relative(folder, file), mode);
  }
  const names = [...found.keys()];
  const oids =
    names.length === 0
      ? []
      : (await git(['hash-object', '--no-filters', ...names.map((name) => path.join(folder, name))]))
          .trim()
          .split('\n');
  names.forEach((name, index) => found.set(name, `${found.get(name) ?? ''} ${oids[index] ?? ''}`));
  if (wanted.size === 0) return `there is no commit ${sha}`;
  for (const [name, is] of wanted)
    if (found.get(name) !== is) return `${name} is ${found.get(name) ?? 'missing'}`;
  for (const name of found.keys()) if (!wanted.has(name)) return `${name} is not in the commit`;
  return null;
}
