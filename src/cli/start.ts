import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseEnv } from 'node:util';
import { pino } from 'pino';
import { startApp } from '../app.ts';
import { type Config, readConfig } from '../config.ts';
import { startEmbeddedPostgres } from '../db/embedded-postgres.ts';
import { migrate } from '../db/migrate.ts';
import { CodedError } from '../domain/coded-error.ts';
import { generateLedgerKey } from '../ledger/sequence/signer.ts';
import { setUp } from '../web/setup.ts';
import type { CommandIo } from './command-io.ts';
import { parseCommandArguments } from './parse-command-arguments.ts';

const HELP = `countersign start [--environment NAME …]

Serves webhooks and works jobs until SIGTERM or SIGINT, then finishes what is under way.

  --environment NAME   deploy to these environments only, and read only their secrets (may be repeated)

Without DATABASE_URL a PostgreSQL of its own is started under ./data. Without GitHub's credentials (APP_ID, PRIVATE_KEY,
WEBHOOK_SECRET) a page on this machine creates the GitHub App.
`;

const DATA = 'data';

/** Serves until it is told to stop; 0 after an orderly stop. */
export async function run(args: readonly string[], io: CommandIo): Promise<number> {
  const command = { usage: HELP, options: [], repeatable: ['environment'], positionals: 0 };
  const parsed = parseCommandArguments(args, command, io);
  if (typeof parsed === 'number') return parsed;
  const stopAsked = stopSignal();
  const read = (): Config =>
    readConfig(environmentWith(io.env, credentialsFile()), (path) => readFileSync(path, 'utf8'), {
      environments: parsed.lists['environment'] ?? null,
    });
  let config = read();
  if (config.migrationDatabaseUrl !== null) {
    throw new CodedError(
      'owner_credentials_present',
      "MIGRATION_DATABASE_URL is set: a serving process must not hold the owner's password. Unset it, and run `countersign migrate` apart.",
    );
  }
  if (config.github === null) {
    if ((await setUp({ config, io, file: credentialsFile(), stopped: stopAsked.promise })) === 'stopped')
      return 0;
    config = read();
  }
  const { github } = config;
  if (github === null) throw new Error('the set-up ended without credentials');

  const database = await openOwnOrGiven(config, io);
  try {
    const app = await startApp({
      config,
      github,
      databaseUrl: database.url,
      ledgerKey: config.ledgerKey?.reveal() ?? database.ledgerKey(),
      ...(config.ledgerPreviousKey === null ? {} : { ledgerPreviousKey: config.ledgerPreviousKey.reveal() }),
      ledgerOrigin: config.ledgerOrigin ?? database.ledgerOrigin(),
      dataDir: resolve(DATA),
      log: pino({ level: config.logLevel }),
    });
    io.stderr.write(`countersign: serving on ${app.url}\n`);
    const unsafe = await Promise.race([stopAsked.promise, app.unsafe]);
    io.stderr.write('countersign: finishing what is under way …\n');
    await app.stop();
    if (unsafe !== undefined) throw unsafe;
  } finally {
    await database.stop();
    stopAsked.dispose();
  }
  return 0;
}

interface OpenedDatabase {
  readonly url: string;
  ledgerKey(): string;
  ledgerOrigin(): string;
  stop(): Promise<void>;
}

async function openOwnOrGiven(config: Config, io: CommandIo): Promise<OpenedDatabase> {
  if (config.databaseUrl !== null) {
    const missing = (name: string, mend: string) => (): never => {
      throw new CodedError(
        'configuration_invalid',
        `the configuration has one problem:\n  ${name}: is missing; ${mend}`,
      );
    };
    return {
      url: config.databaseUrl.reveal(),
      ledgerKey: missing(
        'COUNTERSIGN_LEDGER_KEY',
        'make one with `npx countersign keygen` and keep it outside the database',
      ),
      ledgerOrigin: missing(
        'COUNTERSIGN_LEDGER_ORIGIN',
        'name the log, as in countersign.example.com/ledger/1; the name can’t be changed later',
      ),
      stop: () => Promise.resolve(),
    };
  }
  const directory = resolve(DATA);
  io.stderr.write(
    `\ncountersign: DATABASE_URL is not set.\n` +
      `countersign: A PostgreSQL of its own is used, with its data and the ledger's key side by side in ${directory}.\n` +
      `countersign: That is for looking around. Whoever can write there can rewrite the ledger: give it a database and a key elsewhere.\n\n`,
  );
  mkdirSync(directory, { recursive: true });
  const embedded = await startEmbeddedPostgres({
    dataDir: join(directory, 'postgres'),
    log: () => undefined,
  });
  await migrate(embedded.ownerUrl);
  return {
    url: embedded.writerUrl,
    ledgerKey: () => ownKey(join(directory, 'ledger.key')),
    ledgerOrigin: () => ownOrigin(join(directory, 'ledger.origin')),
    stop: () => embedded.stop(),
  };
}

function ownKey(file: string): string {
  if (!existsSync(file)) writeFileSync(file, generateLedgerKey(), { mode: 0o600, flag: 'wx' });
  chmodSync(file, 0o600);
  return readFileSync(file, 'utf8');
}

/** No two logs may have the same name, so one that nobody named gets a random part. */
function ownOrigin(file: string): string {
  if (!existsSync(file))
    writeFileSync(file, `countersign-${randomBytes(6).toString('hex')}.local/ledger/1\n`, { flag: 'wx' });
  return readFileSync(file, 'utf8').trim();
}

const credentialsFile = (): string => join(DATA, 'github-app.env');

/** What the set-up page stored stands in for variables that aren't set; a variable always wins. */
function environmentWith(env: CommandIo['env'], file: string): Record<string, string | undefined> {
  if (!existsSync(file)) return { ...env };
  return { ...parseEnv(readFileSync(file, 'utf8')), ...env };
}

/** Resolves at the first SIGTERM or SIGINT; a second one ends the process at once. */
function stopSignal(): { readonly promise: Promise<void>; dispose(): void } {
  const { promise, resolve: stop } = Promise.withResolvers<void>();
  const signals = ['SIGTERM', 'SIGINT'] as const;
  let asked = false;
  const onSignal = (): void => {
    if (asked) process.exit(130);
    asked = true;
    stop();
  };
  for (const signal of signals) process.on(signal, onSignal);
  return {
    promise,
    dispose: () => {
      for (const signal of signals) process.off(signal, onSignal);
    },
  };
}
