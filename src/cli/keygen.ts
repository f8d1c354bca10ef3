/** `countersign keygen`: makes the key that signs the ledger. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { CodedError } from '../domain/coded-error.ts';
import { errorCodeOf } from '../domain/error-code.ts';
import { createSigner, generateLedgerKey } from '../ledger/sequence/signer.ts';
import type { CommandIo } from './command-io.ts';
import { parseCommandArguments } from './parse-command-arguments.ts';

const USAGE = `countersign keygen --origin NAME [--out FILE]

Makes the key that signs the ledger's checkpoints. NAME is the log's for good, like audit.example.com/ledger/1. With --out the
key goes to a new file that only you can read, and the public key is printed: publish that. Without, the key itself is printed.
`;

export async function run(args: readonly string[], io: CommandIo): Promise<number> {
  const parsed = parseCommandArguments(
    args,
    { usage: USAGE, options: ['origin', 'out'], positionals: 0 },
    io,
  );
  if (typeof parsed === 'number') return parsed;
  const { origin, out } = parsed.values;
  if (origin === undefined) {
    io.stderr.write(`countersign: --origin is missing\n\n${USAGE}`);
    return 2;
  }
  const privateKey = generateLedgerKey();
  const { vkey } = createSigner({ origin, privateKey });
  if (out === undefined) {
    io.stdout.write(privateKey);
    io.stderr.write(`public key: ${vkey}\n`);
    return 0;
  }
  try {
    await mkdir(dirname(out), { recursive: true, mode: 0o700 });
    await writeFile(out, privateKey, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if (errorCodeOf(error) === 'EEXIST')
      throw new CodedError(
        'key_not_written',
        `${out} exists already, and a key is never overwritten: name another file.`,
        error,
      );
    throw new CodedError(
      'key_not_written',
      `${out} can't be written: ${error instanceof Error ? error.message : String(error)}.`,
      error,
    );
  }
  io.stdout.write(`${vkey}\n`);
  return 0;
}
