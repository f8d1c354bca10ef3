/** `countersign witness status`: what those outside have of the ledger, asked of them. */
import { mkdtemp, rm } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Kysely } from 'kysely';
import { readConfig } from '../config.ts';
import type { Database } from '../db/database.ts';
import { CodedError } from '../domain/coded-error.ts';
import { witnessName } from '../domain/witness.ts';
import { parseCheckpoint } from '../ledger/format/checkpoint.ts';
import { queryOf } from '../ledger/store/query.ts';
import { witnessTitle } from '../ledger/verify/witnessed.ts';
import { compareWithWitness } from '../witness/compare-with-witness.ts';
import { openWitness } from '../witness/open-witness.ts';
import type { CommandIo } from './command-io.ts';
import { openLedgerSource } from './ledger-source.ts';
import { wrongCallText } from './wrong-call.ts';

const USAGE = `countersign witness status [--offline]

Asks each witness in the operator's file (COUNTERSIGN_CONFIG) what it has of the ledger in DATABASE_URL, and compares it.
--offline asks nobody: it tells what this database notes of them, which whoever can rewrite it can rewrite too.

Ends with 0 where all have what is newest here (or lag less than an hour), 1 where one lags, can't be asked or contradicts the
ledger, 2 where it couldn't be read.
`;

const HOUR = 3_600_000;

export async function run(args: readonly string[], io: CommandIo): Promise<number> {
  let offline: boolean;
  try {
    const options = { offline: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } } as const;
    const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options });
    if (values.help === true) {
      io.stdout.write(USAGE);
      return 0;
    }
    if (positionals.length !== 1 || positionals[0] !== 'status')
      throw new Error('it is `countersign witness status`');
    offline = values.offline === true;
  } catch (error) {
    io.stderr.write(`countersign: ${wrongCallText(error)}\n\n${USAGE}`);
    return 2;
  }
  // No environment's secrets: only the witnesses' own.
  const config = readConfig(io.env, (path) => readFileSync(path, 'utf8'), { environments: [] });
  const ledger = await openLedgerSource(io.env);
  const directory = await mkdtemp(join(tmpdir(), 'countersign-witness-'));
  try {
    const log = await newestLog(ledger.db);
    if (config.witnesses.length === 0) {
      io.stdout.write(
        'There is no witness: name one in the operator’s file (docs/ledger.md, "Witnesses").\n',
      );
      return 1;
    }
    const now = new Date();
    let worst = 0;
    for (const address of config.witnesses) {
      const name = witnessName(address);
      const noted = await notedOf(ledger.db, log.log_id, name);
      const told = offline
        ? standing(noted)
        : await asked(
            ledger.db,
            openWitness(address, { directory, now: () => now.toISOString() }),
            log,
            noted,
          );
      const line = await describe(ledger.db, log.log_id, told, now);
      io.stdout.write(`${witnessTitle(name)}\n  ${line.text}\n`);
      worst = Math.max(worst, line.bad ? 1 : 0);
    }
    return worst;
  } finally {
    await rm(directory, { recursive: true, force: true });
    await ledger.close();
  }
}

interface Log {
  readonly log_id: number;
  readonly origin: string;
  readonly vkey: string;
}

interface Noted {
  readonly size: number;
  readonly at: Date;
}

type Told =
  | { readonly kind: 'has'; readonly size: number; readonly at: Date | null; readonly remark: string }
  | { readonly kind: 'nothing' }
  | { readonly kind: 'bad'; readonly sentence: string };

async function asked(
  db: Kysely<Database>,
  witness: ReturnType<typeof openWitness>,
  log: Log,
  noted: Noted | null,
): Promise<Told> {
  try {
    const { newest, contradiction } = await compareWithWitness(queryOf(db), witness, log);
    if (contradiction !== null) return { kind: 'bad', sentence: contradiction.sentence };
    if (newest === null) return { kind: 'nothing' };
    if (newest === 'unknown') return standing(noted, ' (as noted here: it does not tell what it has)');
    const { size } = parseCheckpoint(newest.note);
    return { kind: 'has', size, at: newest.since === null ? null : new Date(newest.since), remark: '' };
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    return { kind: 'bad', sentence: `It can't be asked: ${error.message}` };
  }
}

function standing(noted: Noted | null, remark = ' (as noted here)'): Told {
  return noted === null ? { kind: 'nothing' } : { kind: 'has', ...noted, remark };
}

/** `witnessed up to #999, 3 minutes ago; nothing is newer here` */
async function describe(
  db: Kysely<Database>,
  logId: number,
  told: Told,
  now: Date,
): Promise<{ readonly text: string; readonly bad: boolean }> {
  if (told.kind === 'bad') return { text: told.sentence, bad: true };
  const size = told.kind === 'has' ? told.size : 0;
  const waiting = await db
    .selectFrom('ledger.checkpoint')
    .select((select) => [select.fn.max('size').as('size'), select.fn.min('signed_at').as('since')])
    .where('log_id', '=', logId)
    .where('size', '>', size)
    .executeTakeFirst();
  const newer = Math.max(0, (waiting?.size ?? 0) - size);
  const lags = newer > 0 && now.getTime() - (waiting?.since?.getTime() ?? now.getTime()) > HOUR;
  const since =
    waiting?.since === undefined || waiting.since === null
      ? ''
      : `, the oldest since ${ago(waiting.since, now)}`;
  const rest =
    newer === 0
      ? 'nothing is newer here'
      : `${newer === 1 ? '1 entry is' : `${newer} entries are`} newer here${since}`;
  if (told.kind === 'nothing') return { text: `has nothing of this log yet; ${rest}`, bad: lags };
  const when = told.at === null ? '' : `, ${ago(told.at, now)} ago`;
  const upTo = size === 0 ? 'witnessed while it was empty' : `witnessed up to #${size - 1}`;
  return { text: `${upTo}${when}${told.remark}; ${rest}`, bad: lags };
}

/** `3 minutes` */
function ago(time: Date, now: Date): string {
  const minutes = Math.max(0, Math.floor((now.getTime() - time.getTime()) / 60_000));
  const [count, unit] =
    minutes < 120
      ? [minutes, 'minute']
      : minutes < 2880
        ? [Math.floor(minutes / 60), 'hour']
        : [Math.floor(minutes / 1440), 'day'];
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}

/** With the key that the database says signs it; `readDatabaseLog` adds those that came after. */
async function newestLog(db: Kysely<Database>): Promise<Log> {
  const log = await db
    .selectFrom('ledger.log')
    .select(['log_id', 'origin', 'vkey'])
    .orderBy('log_id', 'desc')
    .limit(1)
    .executeTakeFirst();
  if (log === undefined)
    throw new CodedError(
      'ledger_absent',
      'this database has no log yet: start Countersign once, so that it begins one.',
    );
  return log;
}

async function notedOf(db: Kysely<Database>, logId: number, witness: string): Promise<Noted | null> {
  const row = await db
    .selectFrom('ledger.witness')
    .select(['size', 'seen_at'])
    .where('log_id', '=', logId)
    .where('witness', '=', witness)
    .orderBy('size', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row === undefined ? null : { size: row.size, at: row.seen_at };
}
