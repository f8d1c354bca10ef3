/** An auditor's own clone of a witness's repository, read without any network. */
import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { CodedError } from '../domain/coded-error.ts';
import type { CheckpointsElsewhere } from '../ledger/verify/compare-source.ts';
import { CheckpointBranch } from './checkpoint-branch.ts';

/** `path` may be bare or have files checked out. Throws `witness_unreadable` where it is no clone. */
export async function openClone(path: string): Promise<CheckpointsElsewhere> {
  const inner = resolve(path, '.git');
  const directory = (await isRepository(inner)) ? inner : resolve(path);
  if (!(await isRepository(directory))) {
    throw new CodedError(
      'witness_unreadable',
      `${path} is no git repository: clone the witness's with \`git clone ADDRESS\`, and name that folder.`,
    );
  }
  const branch = new CheckpointBranch(directory, path);
  // What a commit lacks because it was never fetched would look as if nobody had ever brought it.
  const lacking = await branch.lacks();
  if (lacking !== null) {
    throw new CodedError(
      'witness_unreadable',
      `${path} is ${lacking}, so it lacks checkpoints that the witness has: clone the whole of it, with nothing but \`git clone ADDRESS\`.`,
    );
  }
  // Whatever is called in it how: a checkpoint that the log signed proves itself.
  return {
    name: path,
    of: (origin) => branch.history(origin, ['--all']),
    all: () => branch.historyOfAll(['--all']),
  };
}

async function isRepository(directory: string): Promise<boolean> {
  const found = await Promise.allSettled([stat(join(directory, 'objects')), stat(join(directory, 'HEAD'))]);
  return found.every(({ status }) => status === 'fulfilled');
}
