/** A copy of a log with a checkpoint at each of its sizes, and a clone of a witness's branch that has a commit for each. */
import { hash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { runGit } from '../../src/deploy/git.ts';
import { entryBytes, entryContent } from '../../src/ledger/format/entry.ts';
import { bundleOf } from '../../src/ledger/export/export.ts';
import { GrowingTree } from '../../src/ledger/format/growing-tree.ts';
import { leafHash } from '../../src/ledger/format/hash.ts';
import type { LedgerSigner } from '../../src/ledger/sequence/signer.ts';
import { TILE_WIDTH, tileAt, tilePath } from '../../src/ledger/format/tiles.ts';
import { ENTRY } from './workload.ts';

export interface WitnessedCopy {
  /** Nothing but C2SP's files and `vkey`: its own checkpoint is the newest alone, so each of the witness's takes a proof. */
  readonly directory: string;
  readonly clone: string;
  readonly checkpoints: number;
}

export async function makeWitnessedCopy(
  folder: string,
  signer: LedgerSigner,
  checkpoints: number,
): Promise<WitnessedCopy> {
  const [directory, clone] = [join(folder, 'log'), join(folder, 'clone.git')];
  const tree = new GrowingTree();
  const levels: Uint8Array[][] = [];
  let bundle: Uint8Array[] = [];
  let commits: string[] = [];
  await mkdir(clone, { recursive: true });
  await git(clone, ['init', '--quiet', '--bare', '.']);
  for (let size = 1; size <= checkpoints; size += 1) {
    const bytes = entryOf(size);
    bundle.push(bytes);
    tree.append(leafHash(bytes));
    (levels[0] ??= []).push(leafHash(bytes));
    for (const { level, root } of tree.takeFinished()) (levels[level + 1] ??= []).push(root);
    const last = size === checkpoints;
    if (bundle.length === TILE_WIDTH || last) {
      await put(
        directory,
        tilePath('entries', Math.floor((size - 1) / TILE_WIDTH), bundle.length),
        bundleOf(bundle),
      );
      bundle = [];
    }
    const note = signer.sign({ size, root: tree.root() });
    commits.push(commitOf(signer.origin, size, note, commits.length === 0 && size > COMMITS_AT_ONCE));
    if (commits.length === COMMITS_AT_ONCE || last) {
      await git(clone, ['fast-import', '--quiet'], commits.join(''));
      commits = [];
    }
    if (last) await put(directory, 'checkpoint', note);
  }
  for (const [level, hashes] of levels.entries()) {
    for (let index = 0; index * TILE_WIDTH < hashes.length; index += 1) {
      const { width } = tileAt(level, index, checkpoints);
      const tile = hashes.slice(index * TILE_WIDTH, index * TILE_WIDTH + width);
      await put(directory, tilePath(level, index, width), Buffer.concat(tile));
    }
  }
  await put(directory, 'vkey', `${signer.vkey}\n`);
  return { directory, clone, checkpoints };
}

const COMMITS_AT_ONCE = 10_000;
const REF = 'refs/heads/ledger-witness';

function entryOf(number: number): Uint8Array {
  const id = `00000000-0000-7000-8000-${number.toString(16).padStart(12, '0')}`;
  const content = entryContent(
    { ...ENTRY, who: [] },
    { id, recordedAt: ENTRY.occurredAt, people: [], commitments: [] },
  );
  return entryBytes(content);
}

/** As `git fast-import` reads it. `onto`: on what an earlier stream left. */
function commitOf(origin: string, size: number, note: string, onto: boolean): string {
  return [
    `commit ${REF}`,
    `committer Countersign <countersign@countersign.invalid> ${1_795_168_800 + size} +0000`,
    'data 0',
    ...(onto ? [`from ${REF}^0`] : []),
    `M 100644 inline ${hash('sha256', origin, 'hex')}/checkpoint`,
    `data ${Buffer.byteLength(note)}`,
    `${note}\n`,
  ].join('\n');
}

async function git(directory: string, args: readonly string[], input = ''): Promise<void> {
  const { code, stderr } = await runGit(args, { directory, input });
  if (code !== 0) throw new Error(`git ${args[0]}: ${stderr}`);
}

async function put(directory: string, path: string, content: string | Uint8Array): Promise<void> {
  await mkdir(dirname(join(directory, path)), { recursive: true });
  await writeFile(join(directory, path), content);
}
