import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rm } from 'node:fs/promises';
import { git } from '../../../demo/github/git/run-git.ts';
import type { Repository } from '../../../demo/github/github.ts';

export interface Forged {
  readonly parents: readonly string[];
  /** Beside what the first parent has. */
  readonly files?: Readonly<Record<string, string>>;
  readonly message: string;
  readonly author: string;
  /** Default: now. */
  readonly date?: string;
  /** Default: the author's. */
  readonly committerEmail?: string;
}

/** A commit as anybody can make it at home, with whatever parents, names and dates they like. It is on no branch yet. */
export async function forgeCommit({ directory }: Repository, forged: Forged): Promise<string> {
  const { parents, files = {}, message, author, date = new Date().toISOString() } = forged;
  const email = `${author}@example.com`;
  const index = join(tmpdir(), `forged-${randomUUID()}`);
  const env = {
    GIT_INDEX_FILE: index,
    GIT_AUTHOR_NAME: author,
    GIT_AUTHOR_EMAIL: email,
    GIT_AUTHOR_DATE: date,
    GIT_COMMITTER_NAME: author,
    GIT_COMMITTER_EMAIL: forged.committerEmail ?? email,
  };
  try {
    await git(directory, ['read-tree', parents[0] ?? ''], { env });
    for (const [path, text] of Object.entries(files)) {
      const blob = await git(directory, ['hash-object', '-w', '--stdin'], { input: text });
      await git(directory, ['update-index', '--add', '--cacheinfo', `100644,${blob},${path}`], { env });
    }
    const tree = await git(directory, ['write-tree'], { env });
    const from = parents.flatMap((parent) => ['-p', parent]);
    return await git(directory, ['commit-tree', tree, ...from, '-F', '-'], { input: message, env });
  } finally {
    await rm(index, { force: true });
  }
}
