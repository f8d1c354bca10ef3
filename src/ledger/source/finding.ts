/** What verification found wrong, in sentences for whoever has to act on it. */
import type { Retired } from './retired-entries.ts';
import type { Unreferenced } from './unreferenced-files.ts';

/**
 * - `entry_altered`, `entry_deleted`: the bytes of an entry aren't those that were signed, or are gone.
 * - `range_altered`: entries were altered together with their stored hashes; a signature bounds which.
 * - `hash_altered`, `tile_altered`: stored hashes are wrong, and the entries beneath them hold.
 * - `checkpoint_altered`, `head_altered`, `key_mismatch`: what signs or counts isn't what it was.
 * - `rolled_back`, `forked`, `witness_forged`: somebody outside holds a checkpoint that this log doesn't continue.
 * - `witness_altered`: what is noted of a witness isn't so. `incarnation_undeclared`: a log that came after another doesn't say why.
 * - `archive_mismatch`: what was given as this log's archive is none. `log_absent`: a witness knows a log of the same key that isn't here.
 * - `entry_unintegrated`, `projection_forged`, `document_altered`, `subject_altered`: beside the tree.
 * - `erasure_unrecorded`: a person or document is gone, or said to be, and no entry says that it was erased.
 */
export type FindingCode =
  | 'entry_altered'
  | 'entry_deleted'
  | 'range_altered'
  | 'hash_altered'
  | 'tile_altered'
  | 'checkpoint_altered'
  | 'head_altered'
  | 'key_mismatch'
  | 'rolled_back'
  | 'forked'
  | 'witness_forged'
  | 'witness_altered'
  | 'incarnation_undeclared'
  | 'archive_mismatch'
  | 'log_absent'
  | 'entry_unintegrated'
  | 'projection_forged'
  | 'document_altered'
  | 'subject_altered'
  | 'erasure_unrecorded';

export interface Finding {
  readonly code: FindingCode;
  readonly index: number | null;
  readonly sentence: string;
}

export interface SignedSize {
  readonly size: number;
  /** RFC 3339, by the word of whoever noted it; null where nobody did. */
  readonly signedAt: string | null;
}

export interface HeldAndGone {
  readonly held: number;
  /** Gone, and an entry says that it was erased. */
  readonly erased: number;
  /** By the newest entry that records one of these erasures; null where none does. */
  readonly lastErased: string | null;
  /** Gone, and no entry says so: a finding, save in a copy that was made without anything beside the log. */
  readonly absent: number;
}

export interface VerifyReport {
  readonly origin: string;
  /** The keys that signed one after the other, as the log says; by one of them it was judged. */
  readonly vkeys: readonly string[];
  readonly size: number;
  /** Base64, of the newest checkpoint. */
  readonly root: string | null;
  readonly newest: SignedSize | null;
  readonly checkpoints: number;
  readonly documents: HeldAndGone;
  readonly people: HeldAndGone;
  /** Entries whose bytes are kept outside. */
  readonly retired: Retired | null;
  /** Entries whose bytes were read from an archive. */
  readonly archived: number;
  /** Logs that came before this one, oldest first, and what is known of how each ended. */
  readonly predecessors: readonly Predecessor[];
  /** Whether the oldest log here goes on for another one isn't known: its entry 0 was retired, and no archive has it. */
  readonly beginningUnknown: boolean;
  /** Checkpoints held outside that this log was compared with. */
  readonly witnessed: readonly WitnessedCount[];
  /** Files in an export that belong to nothing which was verified, with those of the logs before. */
  readonly unreferenced: Unreferenced;
  /** Logs of which a witness has checkpoints, and that are not here; whose they are, nothing here tells. */
  readonly otherLogs: readonly OtherLog[];
  /** At most 100, the gravest first. */
  readonly findings: readonly Finding[];
  /** All there were. */
  readonly found: number;
}

export interface Predecessor {
  readonly origin: string;
  readonly size: number;
  /** `… ended at 900; …` */
  readonly end: string;
  /** How many entries it had, as the log after it says; null where that isn't said. */
  readonly ended: number | null;
  /** Its entries whose bytes are kept outside. */
  readonly retired: Retired | null;
  /** Its entries whose bytes were read from an archive. */
  readonly archived: number;
}

export interface WitnessedCount {
  readonly witness: string;
  readonly checkpoints: number;
  /** Of the newest. */
  readonly size: number;
}

export interface OtherLog {
  readonly witness: string;
  readonly origin: string;
  /** Of its largest checkpoint, by its own word. */
  readonly size: number;
}

/** What is known of an entry that is named in a sentence. */
export interface EntryName {
  readonly index: number;
  readonly id: string | null;
  readonly kind: string | null;
  readonly recordedAt: string | null;
}

/** `Entry 412 (deployment.approved, 0199…, recorded 2026-01-01T00:00:00.000Z)` */
export function entryName({ index, id, kind, recordedAt }: EntryName): string {
  const known = [kind, id, recordedAt === null ? null : `recorded ${recordedAt}`].filter(
    (part) => part !== null,
  );
  return `Entry ${index}${known.length === 0 ? '' : ` (${known.join(', ')})`}`;
}

/** `checkpoint 1000, said to be signed at 2026-01-01T00:00:00.000Z`: its signature is not over the time. */
export function checkpointName({ size, signedAt }: SignedSize): string {
  return `checkpoint ${size}${signedAt === null ? '' : `, said to be signed at ${signedAt}`}`;
}

const GRAVEST: readonly FindingCode[] = [
  'key_mismatch',
  'rolled_back',
  'forked',
  'log_absent',
  'archive_mismatch',
  'entry_altered',
  'entry_deleted',
  'range_altered',
];
const MOST = 100;

/** Keeps the first findings of each kind and counts the rest, so that a ruined log doesn't fill the memory. */
export class Findings {
  readonly #kept: Finding[] = [];
  #found = 0;

  get found(): number {
    return this.#found;
  }

  add(code: FindingCode, index: number | null, sentence: string): void {
    this.#found += 1;
    if (this.#kept.filter((finding) => finding.code === code).length < MOST)
      this.#kept.push({ code, index, sentence });
  }

  /** Another log's, its name before each. */
  take(others: Findings, origin: string): void {
    this.#found += others.found - others.#kept.length;
    for (const { code, index, sentence } of others.#kept) this.add(code, index, `In ${origin}: ${sentence}`);
  }

  gravestFirst(): Finding[] {
    const rank = ({ code }: Finding): number =>
      GRAVEST.includes(code) ? GRAVEST.indexOf(code) : GRAVEST.length;
    return this.#kept.toSorted((a, b) => rank(a) - rank(b)).slice(0, MOST);
  }
}
