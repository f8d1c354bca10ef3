import { expect, test } from '@jest/globals';
import { difference, unchanged } from '../../../src/deploy/difference.ts';
import { manifestDigest } from '../../../src/deploy/manifest-digest.ts';
import type { ManifestEntry } from '../../../src/domain/deploy.ts';

const file = (path: string, content = 'x', mode: ManifestEntry['mode'] = '100644'): ManifestEntry => ({
  path,
  mode,
  oid: content.padEnd(40, '0'),
  sha256: content.padEnd(64, '0'),
  size: content.length,
});
const paths = (entries: readonly ManifestEntry[]) => entries.map((entry) => entry.path);

test('added, changed in bytes or mode, removed, and the rest', () => {
  const running = [file('same'), file('bytes', 'a'), file('mode'), file('gone'), file('link')];
  const next = [
    file('same'),
    file('bytes', 'b'),
    file('mode', 'x', '100755'),
    file('new'),
    file('link', 'x', '120000'),
  ];
  const found = difference(running, next);
  expect({
    added: paths(found.added),
    changed: paths(found.changed),
    removed: paths(found.removed),
    total: found.total,
  }).toEqual({
    added: ['new'],
    changed: ['bytes', 'mode', 'link'],
    removed: ['gone'],
    total: 5,
  });
  expect(paths(unchanged(running, next))).toEqual(['same']);
});

test('where nothing is known of what runs, everything is added', () => {
  expect(difference(null, [file('a'), file('b')])).toMatchObject({
    added: [{ path: 'a' }, { path: 'b' }],
    changed: [],
    removed: [],
  });
});

test('a file that became a folder is removed and its files are added', () => {
  const found = difference([file('d')], [file('d/f')]);
  expect({ added: paths(found.added), removed: paths(found.removed) }).toEqual({
    added: ['d/f'],
    removed: ['d'],
  });
});

test('the digest depends on every field and not on the order', () => {
  const digest = manifestDigest([file('a'), file('b')]);
  expect(manifestDigest([file('b'), file('a')])).toBe(digest);
  for (const other of [file('b', 'y'), file('c'), file('b', 'x', '100755'), { ...file('b'), size: 9 }]) {
    expect(manifestDigest([file('a'), other])).not.toBe(digest);
  }
});
