import { databaseAddressProblem } from '../config/database-address.ts';
import { migrate } from '../db/migrate.ts';
import { CodedError } from '../domain/coded-error.ts';
import type { CommandIo } from './command-io.ts';

const HELP = `countersign migrate

Brings the database's schema up to this version, as the owner's role. It can be run again, and by several at once.

  MIGRATION_DATABASE_URL   a login that may act as countersign_owner; the first time, it may create roles
                           unless a database administrator made countersign_owner, _writer, _reader and _eraser
`;

/** `countersign migrate`: 0 when the schema is as this version needs it, 2 when it could not be brought there. */
export async function run(args: readonly string[], io: CommandIo): Promise<number> {
  if (args.includes('--help') || args.includes('-h')) {
    io.stdout.write(HELP);
    return 0;
  }
  if (args.length > 0) {
    io.stderr.write(`countersign migrate takes no ${JSON.stringify(args[0])}\n\n${HELP}`);
    return 2;
  }
  const url = io.env['MIGRATION_DATABASE_URL']?.trim() ?? '';
  if (url === '') {
    io.stderr.write(
      "countersign migrate: MIGRATION_DATABASE_URL is not set. It is the address of the owner's login, as in " +
        'postgresql://countersign_migrator:…@host:5432/countersign. (The embedded PostgreSQL needs no migrate: ' +
        '`countersign start` brings it up by itself.)\n',
    );
    return 2;
  }
  const problem = databaseAddressProblem(url);
  if (problem !== null) {
    io.stderr.write(`countersign migrate: MIGRATION_DATABASE_URL ${problem}.\n`);
    return 2;
  }
  try {
    const applied = await migrate(url);
    for (const name of applied) io.stdout.write(`applied ${name}\n`);
    io.stdout.write(
      applied.length === 0 ? 'nothing to apply: the schema is up to date\n' : 'the schema is up to date\n',
    );
    return 0;
  } catch (error) {
    const message = error instanceof CodedError || error instanceof Error ? error.message : String(error);
    io.stderr.write(`countersign migrate: ${message}\n`);
    return 2;
  }
}
