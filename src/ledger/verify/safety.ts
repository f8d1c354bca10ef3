/**
 * Whether this process could rewrite the ledger. It asks PostgreSQL what the connected role may do and whether the guards
 * stand as they were released; on any doubt the program must not start, for its records would be worth nothing.
 */
import { createHash } from 'node:crypto';
import type { Kysely } from 'kysely';
import type { Database } from '../../db/database.ts';
import { CodedError } from '../../domain/coded-error.ts';
import { hidingTables } from './hidden-entries.ts';
import type { Query } from '../store/query.ts';
import { queryOf } from '../store/query.ts';

/** Tables whose rows stay: neither changed nor, by anyone, deleted. */
const KEPT = [
  'entry',
  'log',
  'log_key',
  'integration',
  'tile',
  'checkpoint',
  'witness',
  'retirement',
] as const;
/** Tables whose rows come with the head or after it. */
const WITHIN_HEAD = ['integration', 'tile', 'checkpoint'] as const;
/** Tables whose rows may be erased, by the eraser, and never changed. */
const ERASABLE = ['subject', 'subject_login', 'document'] as const;

/** Of `pg_trigger.tgtype`: row 1, before 2, insert 4, delete 8, update 16, truncate 32. */
const [ROW, BEFORE, INSERT, DELETE, UPDATE, TRUNCATE] = [1, 2, 4, 8, 16, 32] as const;

/** SHA-256 of the trigger functions' bodies, as released. A test compares them with the migration. */
export const GUARD_DIGESTS: Readonly<Record<string, string>> = {
  refuse: '5a08dc0be65efbded71050887f8c42c7017c3884dfba0e20e096925b808a478d',
  only_forward: '5faf52ccb5bf3ec67049caefac7f22e87f8c32093abf21bb074f934ac0905d8c',
  within_head: 'a2fbf3e3ad4a50d939cba61b7b973ba017c3c0c495e7bb4eea866e62a9e081be',
};

const LEAF_HASH = "sha256(('\\x00'::bytea || canonical))";

/** Throws `ledger_unsafe` with everything that is wrong and how to mend it. */
export async function assertLedgerSafe(db: Kysely<Database>): Promise<void> {
  const problems = await ledgerProblems(db);
  if (problems.length > 0) throw ledgerUnsafe(problems);
}

/** What would let this process, or somebody beside it, rewrite the ledger unhindered; a sentence each, with its mend. */
export async function ledgerProblems(db: Kysely<Database>): Promise<string[]> {
  const query = queryOf(db);
  const { problems, every } = await roleProblems(query);
  // Whoever may do everything needs no list of what.
  return [...problems, ...(every ? [] : await rightProblems(query)), ...(await guardProblems(query))];
}

/** All of it in one error. */
export function ledgerUnsafe(problems: readonly string[]): CodedError {
  return new CodedError(
    'ledger_unsafe',
    `the ledger could be rewritten, so nothing runs on it:\n${problems.map((problem) => `- ${problem}`).join('\n')}\n` +
      'DATABASE_URL must name a login that is a member of countersign_writer and of nothing else; `countersign migrate` makes the schema.',
  );
}

/** `every`: such a role has every right on the ledger, granted or not. */
async function roleProblems(query: Query): Promise<{ problems: string[]; every: boolean }> {
  const rows = await query<{
    rolname: string;
    rolsuper: boolean;
    rolbypassrls: boolean;
    rolcreaterole: boolean;
    rolreplication: boolean;
  }>(
    'SELECT rolname, rolsuper, rolbypassrls, rolcreaterole, rolreplication FROM pg_roles WHERE rolname IN (current_user, session_user)',
  );
  const problems = rows.flatMap(({ rolname, ...is }) => [
    ...(is.rolsuper ? [`${rolname} is a superuser, whom neither grants nor triggers stop.`] : []),
    ...(is.rolbypassrls
      ? [`${rolname} has BYPASSRLS: take it away with ALTER ROLE ${rolname} NOBYPASSRLS.`]
      : []),
    ...(is.rolcreaterole
      ? [`${rolname} has CREATEROLE and could make itself the owner: ALTER ROLE ${rolname} NOCREATEROLE.`]
      : []),
    ...(is.rolreplication
      ? [`${rolname} has REPLICATION: take it away with ALTER ROLE ${rolname} NOREPLICATION.`]
      : []),
  ]);
  // A superuser is a member of everything; saying so for each role would hide what is wrong.
  if (rows.some((row) => row.rolsuper)) return { problems, every: true };
  const memberships = await query<{ login: string; role: string; owns: boolean }>(
    `SELECT login, role, role = (SELECT pg_get_userbyid(nspowner) FROM pg_namespace WHERE nspname = 'ledger') AS owns FROM (
       SELECT DISTINCT pg_get_userbyid(relowner) AS role FROM pg_class WHERE relnamespace = to_regnamespace('ledger')
       UNION SELECT pg_get_userbyid(proowner) FROM pg_proc WHERE pronamespace = to_regnamespace('ledger')
       UNION SELECT pg_get_userbyid(nspowner) FROM pg_namespace WHERE nspname = 'ledger'
       UNION SELECT rolname FROM pg_roles WHERE rolname IN ('countersign_owner', 'countersign_eraser', 'pg_write_all_data',
         'pg_write_server_files', 'pg_execute_server_program', 'pg_maintain', 'pg_create_subscription')
     ) AS roles, (SELECT DISTINCT unnest(ARRAY[current_user, session_user]) AS login) AS logins
     WHERE pg_has_role(login, role, 'MEMBER') ORDER BY login, role`,
  );
  return {
    problems: [
      ...problems,
      ...memberships.map(({ login, role }) =>
        login === role
          ? `${login} owns the ledger.`
          : `${login} may act as ${role}: REVOKE ${role} FROM ${login}.`,
      ),
    ],
    every: memberships.some(({ owns }) => owns),
  };
}

async function rightProblems(query: Query): Promise<string[]> {
  const rows = await query<{
    role: string;
    name: string;
    rights: string[];
    columns: string[];
    granted: string[];
  }>(
    `SELECT current_user::text AS role, c.relname AS name,
       ARRAY(SELECT p FROM unnest(ARRAY['UPDATE', 'DELETE', 'TRUNCATE', 'TRIGGER']) p WHERE has_table_privilege(c.oid, p)) AS rights,
       ARRAY(SELECT a.attname::text FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
             AND has_column_privilege(c.oid, a.attnum, 'UPDATE')) AS columns,
       ARRAY(SELECT x.privilege_type || ' ' || ${GRANTEE} FROM aclexplode(c.relacl) x WHERE ${OURS}
             UNION SELECT a.attname || ' ' || ${GRANTEE} FROM pg_attribute a, aclexplode(a.attacl) x
             WHERE a.attrelid = c.oid AND x.privilege_type = 'UPDATE' AND ${OURS}) AS granted
     FROM pg_class c WHERE c.relnamespace = to_regnamespace('ledger') AND c.relkind IN ('r', 'p') ORDER BY c.relname`,
  );
  if (rows.length === 0)
    return ['there is no ledger in this database, or this role may not see it: run `countersign migrate`.'];
  const problems = rows.flatMap(({ role, name, rights, columns, granted }) => {
    const excess = rights.filter((right) => !(name === 'pending' && right === 'DELETE'));
    const changeable = columns.filter(
      (column) => !(name === 'head' && (column === 'size' || column === 'root')),
    );
    const revoke = (what: readonly string[], text: string): string => {
      const from = granted.map((each) => each.split(' ')).filter(([right = '']) => what.includes(right));
      const grantees = [...new Set(from.map(([, grantee = '']) => grantee))].toSorted();
      return `REVOKE ${text} ON ledger.${name} FROM ${grantees.length === 0 ? role : grantees.join(', ')}.`;
    };
    const all = excess.join(', ');
    return [
      ...(excess.length > 0 ? [`${role} may ${all} on ledger.${name}: ${revoke(excess, all)}`] : []),
      ...(changeable.length > 0 && !excess.includes('UPDATE')
        ? [
            `${role} may UPDATE ${changeable.join(', ')} of ledger.${name}: ${revoke(changeable, `UPDATE (${changeable.join(', ')})`)}`,
          ]
        : []),
    ];
  });
  const [schema] = await query<{ role: string; create: boolean; grantees: string[] }>(
    `SELECT current_user::text AS role, has_schema_privilege(n.oid, 'CREATE') AS create,
       ARRAY(SELECT ${GRANTEE} FROM aclexplode(n.nspacl) x WHERE x.privilege_type = 'CREATE' AND ${OURS}) AS grantees
     FROM pg_namespace n WHERE n.nspname = 'ledger'`,
  );
  if (schema?.create !== true) return problems;
  const from = schema.grantees.length === 0 ? schema.role : schema.grantees.join(', ');
  return [
    ...problems,
    `${schema.role} may create objects in the schema ledger: REVOKE CREATE ON SCHEMA ledger FROM ${from}.`,
  ];
}

/** Of `aclexplode(…) x`: to whom it was granted, as SQL names them, and whether that is the connected role or one that it has. */
const GRANTEE = `CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(x.grantee)::text END`;
const OURS = `(x.grantee = 0 OR pg_has_role(x.grantee, 'MEMBER'))`;

interface Trigger {
  readonly table: string;
  readonly name: string;
  readonly function: string;
  readonly type: number;
  readonly enabled: string;
  readonly conditional: boolean;
}

async function guardProblems(query: Query): Promise<string[]> {
  // In one statement: a partition that is made or retired meanwhile is seen with its triggers, or not at all.
  const [found] = await query<{ partitions: string[]; triggers: Trigger[] | null }>(
    `SELECT ARRAY(SELECT c.relname::text FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
         WHERE i.inhparent = to_regclass('ledger.entry')) AS partitions,
       (SELECT json_agg(json_build_object('table', c.relname, 'name', t.tgname, 'type', t.tgtype, 'enabled', t.tgenabled,
           'function', p.pronamespace::regnamespace || '.' || p.proname,
           'conditional', t.tgqual IS NOT NULL OR t.tgattr <> ''::int2vector))
         FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid
         WHERE c.relnamespace = to_regnamespace('ledger') AND NOT t.tgisinternal) AS triggers`,
  );
  const { partitions, triggers } = { partitions: found?.partitions ?? [], triggers: found?.triggers ?? [] };
  const guards = (table: string, name: string, type: number): boolean =>
    triggers.some(
      (trigger) =>
        trigger.table === table &&
        trigger.function === `ledger.${name}` &&
        trigger.enabled === 'A' &&
        !trigger.conditional &&
        (trigger.type & type) === type,
    );
  const missing = (table: string, what: string): string =>
    `ledger.${table} has no trigger that always refuses ${what}: enable it, or restore it as the migrations have it.`;
  const required: [table: string, what: string, guarded: boolean][] = [];
  for (const table of [...KEPT, ...partitions]) {
    required.push([table, 'UPDATE and DELETE', guards(table, 'refuse', ROW | BEFORE | UPDATE | DELETE)]);
  }
  for (const table of ERASABLE)
    required.push([table, 'UPDATE', guards(table, 'refuse', ROW | BEFORE | UPDATE)]);
  required.push(['head', 'DELETE', guards('head', 'refuse', ROW | BEFORE | DELETE)]);
  required.push(['head', 'a step back', guards('head', 'only_forward', ROW | BEFORE | UPDATE)]);
  for (const table of WITHIN_HEAD)
    required.push([table, 'a row ahead of the head', guards(table, 'within_head', INSERT)]);
  for (const table of [...KEPT, ...ERASABLE, 'head', ...partitions]) {
    required.push([table, 'TRUNCATE', guards(table, 'refuse', BEFORE | TRUNCATE)]);
  }
  return [
    ...required.filter(([, , guarded]) => !guarded).map(([table, what]) => missing(table, what)),
    ...triggers
      .filter((trigger) => !Object.keys(GUARD_DIGESTS).some((name) => trigger.function === `ledger.${name}`))
      .map((trigger) => `ledger.${trigger.table} has a trigger that is not ours, ${trigger.name}: drop it.`),
    ...(await ruleProblems(query)),
    ...(await hidingProblems(query)),
    ...(await functionProblems(query)),
    ...(await leafHashProblems(query)),
  ];
}

/** A rule can turn an insert into nothing, and no trigger sees it. */
async function ruleProblems(query: Query): Promise<string[]> {
  const rules = await query<{ table: string; name: string }>(
    `SELECT c.relname AS table, r.rulename AS name FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class
     WHERE c.relnamespace = to_regnamespace('ledger') AND c.relkind IN ('r', 'p')`,
  );
  return rules.map(({ table, name }) => `ledger.${table} has a rewrite rule, ${name}: drop it.`);
}

async function hidingProblems(query: Query): Promise<string[]> {
  return (await hidingTables(query)).map(({ name, how }) =>
    how === 'detached'
      ? `${name} was detached from ledger.entry, and nothing guards the entries in it: run \`countersign verify\`, and attach it again.`
      : `${name} has row security, which can hide what was recorded: ALTER TABLE ${name} DISABLE ROW LEVEL SECURITY.`,
  );
}

async function functionProblems(query: Query): Promise<string[]> {
  const functions = await query<{ name: string; body: string }>(
    `SELECT proname AS name, prosrc AS body FROM pg_proc WHERE pronamespace = to_regnamespace('ledger')`,
  );
  return Object.entries(GUARD_DIGESTS)
    .filter(([name, digest]) => {
      const body = functions.find((found) => found.name === name)?.body;
      return body === undefined || createHash('sha256').update(body).digest('hex') !== digest;
    })
    .map(
      ([name]) =>
        `the function ledger.${name}() is not the released one: restore it as the migrations have it.`,
    );
}

async function leafHashProblems(query: Query): Promise<string[]> {
  const [column] = await query<{ expression: string | null }>(
    `SELECT pg_get_expr(d.adbin, d.adrelid) AS expression FROM pg_attribute a
     LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum AND a.attgenerated = 's'
     WHERE a.attrelid = to_regclass('ledger.entry') AND a.attname = 'leaf_hash'`,
  );
  return column?.expression === LEAF_HASH
    ? []
    : ['ledger.entry.leaf_hash is not generated from the bytes any more.'];
}
