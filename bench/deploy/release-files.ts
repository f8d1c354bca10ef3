/**
 * The release that everybody ships: two versions of a folder on disk with the same bytes as two commits in a mirror. Made from
 * a fixed seed, so that two runs ship the same.
 */
import { execFile } from 'node:child_process';
import { cp, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

export interface ReleaseFiles {
  readonly files: number;
  readonly bytes: number;
  /** The first version, and the second, in which 20 files have other bytes. */
  readonly folders: readonly [string, string];
  readonly commits: readonly [string, string];
  /** Holds the mirror of repository `REPOSITORY_ID`, as the worker keeps it. */
  readonly mirrors: string;
}

export const REPOSITORY_ID = 7;
export const CHANGED = 20;
const MEAN_BYTES = 21_000;
const FILES_PER_FOLDER = 20;
const TEXT_SHARE = 0.7;
const WORDS =
  'const return await import from price order customer total the of and for each shop basket'.split(' ');

/** Writes `files` files of about 21 KB each, 20 to a folder, seven in ten of them like source text and the others random. */
export async function makeRelease(directory: string, files: number): Promise<ReleaseFiles> {
  const random = seeded(files);
  const [first, second] = [path.join(directory, 'v1'), path.join(directory, 'v2')];
  const names: string[] = [];
  let bytes = 0;
  for (let at = 0; at < files; at += 1) {
    const folder = Math.floor(at / FILES_PER_FOLDER);
    if (at % FILES_PER_FOLDER === 0) await mkdir(path.join(first, folderName(folder)), { recursive: true });
    const name = path.join(folderName(folder), `file-${at}.js`);
    const body = fileBody(random, at);
    bytes += body.length;
    names.push(name);
    await writeFile(path.join(first, name), body);
  }
  await cp(first, second, { recursive: true, preserveTimestamps: true });
  for (let at = 0; at < CHANGED; at += 1) {
    const index = Math.floor((at * files) / CHANGED);
    await writeFile(path.join(second, names[index] ?? ''), fileBody(random, index));
  }
  const mirrors = path.join(directory, 'mirrors');
  const commits = await commitBoth(path.join(mirrors, `${REPOSITORY_ID}.git`), [first, second]);
  return { files, bytes, folders: [first, second], commits, mirrors };
}

async function commitBoth(
  mirror: string,
  folders: readonly [string, string],
): Promise<readonly [string, string]> {
  await mkdir(mirror, { recursive: true });
  const git = async (args: readonly string[], tree: string | null = null): Promise<string> => {
    const { stdout } = await promisify(execFile)('git', [...args], {
      cwd: mirror,
      env: {
        PATH: process.env['PATH'],
        GIT_DIR: mirror,
        ...(tree === null ? {} : { GIT_WORK_TREE: tree }),
        GIT_CONFIG_NOSYSTEM: '1',
        GIT_CONFIG_GLOBAL: '/dev/null',
        GIT_AUTHOR_NAME: 'alice',
        GIT_AUTHOR_EMAIL: 'alice@example.test',
        GIT_COMMITTER_NAME: 'alice',
        GIT_COMMITTER_EMAIL: 'alice@example.test',
      },
    });
    return stdout.trim();
  };
  await git(['init', '--quiet', '--bare', '--template=', '.']);
  const commit = async (folder: string): Promise<string> => {
    await git(['add', '--all', folder], folder);
    const sha = await git(['commit-tree', await git(['write-tree']), '-m', 'a version']);
    await git(['update-ref', `refs/countersign/${sha}`, sha]);
    return sha;
  };
  const commits = [await commit(folders[0]), await commit(folders[1])] as const;
  // In one pack, as a fetch leaves them.
  await git(['repack', '-adq']);
  return commits;
}

function folderName(folder: number): string {
  return path.join(`part-${folder % 10}`, `folder-${folder}`);
}

function fileBody(random: () => number, at: number): Buffer {
  // From a fifth of the mean to nine fifths.
  const size = Math.floor(MEAN_BYTES * (0.2 + 1.6 * random()));
  const body = Buffer.alloc(size);
  if (at % 10 < TEXT_SHARE * 10) {
    let text = '';
    while (text.length < size) {
      text += `${WORDS[Math.floor(random() * WORDS.length)] ?? ''}${random() < 0.1 ? '\n' : ' '}`;
    }
    body.write(text.slice(0, size), 'latin1');
  } else {
    for (let byte = 0; byte < size; byte += 1) body[byte] = Math.floor(random() * 256);
  }
  return body;
}

/** Numbers from 0 to 1, the same at every run (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
