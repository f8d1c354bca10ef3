/** Verifies an exported log: no database, no network, nobody's word but the key's. */
import { join } from 'node:path';
import { CodedError } from '../domain/coded-error.ts';
import { BundleThreads } from './bundle-threads.ts';
import type { Checkpoint } from './checkpoint.ts';
import { openCheckpoint } from './checkpoint.ts';
import { DirectorySource, readIfThere } from './directory-source.ts';
import type { VerifyReport } from './finding.ts';
import { Findings } from './finding.ts';
import { parseVerifierKey } from './note.ts';
import { TILE_WIDTH } from './tiles.ts';
import type { VerifyOptions } from './verify-database.ts';
import { assertRotated, firstKey } from './stated-keys.ts';
import { verifyErasures } from './verify-erasures.ts';
import type { VerifiedTree } from './verify-log.ts';
import { verifyLog } from './verify-log.ts';

/** Throws `export_unreadable` where there is no export, or no key to judge it by. */
export async function verifyDirectory(
  directory: string,
  options: VerifyOptions & { readonly threads?: number } = {},
): Promise<VerifyReport> {
  const note = (await readIfThere(join(directory, 'checkpoint')))?.toString();
  const stated = await readStatedKeys(directory);
  if (note === undefined)
    throw new CodedError(
      'export_unreadable',
      `${directory} holds no exported log: there is no file named checkpoint in it.`,
    );
  const judge = options.vkey ?? stated.at(-1);
  if (judge === undefined)
    throw new CodedError(
      'export_unreadable',
      `${directory} has no file named vkey: give the log's key with --vkey.`,
    );
  const findings = new Findings();
  const vkey = firstKey(stated.length === 0 ? [judge] : stated, options.vkey ?? null, findings);
  // The newest signed it. If that one was made up, the walk through the log finds out.
  const newest = vkey === stated[0] ? (stated.at(-1) ?? vkey) : vkey;
  const { name } = parseVerifierKey(vkey);
  const checkpoint = opened(note, newest, findings);
  // Without a checkpoint there is no saying how many entries there should be.
  if (checkpoint === null) return report(name, [newest], null, findings);
  const { size, root } = checkpoint;
  const bundles = new BundleThreads(directory, Math.floor(size / TILE_WIDTH), options.threads);
  const source = new DirectorySource(directory, vkey, { size, root, note, signedAt: null }, bundles);
  const tree = await read(source, bundles, findings, options);
  if (tree.root !== null && stated.length > 0) assertRotated(stated, tree.vkeys, vkey, findings);
  await verifyErasures(directory, source.erasures, findings);
  return {
    ...report(name, tree.vkeys, checkpoint, findings),
    newest: tree.newest === null ? null : { size: tree.newest.size, signedAt: tree.newest.signedAt },
    checkpoints: tree.checkpoints,
    documents: { ...source.documents, lastErased: source.erasures.last('documents') },
    people: { ...source.people, lastErased: source.erasures.last('people') },
  };
}

async function read(
  source: DirectorySource,
  bundles: BundleThreads,
  findings: Findings,
  { progress }: VerifyOptions,
): Promise<VerifiedTree> {
  try {
    await source.readPeople(findings);
    return await verifyLog(source, findings, (done) => progress?.(done, source.size));
  } finally {
    await bundles.close();
  }
}

function opened(note: string, vkey: string, findings: Findings): Checkpoint | null {
  try {
    return openCheckpoint(note, parseVerifierKey(vkey));
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    findings.add(
      'checkpoint_altered',
      null,
      `The file checkpoint was altered: ${error.message} Without it nothing else here can be judged.`,
    );
    return null;
  }
}

/** Oldest first; empty where the export doesn't say. A log whose key was never rotated needs no more than `vkey`. */
async function readStatedKeys(directory: string): Promise<string[]> {
  const text = (await readIfThere(join(directory, 'vkeys'))) ?? (await readIfThere(join(directory, 'vkey')));
  return (text?.toString() ?? '').split('\n').flatMap((line) => (line.trim() === '' ? [] : [line.trim()]));
}

function report(
  origin: string,
  vkeys: readonly string[],
  checkpoint: Checkpoint | null,
  findings: Findings,
): VerifyReport {
  return {
    origin,
    vkeys,
    size: checkpoint?.size ?? 0,
    root: checkpoint?.root.toString('base64') ?? null,
    newest: null,
    checkpoints: 0,
    documents: { held: 0, erased: 0, lastErased: null },
    people: { held: 0, erased: 0, lastErased: null },
    findings: findings.gravestFirst(),
    found: findings.found,
  };
}
