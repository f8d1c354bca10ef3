import { Client } from 'pg';
import type { Credentials, LoginName } from './credentials.ts';
import { LOGINS, urlOf } from './credentials.ts';

/** Which group role each login acts as. The groups' rights come with the migrations. */
const MEMBERSHIPS = {
  owner: 'countersign_owner',
  writer: 'countersign_writer',
  reader: 'countersign_reader',
  eraser: 'countersign_eraser',
} as const satisfies Partial<Record<LoginName, string>>;

export const DATABASE = 'countersign';

/**
 * What a database administrator does once for a PostgreSQL of their own (`docs` has it as SQL): the group roles, one
 * login in each, and the database. Run at every start, so that a start that died half way is made whole.
 */
export async function ensureLogins(credentials: Credentials): Promise<void> {
  const client = new Client({ connectionString: urlOf(credentials, 'superuser', 'postgres') });
  await client.connect();
  try {
    const present = new Set(
      (await client.query<{ rolname: string }>('SELECT rolname FROM pg_roles')).rows.map(
        (row) => row.rolname,
      ),
    );
    const create = async (role: string, options: string): Promise<void> => {
      await client.query(`${present.has(role) ? 'ALTER' : 'CREATE'} ROLE ${role} ${options}`);
    };
    for (const group of Object.values(MEMBERSHIPS)) await create(group, 'NOLOGIN');
    for (const login of ['owner', 'writer', 'reader', 'eraser'] as const) {
      const password = client.escapeLiteral(credentials.passwords[login]);
      await create(LOGINS[login], `LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD ${password}`);
      await client.query(`GRANT ${MEMBERSHIPS[login]} TO ${LOGINS[login]}`);
    }
    const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [DATABASE]);
    if (rowCount === 0) await client.query(`CREATE DATABASE ${DATABASE} OWNER ${MEMBERSHIPS.owner}`);
    await client.query(`REVOKE ALL ON DATABASE ${DATABASE} FROM PUBLIC`);
    await client.query(`GRANT CONNECT ON DATABASE ${DATABASE} TO ${Object.values(MEMBERSHIPS).join(', ')}`);
  } finally {
    await client.end();
  }
}
