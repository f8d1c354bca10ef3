/**
 * A bare copy of one repository on the worker, holding the commits that were deployed. Disposable: whatever is wrong
 * with it, it is thrown away and fetched again. The token lives for one fetch, in git's environment and nowhere else.
 */
import { mkdir, readFile, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { DeployError } from './deploy-error.ts';
import { withFolderLock } from './folder-lock.ts';
import { type GitResult, runGit } from './git.ts';
import { KNOWN_BLOBS } from './known-blobs.ts';
import { mask } from './mask.ts';
import { type Manifest, readManifest } from './manifest.ts';

/** What GitHub lets us fetch with, or how to get it: it is asked for only where there is something to fetch. */
export type Token = string | (() => Promise<string>);

export interface Mirror {
  /** The bare repository. */
  readonly directory: string;
  /** Brings one commit, with all its files, into the mirror. A damaged mirror is thrown away and fetched again, once. */
  fetchCommit(request: {
    readonly sha: string;
    readonly token: Token;
    /** Nothing of it will be sent: where this process has proven its list of files before, that will do, and no mirror is asked. */
    readonly listOnly?: boolean;
  }): Promise<void>;
  /** The commit's proven manifest, or what keeps it from being deployed. */
  readManifest(sha: string): Promise<Manifest>;
}

const FETCH_SECONDS = 600;

/** The mirror of one repository below `directory`; nothing is made or fetched yet. */
export function openMirror(options: {
  readonly directory: string;
  readonly repositoryId: number;
  /** Where to clone from: `https`, or `http` on loopback. Without user and password. */
  readonly url: string;
}): Mirror {
  const url = cloneUrl(options.url);
  const directory = path.resolve(options.directory, `${options.repositoryId}.git`);
  const manifests = new Map<string, Promise<Manifest>>();

  const manifestOf = (sha: string): Promise<Manifest> => {
    const known = manifests.get(sha);
    if (known !== undefined) return known;
    const read = readManifest(directory, sha, KNOWN_BLOBS);
    manifests.set(sha, read);
    return read;
  };

  const bring = async (sha: string, token: Token): Promise<void> => {
    await create(directory);
    if (!(await holds(directory, sha)))
      await fetch(directory, url, sha, typeof token === 'string' ? token : await token());
    manifests.delete(sha);
    await manifestOf(sha).catch((error: unknown) => {
      // What keeps a commit from being deployed is told when its manifest is asked for; here only damage matters.
      if (error instanceof DeployError && !isDamage(error)) return;
      throw error;
    });
  };

  return {
    directory,
    async fetchCommit({ sha, token, listOnly = false }) {
      if (!/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(sha))
        throw new RangeError('a commit is asked for by its full id');
      const known = listOnly ? KNOWN_BLOBS.manifestOf(sha) : undefined;
      if (known !== undefined) {
        manifests.set(sha, Promise.resolve(known));
        return;
      }
      await withFolderLock(directory, async () => {
        try {
          await bring(sha, token);
        } catch (error) {
          if (!(error instanceof DeployError) || !isDamage(error)) throw error;
          await rm(directory, { recursive: true, force: true });
          KNOWN_BLOBS.forget();
          manifests.clear();
          await bring(sha, token);
        }
      });
    },
    readManifest: manifestOf,
  };
}

function isDamage(error: DeployError): boolean {
  return error.code === 'mirror_corrupt' || error.code === 'mirror_failed' || error.code === 'tree_mismatch';
}

/** `https`, or `http` to this machine itself (the stand-in for GitHub): a token must not cross a network in the clear. */
function cloneUrl(text: string): URL {
  const url = new URL(text);
  const loopback = ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname);
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && loopback)) {
    throw new DeployError(
      'mirror_failed',
      `${url.protocol}//${url.host} cannot be cloned from: only https (or http on loopback) can.`,
    );
  }
  if (url.username !== '' || url.password !== '') {
    throw new DeployError(
      'mirror_failed',
      `The address of ${url.host} carries a user or password: take it out, the token is handed over apart.`,
    );
  }
  return url;
}

async function create(directory: string): Promise<void> {
  if (await isFolder(path.join(directory, 'objects'))) return;
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const made = await runGit(['init', '--quiet', '--bare', '--template=', '.'], { directory });
  if (made.code !== 0)
    throw new DeployError(
      'mirror_failed',
      `git could not make a mirror in ${directory}: ${made.stderr.trim()}`,
    );
}

async function isFolder(name: string): Promise<boolean> {
  return stat(name).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

/** True where the commit and everything below it is there. A fetch that died leaves the commit without its ref. */
async function holds(directory: string, sha: string): Promise<boolean> {
  // As git keeps a ref that nobody packs. Whether the objects are there and whole shows when they are read.
  const ref = await readFile(path.join(directory, refOf(sha)), 'utf8').catch(() => '');
  return ref.trim() === sha;
}

function refOf(sha: string): string {
  return `refs/countersign/${sha}`;
}

async function fetch(directory: string, url: URL, sha: string, token: string): Promise<void> {
  const authorization = `Basic ${Buffer.from(`x-access-token:${token}`).toString('base64')}`;
  const fetched = await runGit(
    [
      'fetch',
      '--quiet',
      '--depth=1',
      '--no-tags',
      '--no-write-fetch-head',
      '--no-recurse-submodules',
      '--no-auto-maintenance',
      '--',
      url.href,
      `+${sha}:${refOf(sha)}`,
    ],
    {
      directory,
      protocols: url.protocol.slice(0, -1),
      timeoutSeconds: FETCH_SECONDS,
      // Bound to this address, so that no other host is ever sent it.
      config: [[`http.${url.origin}/.extraHeader`, `Authorization: ${authorization}`]],
    },
  );
  if (fetched.code !== 0) throw fetchError(fetched, url, sha, [token, authorization]);
}

const REFUSALS: readonly (readonly [RegExp, string])[] = [
  [
    /Authentication failed|could not read Username|returned error: 40[13]/i,
    'the token was refused: the App needs "contents: read" on it',
  ],
  [/not our ref|couldn't find remote ref|not found in upstream/i, 'it has no such commit (any more)'],
  [/Repository not found|returned error: 404/i, 'there is no such repository, or the App cannot see it'],
  [
    /returned error: 30\d|unable to update url base from redirection/i,
    'it redirects elsewhere, which is not followed: was it renamed?',
  ],
  [
    /Could not resolve|Failed to connect|Connection refused|timed out|Operation too slow|returned error: 5\d\d|RPC failed|early EOF|unable to access/i,
    'it could not be reached',
  ],
];

function fetchError(result: GitResult, url: URL, sha: string, secrets: readonly string[]): DeployError {
  const said = mask(result.stderr.trim(), secrets);
  const refusal =
    REFUSALS.find(([pattern]) => pattern.test(said))?.[1] ?? (result.timedOut ? 'it took too long' : null);
  if (refusal !== null) {
    return new DeployError(
      'commit_unavailable',
      `Commit ${sha} could not be fetched from ${url.host}${url.pathname}: ${refusal}. git said: ${said}`,
    );
  }
  return new DeployError(
    'mirror_failed',
    `git could not fetch commit ${sha} from ${url.host}${url.pathname}: ${said}`,
  );
}
