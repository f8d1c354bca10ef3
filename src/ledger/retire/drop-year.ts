/**
 * The one place where evidence leaves the database. All in one transaction, so a crash anywhere in it leaves everything as it
 * was: every entry that goes is compared with the archive's copy, what stays is taken along, and only then the partition is
 * dropped. The table is locked only for that last moment; whoever records meanwhile notices nothing but that.
 */
import { join } from 'node:path';
import type { Kysely, Transaction } from 'kysely';
import type { Database } from '../../db/database.ts';
import { CodedError } from '../../domain/coded-error.ts';
import type { Archive, Progress } from './archive.ts';
import { DirectorySource } from '../source/directory-source.ts';
import { firstMissing } from '../store/first-missing.ts';
import type { IndexRanges } from '../format/index-ranges.ts';
import { lockEntries } from '../store/lock-entries.ts';
import type { Query } from '../store/query.ts';
import { queryOf } from '../store/query.ts';
import { LEDGER_LOCKS } from '../store/record.ts';
import type { RetirementPlan } from './retirement-plan.ts';
import { minimumOf } from './retirement-plan.ts';
import { commitmentsIn, isAboutLedger } from './staying-entries.ts';
import { TILE_WIDTH } from '../format/tiles.ts';

export interface DropOptions {
  readonly owner: string;
  /** What the signed entry says stays below the minimum. It does; and where more would have to, nothing goes. */
  readonly kept: IndexRanges;
  /** Ids of entries that must stay readable here, whatever their year. */
  readonly inUse: (query: Query) => Promise<readonly string[]>;
  readonly progress: Progress;
  /** How long to wait for those who read the whole ledger. */
  readonly patienceMs: number;
}

export interface Dropped {
  /** Entries and documents that are gone from here, and entries of the year that stay. */
  readonly entries: number;
  readonly documents: number;
  readonly stayed: number;
}

/** The second key of the advisory lock that lets one retirement work: no log's id. */
const RETIRING = -1;

/**
 * Throws `archive_incomplete` where the archive doesn't hold what would go, `more_stays` where more is in use than the log says,
 * `ledger_busy`, `retirement_running`.
 */
export async function dropYear(
  db: Kysely<Database>,
  plan: RetirementPlan,
  archive: Archive,
  options: DropOptions,
): Promise<Dropped> {
  return await db.transaction().execute(async (tx) => await new Drop(tx, plan, archive, options).run());
}

interface Row {
  readonly index: number;
  readonly id: string;
  readonly canonical: Buffer;
  readonly stays: boolean;
  readonly of_year: boolean;
}

class Drop {
  readonly #query: Query;
  readonly #plan: RetirementPlan;
  readonly #minimum: number;
  readonly #archive: Archive;
  readonly #options: DropOptions;
  #entries = 0;
  /** Of those, the ones that are in the year's own partition. */
  #ofYear = 0;
  #documents = 0;

  constructor(tx: Transaction<Database>, plan: RetirementPlan, archive: Archive, options: DropOptions) {
    this.#query = queryOf(tx);
    this.#plan = plan;
    this.#minimum = minimumOf(plan, archive.checkpoint.size);
    this.#archive = archive;
    this.#options = options;
  }

  async run(): Promise<Dropped> {
    await this.#query(`SET LOCAL ROLE ${this.#options.owner}`);
    const [lock] = await this.#query<{ got: boolean }>('SELECT pg_try_advisory_xact_lock($1, $2) AS got', [
      LEDGER_LOCKS,
      RETIRING,
    ]);
    if (lock?.got !== true)
      throw new CodedError('retirement_running', 'another retirement is at work: wait for it.');
    await this.#findStaying();
    await this.#takeLeftovers();
    await this.#takeBundles();
    const size = await this.#keepStaying();
    await lockEntries(this.#query, this.#options.patienceMs);
    const stayed = await this.#keepLate(size);
    await this.#drop();
    return { entries: this.#entries, documents: this.#documents, stayed };
  }

  /**
   * What the program rests on, with whatever answers it: "it has not ended" is read from an answer that isn't there. And what
   * has no index below the minimum: younger than the archive's last whole bundle, of another log, or not integrated at all.
   */
  async #findStaying(): Promise<void> {
    await this.#query('CREATE TEMP TABLE staying (id uuid PRIMARY KEY) ON COMMIT DROP');
    await this.#query('CREATE TEMP TABLE staying_document (commitment bytea PRIMARY KEY) ON COMMIT DROP');
    await this.#query(
      `INSERT INTO staying WITH RECURSIVE used AS (
         SELECT unnest($1::uuid[]) AS id UNION SELECT p.entry_id FROM ledger.projection p JOIN used ON p.answers = used.id)
       SELECT id FROM used`,
      [await this.#options.inUse(this.#query)],
    );
    const { ranges } = this.#options.kept;
    await this.#query(
      `INSERT INTO staying SELECT i.entry_id FROM unnest($2::bigint[], $3::bigint[]) AS kept (first, last)
       JOIN ledger.integration i ON i.log_id = $1 AND i.index BETWEEN kept.first AND kept.last ON CONFLICT DO NOTHING`,
      [this.#plan.logId, ranges.map(([first]) => first), ranges.map(([, last]) => last)],
    );
    await this.#query(
      `INSERT INTO staying SELECT e.id FROM ledger.${this.#plan.year.partition} e WHERE NOT EXISTS
         (SELECT FROM ledger.integration i WHERE i.entry_id = e.id AND i.log_id = $1 AND i.index < $2) ON CONFLICT DO NOTHING`,
      [this.#plan.logId, this.#minimum],
    );
    await this.#eachPage(
      (after) =>
        this.#query<Row>(
          `SELECT -1 AS index, e.id, e.canonical, true AS stays, false AS of_year FROM staying s JOIN ledger.entry e ON e.id = s.id
           WHERE ($1::uuid IS NULL OR s.id > $1) ORDER BY s.id LIMIT 1000`,
          [after],
        ),
      async (rows) => await this.#keepDocuments(rows),
    );
  }

  /** What stayed at earlier retirements and has no reason to any more. Its own archive was compared then. */
  async #takeLeftovers(): Promise<void> {
    await this.#eachPage(
      (after) =>
        this.#query<Row>(
          `SELECT i.index, e.id, e.canonical, s.id IS NOT NULL AS stays, false AS of_year FROM ledger.entry_other e
           JOIN ledger.integration i ON i.entry_id = e.id LEFT JOIN staying s ON s.id = e.id
           WHERE i.log_id = $1 AND i.index < $2 AND e.id < $3 AND ($4::uuid IS NULL OR e.id > $4) ORDER BY e.id LIMIT 1000`,
          [this.#plan.logId, this.#plan.from, this.#plan.year.until, after],
        ),
      async (rows) => await this.#take(rows, null),
    );
  }

  async #takeBundles(): Promise<void> {
    const { checkpoint, note, directory } = this.#archive;
    const archived = new DirectorySource(directory, '', { ...checkpoint, note, signedAt: null });
    for (let from = this.#plan.from; from < this.#minimum; from += TILE_WIDTH) {
      const rows = await this.#query<Row>(
        `SELECT i.index, e.id, e.canonical, s.id IS NOT NULL OR e.id >= $4 AS stays,
           e.id >= $5 AND e.id < $4 AS of_year
         FROM ledger.integration i JOIN ledger.entry e ON e.id = i.entry_id LEFT JOIN staying s ON s.id = e.id
         WHERE i.log_id = $1 AND i.index >= $2 AND i.index < $3 ORDER BY i.index`,
        [this.#plan.logId, from, from + TILE_WIDTH, this.#plan.year.until, this.#plan.year.from],
      );
      const copies = await archived.bundle(from / TILE_WIDTH, TILE_WIDTH);
      for (const [at, copy] of copies.entries()) {
        const row = rows.find(({ index }) => index === from + at);
        const same = copy?.bytes !== undefined && copy?.bytes !== null && row?.canonical.equals(copy.bytes);
        if (same !== true) throw this.#incomplete(`entry ${from + at} here is not the entry there`);
      }
      await this.#take(rows, directory);
      this.#options.progress(from + TILE_WIDTH - this.#plan.from, this.#minimum - this.#plan.from);
    }
  }

  /** Takes the documents and search columns of those that go; the entries themselves go with their partition. */
  async #take(rows: readonly Row[], archive: string | null): Promise<void> {
    const going: Row[] = [];
    for (const row of rows) {
      // Whoever verifies needs what the log says about itself, its keys above all, for as long as there is a log.
      if (!row.stays && isAboutLedger(row.canonical)) {
        await this.#query('INSERT INTO staying VALUES ($1) ON CONFLICT DO NOTHING', [row.id]);
        await this.#keepDocuments([row]);
        this.#assertKept(row);
      } else if (!row.stays) going.push(row);
      else this.#assertKept(row);
    }
    this.#entries += going.length;
    this.#ofYear += going.filter((row) => row.of_year).length;
    const commitments = going.flatMap(commitmentsIn);
    if (archive !== null) await this.#assertArchived(commitments, archive);
    const gone = await this.#query(
      `DELETE FROM ledger.document d WHERE d.commitment IN (SELECT decode(c, 'hex') FROM unnest($1::text[]) c)
         AND NOT EXISTS (SELECT FROM staying_document s WHERE s.commitment = d.commitment) RETURNING 1`,
      [commitments],
    );
    this.#documents += gone.length;
    await this.#query('DELETE FROM ledger.projection WHERE entry_id = ANY ($1::uuid[])', [
      going.map(({ id }) => id),
    ]);
  }

  /** What stays without the log's word for it could be deleted later, and nobody could tell. */
  #assertKept({ index }: Row): void {
    if (this.#options.kept.has(index)) return;
    throw new CodedError(
      'more_stays',
      `entry ${index} came into use since the log was told what stays, so nothing was dropped: run this again, and the log is told anew.`,
    );
  }

  /** What is in the archive was verified; what is here and not there would be lost. */
  async #assertArchived(commitments: readonly string[], archive: string): Promise<void> {
    const here = await this.#query<{ hex: string }>(
      `SELECT encode(commitment, 'hex') AS hex FROM ledger.document
       WHERE commitment IN (SELECT decode(c, 'hex') FROM unnest($1::text[]) c)`,
      [commitments],
    );
    const missing = await firstMissing(
      join(archive, 'documents'),
      here.flatMap(({ hex }) => [hex, `${hex}.salt`]),
    );
    if (missing !== null) throw this.#incomplete(`documents/${missing} is missing there`);
  }

  async #keepDocuments(rows: readonly Row[]): Promise<void> {
    await this.#query(
      `INSERT INTO staying_document SELECT decode(c, 'hex') FROM unnest($1::text[]) c ON CONFLICT DO NOTHING`,
      [rows.flatMap(commitmentsIn)],
    );
  }

  /**
   * Copies what stays of the partition; all the rest must be what was compared. Answers how many entries the log had before:
   * nobody is kept from recording yet, and a clock that is years behind records into this year.
   */
  async #keepStaying(): Promise<number> {
    const { partition } = this.#plan.year;
    const [head] = await this.#query<{ size: number }>('SELECT size FROM ledger.head WHERE log_id = $1', [
      this.#plan.logId,
    ]);
    await this.#query(
      'CREATE TEMP TABLE kept (id uuid PRIMARY KEY, canonical bytea, recorded_at timestamptz) ON COMMIT DROP',
    );
    await this.#query(
      `INSERT INTO kept SELECT e.id, e.canonical, e.recorded_at FROM ledger.${partition} e
       WHERE EXISTS (SELECT FROM staying s WHERE s.id = e.id)
          OR NOT EXISTS (SELECT FROM ledger.integration i WHERE i.entry_id = e.id AND i.log_id = $1 AND i.index < $2)`,
      [this.#plan.logId, this.#minimum],
    );
    const [going] = await this.#query<{ count: number }>(
      `SELECT count(*) AS count FROM ledger.${partition} e JOIN ledger.integration i ON i.entry_id = e.id
       WHERE i.log_id = $1 AND i.index < $2 AND NOT EXISTS (SELECT FROM staying s WHERE s.id = e.id)`,
      [this.#plan.logId, this.#minimum],
    );
    if (going?.count !== this.#ofYear) {
      throw new CodedError(
        'ledger_altered',
        `ledger.${partition} has ${going?.count} entries that would go, and ${this.#ofYear} were compared: run \`countersign verify\`. Nothing was dropped.`,
      );
    }
    return head?.size ?? 0;
  }

  /**
   * What came into the year since: it waits for its index, or got one after all those that were there, or in a log that goes on
   * for this one. Everybody waits for us by now, so each part is a few rows that an index finds; earlier logs get no entries any more.
   */
  async #keepLate(size: number): Promise<number> {
    const { partition, from, until } = this.#plan.year;
    await this.#query(
      `INSERT INTO kept SELECT e.id, e.canonical, e.recorded_at FROM ledger.${partition} e WHERE e.id IN (
         SELECT entry_id FROM ledger.pending WHERE entry_id >= $3 AND entry_id < $4
         UNION SELECT entry_id FROM ledger.integration WHERE log_id = $1 AND index >= $2 AND entry_id >= $3 AND entry_id < $4
         UNION SELECT entry_id FROM ledger.integration WHERE log_id > $1 AND entry_id >= $3 AND entry_id < $4)
       ON CONFLICT DO NOTHING`,
      [this.#plan.logId, size, from, until],
    );
    const [count] = await this.#query<{ kept: number }>('SELECT count(*) AS kept FROM kept');
    return count?.kept ?? 0;
  }

  /** The triggers of `entry_other` are back before anybody else can see it. What is put back goes there: the year has no partition. */
  async #drop(): Promise<void> {
    await this.#query('ALTER TABLE ONLY ledger.entry_other DISABLE TRIGGER refuse_change');
    await this.#query(
      `DELETE FROM ledger.entry_other e USING ledger.integration i
       WHERE i.entry_id = e.id AND i.log_id = $1 AND i.index < $2 AND e.id < $3 AND NOT EXISTS (SELECT FROM staying s WHERE s.id = e.id)`,
      [this.#plan.logId, this.#minimum, this.#plan.year.until],
    );
    await this.#query('ALTER TABLE ONLY ledger.entry_other ENABLE ALWAYS TRIGGER refuse_change');
    await this.#query(`DROP TABLE ledger.${this.#plan.year.partition}`);
    await this.#query(
      'INSERT INTO ledger.entry (id, canonical, recorded_at) SELECT id, canonical, recorded_at FROM kept',
    );
  }

  async #eachPage(
    read: (after: string | null) => Promise<Row[]>,
    act: (rows: readonly Row[]) => Promise<void>,
  ): Promise<void> {
    for (let after: string | null = null; ;) {
      const rows: Row[] = await read(after);
      if (rows.length === 0) return;
      await act(rows);
      after = rows.at(-1)?.id ?? null;
    }
  }

  #incomplete(why: string): CodedError {
    return new CodedError(
      'archive_incomplete',
      `the archive ${this.#archive.directory} does not hold all that would go (${why}), so nothing was dropped: run \`countersign verify\`, then name a new directory, to export anew.`,
    );
  }
}
