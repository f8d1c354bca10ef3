/** The recorded check runs of a database's log. Each entry is proven under the newest checkpoint before it is believed. */
import type { Kysely } from 'kysely';
import type { Database } from '../../db/database.ts';
import { CodedError } from '../../domain/coded-error.ts';
import { readDatabaseLog } from './compared-log.ts';
import type { EntryContent } from '../format/entry.ts';
import { parseEntry } from '../format/entry.ts';
import { entryProver } from '../prove/entry-prover.ts';
import { queryOf } from '../store/query.ts';
import { readDocument } from '../store/read.ts';
import { readRetirement } from '../store/read-retirement.ts';
import type { CheckRunLog, WritesOf } from './verify-check-run.ts';
import { recordsCheckRun } from './verify-check-run.ts';

interface Row {
  readonly index: number;
  readonly entry_id: string;
  readonly canonical: Buffer;
}

const ENTRIES =
  'SELECT i.index, i.entry_id, e.canonical FROM ledger.integration i JOIN ledger.entry e ON e.id = i.entry_id';

/**
 * The log of `origin`, or the newest. `vkey` is the key as the reader knows it; without it the database's word is taken. Throws
 * `ledger_absent` or `key_mismatch`, and while reading `entry_altered`.
 */
export async function databaseCheckRuns(
  db: Kysely<Database>,
  origin: string | null,
  vkey: string | null,
): Promise<CheckRunLog> {
  const query = queryOf(db);
  const logs = await query<{ log_id: number; origin: string; vkey: string; size: number }>(
    'SELECT l.log_id, l.origin, l.vkey, h.size FROM ledger.log l JOIN ledger.head h USING (log_id) ORDER BY log_id DESC',
  );
  const log = logs.find((each) => each.origin === origin) ?? logs[0];
  if (log === undefined) throw new CodedError('ledger_absent', 'this database has no log yet.');
  const prover = await entryProver(db, log, vkey);

  /** Null where no checkpoint covers it yet. */
  const proven = async (row: Row): Promise<Buffer | null> => {
    const holds = await prover.proves(row.entry_id, row.canonical);
    if (holds === true) return row.canonical;
    if (holds === null) return null;
    throw new CodedError(
      'entry_altered',
      `entry ${row.index} (${row.entry_id}) is not what was signed by ${prover.vkeys.join(' or ')}; run \`countersign verify\`.`,
    );
  };
  return {
    origin: log.origin,
    vkeys: prover.vkeys,
    size: log.size,
    retired: (await readRetirement(query, log.log_id))?.minimum ?? 0,
    continues: async (checkpoint) =>
      await (await readDatabaseLog(query, log.origin, prover.vkeys[0] ?? log.vkey)).continues(checkpoint),
    entryAt: async (index) => {
      const [row] = await query<Row>(`${ENTRIES} WHERE i.log_id = $1 AND i.index = $2`, [log.log_id, index]);
      return row === undefined ? null : await proven(row);
    },
    writes: async (of) => {
      const [condition, values] = conditionOf(of);
      const rows = await query<Row>(
        `${ENTRIES} JOIN ledger.projection p ON p.entry_id = e.id
         WHERE i.log_id = $1 AND p.kind = 'effect.finished' AND ${condition} ORDER BY i.index`,
        [log.log_id, ...values],
      );
      const writes: { index: number; content: EntryContent }[] = [];
      for (const row of rows) {
        const bytes = await proven(row);
        const content = bytes === null ? null : parseEntry(bytes);
        if (content !== null && recordsCheckRun(content, of)) writes.push({ index: row.index, content });
      }
      return writes;
    },
    document: (commitment) => readDocument(db, commitment),
  };
}

/** The projection finds them, and the bytes are looked at afterwards. */
function conditionOf(of: WritesOf): [condition: string, values: readonly unknown[]] {
  return 'answering' in of
    ? ['p.answers = $2', [of.answering]]
    : ['p.repository_id = $2 AND p.commit = $3', [of.repositoryId, of.commit]];
}
