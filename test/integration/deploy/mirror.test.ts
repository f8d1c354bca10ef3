import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readFile, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { withFolderLock } from '../../../src/deploy/folder-lock.ts';
import { openMirror } from '../../../src/deploy/mirror.ts';
import { tarOf } from '../../../src/deploy/tar.ts';
import { type GitHttpServer, startGitHttpServer } from '../../support/deploy/git-http-server.ts';
import { GitRepository, run } from '../../support/deploy/git-repository.ts';

const TOKEN = 'ghs_a-very-secret-token';
let folder: string;
let repository: GitRepository;
let server: GitHttpServer;
let sha: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'countersign-mirror-'));
  repository = await GitRepository.create(path.join(folder, 'origin.git'));
  sha = await repository.commit({ 'index.html': 'one', 'a/b': 'b' });
  server = await startGitHttpServer(repository.directory, TOKEN);
});
afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});
let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(path.join(folder, 'mirrors-'));
  server.answer = null;
  server.seen.length = 0;
});

const open = (url = server.url) => openMirror({ directory, repositoryId: 7, url });
const failed = (code: string, message: RegExp) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) });

test('brings one commit, and nothing of its history', async () => {
  const second = await repository.commitTree(
    await repository.git(['rev-parse', `${sha}^{tree}`]),
    'refs/heads/other',
  );
  const mirror = open();
  await mirror.fetchCommit({ sha: second, token: TOKEN });
  expect((await mirror.readManifest(second)).entries.map((entry) => entry.path)).toEqual([
    'a/b',
    'index.html',
  ]);
  expect(path.basename(mirror.directory)).toBe('7.git');
});

test('a commit that is there is not fetched again', async () => {
  await open().fetchCommit({ sha, token: TOKEN });
  server.seen.length = 0;
  await open().fetchCommit({ sha, token: TOKEN });
  expect(server.seen).toEqual([]);
});

test('the token leaves no trace in the mirror, and goes to nobody else', async () => {
  await open().fetchCommit({ sha, token: TOKEN });
  expect(server.seen.filter((header) => header !== undefined).length).toBeGreaterThan(0);
  const basic = Buffer.from(`x-access-token:${TOKEN}`).toString('base64');
  const files = await readdir(directory, { recursive: true, withFileTypes: true });
  for (const file of files.filter((one) => one.isFile())) {
    const text = await readFile(path.join(file.parentPath, file.name), 'latin1');
    expect(text.includes(TOKEN) || text.includes(basic)).toBe(false);
  }
});

test('the token is in no argument list', async () => {
  // A `git` that writes down how it was called, in front of the real one.
  const bin = path.join(directory, 'bin');
  const real = (await run('sh', ['-c', 'command -v git'])).trim();
  await mkdir(bin);
  await writeFile(
    path.join(bin, 'git'),
    `#!/bin/sh\nprintf '%s\\n' "$*" >> ${bin}/calls\nexec ${real} "$@"\n`,
  );
  await chmod(path.join(bin, 'git'), 0o755);
  const before = process.env['PATH'];
  process.env['PATH'] = `${bin}:${before}`;
  try {
    await open().fetchCommit({ sha, token: TOKEN });
  } finally {
    process.env['PATH'] = before;
  }
  const calls = await readFile(path.join(bin, 'calls'), 'utf8');
  expect(calls).toMatch(/^fetch /m);
  expect(calls).not.toMatch(/ghs_|Basic|Authorization/);
});

describe('what cannot be fetched is said', () => {
  test.each<[string, () => Promise<unknown>, string, RegExp]>([
    [
      'a wrong token',
      () => open().fetchCommit({ sha, token: 'ghs_wrong_token' }),
      'commit_unavailable',
      /token was refused/,
    ],
    [
      'no such commit',
      () => open().fetchCommit({ sha: 'e'.repeat(40), token: TOKEN }),
      'commit_unavailable',
      /no such commit/,
    ],
    [
      'nobody there',
      () => open('http://127.0.0.1:1/a/b.git').fetchCommit({ sha, token: TOKEN }),
      'commit_unavailable',
      /not be reached/,
    ],
  ])('%s', async (_, fetch, code, message) => {
    const error: unknown = await fetch().catch((thrown: unknown) => thrown);
    expect(error).toEqual(failed(code, message));
    expect(String(error)).not.toMatch(/ghs_/);
  });

  test('a redirect is not followed, so the token goes nowhere else', async () => {
    server.answer = { status: 302, headers: { Location: 'http://127.0.0.1:1/steal' } };
    await expect(open().fetchCommit({ sha, token: TOKEN })).rejects.toEqual(
      failed('commit_unavailable', /./),
    );
  });

  test.each([
    ['http://github.example/acme/shop.git', /only https/],
    ['file:///etc', /only https/],
    ['ssh://git@github.com/acme/shop.git', /only https/],
    ['ext::sh -c id', /only https/],
    ['https://user:pass@github.com/acme/shop.git', /carries a user/],
  ])('%s is never cloned from', (url, message) => {
    expect(() => open(url)).toThrow(failed('mirror_failed', message));
  });

  test.each(['main', '--upload-pack=touch pwned', sha?.slice(0, 8) ?? 'abc'])(
    '%j is no commit id',
    async (wish) => {
      await expect(open().fetchCommit({ sha: wish, token: TOKEN })).rejects.toThrow(/full id/);
    },
  );
});

describe('a damaged mirror is thrown away and fetched again', () => {
  test.each<[string, (mirror: string) => Promise<unknown>]>([
    [
      'its objects are gone',
      async (mirror) => {
        await rm(path.join(mirror, 'objects'), { recursive: true });
      },
    ],
    [
      'a pack is cut short',
      async (mirror) => {
        for (const file of await readdir(path.join(mirror, 'objects'), {
          recursive: true,
          withFileTypes: true,
        })) {
          if (file.isFile()) {
            await chmod(path.join(file.parentPath, file.name), 0o600);
            await writeFile(path.join(file.parentPath, file.name), 'rubbish');
          }
        }
      },
    ],
    ['its HEAD is rubbish', (mirror) => writeFile(path.join(mirror, 'HEAD'), 'rubbish')],
    [
      'a killed fetch left its lock',
      async (mirror) => {
        await rm(path.join(mirror, 'refs', 'countersign', sha), { force: true });
        await writeFile(path.join(mirror, 'shallow.lock'), '');
        await mkdir(path.join(mirror, 'refs', 'countersign'), { recursive: true });
        await writeFile(path.join(mirror, 'refs', 'countersign', `${sha}.lock`), '');
      },
    ],
    [
      'it is a file',
      async (mirror) => {
        await rm(mirror, { recursive: true });
        await writeFile(mirror, 'rubbish');
      },
    ],
  ])('%s', async (_, damage) => {
    const first = open();
    await first.fetchCommit({ sha, token: TOKEN });
    await damage(first.directory);
    server.seen.length = 0;
    const again = open();
    await again.fetchCommit({ sha, token: TOKEN });
    expect(server.seen.length).toBeGreaterThan(0);
    expect((await again.readManifest(sha)).entries).toHaveLength(2);
  });
});

test('a file that was read before and is damaged since shows when it is sent; the next deployment fetches anew', async () => {
  const mirror = open();
  await mirror.fetchCommit({ sha, token: TOKEN });
  const { entries, committedAt } = await mirror.readManifest(sha);
  const oid = entries.find((entry) => entry.path === 'a/b')?.oid ?? '';
  const object = path.join(mirror.directory, 'objects', oid.slice(0, 2), oid.slice(2));
  await chmod(object, 0o600);
  await writeFile(object, 'rubbish');
  const sent = async (): Promise<number> => {
    let size = 0;
    for await (const piece of tarOf(mirror.directory, entries, committedAt)) size += piece.length;
    return size;
  };
  await open().fetchCommit({ sha, token: TOKEN });
  await expect(sent()).rejects.toEqual(failed('mirror_corrupt', /damaged/));
  server.seen.length = 0;
  await open().fetchCommit({ sha, token: TOKEN });
  expect(server.seen.length).toBeGreaterThan(0);
  expect(await sent()).toBeGreaterThan(0);
});

test('of a commit whose list alone is wanted, nothing is read again, and a mirror that is gone does not matter', async () => {
  await open().fetchCommit({ sha, token: TOKEN });
  await rm(open().directory, { recursive: true });
  server.seen.length = 0;
  const again = open();
  await again.fetchCommit({ sha, token: TOKEN, listOnly: true });
  expect((await again.readManifest(sha)).entries).toHaveLength(2);
  expect(server.seen).toEqual([]);
  const unknown = await repository.commit({ 'index.html': 'of which nothing is known' });
  await again.fetchCommit({ sha: unknown, token: TOKEN, listOnly: true });
  expect((await again.readManifest(unknown)).entries).toHaveLength(1);
  expect(server.seen.length).toBeGreaterThan(0);
});

test('a hook or a configuration that came to be in the mirror is not obeyed', async () => {
  const mirror = open();
  await mirror.fetchCommit({ sha, token: TOKEN });
  await mkdir(path.join(mirror.directory, 'hooks'), { recursive: true });
  for (const hook of ['post-checkout', 'reference-transaction', 'post-merge']) {
    await writeFile(path.join(mirror.directory, 'hooks', hook), `#!/bin/sh\ntouch ${directory}/pwned\n`, {
      mode: 0o755,
    });
  }
  const next = await repository.commit({ 'index.html': 'two' });
  await open().fetchCommit({ sha: next, token: TOKEN });
  expect(await readdir(directory)).not.toContain('pwned');
});

describe('one at a time', () => {
  test('several fetches of one repository do not meet', async () => {
    const commits = await Promise.all(
      [1, 2, 3].map((n) => repository.commitTree(sha === '' ? '' : `${sha}^{tree}`, `refs/heads/n${n}`)),
    );
    await Promise.all([...commits, sha].map((one) => open().fetchCommit({ sha: one, token: TOKEN })));
    for (const one of commits) expect((await open().readManifest(one)).entries).toHaveLength(2);
  });

  test('a lock is held while work goes on, and let go when it fails', async () => {
    const lock = path.join(directory, 'x.lock');
    const inside: boolean[] = [];
    const work = async (): Promise<void> => {
      inside.push((await stat(lock)).isDirectory());
      throw new Error('failed');
    };
    await expect(withFolderLock(path.join(directory, 'x'), work)).rejects.toThrow('failed');
    expect(inside).toEqual([true]);
    await expect(stat(lock)).rejects.toThrow(/ENOENT/);
    expect(await withFolderLock(path.join(directory, 'x'), () => Promise.resolve('next'))).toBe('next');
  });

  test('a lock that another process touches is waited for; one that nobody touches is taken over', async () => {
    const lock = path.join(directory, 'y.lock');
    await mkdir(lock);
    const theirs = path.join(lock, 'theirs');
    await writeFile(theirs, '');
    let done = false;
    const waiting = withFolderLock(path.join(directory, 'y'), async () => {
      done = true;
      await Promise.resolve();
    });
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(done).toBe(false);
    const longAgo = new Date(Date.now() - 60_000);
    await utimes(lock, longAgo, longAgo);
    await utimes(theirs, longAgo, longAgo);
    await waiting;
    expect(done).toBe(true);
  });

  test('of two processes that both saw it untouched, the slower takes nothing away from the quicker', async () => {
    const lock = path.join(directory, 'z.lock');
    await mkdir(lock);
    await writeFile(path.join(lock, 'theirs'), '');
    const longAgo = new Date(Date.now() - 60_000);
    await utimes(path.join(lock, 'theirs'), longAgo, longAgo);
    await utimes(lock, longAgo, longAgo);
    // The slower stands still between its look at the lock and what it does about it.
    const slower = holdInProcess('slower', 2_000);
    await slower.stands;
    const quicker = holdInProcess('quicker', 0);
    await Promise.all([slower.ended, quicker.ended]);
    expect(await readFile(path.join(directory, 'z.log'), 'utf8')).toBe(
      'quicker in\nquicker out\nslower in\nslower out\n',
    );
  });

  /** Holds the folder for three seconds in a process of its own, which is that slow at taking a lock away. */
  function holdInProcess(name: string, slowMilliseconds: number) {
    const script = `
      import fs from 'node:fs/promises';
      import { appendFileSync } from 'node:fs';
      import { syncBuiltinESMExports } from 'node:module';
      import { setTimeout as sleep } from 'node:timers/promises';
      for (const act of ['rename', 'unlink']) {
        const real = fs[act];
        fs[act] = async (from, ...rest) => {
          if (/z\\.lock(?:\\/theirs)?$/.test(from)) { console.log('stands'); await sleep(${slowMilliseconds}); }
          return real(from, ...rest);
        };
      }
      syncBuiltinESMExports();
      const { withFolderLock } = await import(${JSON.stringify(path.resolve('src/deploy/folder-lock.ts'))});
      const log = (text) => appendFileSync(${JSON.stringify(path.join(directory, 'z.log'))}, '${name} ' + text + '\\n');
      await withFolderLock(${JSON.stringify(path.join(directory, 'z'))}, async () => { log('in'); await sleep(3000); log('out'); });
    `;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    return { stands: once(child.stdout, 'data'), ended: once(child, 'exit') };
  }
});
