/** `countersign incarnate`: goes on as a new log where outsiders know that the old one can't be continued. */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Kysely } from 'kysely';
import { readConfig } from '../config.ts';
import type { Database } from '../db/database.ts';
import { CodedError } from '../domain/coded-error.ts';
import type { WitnessAddress } from '../domain/witness.ts';
import { newEntryId } from '../ledger/format/entry-id.ts';
import { queryOf } from '../ledger/store/query.ts';
import { createSigner } from '../ledger/sequence/signer.ts';
import type { Contradiction } from '../ledger/verify/witnessed.ts';
import { compareWithWitness } from '../witness/compare-with-witness.ts';
import { incarnate } from '../witness/incarnate.ts';
import { openWitness } from '../witness/open-witness.ts';
import type { CommandIo } from './command-io.ts';
import { openLedgerSource } from './ledger-source.ts';
import { wrongCallText } from './wrong-call.ts';

const USAGE = `countersign incarnate --origin NEW --reason TEXT [--force]

After a restore that lost entries: ends the log in DATABASE_URL and begins another one, named NEW, whose first entry says which
log it goes on for, what an outsider holds of that one, and why. Every \`countersign start\` must have been stopped.

  DATABASE_URL            the writer's login, as for start
  COUNTERSIGN_LEDGER_KEY  the key that signs the new log
  COUNTERSIGN_CONFIG      the operator's file, which names the witnesses
  --force                 also where no witness contradicts the database, or one can't be asked
`;

export async function run(args: readonly string[], io: CommandIo): Promise<number> {
  let asked: { readonly origin: string; readonly reason: string; readonly force: boolean };
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        origin: { type: 'string' },
        reason: { type: 'string' },
        force: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
    if (values.help === true) {
      io.stdout.write(USAGE);
      return 0;
    }
    const [origin, reason] = [values.origin?.trim() ?? '', values.reason?.trim() ?? ''];
    if (origin === '' || reason === '')
      throw new Error(`--${origin === '' ? 'origin' : 'reason'} is missing`);
    asked = { origin, reason, force: values.force === true };
  } catch (error) {
    io.stderr.write(`countersign: ${wrongCallText(error)}\n\n${USAGE}`);
    return 2;
  }
  const config = readConfig(io.env, (path) => readFileSync(path, 'utf8'), { environments: [] });
  if (config.ledgerKey === null) {
    throw new CodedError(
      'configuration_invalid',
      'COUNTERSIGN_LEDGER_KEY is missing: it is the key that signs the new log; make one with `countersign keygen`, or take the old one.',
    );
  }
  const signer = createSigner({ origin: asked.origin, privateKey: config.ledgerKey.reveal() });
  const ledger = await openLedgerSource(io.env, 'writerUrl');
  try {
    const { contradictions, unreached } = await askWitnesses(ledger.db, config.witnesses);
    for (const { sentence } of contradictions) io.stderr.write(`countersign: ${sentence}\n`);
    for (const message of unreached) io.stderr.write(`countersign: ${message}\n`);
    if (!asked.force) assertNeeded(contradictions, unreached);
    const now = new Date().toISOString();
    const random = (size: number): Uint8Array => randomBytes(size);
    const { before, entryId } = await incarnate(
      ledger.db,
      { signer, reason: asked.reason, witnessed: farthest(contradictions) },
      { id: newEntryId(now, random), now, random },
    );
    io.stdout.write(
      `${before.origin} ended at ${before.size}. ${signer.origin} goes on for it; its entry 0 (ledger.incarnated, ${entryId}) says so.\n` +
        `Start Countersign with COUNTERSIGN_LEDGER_ORIGIN=${signer.origin}, and publish its key:\n${signer.vkey}\n`,
    );
    return 0;
  } finally {
    await ledger.close();
  }
}

interface Asked {
  readonly contradictions: readonly Contradiction[];
  readonly unreached: readonly string[];
}

async function askWitnesses(db: Kysely<Database>, addresses: readonly WitnessAddress[]): Promise<Asked> {
  const log = await db
    .selectFrom('ledger.log')
    .select(['origin', 'vkey'])
    .orderBy('log_id', 'desc')
    .limit(1)
    .executeTakeFirst();
  const contradictions: Contradiction[] = [];
  const unreached: string[] = [];
  if (log === undefined) return { contradictions, unreached };
  const directory = await mkdtemp(join(tmpdir(), 'countersign-witness-'));
  try {
    for (const address of addresses) {
      const witness = openWitness(address, { directory, now: () => new Date().toISOString() });
      try {
        const { contradiction, newest } = await compareWithWitness(queryOf(db), witness, log);
        if (contradiction !== null) contradictions.push(contradiction);
        if (newest === 'unknown') unreached.push(`witness ${witness.name} does not tell what it has.`);
      } catch (error) {
        if (!(error instanceof CodedError)) throw error;
        unreached.push(error.message);
      }
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
  return { contradictions, unreached };
}

/** A new log is a break in the record: there has to be a reason for it that others can see. */
function assertNeeded(contradictions: readonly Contradiction[], unreached: readonly string[]): void {
  if (contradictions.every(({ checkpoint }) => checkpoint === null)) {
    throw new CodedError(
      'incarnation_unneeded',
      'no witness holds a checkpoint that this log can’t continue, so it need not end. If it must all the same (its key is lost, say), add --force.',
    );
  }
  if (unreached.length > 0) {
    throw new CodedError(
      'witness_unreachable',
      'a witness that can’t be asked may hold a later checkpoint than the others, which the new log should name. Try again when it can be, or add --force.',
    );
  }
}

/** The note of the largest checkpoint that this log can't continue, signed by the log's own key; null where there is none. */
function farthest(contradictions: readonly Contradiction[]): string | null {
  const [first] = contradictions
    .filter(({ checkpoint }) => checkpoint !== null)
    .toSorted((a, b) => (b.checkpoint?.size ?? 0) - (a.checkpoint?.size ?? 0));
  return first?.held.note ?? null;
}
