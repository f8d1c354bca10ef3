/** `countersign verify CHECKRUN`: whether a saved check run says what the ledger recorded. */
import { CodedError } from '../domain/coded-error.ts';
import type { CheckRunCopy } from '../ledger/format/check-run-copy.ts';
import { readCheckRunCopy } from '../ledger/format/check-run-copy.ts';
import { parseCheckpoint } from '../ledger/format/checkpoint.ts';
import { databaseCheckRuns } from '../ledger/verify/database-check-runs.ts';
import { directoryCheckRuns } from '../ledger/verify/directory-check-runs.ts';
import type { VerifyReport } from '../ledger/source/finding.ts';
import { parseVerifierKey } from '../ledger/format/note.ts';
import { parseProof } from '../ledger/format/proof.ts';
import type { CheckRunVerdict } from '../ledger/verify/verify-check-run.ts';
import { verifyCheckRun } from '../ledger/verify/verify-check-run.ts';
import { verifyDirectory } from '../ledger/verify/verify-directory.ts';
import type { CommandIo } from './command-io.ts';
import { openLedgerSource } from './ledger-source.ts';

export interface CheckRunCall {
  /** What the saved file holds. */
  readonly text: string;
  /** The reader's own keys, each named for its log. */
  readonly vkey: readonly string[];
  /** An exported log; null for the database. */
  readonly log: string | null;
  /** How an exported log that doesn't hold is told. */
  readonly describe: (report: VerifyReport) => string;
}

/** 0 where it says what was recorded, 1 where it doesn't, or the log doesn't hold. */
export async function verifyCheckRunFile(call: CheckRunCall, io: CommandIo): Promise<number> {
  // A key that was mistyped must not make a check run look forged.
  for (const vkey of call.vkey) parseVerifierKey(vkey);
  const copy = readCheckRunCopy(call.text);
  const { holds, told } =
    call.log === null ? await inDatabase(copy, call.vkey, io) : await inDirectory(copy, call.log, call);
  const word =
    call.vkey.length === 0 && holds
      ? ["(By the log's own statement of its key: give the key that you know with --vkey.)"]
      : [];
  io.stdout.write([...told, ...word].map((sentence) => `${sentence}\n`).join(''));
  return holds ? 0 : 1;
}

async function inDatabase(
  copy: CheckRunCopy,
  vkeys: readonly string[],
  io: CommandIo,
): Promise<CheckRunVerdict> {
  const ledger = await openLedgerSource(io.env);
  try {
    const origin = originOf(copy);
    const vkey = vkeys.find((each) => each.split('+', 1)[0] === origin) ?? vkeys[0] ?? null;
    return await verifyCheckRun(copy, await databaseCheckRuns(ledger.db, origin, vkey));
  } catch (error) {
    // A log that is signed by somebody else was read well enough: it isn't the one that the reader knows.
    if (!(error instanceof CodedError) || !['key_mismatch', 'entry_altered'].includes(error.code))
      throw error;
    return { holds: false, told: [`Nothing can be said by this log: ${error.message}`] };
  } finally {
    await ledger.close();
  }
}

async function inDirectory(
  copy: CheckRunCopy,
  directory: string,
  { vkey, describe }: CheckRunCall,
): Promise<CheckRunVerdict> {
  const report = await verifyDirectory(directory, { vkey });
  if (report.found > 0) return { holds: false, told: [describe(report).trimEnd()] };
  return await verifyCheckRun(copy, await directoryCheckRuns(directory, report));
}

/** The log that the proof names, so that one of an earlier incarnation is looked for there. */
function originOf({ proof }: CheckRunCopy): string | null {
  try {
    return proof === null ? null : parseCheckpoint(parseProof(proof).checkpoint).origin;
  } catch (error) {
    if (error instanceof CodedError) return null;
    throw error;
  }
}
