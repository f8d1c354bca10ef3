/**
 * Retires a year: its entries leave the database, and every proof of them stays possible, because their hashes stay. Step by
 * step, each of which can be begun anew after a crash: the archive, its verification, the entry that says so, the dropping.
 */
import type { Kysely } from 'kysely';
import type { Database } from '../../db/database.ts';
import { CodedError } from '../../domain/coded-error.ts';
import type { Archive } from './archive.ts';
import { makeArchive, syncArchive, verifyArchive } from './archive.ts';
import type { DropOptions, Dropped } from './drop-year.ts';
import { dropYear } from './drop-year.ts';
import type { Query } from '../store/query.ts';
import { queryOf } from '../store/query.ts';
import type { RecordedAt } from '../store/record.ts';
import type { RetirementPlan } from './retirement-plan.ts';
import { minimumOf, planRetirement } from './retirement-plan.ts';
import type { Statement } from './state-retirement.ts';
import { stateRetirement } from './state-retirement.ts';

export type RetirementStep = 'archive' | 'verify' | 'state' | 'drop';

export interface RetireOptions {
  readonly year: number;
  readonly archive: string;
  /** The key that the archive is judged by; null: the database's word for it. */
  readonly vkey: string | null;
  readonly at: RecordedAt;
  readonly inUse: DropOptions['inUse'];
  /** The retention policy, as it shall stand in the record. Null: look only, and change nothing but the archive's directory. */
  readonly reason: string | null;
  readonly patienceMs: { readonly sequencer: number; readonly readers: number };
  readonly tell: (step: RetirementStep, sentence: string) => void;
  readonly progress: (step: RetirementStep, done: number, size: number) => void;
}

export interface Retirement {
  readonly plan: RetirementPlan;
  readonly archive: Archive;
  readonly minimum: number;
  /** Null where it was only looked. */
  readonly done: (Dropped & Statement) | null;
}

const OWNER = 'countersign_owner';

/** `db`: of a login that may act as the owner. Throws a coded error that names the mend; nothing is dropped then. */
export async function retireYear(db: Kysely<Database>, options: RetireOptions): Promise<Retirement> {
  const { year, at, tell, progress } = options;
  await assertOwner(queryOf(db));
  const plan = await planRetirement(queryOf(db), year, at.now);

  const how = await makeArchive(db, options.archive, at.now, (done, size) => progress('archive', done, size));
  tell(
    'archive',
    how === 'made'
      ? `The log was exported to ${options.archive}.`
      : `${options.archive} is an export already.`,
  );

  const archive = await verifyArchive(db, plan.logId, options.archive, {
    vkey: options.vkey,
    progress: (done, size) => progress('verify', done, size),
  });
  const { size } = archive.checkpoint;
  const minimum = minimumOf(plan, size);
  if (how === 'found') assertCovers(plan, archive);
  await syncArchive(options.archive);
  tell('verify', `The archive holds: ${size} entries, under a checkpoint of this log.`);
  if (options.reason === null) return { plan, archive, minimum, done: null };

  const { reason, patienceMs } = options;
  const statement = await stateRetirement(db, plan, archive, {
    reason,
    at,
    patienceMs: patienceMs.sequencer,
    owner: OWNER,
    inUse: options.inUse,
  });
  tell('state', `Entry ${statement.index} of the log says what is retired, and is signed.`);

  const dropped = await dropYear(db, plan, archive, {
    owner: OWNER,
    kept: statement.kept,
    inUse: options.inUse,
    progress: (done, all) => progress('drop', done, all),
    patienceMs: patienceMs.readers,
  });
  return { plan, archive, minimum, done: { ...dropped, ...statement } };
}

async function assertOwner(query: Query): Promise<void> {
  const [row] = await query<{ owner: boolean }>(`SELECT pg_has_role(current_user, $1, 'MEMBER') AS owner`, [
    OWNER,
  ]);
  if (row?.owner !== true)
    throw new CodedError(
      'not_the_owner',
      `MIGRATION_DATABASE_URL must name a login that may act as ${OWNER}: nobody else may retire a year.`,
    );
}

/** An older archive would leave in the database what a new one lets go. A late entry of the year stays in any case. */
function assertCovers(plan: RetirementPlan, { directory, checkpoint }: Archive): void {
  if (minimumOf(plan, checkpoint.size) === minimumOf(plan, plan.until)) return;
  throw new CodedError(
    'archive_too_old',
    `the archive ${directory} is over ${checkpoint.size} entries, and entry ${plan.last} is of ${plan.year.year} too: name a new directory, to export anew.`,
  );
}
