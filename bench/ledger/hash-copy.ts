/**
 * What `crypto.hash` alone takes for the entries of an export, on one core: `node hash-copy.ts DIRECTORY ENTRIES ENCODING` prints
 * milliseconds as JSON. Reading the files is not in them.
 */
import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { TILE_WIDTH, tilePath } from '../../src/ledger/format/tiles.ts';

const [directory = '', entries = '', encoding = 'hex'] = process.argv.slice(2);
const size = Number(entries);
let milliseconds = 0;
for (let index = 0; index * TILE_WIDTH < size; index += 1) {
  const width = Math.min(TILE_WIDTH, size - index * TILE_WIDTH);
  const bundle = readFileSync(join(directory, tilePath('entries', index, width)));
  const before = performance.now();
  for (let at = 0; at < bundle.length;) {
    const from = at + 2;
    at = from + bundle.readUInt16BE(at);
    const bytes = bundle.subarray(from, at);
    if (encoding === 'buffer') hash('sha256', bytes, 'buffer');
    else hash('sha256', bytes);
  }
  milliseconds += performance.now() - before;
}
console.log(JSON.stringify({ milliseconds }));
