/**
 * Brings the schema up: `migrations/*.sql`, each once, in order, then the ledger's next years, then the queue's own. It owns the record of what
 * was applied and refuses whatever doesn't fit it: a file that changed after it landed, a schema newer than this code.
 */
import { createHash } from 'node:crypto';
import * as fs from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import * as path from 'node:path';
import { Client, DatabaseError } from 'pg';
import { CodedError } from '../domain/coded-error.ts';
import { connectionProblem } from './connection-problem.ts';
import { createYears } from './entry-years.ts';
import { migrateQueue } from './migrate-queue.ts';

export interface MigrationFile {
  readonly name: string;
  readonly text: string;
  readonly sha256: string;
}

/** Any number; the same in every Countersign, so that they wait for one another in one database. */
const ADVISORY_LOCK = 7_062_196_962;
const OWNER = 'countersign_owner';
const NOT_ALLOWED = '42501';
const OWNER_NEEDED =
  'MIGRATION_DATABASE_URL must name a login that may act as countersign_owner (and, the first time, create roles).';
const DIRECTORY = fileURLToPath(new URL('../../migrations/', import.meta.url));

/** Roles belong to the whole cluster, where our lock doesn't reach: two databases may create them at once. */
const ROLE_CLASHES = new Set(['23505', '42710', 'XX000']);

/** Applies what is missing, and returns the names of what it applied. Any number may run at once. */
export async function migrate(
  ownerUrl: string,
  directory: string = DIRECTORY,
  now: Date = new Date(),
): Promise<string[]> {
  const files = await readMigrations(directory);
  const client = new Client({ connectionString: ownerUrl, application_name: 'countersign migrate' });
  client.on('error', () => undefined);
  try {
    await client.connect();
  } catch (error) {
    throw connectionProblem(error, { variable: 'MIGRATION_DATABASE_URL', url: ownerUrl }) ?? error;
  }
  try {
    await client.query('SELECT pg_advisory_lock($1)', [ADVISORY_LOCK]);
    const missing = missingFrom(files, await readApplied(client));
    for (const file of missing) await apply(client, file);
    const years = await createYears(client, OWNER, now);
    const queue = await migrateQueue(client, OWNER);
    return [...missing.map((file) => file.name), ...years, ...queue];
  } catch (error) {
    throw stateOf(error) === NOT_ALLOWED
      ? new CodedError(
          'migration_failed',
          `${OWNER_NEEDED} (${error instanceof Error ? error.message : ''})`,
          error,
        )
      : error;
  } finally {
    await client.end();
  }
}

/** The files of `directory`, in order. */
export async function readMigrations(directory: string = DIRECTORY): Promise<MigrationFile[]> {
  const names = (await fs.readdir(directory)).filter((name) => name.endsWith('.sql')).sort();
  for (const [index, name] of names.entries()) {
    if (!name.startsWith(`${String(index + 1).padStart(4, '0')}_`)) {
      throw new CodedError(
        'migration_misnumbered',
        `migrations/${name} should be number ${index + 1}: each file is named NNNN_what.sql, without gaps.`,
      );
    }
  }
  return await Promise.all(
    names.map(async (name) => {
      const text = await fs.readFile(path.join(directory, name), 'utf8');
      return { name, text, sha256: createHash('sha256').update(text).digest('hex') };
    }),
  );
}

/** What is still to be applied; throws where the database's past and these files differ. */
function missingFrom(files: readonly MigrationFile[], applied: readonly Applied[]): MigrationFile[] {
  for (const [index, past] of applied.entries()) {
    const file = files[index];
    if (file === undefined) {
      throw new CodedError(
        'schema_newer',
        `the database has the migration ${past.name}, which this version of Countersign doesn't know. ` +
          'Use the version that made it, or a newer one.',
      );
    }
    if (file.name !== past.name || file.sha256 !== past.sha256) {
      throw new CodedError(
        'migration_changed',
        `migrations/${file.name} is not what was applied as ${past.name} (sha256 ${past.sha256}). ` +
          'A landed migration is never edited: restore it, and write a new one.',
      );
    }
  }
  return files.slice(applied.length);
}

/**
 * One transaction each: what a crash leaves is the migrations before this one. The first makes the roles, so it runs
 * as the login; all later ones run as the owner, so that everything they make is the owner's.
 */
async function apply(client: Client, file: MigrationFile): Promise<void> {
  const first = file.name.startsWith('0001_');
  for (let attempt = 1; ; attempt += 1) {
    try {
      await client.query('BEGIN');
      if (!first) await client.query(`SET LOCAL ROLE ${OWNER}`);
      await client.query(file.text);
      if (first) await client.query(CREATE_RECORD);
      await client.query('INSERT INTO countersign_schema.migration (name, sha256) VALUES ($1, $2)', [
        file.name,
        file.sha256,
      ]);
      await client.query('COMMIT');
      return;
    } catch (error) {
      await client.query('ROLLBACK');
      if (first && attempt < 10 && ROLE_CLASHES.has(stateOf(error))) continue;
      throw explained(file, error);
    }
  }
}

interface Applied {
  readonly name: string;
  readonly sha256: string;
}

const CREATE_RECORD = `
  SET LOCAL ROLE ${OWNER};
  CREATE SCHEMA countersign_schema;
  CREATE TABLE countersign_schema.migration (
    name text PRIMARY KEY,
    sha256 text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    applied_by text NOT NULL DEFAULT session_user
  );
  GRANT USAGE ON SCHEMA countersign_schema TO countersign_writer, countersign_reader;
  GRANT SELECT ON countersign_schema.migration TO countersign_writer, countersign_reader;
`;

async function readApplied(client: Client): Promise<Applied[]> {
  const { rows } = await client.query<{ there: boolean }>(
    "SELECT to_regclass('countersign_schema.migration') IS NOT NULL AS there",
  );
  if (rows[0]?.there !== true) return [];
  await client.query(`SET ROLE ${OWNER}`);
  const applied = await client.query<Applied>(
    'SELECT name, sha256 FROM countersign_schema.migration ORDER BY name',
  );
  await client.query('RESET ROLE');
  return applied.rows;
}

function stateOf(error: unknown): string {
  return error instanceof DatabaseError ? (error.code ?? '') : '';
}

function explained(file: MigrationFile, error: unknown): unknown {
  if (!(error instanceof DatabaseError)) return error;
  const line = file.text.slice(0, Number(error.position ?? 0)).split('\n').length;
  const where = `migrations/${file.name}${error.position === undefined ? '' : `:${line}`}: ${error.message}`;
  return new CodedError(
    'migration_failed',
    error.code === NOT_ALLOWED ? `${OWNER_NEEDED} (${where})` : `${where}.`,
    error,
  );
}
