/** The recorded check runs of an exported log, which must have been verified as a whole before: nothing is proven again here. */
import { join } from 'node:path';
import { CodedError } from '../../domain/coded-error.ts';
import { DirectorySource } from '../source/directory-source.ts';
import { readPlainFile } from '../source/plain-file.ts';
import type { EntryContent } from '../format/entry.ts';
import { parseEntry } from '../format/entry.ts';
import type { VerifyReport } from '../source/finding.ts';
import { sameHash } from '../format/hash.ts';
import { RootsBySize } from '../source/roots-by-size.ts';
import { commitmentOf } from '../format/seal.ts';
import { TILE_WIDTH } from '../format/tiles.ts';
import type { CheckRunLog } from './verify-check-run.ts';
import { recordsCheckRun } from './verify-check-run.ts';

/** `verified`: what `verifyDirectory` said of this directory, with nothing found. */
export async function directoryCheckRuns(directory: string, verified: VerifyReport): Promise<CheckRunLog> {
  const { origin, vkeys, size } = verified;
  const source = new DirectorySource(directory, vkeys[0] ?? '', {
    size,
    root: null,
    note: '',
    signedAt: null,
  });
  const roots = new RootsBySize(source);
  await source.readRetired();
  const bundle = async (index: number) =>
    await source.bundle(index, Math.min(TILE_WIDTH, size - index * TILE_WIDTH));
  return {
    origin,
    vkeys,
    size,
    retired: verified.retired?.minimum ?? 0,
    continues: async (checkpoint) => {
      const root = await roots.at(checkpoint.size);
      return root !== null && sameHash(root, checkpoint.root);
    },
    entryAt: async (index) => {
      if (index >= size) return null;
      const entries = await bundle(Math.floor(index / TILE_WIDTH));
      return entries[index % TILE_WIDTH]?.bytes ?? null;
    },
    writes: async (of) => {
      const mark = Buffer.from('answering' in of ? of.answering : of.commit);
      const writes: { index: number; content: EntryContent }[] = [];
      for (let at = 0; at * TILE_WIDTH < size; at += 1) {
        for (const [number, entry] of (await bundle(at)).entries()) {
          if (entry === null || entry.bytes === null || !Buffer.from(entry.bytes).includes(mark)) continue;
          const content = parseEntry(entry.bytes);
          if (recordsCheckRun(content, of)) writes.push({ index: at * TILE_WIDTH + number, content });
        }
      }
      return writes;
    },
    document: async (commitment) => {
      const hex = Buffer.from(commitment, 'base64url').toString('hex');
      const body = await readPlainFile(join(directory, 'documents', hex));
      const salt = await readPlainFile(join(directory, 'documents', `${hex}.salt`));
      if (body === null || salt === null) return null;
      if (commitmentOf(salt, body).toString('hex') === hex) return body;
      throw new CodedError('document_altered', `documents/${hex} is not what was sealed.`);
    },
  };
}
