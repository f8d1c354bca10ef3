/** A verified log compared with the checkpoints that outsiders hold of it, and what is said about the ones it doesn't continue. */
import { CodedError } from '../../domain/coded-error.ts';
import type { Checkpoint } from '../format/checkpoint.ts';
import { parseCheckpoint } from '../format/checkpoint.ts';
import type { Findings, WitnessedCount } from '../source/finding.ts';
import { sameHash } from '../format/hash.ts';
import type { Declaration } from './incarnation.ts';
import type { LogSource } from '../source/log-source.ts';
import type { VerifierKey } from '../format/note.ts';
import { RootsBySize } from '../source/roots-by-size.ts';
import type { VerifiedTree } from './verified-tree.ts';
import type { ComparedLog, HeldCheckpoint, HeldCheckpoints } from './witnessed.ts';
import { compareWitnessed } from './witnessed.ts';

/** Somebody's copy of checkpoints, of any number of logs; read as they are asked for, since there may be very many. */
export interface CheckpointsElsewhere {
  readonly name: string;
  of(origin: string): HeldCheckpoints;
  /** All that it has, of whatever log. */
  all(): HeldCheckpoints;
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
    const met = new Counted(copy.of(log.origin));
    const contradiction = await compareWitnessed(compared, met);
    if (met.count === 0) continue;
    if (contradiction !== null && !(await isDeclared(log, compared, contradiction)))
      findings.add(contradiction.code, contradiction.checkpoint?.size ?? null, contradiction.sentence);
    counts.push({ witness: copy.name, checkpoints: met.count, size: met.largest });
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

/** How many were read, and of how many entries the largest is. */
class Counted implements AsyncIterable<HeldCheckpoint> {
  readonly #held: HeldCheckpoints;
  count = 0;
  largest = 0;

  constructor(held: HeldCheckpoints) {
    this.#held = held;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<HeldCheckpoint, void> {
    for await (const one of this.#held) {
      this.count += 1;
      this.largest = Math.max(this.largest, sizeOf(one));
      yield one;
    }
  }
}

async function comparedLog({ origin, keys, place, source, tree }: VerifiedLog): Promise<ComparedLog> {
  // Where the tree does not hold, only what was signed here too can be said to be continued.
  const known = tree.root === null ? await rootsSigned(source) : null;
  const roots = new RootsBySize(source);
  return {
    origin,
    keys,
    place,
    size: source.size,
    continues: async (checkpoint) => {
      if (known !== null) return known.get(checkpoint.size) === checkpoint.root.toString('base64');
      const root = await roots.at(checkpoint.size);
      return root !== null && sameHash(root, checkpoint.root);
    },
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

/** 0 for what is no checkpoint, which was found out before. */
export function sizeOf({ note }: HeldCheckpoint): number {
  try {
    return parseCheckpoint(note).size;
  } catch {
    return 0;
  }
}
