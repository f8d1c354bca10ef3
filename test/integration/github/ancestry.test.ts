import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { listCommits, mergeBase } from '../../../demo/github/git/commits.ts';
import { listBranches, readRef } from '../../../demo/github/git/refs.ts';
import { git, tryGit } from '../../../demo/github/git/run-git.ts';

/** What the stand-in works out in memory is what git itself says, of histories of every shape. */
let directory: string;
let tips: string[];

const MOST = 14;
/** For each commit its parents among those before it; none: another root. */
const histories = fc.array(fc.uniqueArray(fc.nat(MOST), { maxLength: 2 }), { minLength: 3, maxLength: MOST });

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'countersign-ancestry-'));
  await git(directory, ['init', '--quiet', '--bare', '.']);
  tips = [];
  // Lines, forks, merges, merges across each other, and roots that have nothing in common.
  const samples = fc.sample(histories, { numRuns: 5, seed: 4711 });
  for (const [which, history] of samples.entries()) {
    const made: string[] = [];
    for (const [index, parents] of history.entries()) {
      const own = [...new Set(parents.map((parent) => made[parent % (index + 1)]))].filter(
        (sha) => sha !== undefined,
      );
      // Clocks that go wrong too: no order may come from them.
      const date = `${1_700_000_000 + ((index * 7919) % 13)} +0000`;
      const tree = await git(directory, ['hash-object', '-t', 'tree', '-w', '--stdin']);
      const who = { NAME: 'alice', EMAIL: 'alice@example.com', DATE: date };
      const env = Object.fromEntries(
        ['AUTHOR', 'COMMITTER'].flatMap((role) =>
          Object.entries(who).map(([key, value]) => [`GIT_${role}_${key}`, value]),
        ),
      );
      const message = `${which}.${index}\n`;
      const args = ['commit-tree', tree, ...own.flatMap((sha) => ['-p', sha]), '-F', '-'];
      made.push(await git(directory, args, { input: message, env }));
    }
    tips.push(...made.slice(-3));
    await git(directory, ['update-ref', `refs/heads/h${which}/tip`, made.at(-1) ?? '']);
  }
}, 60_000);
afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
});

const pairs = (): [string, string][] =>
  tips.flatMap((a, index) =>
    tips.slice(index + 1, index + 3).flatMap((b): [string, string][] => [
      [a, b],
      [b, a],
    ]),
  );

test('a range is listed as git lists it', async () => {
  let chains = 0;
  for (const [a, b] of pairs()) {
    for (const flags of [['--reverse', '--topo-order'], ['--reverse', '--max-count=2'], ['--no-merges']]) {
      const said = await git(directory, ['log', '--format=%H', ...flags, `${a}..${b}`, '--']);
      const listed = (await listCommits(directory, [...flags, `${a}..${b}`])).map(({ sha }) => sha);
      expect(listed).toEqual(said === '' ? [] : said.split('\n'));
      chains += listed.length > 1 ? 1 : 0;
    }
  }
  expect(chains).toBeGreaterThan(10);
}, 120_000);

test('the best common ancestor is git’s, or nothing where there is none', async () => {
  const found = new Set<boolean>();
  for (const [a, b] of pairs()) {
    const { code, stdout } = await tryGit(directory, ['merge-base', a, b]);
    const said = code === 0 ? stdout.toString('utf8').trim() : null;
    expect(await mergeBase(directory, a, b)).toBe(said);
    found.add(said !== null);
  }
  expect(found.size).toBe(2);
}, 120_000);

test('branches are those that git has, by name, in files of their own or packed', async () => {
  for (const name of ['h0-x', 'h0', 'a/b/c', 'z']) {
    const taken = name === 'h0';
    const made = await tryGit(directory, ['update-ref', `refs/heads/${name}`, tips[0] ?? '']);
    expect(made.code === 0).toBe(!taken);
  }
  const asGitHas = async () =>
    (await git(directory, ['for-each-ref', '--format=%(objectname) %(refname:lstrip=2)', 'refs/heads']))
      .split('\n')
      .map((line) => ({ sha: line.slice(0, 40), name: line.slice(41) }));
  const loose = await asGitHas();
  expect(await listBranches(directory)).toEqual(loose);
  expect(await readRef(directory, 'refs/heads/a/b/c')).toBe(tips[0]);
  expect(await readRef(directory, 'refs/heads/a/b')).toBeNull();
  await git(directory, ['pack-refs', '--all']);
  expect(await listBranches(directory)).toEqual(loose);
  expect(await readRef(directory, 'refs/heads/a/b/c')).toBe(tips[0]);
  expect(await readRef(directory, 'refs/heads/gone')).toBeNull();
});
