/** Who keeps the sequencers of this database from working, in a sentence for whoever can do something about it. */
import type { Query } from '../store/query.ts';
import { LEDGER_LOCKS } from '../store/record.ts';

/** What our own sequencers call themselves to PostgreSQL. */
export const SEQUENCER_APPLICATION = 'countersign sequencer';

/** A sequencer takes milliseconds; entries that wait this long wait for one that doesn't work. */
const PATIENCE_SECONDS = 10;

export interface LockHolder {
  readonly pid: number;
  readonly role: string;
  readonly application: string;
  /** Null where our login may not see it. */
  readonly connected: Date | null;
  /** Whether that role may write to the ledger: any other is nobody's sequencer. */
  readonly writes: boolean;
  /** Since when the oldest entry waits that has waited too long; null where none has. */
  readonly waiting: Date | null;
}

/** Any login can take an advisory lock. Null where nobody has it any more. */
export async function readLockHolder(query: Query, logId: number): Promise<LockHolder | null> {
  const [holder] = await query<LockHolder>(
    `SELECT l.pid, coalesce(a.usename::text, '') AS role, coalesce(a.application_name, '') AS application, a.backend_start AS connected,
       coalesce(pg_has_role(a.usesysid, 'countersign_writer', 'MEMBER'), false) AS writes,
       (SELECT e.recorded_at FROM ledger.pending p JOIN ledger.entry e ON e.id = p.entry_id
        WHERE e.recorded_at < clock_timestamp() - make_interval(secs => $3) ORDER BY p.position LIMIT 1) AS waiting
     FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid
     WHERE l.locktype = 'advisory' AND l.granted AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
       AND l.classid::bigint = $1 AND l.objid::bigint = $2 AND l.objsubid = 2 ORDER BY l.pid LIMIT 1`,
    [LEDGER_LOCKS, logId, PATIENCE_SECONDS],
  );
  return holder ?? null;
}

/**
 * Null where it may well be another process of ours that works. `seen`: since when this process has seen it there, for PostgreSQL
 * doesn't say how long a lock has been held.
 */
export function lockProblem(holder: LockHolder, seen: Date): string | null {
  const { pid, role, application, connected, writes, waiting } = holder;
  const stranger = !writes || !application.startsWith('countersign ');
  if (!stranger && waiting === null) return null;
  const since =
    connected === null
      ? `seen there since ${seen.toISOString()}`
      : `connected since ${connected.toISOString()}`;
  const why = stranger
    ? 'which is no sequencer of ours'
    : `which gives none an index, though entries have been waiting since ${waiting?.toISOString() ?? ''}`;
  return (
    `the lock of the ledger's sequencer is held by process ${pid} of PostgreSQL (role ${role}, application ${JSON.stringify(application)}, ${since}), ` +
    `${why}: end it with SELECT pg_terminate_backend(${pid}) as a superuser or as that role` +
    `${stranger ? `, and take from ${role} the right to connect to this database, if it has no business here` : ''}.`
  );
}
