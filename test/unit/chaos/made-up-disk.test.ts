import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { inspectHost } from '../../../chaos/deploy/inspect.ts';
import { type CurrentWatch, watchCurrent } from '../../../chaos/deploy/watch-current.ts';

let directory: string;
let shop: string;
let repository: string;
let release: string;

/** A host as a good deployment leaves it, and the repository that has its commit. */
beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'countersign-made-up-disk-'));
  shop = path.join(directory, 'shop');
  repository = path.join(directory, 'repository');
  const git = (...args: string[]): string =>
    execFileSync('git', ['-c', 'user.name=alice', '-c', 'user.email=alice@example.test', ...args], {
      cwd: repository,
      encoding: 'utf8',
    }).trim();
  mkdirSync(repository);
  writeFileSync(path.join(repository, 'index.html'), 'hello\n');
  git('init', '--quiet');
  git('add', '.');
  git('commit', '--quiet', '-m', 'a version');
  release = `10-${git('rev-parse', 'HEAD').slice(0, 12)}`;
  put(`releases/${release}/index.html`, 'hello\n');
  for (const name of ['history', 'hook', 'mutex']) put(`.countersign/${name}`, '');
  put(`.countersign/releases/${release}.verified`, 'digest\n');
  symlinkSync(`releases/${release}`, path.join(shop, 'current'));
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

function put(name: string, text: string): void {
  const file = path.join(shop, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
}

/** As the engine's scripts do it. */
function point(to: string): void {
  const next = path.join(shop, '.countersign', 'next');
  symlinkSync(`releases/${to}`, next);
  renameSync(next, path.join(shop, 'current'));
}

const inspect = () => inspectHost(shop, path.join(repository, '.git'));

describe('the look at a host’s disk', () => {
  test('finds nothing wrong with what a good deployment leaves', async () => {
    expect(await inspect()).toEqual({ running: release, half: [], left: [] });
  });

  test.each<{ name: string; file: string; left: string }>([
    { name: 'a lock', file: '.countersign/lock', left: 'lock' },
    { name: 'a link that was to become current', file: '.countersign/next', left: 'next' },
    { name: 'half a history', file: '.countersign/history.new', left: 'history.new' },
    { name: 'half a note', file: '.countersign/releases/10-a.verified.new', left: '10-a.verified.new' },
    {
      name: 'half a note that it goes back',
      file: '.countersign/releases/10-a.withdrawn.new',
      left: '10-a.withdrawn.new',
    },
    { name: 'a staging folder', file: 'releases/.10-a.b.part/x', left: '.10-a.b.part' },
  ])('finds $name', async ({ file, left }) => {
    put(file, '');
    expect((await inspect()).left).toEqual([left]);
  });

  test.each<{ name: string; wrong: () => void; half: RegExp }>([
    {
      name: 'other bytes',
      wrong: () => put(`releases/${release}/index.html`, 'hallo\n'),
      half: /index\.html is 100644 [0-9a-f]{40}$/,
    },
    {
      name: 'a missing file',
      wrong: () => rmSync(path.join(shop, 'releases', release, 'index.html')),
      half: /index\.html is missing$/,
    },
    {
      name: 'one file more',
      wrong: () => put(`releases/${release}/more`, ''),
      half: /more is not in the commit$/,
    },
    {
      name: 'a release that current names in vain',
      wrong: () => rmSync(path.join(shop, 'releases', release), { recursive: true }),
      half: /^current names .* which is not there$/,
    },
  ])('finds $name', async ({ wrong, half }) => {
    wrong();
    expect((await inspect()).half).toEqual([expect.stringMatching(half)]);
  });
});

describe('the watch of current', () => {
  let current: CurrentWatch;
  beforeEach(() => {
    current = watchCurrent(shop);
  });
  afterEach(() => current.stop());

  /** Lets this process' loop ask the kernel, which knows at once. */
  const told = async () => {
    await turn();
    await turn();
  };

  test('sees each switch, the way back, and what is pointed at the same release again', async () => {
    expect(current.taken()).toEqual([]);
    for (const to of ['20-b', release, release]) {
      point(to);
      await told();
    }
    expect(current.taken()).toEqual(['20-b', release, release]);
    expect(current.taken()).toEqual([]);
  });

  test('sees it removed', async () => {
    rmSync(path.join(shop, 'current'));
    await told();
    expect(current.taken()).toEqual([null]);
  });

  test('sees nothing where something else is written', async () => {
    put('.countersign/history', 'x\n');
    put('releases/20-b/x', '');
    await told();
    expect(current.taken()).toEqual([]);
  });

  test('tells of what the kernel has not told yet', () => {
    point('20-b');
    expect(current.taken()).toEqual(['20-b']);
  });
});
