/** `countersign prove`: one entry's proof, to hand to somebody who has only the log's key. */
import { CodedError } from '../domain/coded-error.ts';
import { proofAtIndex } from '../ledger/prove/entry-proof.ts';
import { readFoundedVkeys } from '../ledger/store/founded-vkeys.ts';
import { leafHash } from '../ledger/format/hash.ts';
import { parseProof, verifyProof } from '../ledger/format/proof.ts';
import { queryOf } from '../ledger/store/query.ts';
import { readRetirement, whereRetired } from '../ledger/store/read-retirement.ts';
import type { CommandIo } from './command-io.ts';
import { openLedgerSource } from './ledger-source.ts';
import { parseCommandArguments } from './parse-command-arguments.ts';

const USAGE = `countersign prove INDEX

Prints the proof that the entry INDEX (counted from 0) is in the ledger of DATABASE_URL, as a C2SP tlog-proof with the entry
itself in its extra line. Keep it in a file; \`countersign verify FILE --vkey KEY\` needs nothing else. Of an entry that was
retired the bytes are in its archive: verify the proof together with that (--archive DIRECTORY), or with the entry (--entry FILE).
`;

export async function run(args: readonly string[], io: CommandIo): Promise<number> {
  const parsed = parseCommandArguments(args, { usage: USAGE, options: [], positionals: 1 }, io);
  if (typeof parsed === 'number') return parsed;
  const [index] = parsed.positionals;
  if (index === undefined || !/^\d{1,15}$/.test(index)) {
    io.stderr.write(`countersign: INDEX is ${index === undefined ? 'missing' : 'no number'}\n\n${USAGE}`);
    return 2;
  }
  const ledger = await openLedgerSource(io.env);
  try {
    const found = await proofAtIndex(ledger.db, Number(index), true);
    if (found === null) {
      io.stderr.write(`countersign: no checkpoint covers an entry ${index}.\n`);
      return 2;
    }
    const log = await ledger.db
      .selectFrom('ledger.log')
      .selectAll()
      .where('origin', '=', found.origin)
      .executeTakeFirstOrThrow();
    const { extra } = parseProof(found.proof);
    const retired = extra === null ? await readRetirement(queryOf(ledger.db), found.logId) : null;
    if (extra === null && found.index >= (retired?.minimum ?? 0))
      throw new CodedError('entry_deleted', `entry ${index} is gone; run \`countersign verify\`.`);
    // A proof that doesn't hold must not leave this machine as one.
    const keys = await readFoundedVkeys(ledger.db, log);
    verifyProof(found.proof, extra === null ? found.leafHash : leafHash(extra), keys.at(-1) ?? log.vkey);
    io.stdout.write(found.proof);
    if (retired !== null)
      io.stderr.write(
        `Entry ${index} was retired, so the proof is without it: ${whereRetired(retired)}.\n` +
          'Verify the two together: countersign verify FILE --vkey KEY --archive DIRECTORY\n',
      );
    return 0;
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    io.stderr.write(`countersign: entry ${index} can't be proven: ${error.message}\n`);
    return 1;
  } finally {
    await ledger.close();
  }
}
