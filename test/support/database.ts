import { randomBytes } from 'node:crypto';
import type { Kysely } from 'kysely';
import type { QueryResult } from 'pg';
import { Client } from 'pg';
import type { Database } from '../../src/db/database.ts';
import type { EmbeddedPostgresUrls } from '../../src/db/embedded-postgres.ts';
import { openDatabase } from '../../src/db/open-database.ts';
import { runningCluster } from './test-cluster.ts';

/** A database of one test file's own, and what each login reaches it by. */
export interface TestDatabase extends EmbeddedPostgresUrls {
  readonly name: string;
  /** As the app's login. */
  readonly db: Kysely<Database>;
  drop(): Promise<void>;
}

/** Copies the migrated database, grants and all. Takes some tens of milliseconds. */
export async function createTestDatabase(): Promise<TestDatabase> {
  return await createFrom('countersign');
}

/** A database with nothing in it: what a migration begins with. */
export async function createEmptyDatabase(): Promise<TestDatabase> {
  return await createFrom('template0');
}

async function createFrom(template: string): Promise<TestDatabase> {
  const cluster = runningCluster();
  if (cluster === null) throw new Error('no PostgreSQL: this test belongs in test/integration or test/e2e');
  const name = `test_${randomBytes(6).toString('hex')}`;
  await asSuperuser(cluster, async (client) => {
    await client.query(`CREATE DATABASE ${name} TEMPLATE ${template} OWNER countersign_owner`);
    // A copy has its template's contents, but not what was granted on the database itself.
    await client.query(
      "UPDATE pg_database SET datacl = (SELECT datacl FROM pg_database WHERE datname = 'countersign') WHERE datname = $1",
      [name],
    );
  });
  const urls = {
    ownerUrl: inDatabase(cluster.ownerUrl, name),
    writerUrl: inDatabase(cluster.writerUrl, name),
    readerUrl: inDatabase(cluster.readerUrl, name),
    eraserUrl: inDatabase(cluster.eraserUrl, name),
    superuserUrl: inDatabase(cluster.superuserUrl, name),
  };
  const db = openDatabase(urls.writerUrl);
  return {
    ...urls,
    name,
    db,
    drop: async () => {
      await db.destroy();
      await asSuperuser(cluster, async (client) => {
        await client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
      });
    },
  };
}

/** Runs SQL as one login, on a connection of its own, and returns the rows (of the last statement, if there are several). */
export async function query(
  url: string,
  text: string,
  values?: readonly unknown[],
): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    const results: unknown = await client.query(text, values === undefined ? undefined : [...values]);
    const last = (Array.isArray(results) ? results.at(-1) : results) as QueryResult<Record<string, unknown>>;
    return last.rows;
  } finally {
    await client.end();
  }
}

async function asSuperuser(
  cluster: EmbeddedPostgresUrls,
  act: (client: Client) => Promise<void>,
): Promise<void> {
  const client = new Client({ connectionString: inDatabase(cluster.superuserUrl, 'postgres') });
  await client.connect();
  try {
    await act(client);
  } finally {
    await client.end();
  }
}

function inDatabase(url: string, name: string): string {
  const parsed = new URL(url);
  parsed.pathname = `/${name}`;
  return parsed.toString();
}
