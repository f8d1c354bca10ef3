import { mkdtemp, open, readFile, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createWriteStream } from 'node:fs';
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { readManifest } from '../../../src/deploy/manifest.ts';
import { pathProblem } from '../../../src/deploy/refuse-paths.ts';
import { tarOf } from '../../../src/deploy/tar.ts';
import { treeOid } from '../../../src/deploy/tree-oid.ts';
import { type FileSpec, GitRepository, run } from '../../support/deploy/git-repository.ts';

let folder: string;
let repository: GitRepository;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'countersign-manifest-'));
  repository = await GitRepository.create(path.join(folder, 'repository.git'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const sha256 = (text: string | Buffer): string => createHash('sha256').update(text).digest('hex');
const refused = (code: string, message: RegExp) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) });

describe('the manifest of a commit', () => {
  test('has each file with mode, hash and size, sorted by bytes', async () => {
    const sha = await repository.commit({
      'b.txt': 'b',
      'a/run': { text: '#!/bin/sh\n', executable: true },
      link: { link: 'a/run' },
      empty: '',
      '𝄞': 'clef',
      '\uffee': 'half-width',
    });
    const manifest = await readManifest(repository.directory, sha);
    expect(manifest.entries.map(({ path, mode, size }) => [path, mode, size])).toEqual([
      ['a/run', '100755', 10],
      ['b.txt', '100644', 1],
      ['empty', '100644', 0],
      ['link', '120000', 5],
      ['\uffee', '100644', 10],
      ['𝄞', '100644', 4],
    ]);
    expect(manifest.entries.map((entry) => entry.sha256)).toEqual(
      ['#!/bin/sh\n', 'b', '', 'a/run', 'half-width', 'clef'].map(sha256),
    );
    expect(manifest.tree).toBe(await repository.git(['rev-parse', `${sha}^{tree}`]));
    expect(manifest.committedAt).toBe(Date.parse('2026-01-02T03:04:05Z') / 1000);
  });

  test('does not do what .gitattributes says', async () => {
    const sha = await repository.commit({
      '.gitattributes': '* text eol=crlf export-ignore ident\n',
      'a.txt': '$Id$\n',
    });
    const { entries } = await readManifest(repository.directory, sha);
    expect(entries.map((entry) => [entry.path, entry.sha256])).toEqual([
      ['.gitattributes', sha256('* text eol=crlf export-ignore ident\n')],
      ['a.txt', sha256('$Id$\n')],
    ]);
  });

  test('an empty commit has an empty one', async () => {
    const sha = await repository.commitTree(await repository.rawTree([]));
    expect((await readManifest(repository.directory, sha)).entries).toEqual([]);
  });

  test.each<[string, Record<string, FileSpec>, RegExp]>([
    [
      'lfs_pointer',
      { 'big.bin': 'version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n' },
      /big\.bin/,
    ],
    ['path_refused', { out: { link: '/etc/passwd' } }, /"out".*outside/],
    ['path_refused', { 'a/out': { link: '../../x' } }, /outside/],
    ['path_refused', { 'a/long': { link: 'x'.repeat(5000) } }, /too long/],
  ])('%s: %j', async (code, files, message) => {
    const sha = await repository.commit({ 'index.html': 'x', ...files });
    await expect(readManifest(repository.directory, sha)).rejects.toEqual(refused(code, message));
  });

  test('a submodule is named', async () => {
    const blob = await repository.blob('x');
    const tree = await repository.rawTree([
      { mode: '100644', name: 'a', oid: blob },
      { mode: '160000', name: 'lib', oid: 'c'.repeat(40) },
    ]);
    await expect(readManifest(repository.directory, await repository.commitTree(tree))).rejects.toEqual(
      refused('submodule', /lib/),
    );
  });

  test.each<[string, string | Buffer, RegExp]>([
    ['..', '..', /component/],
    ['.git', '.git', /git's own/],
    ['a line break', 'a\nb', /line break/],
    ['bytes that are no UTF-8', Buffer.from([0x61, 0xff]), /UTF-8/],
    ['a slash', 'a/../../b', /component/],
  ])('a name that is %s is refused, however it came into the tree', async (_, name, message) => {
    const tree = await repository.rawTree([{ mode: '100644', name, oid: await repository.blob('x') }]);
    await expect(readManifest(repository.directory, await repository.commitTree(tree))).rejects.toEqual(
      expect.objectContaining({ message: expect.stringMatching(message) }),
    );
  });

  test('a tree that lists a folder and a link by one name is refused', async () => {
    const inner = await repository.rawTree([{ mode: '100644', name: 'f', oid: await repository.blob('x') }]);
    const tree = await repository.rawTree([
      { mode: '120000', name: 'd', oid: await repository.blob('/outside') },
      { mode: '40000', name: 'd', oid: inner },
    ]);
    await expect(readManifest(repository.directory, await repository.commitTree(tree))).rejects.toEqual(
      refused('path_refused', /both a file and a folder/),
    );
  });

  test('a tree whose list is not all of it (an empty folder) is refused', async () => {
    const tree = await repository.rawTree([
      { mode: '100644', name: 'a', oid: await repository.blob('x') },
      { mode: '40000', name: 'empty', oid: await repository.rawTree([]) },
    ]);
    await expect(readManifest(repository.directory, await repository.commitTree(tree))).rejects.toEqual(
      refused('tree_mismatch', /Nothing was deployed|nothing was deployed/),
    );
  });

  test('a replaced object does not stand in for the real one', async () => {
    const real = await repository.commit({ a: 'real' }, 'refs/heads/real');
    const fake = await repository.commit({ a: 'fake' }, 'refs/heads/fake');
    await repository.git(['replace', real, fake]);
    const { entries } = await readManifest(repository.directory, real);
    await repository.git(['replace', '-d', real]);
    expect(entries[0]?.sha256).toBe(sha256('real'));
  });

  test('what is no commit has none', async () => {
    await expect(readManifest(repository.directory, 'd'.repeat(40))).rejects.toEqual(
      refused('mirror_corrupt', /could not read/),
    );
    const blob = await repository.blob('x');
    await expect(readManifest(repository.directory, blob)).rejects.toEqual(
      refused('commit_unavailable', /not a commit/),
    );
  });

  test('a flipped bit in an object is found', async () => {
    const sha = await repository.commit({ a: 'to be damaged, some bytes of it' });
    const oid = await repository.git(['rev-parse', `${sha}:a`]);
    const file = path.join(repository.directory, 'objects', oid.slice(0, 2), oid.slice(2));
    const before = await readFile(file);
    const other = await repository.blob('another text, as long as that..');
    await rm(file, { force: true });
    const handle = await open(file, 'w');
    await handle.writeFile(
      await readFile(path.join(repository.directory, 'objects', other.slice(0, 2), other.slice(2))),
    );
    await handle.close();
    await expect(readManifest(repository.directory, sha)).rejects.toEqual(
      refused('mirror_corrupt', /damaged/),
    );
    await rm(file, { force: true });
    const mended = await open(file, 'w');
    await mended.writeFile(before);
    await mended.close();
    expect((await readManifest(repository.directory, sha)).entries).toHaveLength(1);
  });
});

const name = fc
  .oneof(
    fc.constantFrom(
      'a',
      'a.b',
      'a-b',
      'a b',
      'A',
      '-x',
      '.env',
      'ü',
      '𝄞',
      '\uffee',
      "it's",
      '"q"',
      '$x',
      'a0',
      'b\\c',
    ),
    fc.string({ minLength: 1, maxLength: 6, unit: 'grapheme' }),
  )
  .filter((value) => !value.includes('/') && pathProblem(value) === null);

const files = fc
  .uniqueArray(
    fc.tuple(
      fc.array(name, { minLength: 1, maxLength: 4 }),
      fc.constantFrom('100644', '100755', '120000'),
      fc.constantFrom('x', 'y', ''),
    ),
    {
      minLength: 1,
      maxLength: 12,
      selector: ([names]) => names.join('/'),
    },
  )
  .map((list) => list.map(([names, mode, text]) => ({ path: names.join('/'), mode, text })))
  .filter((list) => list.every((one) => !list.some((other) => other.path.startsWith(`${one.path}/`))));

test('our tree id is the one that git gives, for any tree', async () => {
  const oids = new Map(
    await Promise.all(['x', 'y', ''].map(async (text) => [text, await repository.blob(text)] as const)),
  );
  await fc.assert(
    fc.asyncProperty(files, async (list) => {
      const entries = list.map(({ path, mode, text }) => ({ path, mode, oid: oids.get(text) ?? '' }));
      await repository.git(['read-tree', '--empty']);
      const lines = entries.map((entry) => `${entry.mode} ${entry.oid}\t${entry.path}\0`).join('');
      await repository.git(['update-index', '-z', '--index-info'], lines);
      expect(treeOid(entries)).toBe(await repository.git(['write-tree']));
    }),
    { numRuns: 40 },
  );
});

describe('the archive', () => {
  const unpack = async (specs: Record<string, FileSpec>): Promise<string> => {
    const sha = await repository.commit(specs);
    const { entries, committedAt } = await readManifest(repository.directory, sha);
    const to = await mkdtemp(path.join(folder, 'unpacked-'));
    await pipeline(
      // The next piece overwrites the one before.
      async function* () {
        for await (const piece of tarOf(repository.directory, entries, committedAt)) yield Buffer.from(piece);
      },
      createWriteStream(`${to}.tar`),
    );
    await run('tar', ['-xf', `${to}.tar`, '-C', to]);
    return to;
  };

  test('brings names of every kind and length, modes, links and times', async () => {
    const deep = `${'d'.repeat(120)}/${'e'.repeat(110)}/${'f'.repeat(200)}`;
    const to = await unpack({
      [deep]: 'deep',
      ' a \'b" $(id)': 'odd',
      '-rf': 'dash',
      'ünï/𝄞': 'letters',
      run: { text: 'x', executable: true },
      'a/link': { link: '../run' },
      'a/far': { link: 'y'.repeat(180) },
      empty: '',
      large: Buffer.alloc(700_001, 'z'),
    });
    expect(await readFile(path.join(to, deep), 'utf8')).toBe('deep');
    expect(await readFile(path.join(to, ' a \'b" $(id)'), 'utf8')).toBe('odd');
    expect((await readdir(to)).length).toBe(8);
    expect((await stat(path.join(to, 'run'))).mode & 0o777).toBe(0o755);
    expect((await stat(path.join(to, '-rf'))).mode & 0o777).toBe(0o644);
    expect((await stat(path.join(to, 'large'))).size).toBe(700_001);
    expect((await stat(path.join(to, 'a', 'link'))).size).toBe(1);
    expect((await stat(path.join(to, 'run'))).mtimeMs).toBe(Date.parse('2026-01-02T03:04:05Z'));
  });

  test('any file size keeps its blocks in step', async () => {
    const to = await unpack(
      Object.fromEntries(
        [0, 1, 511, 512, 513, 1024, 262_143, 262_144, 262_145].map((size) => [
          `f${size}`,
          Buffer.alloc(size, 'q'),
        ]),
      ),
    );
    for (const file of await readdir(to))
      expect((await stat(path.join(to, file))).size).toBe(Number(file.slice(1)));
  });
});
