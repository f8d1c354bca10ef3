/** `countersign entry`: one entry as a person reads it, or as a machine does. */
import { parseArgs } from 'node:util';
import { readDocument } from '../ledger/store/read.ts';
import { documentNamed, readAround } from '../ledger/prove/read-around.ts';
import type { CommandIo } from './command-io.ts';
import { describeEntry } from './describe-entry.ts';
import { openLedgerSource } from './ledger-source.ts';
import { wrongCallText } from './wrong-call.ts';

const USAGE = `countersign entry INDEX | ID [--document NAME] [--json]

Shows one entry of the ledger in DATABASE_URL: what happened, where, who took part, why, what it rests on, which entry it answers and
which answer it, and whether it is what was signed.

  --document NAME   prints one of the sealed documents it rests on, as it was sealed
  --json            for machines
`;

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** 0 when it was shown, 1 when it isn't what was recorded, 2 when there is nothing to show. */
export async function run(args: readonly string[], io: CommandIo): Promise<number> {
  let call: {
    readonly which: number | string;
    readonly document: string | undefined;
    readonly json: boolean;
  } | null;
  try {
    call = parse(args);
  } catch (error) {
    io.stderr.write(`countersign: ${wrongCallText(error)}\n\n${USAGE}`);
    return 2;
  }
  if (call === null) {
    io.stdout.write(USAGE);
    return 0;
  }
  const ledger = await openLedgerSource(io.env);
  try {
    const entry = await readAround(ledger.db, call.which);
    if (entry === null) {
      io.stderr.write(`countersign: there is no entry ${call.which}.\n`);
      return 2;
    }
    if (call.document !== undefined) {
      const body = await readDocument(ledger.db, documentNamed(entry, call.document).commitment);
      // As text: what was sealed otherwise is exported, not shown.
      io.stdout.write(body?.toString('utf8') ?? '');
      return 0;
    }
    const colours = io.stdout.isTTY === true && io.env['NO_COLOR'] === undefined;
    io.stdout.write(call.json ? `${JSON.stringify(entry, null, 2)}\n` : describeEntry(entry, colours));
    return entry.holds === false ? 1 : 0;
  } finally {
    await ledger.close();
  }
}

/** Null: help was asked for. Throws where the call is wrong. */
function parse(
  args: readonly string[],
): { readonly which: number | string; readonly document: string | undefined; readonly json: boolean } | null {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      document: { type: 'string' },
      json: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help === true) return null;
  const [which, more] = positionals;
  if (more !== undefined) throw new Error(`one argument too many: ${more}`);
  if (which === undefined) throw new Error('INDEX is missing');
  if (!UUID.test(which) && !/^\d{1,15}$/.test(which))
    throw new Error(`${which} is neither an index nor an id`);
  return {
    which: UUID.test(which) ? which.toLowerCase() : Number(which),
    document: values.document,
    json: values.json === true,
  };
}
