/** `countersign verify`: whether the ledger, a copy of it, or one proof of it holds, in sentences for an auditor. */
import { readFile, stat } from 'node:fs/promises';
import { CodedError } from '../domain/coded-error.ts';
import { readArchivedEntry } from '../ledger/source/archived-source.ts';
import { readCheckRunCopy } from '../ledger/format/check-run-copy.ts';
import { isProvenByAny } from '../ledger/prove/entry-prover.ts';
import type { VerifyReport } from '../ledger/source/finding.ts';
import { checkpointName } from '../ledger/source/finding.ts';
import { leafHash } from '../ledger/format/hash.ts';
import type { Proof } from '../ledger/format/proof.ts';
import { PROOF_HEADER, parseProof, verifyProof } from '../ledger/format/proof.ts';
import { verifyDatabase } from '../ledger/verify/verify-database.ts';
import { verifyDirectory } from '../ledger/verify/verify-directory.ts';
import type { CommandIo } from './command-io.ts';
import { openLedgerSource } from './ledger-source.ts';
import { absentFrom, describeReport } from './describe-report.ts';
import { parseCommandArguments } from './parse-command-arguments.ts';
import { progressLine } from './progress-line.ts';
import { verifyCheckRunFile } from './verify-check-run.ts';
import { openClone } from '../witness/open-clone.ts';

const USAGE = `countersign verify [DIRECTORY | PROOF] [--vkey KEY …] [--witness CLONE] [--archive DIRECTORY …] [--entry FILE]
countersign verify CHECKRUN [--log DIRECTORY] [--vkey KEY]

Without an argument: the ledger in DATABASE_URL. With a directory: a log that \`countersign export\` wrote, without any
database. With a file: a proof that \`countersign prove\` wrote, or a check run as \`gh api repos/OWNER/REPO/check-runs/ID\` prints it (or the
Markdown of its summary and text, not the rendered page), which is compared with what was recorded of it. --vkey is the log's public key as you have it from elsewhere
(the text, or a file that holds it); without it the log's own statement is taken, and said so. Where a log goes on for another one, give
each one's key with a --vkey of its own: a key judges the log that it is named for, and the newest must have one.
--witness is a clone (bare or not) of a git witness's repository: every checkpoint in any of its commits is compared with the
ledger, which shows what was taken away from its end, and what was written anew by whoever has the key.

Where years were retired, --archive names the export that holds them (again and again, for several): it is verified together
with the rest, as one whole log. For a proof of a retired entry it is where the entry is read; --entry is a file with its bytes.

Ends with 0 where it holds, 1 where it doesn't, 2 where it couldn't be read, 3 where all that is here holds and bytes of retired
entries were not looked at: give their archives with --archive.
`;

/** What is here holds, and more is elsewhere: a script must be able to tell that from a log that holds as a whole. */
const NOT_ALL_LOOKED_AT = 3;

export async function run(args: readonly string[], io: CommandIo): Promise<number> {
  const parsed = parseCommandArguments(
    args,
    { usage: USAGE, options: ['log', 'witness', 'entry'], repeatable: ['vkey', 'archive'], positionals: 1 },
    io,
  );
  if (typeof parsed === 'number') return parsed;
  const [path] = parsed.positionals;
  const vkey = await Promise.all((parsed.lists['vkey'] ?? []).map(keyFrom));
  const log = parsed.values['log'] ?? null;
  const archives = parsed.lists['archive'] ?? [];
  const where = { entry: parsed.values['entry'] ?? null, archives };
  if (path !== undefined && (await isFile(path))) return await verifyFile(path, { vkey, log, where }, io);
  if (path !== undefined && !(await isThere(path)))
    throw new CodedError('export_unreadable', `${path} does not exist.`);
  if (log !== null) {
    throw new CodedError(
      'check_run_unreadable',
      `--log is for a saved check run, and ${path ?? 'no file'} is none: name the file first.`,
    );
  }
  if (where.entry !== null) {
    io.stderr.write(`countersign: --entry goes with a proof\n\n${USAGE}`);
    return 2;
  }
  const progress = progressLine(io, 'verifying');
  const clone = parsed.values['witness'];
  const elsewhere = clone === undefined ? [] : [await openClone(clone)];
  const options = { vkey, elsewhere, archives, progress: progress.show };
  let report: VerifyReport;
  try {
    report = await (path === undefined ? verifyHere(io, options) : verifyDirectory(path, options));
  } catch (error) {
    // So much is gone that there is no report to make of it. It was read all the same, and does not hold.
    if (!(error instanceof CodedError) || error.code !== 'ledger_altered') throw error;
    io.stdout.write(`The ledger does NOT hold: ${error.message}\n`);
    return 1;
  } finally {
    progress.clear();
  }
  // A clone of something else would make everything look well.
  if (clone !== undefined && report.found === 0 && report.witnessed.length === 0)
    throw new CodedError(
      'witness_unreadable',
      `${clone} holds no checkpoint of ${report.origin}: is it the clone of another witness?`,
    );
  io.stdout.write(
    describeReport(report, {
      given: vkey,
      colours: io.stdout.isTTY === true && io.env['NO_COLOR'] === undefined,
    }),
  );
  if (report.found > 0) return 1;
  return absentFrom(report) > 0 ? NOT_ALL_LOOKED_AT : 0;
}

async function verifyHere(
  io: CommandIo,
  options: Parameters<typeof verifyDatabase>[1],
): Promise<VerifyReport> {
  const ledger = await openLedgerSource(io.env);
  try {
    return await verifyDatabase(ledger.db, options);
  } finally {
    await ledger.close();
  }
}

async function verifyFile(
  path: string,
  { vkey, log, where }: { vkey: readonly string[]; log: string | null; where: EntryPlaces },
  io: CommandIo,
): Promise<number> {
  // Some shells begin every file that they write with a byte order mark.
  const text = (await readFile(path, 'utf8')).replace(/^\ufeff/, '');
  if (text.startsWith(PROOF_HEADER)) return await verifyProofFile(path, vkey, where, io);
  const { fields, proof, named } = readCheckRunCopy(text);
  if (fields === null && proof === null && named === null)
    throw new CodedError(
      'check_run_unreadable',
      `${path} is neither a proof (whose first line is ${PROOF_HEADER.trim()}) nor a check run of ours: nothing in it names an entry.`,
    );
  const how = { given: vkey, colours: false };
  return await verifyCheckRunFile({ text, vkey, log, describe: (report) => describeReport(report, how) }, io);
}

async function verifyProofFile(
  path: string,
  vkeys: readonly string[],
  where: EntryPlaces,
  io: CommandIo,
): Promise<number> {
  const [first] = vkeys;
  if (first === undefined)
    throw new CodedError(
      'vkey_missing',
      `${path} is a proof, and a proof does not say whose it is: give the log's key with --vkey.`,
    );
  const text = await readFile(path, 'utf8');
  try {
    const proof = parseProof(text);
    const entry = await entryOf(proof, where);
    if (entry === null)
      throw new CodedError(
        'proof_without_entry',
        `${path} does not hold the entry itself: \`countersign prove\` writes proofs that do, unless the entry was retired; ` +
          'then give the archive that holds it with --archive, or its bytes with --entry.',
      );
    const leaf = leafHash(entry);
    const vkey = vkeys.find((each) => isProvenByAny(text, leaf, [each])) ?? first;
    const { index, checkpoint } = verifyProof(text, leaf, vkey);
    io.stdout.write(
      `The proof holds: this is entry ${index} of ${checkpoint.origin}, under ${checkpointName({ size: checkpoint.size, signedAt: null })}.\n`,
    );
    io.stdout.write(`${Buffer.from(entry).toString()}\n`);
    return 0;
  } catch (error) {
    if (!(error instanceof CodedError) || !['proof_wrong', 'checkpoint_forged'].includes(error.code))
      throw error;
    io.stdout.write(`The proof does not hold: ${error.message}\n`);
    return 1;
  }
}

interface EntryPlaces {
  readonly entry: string | null;
  readonly archives: readonly string[];
}

/** The entry that a proof is of, from wherever it is; whether it is that one, the proof says. */
async function entryOf(
  { extra, index }: Proof,
  { entry, archives }: EntryPlaces,
): Promise<Uint8Array | null> {
  if (entry !== null) return await readFile(entry);
  for (const archive of archives) {
    const found = await readArchivedEntry(archive, index);
    if (found !== null) return found;
  }
  return extra;
}

/** The key itself, or a file that holds it. */
async function keyFrom(value: string): Promise<string> {
  return value.includes('+') && !(await isFile(value)) ? value : (await readKeyFile(value)).trim();
}

async function readKeyFile(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new CodedError(
      'vkey_unreadable',
      `--vkey ${path} is neither a verifier key nor a file that can be read.`,
      error,
    );
  }
}

async function isThere(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  );
}

async function isFile(path: string): Promise<boolean> {
  return await stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}
