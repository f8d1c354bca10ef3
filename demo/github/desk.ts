/**
 * A person's own clone: commits are made away from the server and really pushed to it, with that person's token, so
 * that whatever a push sets off follows.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';

import { git, tryGit } from './git/run-git.ts';
import { resolveCommit } from './git/commits.ts';
import { readRef } from './git/refs.ts';
import type { Repository } from './state.ts';
import type { World } from './world.ts';

export interface Person {
  readonly name: string;
  readonly email: string;
}

/** Who commits and pushes: a person, or an App by its installation's token under the login `x-access-token`. */
export interface Committer extends Person {
  readonly login: string;
  readonly token: string;
}

/** A file's new content; null deletes it. */
export type FileContent =
  | string
  | Buffer
  | null
  | { readonly content: string | Buffer; readonly mode: '100644' | '100755' | '120000' };

export interface NewCommit {
  readonly branch: string;
  /** Branch, tag or commit that a new branch starts at; default: the branch itself, or the default branch. */
  readonly from?: string;
  readonly files: Readonly<Record<string, FileContent>>;
  readonly message: string;
  readonly author?: Person;
  readonly committer?: Person;
  readonly coAuthors?: readonly Person[];
  /** Replaces what the branch had. */
  readonly force?: boolean;
}

const desks = new WeakMap<Repository, Promise<string>>();

/** A clone that borrows the server's objects, so that making a commit costs two processes. */
function deskOf(world: World, repository: Repository): Promise<string> {
  const known = desks.get(repository);
  if (known !== undefined) return known;
  const made = (async () => {
    const directory = path.join(world.dataDir, 'desks', `${repository.id}.git`);
    await mkdir(directory, { recursive: true });
    await git(directory, ['init', '--quiet', '--bare', '--template=', '.']);
    await writeFile(
      path.join(directory, 'objects', 'info', 'alternates'),
      `${path.join(repository.directory, 'objects')}\n`,
    );
    return directory;
  })();
  desks.set(repository, made);
  return made;
}

const quote = (name: string): string => `"${name.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;

function data(content: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`data ${content.length}\n`), content, Buffer.from('\n')]);
}

/** A stream for `git fast-import` that makes one commit. */
export function importStream(
  ref: string,
  parent: string | null,
  commit: NewCommit,
  user: Person,
  seconds: number,
): Buffer {
  const author = commit.author ?? user;
  const committer = commit.committer ?? user;
  const trailers = (commit.coAuthors ?? []).map((one) => `Co-authored-by: ${one.name} <${one.email}>`);
  const message = trailers.length === 0 ? commit.message : `${commit.message}\n\n${trailers.join('\n')}`;
  const parts: Buffer[] = [
    Buffer.from(
      `commit ${ref}\nauthor ${author.name} <${author.email}> ${seconds} +0000\ncommitter ${committer.name} <${committer.email}> ${seconds} +0000\n`,
    ),
    data(Buffer.from(`${message}\n`)),
  ];
  if (parent !== null) parts.push(Buffer.from(`from ${parent}\n`));
  for (const [name, given] of Object.entries(commit.files)) {
    if (given === null) {
      parts.push(Buffer.from(`D ${quote(name)}\n`));
      continue;
    }
    const file = typeof given === 'object' && 'content' in given ? given : { content: given, mode: '100644' };
    parts.push(Buffer.from(`M ${file.mode} inline ${quote(name)}\n`), data(Buffer.from(file.content)));
  }
  return Buffer.concat([...parts, Buffer.from('\ndone\n')]);
}

/** The address with the person's credentials, as a git client would be given it. */
const pushAddress = (world: World, repository: Repository, user: Committer): string => {
  const address = new URL(`${world.url}/${repository.owner.login}/${repository.name}.git`);
  address.username = user.login;
  address.password = user.token;
  return address.href;
};

/** Pushes refspecs as a person; what the server refused is thrown as git printed it. */
export async function pushAs(
  world: World,
  repository: Repository,
  user: Committer,
  refspecs: readonly string[],
  force = false,
): Promise<void> {
  const directory = await deskOf(world, repository);
  const result = await tryGit(directory, [
    'push',
    '--quiet',
    ...(force ? ['--force'] : []),
    pushAddress(world, repository, user),
    ...refspecs,
  ]);
  if (result.code !== 0)
    throw new Error(
      `push to ${repository.owner.login}/${repository.name} as ${user.login} failed:\n${result.stderr.replaceAll(user.token, '***').trim()}`,
    );
}

let scratch = 0;

/** Makes a commit at somebody's desk and pushes it to a branch. Gives its id. */
export async function commitAs(
  world: World,
  repository: Repository,
  user: Committer,
  commit: NewCommit,
): Promise<string> {
  const directory = await deskOf(world, repository);
  scratch += 1;
  const ref = `refs/scratch/${scratch}`;
  const start =
    commit.from ??
    ((await resolveCommit(repository.directory, `refs/heads/${commit.branch}`)) === null
      ? repository.defaultBranch
      : commit.branch);
  const parent = await resolveCommit(repository.directory, start);
  if (parent === null && commit.from !== undefined)
    throw new Error(`No ${commit.from} in ${repository.owner.login}/${repository.name}`);
  const seconds = Math.floor(world.now().getTime() / 1000);
  await git(directory, ['fast-import', '--quiet', '--done', '--force'], {
    input: importStream(ref, parent, commit, user, seconds),
  });
  const sha = await readRef(directory, ref);
  if (sha === null) throw new Error(`git fast-import made no commit for ${commit.branch}`);
  await pushAs(world, repository, user, [`${sha}:refs/heads/${commit.branch}`], commit.force ?? false);
  return sha;
}
