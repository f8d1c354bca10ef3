import { describe, expect, test } from '@jest/globals';
import { sharedArchives } from '../../../src/deploy/shared-archive.ts';
import type { ManifestEntry } from '../../../src/domain/deploy.ts';

const entry = (path: string, size = 10): ManifestEntry => {
  return { path, mode: '100644', oid: 'a'.repeat(40), sha256: 'b'.repeat(64), size };
};

async function read(archive: AsyncIterable<Uint8Array>): Promise<string> {
  let text = '';
  for await (const piece of archive) text += Buffer.from(piece).toString('latin1');
  return text;
}

/** Says the paths, in one piece of memory as the real one does, and counts how often it was made. */
function maker() {
  const made: string[] = [];
  const make = async function* (entries: readonly ManifestEntry[]): AsyncGenerator<Uint8Array> {
    made.push(entries.map(({ path }) => path).join());
    const piece = Buffer.alloc(1);
    for (const { path } of entries) {
      for (const letter of path) {
        await Promise.resolve();
        piece.write(letter);
        yield piece;
      }
    }
  };
  return { made, make };
}

describe('an archive for several hosts', () => {
  test('is made once where they need the same files, also while it is being made', async () => {
    const { made, make } = maker();
    const archiveOf = sharedArchives(make);
    const both = [read(archiveOf([entry('ab')])), read(archiveOf([entry('ab')]))];
    expect(await Promise.all(both)).toEqual(['ab', 'ab']);
    expect(await read(archiveOf([entry('ab')]))).toBe('ab');
    expect(made).toEqual(['ab']);
  });

  test.each<[string, ManifestEntry]>([
    ['path', entry('cd')],
    ['mode', { ...entry('ab'), mode: '100755' }],
    ['content', { ...entry('ab'), oid: 'c'.repeat(40) }],
  ])('is made anew for another %s', async (_, other) => {
    const { made, make } = maker();
    const archiveOf = sharedArchives(make);
    await read(archiveOf([entry('ab')]));
    expect(await read(archiveOf([other]))).toBe(other.path);
    expect(made).toHaveLength(2);
  });

  test('streams to each where it is large, alone or with those that are kept', async () => {
    const { made, make } = maker();
    const archiveOf = sharedArchives(make);
    const [half, large] = [entry('half', 5_000_000), entry('large', 9_000_000)];
    for (const one of [large, large, half, half, entry('other', 5_000_000), entry('other', 5_000_000)])
      expect(await read(archiveOf([one]))).toBe(one.path);
    expect(made).toEqual(['large', 'large', 'half', 'other', 'other']);
  });

  test('fails for each host, where it can not be made', async () => {
    const archiveOf = sharedArchives(async function* () {
      yield Buffer.from('begun');
      throw await Promise.resolve(new Error('damaged'));
    });
    for (const host of [1, 2]) await expect(read(archiveOf([entry(`ab`, host)]))).rejects.toThrow('damaged');
  });
});
