/**
 * Whether a saved check run says what was recorded. Its proof says which entry it follows from; the entries that record what became of
 * that one hold the words that GitHub got, and the copy is compared with those.
 *
 * Those entries come after the write, since the words have the proof in them. The commitment could stand in the decision's own entry
 * only for words without the proof; then the proof, which is what makes a check run worth keeping, would be what may be edited.
 */
import { CodedError } from '../../domain/coded-error.ts';
import type { CheckRunCopy } from '../format/check-run-copy.ts';
import type { Compared } from '../format/check-run-difference.ts';
import { FIELD_NAMES, compareCheckRun } from '../format/check-run-difference.ts';
import type { CheckRunRecord } from '../format/check-run-record.ts';
import { CHECK_RUN_DOCUMENT, parseCheckRunRecord } from '../format/check-run-record.ts';
import type { Checkpoint } from '../format/checkpoint.ts';
import { parseCheckpoint } from '../format/checkpoint.ts';
import type { EntryContent } from '../format/entry.ts';
import { parseEntry } from '../format/entry.ts';
import { leafHash } from '../format/hash.ts';
import { parseProof, verifyProof } from '../format/proof.ts';

/** A log that was verified, or whose entries are proven one by one as they are read. */
export interface CheckRunLog {
  readonly origin: string;
  /** Whose signature on a check run's checkpoint counts. */
  readonly vkeys: readonly string[];
  readonly size: number;
  /** Below it bytes may be missing, as an entry says that they were retired. */
  readonly retired: number;
  /** Whether the log begins with what a checkpoint (of at most its size) covers. */
  continues(checkpoint: Checkpoint): Promise<boolean>;
  entryAt(index: number): Promise<Uint8Array | null>;
  /** `effect.finished` entries that hold a check run, by rising index. */
  writes(of: WritesOf): Promise<readonly { readonly index: number; readonly content: EntryContent }[]>;
  /** Null where it is gone. Throws `document_altered`. */
  document(commitment: string): Promise<Uint8Array | null>;
}

/** Those that answer an entry, or those on a commit. */
export type WritesOf =
  { readonly answering: string } | { readonly repositoryId: string; readonly commit: string };

export interface CheckRunVerdict {
  readonly holds: boolean;
  /** What to tell, in sentences. */
  readonly told: readonly string[];
}

/** Throws `other_log`, `entry_retired`, `document_gone`, `document_altered`: then nothing can be said. */
export async function verifyCheckRun(copy: CheckRunCopy, log: CheckRunLog): Promise<CheckRunVerdict> {
  if (copy.proof === null) {
    return no(
      'There is no proof in this check run. Every finished one of ours carries one at its end: it was taken out, or this is not the whole of it.',
    );
  }
  const said = claimOf(copy.proof);
  if (typeof said === 'string') return no(`The proof in this check run does not hold: ${said}`);
  const { index, checkpoint } = said;
  const { origin, size } = checkpoint;
  if (origin !== log.origin) {
    throw new CodedError(
      'other_log',
      `the proof in this check run is of the log ${JSON.stringify(origin)}, and this is ${log.origin}: name the right one.`,
    );
  }
  const bytes = await log.entryAt(index);
  const ends = `The proof in this check run is of entry ${index} under checkpoint ${size}, and this log ends after ${log.size}: it was cut, or it is an older copy.`;
  if (bytes === null) {
    if (index < log.retired) throw retired(index);
    return no(ends);
  }
  const refused = notProven(copy.proof, bytes, log.vkeys);
  if (refused !== null) return no(`The proof in this check run does not hold: ${refused}`);
  // By the log's own key: whoever saved the check run is a witness of so much.
  if (size > log.size) return no(ends);
  if (!(await log.continues(checkpoint))) {
    return no(
      `The ledger was forked: the proof in this check run is under checkpoint ${size} of ${origin}, which is signed by the log's key, and the first ${size} entries in this log are others.`,
    );
  }
  const entry = parseEntry(bytes);
  const name = `entry ${index} (${entry.kind}, ${entry.id})`;
  if (copy.named !== null && (copy.named.index !== index || copy.named.id !== entry.id)) {
    return no(
      `The check run was edited: it says that it follows from entry ${copy.named.index} (${copy.named.id}), and the proof in it is that of ${name}.`,
    );
  }
  const writes = await log.writes({ answering: entry.id });
  if (writes.length === 0) {
    if (index < log.retired) throw retired(index);
    return no(
      `No check run was recorded that follows from ${name}: its proof was put here from somewhere else, or the check run was written by a version that did not record them yet.`,
    );
  }
  return await compareWithAll(copy, log, writes);
}

/** What a proof claims, or why it can't be read. */
function claimOf(proof: string): { index: number; checkpoint: Checkpoint } | string {
  try {
    const { index, checkpoint } = parseProof(proof);
    return { index, checkpoint: parseCheckpoint(checkpoint) };
  } catch (error) {
    if (error instanceof CodedError) return error.message;
    throw error;
  }
}

function retired(index: number): CodedError {
  return new CodedError(
    'entry_retired',
    `this check run follows from entry ${index}, of a time that was retired, and what was recorded of it is not here any more: compare it with the archive (--log DIRECTORY).`,
  );
}

type Write = Awaited<ReturnType<CheckRunLog['writes']>>[number];

/** One decision can be shown on several check runs, or several times on one. */
async function compareWithAll(
  copy: CheckRunCopy,
  log: CheckRunLog,
  writes: readonly Write[],
): Promise<CheckRunVerdict> {
  let closest: { readonly write: Write; readonly compared: Compared } | null = null;
  let gone: Write | null = null;
  for (const write of writes.toReversed()) {
    const record = await recordOf(log, write);
    if (record === null) {
      gone ??= write;
      continue;
    }
    const compared = compareCheckRun(copy, record);
    if (compared.difference === null) return await same(log, write, record, compared, copy.fields !== null);
    if (closest === null || compared.difference.same > (closest.compared.difference?.same ?? 0))
      closest = { write, compared };
  }
  if (closest === null) {
    throw new CodedError(
      'document_gone',
      `what entry ${gone?.index} recorded of this check run was erased, so its text can't be compared any more; the proof in it holds.`,
    );
  }
  const { write, compared } = closest;
  if (gone !== null) {
    return no(
      `Nothing shows that this check run's text is as it was written: it is not what entry ${write.index} recorded (the first difference is ${compared.difference?.what}), and what entry ${gone.index} recorded of it was erased.`,
    );
  }
  return no(
    `The check run's text was edited: it is not what entry ${write.index} recorded; the first difference is ${compared.difference?.what}.`,
  );
}

async function same(
  log: CheckRunLog,
  write: Write,
  record: CheckRunRecord,
  { unseen }: Compared,
  isJson: boolean,
): Promise<CheckRunVerdict> {
  const told = [`This check run says what was recorded (entry ${write.index}).`];
  // Nobody expects more of Markdown than words; of GitHub's JSON something was taken out.
  const missed = unseen.filter((field) => isJson || field === 'summary').map((field) => FIELD_NAMES[field]);
  if (missed.length > 0) {
    const [is, was] = missed.length === 1 ? ['is', 'was'] : ['are', 'were'];
    told.push(`Its ${missed.join(', ')} ${is} not in this file, and ${was} not compared.`);
  }
  const newer = await newerThan(log, write, record);
  if (newer !== null) {
    told.push(
      `It is not the newest: entry ${newer.index} recorded other words for the same check run on ${newer.content.recorded}.`,
    );
  }
  return { holds: true, told };
}

/** Words that were true once can be put back, too. */
async function newerThan(log: CheckRunLog, write: Write, record: CheckRunRecord): Promise<Write | null> {
  const repositoryId = write.content.repository?.id ?? '';
  for (const later of (await log.writes({ repositoryId, commit: record.sha })).toReversed()) {
    if (later.index <= write.index) break;
    const other = await recordOf(log, later);
    if (other?.name === record.name) return later;
  }
  return null;
}

async function recordOf(log: CheckRunLog, { content }: Write): Promise<CheckRunRecord | null> {
  const sealed = content.documents.find(({ name }) => name === CHECK_RUN_DOCUMENT);
  const body = sealed === undefined ? null : await log.document(sealed.commitment);
  return body === null ? null : parseCheckRunRecord(body);
}

/** Null where one of the keys signed it; else why the first didn't. */
function notProven(proof: string, bytes: Uint8Array, vkeys: readonly string[]): string | null {
  let first: string | null = null;
  for (const vkey of vkeys) {
    try {
      verifyProof(proof, leafHash(bytes), vkey);
      return null;
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
      first ??= error.message;
    }
  }
  return first ?? 'there is no key to judge it by.';
}

const no = (sentence: string): CheckRunVerdict => ({ holds: false, told: [sentence] });

/** Whether an entry records a check run's words. */
export function recordsCheckRun(content: EntryContent, of: WritesOf): boolean {
  if (content.kind !== 'effect.finished') return false;
  if (!content.documents.some(({ name }) => name === CHECK_RUN_DOCUMENT)) return false;
  return 'answering' in of
    ? content.answers === of.answering
    : content.repository?.id === of.repositoryId && content.commit === of.commit;
}
