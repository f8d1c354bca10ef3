/** A verified log compared with the checkpoints that outsiders hold of it, and what is said about the ones it doesn't continue. */
import { CodedError } from '../domain/coded-error.ts';
import type { Checkpoint } from './checkpoint.ts';
import { parseCheckpoint } from './checkpoint.ts';
import type { Findings, WitnessedCount } from './finding.ts';
import { HASH_SIZE, sameHash } from './hash.ts';
import type { Declaration } from './incarnation.ts';
import type { LogSource } from './log-source.ts';
import type { VerifierKey } from './note.ts';
import { TILE_WIDTH, hashOf, tileAt } from './tiles.ts';
import type { HashReader, LeafRange } from './tree-proof.ts';
import { consistencyRanges, rangeHash, tilesNeeded, verifyConsistency } from './tree-proof.ts';
import type { VerifiedTree } from './verify-log.ts';
import type { ComparedLog, HeldCheckpoint } from './witnessed.ts';
import { compareWitnessed } from './witnessed.ts';

/** Somebody's copy of checkpoints, of any number of logs. */
export interface CheckpointsElsewhere {
  readonly name: string;
  of(origin: string): Promise<readonly HeldCheckpoint[]>;
  /** All that it has, of whatever log. */
  all(): Promise<readonly HeldCheckpoint[]>;
}

export interface VerifiedLog {
  readonly origin: string;
  readonly keys: readonly VerifierKey[];
  readonly place: string;
  readonly source: LogSource;
  readonly tree: VerifiedTree;
  /** What the log after it declares lost of it; null where none came after. */
  readonly declared: Declaration | null;
}

/** Adds a finding for each witness that the log contradicts, save for what its successor declared. */
export async function compareSource(
  log: VerifiedLog,
  elsewhere: readonly CheckpointsElsewhere[],
  findings: Findings,
): Promise<WitnessedCount[]> {
  const counts: WitnessedCount[] = [];
  if (elsewhere.length === 0) return counts;
  const compared = await comparedLog(log);
  for (const copy of elsewhere) {
    const held = await copy.of(log.origin);
    if (held.length === 0) continue;
    const contradiction = await compareWitnessed(compared, held);
    if (contradiction !== null && !(await isDeclared(log, compared, contradiction)))
      findings.add(contradiction.code, contradiction.checkpoint?.size ?? null, contradiction.sentence);
    counts.push({ witness: copy.name, checkpoints: held.length, size: largestOf(held) });
  }
  return counts;
}

/** Only of the kind that was declared: a declared loss of the newest entries says nothing about the ones before. */
async function isDeclared(
  { declared }: VerifiedLog,
  compared: ComparedLog,
  { code, checkpoint }: { readonly code: string; readonly checkpoint: Checkpoint | null },
): Promise<boolean> {
  if (declared === null || checkpoint === null || checkpoint.size > declared.witnessed.size) return false;
  // By where that log ended as was declared, and not by how much of it is here.
  if (declared.witnessed.size > declared.fact.predecessor.size) return code === 'rolled_back';
  return code === 'forked' && !(await compared.continues(declared.witnessed));
}

async function comparedLog({ origin, keys, place, source, tree }: VerifiedLog): Promise<ComparedLog> {
  const known = await rootsSigned(source);
  return {
    origin,
    keys,
    place,
    size: source.size,
    continues: async (checkpoint) => {
      // Signed here too, and compared with the tree when the log was read.
      if (known.get(checkpoint.size) === checkpoint.root.toString('base64')) return true;
      if (tree.root === null) return false;
      const ranges = consistencyRanges(checkpoint.size, source.size);
      try {
        const read = await readTiles(source, ranges);
        const proof = ranges.map((range) => rangeHash(range, read));
        return verifyConsistency(checkpoint.size, source.size, checkpoint.root, tree.root, proof);
      } catch (error) {
        if (error instanceof RangeError) return false;
        throw error;
      }
    },
  };
}

async function readTiles(source: LogSource, ranges: readonly LeafRange[]): Promise<HashReader> {
  const tiles = new Map<string, Uint8Array>();
  for (const { level, index } of tilesNeeded(ranges, source.size)) {
    const tile = await source.tile(level, index, tileAt(level, index, source.size).width);
    if (tile !== null) tiles.set(`${level}/${index}`, tile.hashes);
  }
  return (level, index) => {
    const tile = tiles.get(`${level}/${Math.floor(index / TILE_WIDTH)}`);
    const hash = tile === undefined ? undefined : hashOf(tile, index % TILE_WIDTH);
    if (hash?.length !== HASH_SIZE) throw new RangeError(`hash ${index} of level ${level} is not there`);
    return hash;
  };
}

/** Root by size, of the checkpoints that are kept with the log. */
async function rootsSigned(source: LogSource): Promise<Map<number, string>> {
  const roots = new Map<number, string>();
  const checkpoints = source.checkpoints();
  for (let next = await checkpoints.next(); next.done !== true; next = await checkpoints.next()) {
    try {
      const { size, root } = parseCheckpoint(next.value.note);
      // Of two at one size, neither can be right for both; the proof decides.
      if (roots.has(size) && !sameHash(Buffer.from(roots.get(size) ?? '', 'base64'), root))
        roots.set(size, '');
      else roots.set(size, root.toString('base64'));
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
    }
  }
  return roots;
}

/** Of how many entries the largest is: there may be more of them than fit in one call. */
export const largestOf = (held: readonly HeldCheckpoint[]): number =>
  held.reduce((largest, one) => Math.max(largest, sizeOf(one)), 0);

/** 0 for what is no checkpoint, which was found out before. */
export function sizeOf({ note }: HeldCheckpoint): number {
  try {
    return parseCheckpoint(note).size;
  } catch {
    return 0;
  }
}
