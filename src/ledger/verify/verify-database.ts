/** Verifies the ledger in the database: the log, what stands beside it, and whether all that was recorded is in it. */
import type { Kysely, Selectable } from 'kysely';
import type { Database } from '../../db/database.ts';
import type { LedgerTables } from '../../db/ledger-tables.ts';
import { CodedError } from '../../domain/coded-error.ts';
import { ArchivedSource } from '../source/archived-source.ts';
import { archivesByLog } from '../source/archives-by-log.ts';
import { sum, withGone } from '../source/counts.ts';
import { DatabaseSource } from '../source/database-source.ts';
import type { CheckpointsElsewhere } from './compare-source.ts';
import { compareSource } from './compare-source.ts';
import type { KnownLog } from './other-logs.ts';
import { judgeOtherLogs } from './other-logs.ts';
import type { Predecessor, VerifyReport, WitnessedCount } from '../source/finding.ts';
import { Findings } from '../source/finding.ts';
import type { GivenKeys } from './given-keys.ts';
import { assertNewestGiven, keysByLog } from './given-keys.ts';
import { sameHash } from '../format/hash.ts';
import { assertNeverBegun, verifyNothingHidden } from './hidden-entries.ts';
import { holdEntries } from '../store/hold-entries.ts';
import type { Declaration } from './incarnation.ts';
import { endOf, factOf, readDeclaration } from './incarnation.ts';
import { PATIENCE_SECONDS, seeUnintegrated, verifyAllIntegrated, verifyAllSigned } from './late-entries.ts';
import type { VerifierKey } from '../format/note.ts';
import { parseVerifierKey } from '../format/note.ts';
import type { Query } from '../store/query.ts';
import { queryOf } from '../store/query.ts';
import { readVkeys } from '../store/read-vkeys.ts';
import { assertRotated, assertSigned, firstKey, readableKeys, verifyKeyRows } from './stated-keys.ts';
import type { VerifiedTree } from './verified-tree.ts';
import { verifyLog } from './verify-log.ts';
import { verifyRetiredIndex, verifyTileCount } from './verify-tables.ts';
import { verifyWitnessRows } from './verify-witness-rows.ts';

export interface VerifyOptions {
  /** The key that the reader has from somewhere else, or one for each log. Without it, the log's own word is taken for whose it is. */
  readonly vkey?: GivenKeys;
  /** Copies of checkpoints that others keep, to compare the ledger with. */
  readonly elsewhere?: readonly CheckpointsElsewhere[];
  /** Directories of exports that hold what was retired since. */
  readonly archives?: readonly string[];
  readonly progress?: (done: number, size: number) => void;
}

/** Reads one snapshot (a transaction's own, if it is given one); writes nothing. Throws `ledger_absent` where there is no log to verify, `ledger_altered` where it was taken away. */
export async function verifyDatabase(
  db: Kysely<Database>,
  options: VerifyOptions = {},
): Promise<VerifyReport> {
  if (db.isTransaction) return await verify(queryOf(db), db, options);
  return await db
    .transaction()
    .setIsolationLevel('repeatable read')
    .setAccessMode('read only')
    .execute(async (tx) => {
      await holdEntries(tx);
      return await verify(queryOf(tx), tx, options);
    });
}

type Log = Selectable<LedgerTables['ledger.log']>;

/** Every log, oldest first: what the last one declares of the one before is judged by what that one turns out to be. */
async function verify(query: Query, tx: Kysely<Database>, options: VerifyOptions): Promise<VerifyReport> {
  const logs = await tx.selectFrom('ledger.log').selectAll().orderBy('log_id').execute();
  const log = logs.at(-1);
  if (log === undefined) {
    await assertNeverBegun(query, PATIENCE_SECONDS);
    throw new CodedError(
      'ledger_absent',
      'this database has no signed log yet: start Countersign once, so that it signs one.',
    );
  }
  const findings = new Findings();
  await verifyNothingHidden(query, findings);
  const given = keysByLog(options.vkey, logs);
  const archives = await archivesByLog(
    options.archives ?? [],
    logs.map(({ origin }) => origin),
  );
  const predecessors: Predecessor[] = [];
  const all: ArchivedSource[] = [];
  const known: KnownLog[] = [];
  for (const [at, earlier] of logs.slice(0, -1).entries()) {
    const own = new Findings();
    const keys = given[at] ?? [];
    const before = await verifyOne(query, tx, { ...earlier, given: keys }, logs[at + 1] ?? null, own, {
      ...options,
      archives: archives[at] ?? null,
    });
    findings.take(own, earlier.origin);
    predecessors.push({
      origin: earlier.origin,
      size: before.source.size,
      end: before.end ?? `it is not said how ${earlier.origin} ended`,
      ended: before.ended,
      retired: before.tree.retired,
      archived: before.whole.read,
    });
    all.push(before.whole);
    known.push({ origin: earlier.origin, keys: before.keys });
  }
  const keys = given.at(-1) ?? [];
  const {
    source,
    whole,
    tree,
    keys: own,
    witnessed,
  } = await verifyOne(query, tx, { ...log, given: keys }, null, findings, {
    ...options,
    archives: archives.at(-1) ?? null,
  });
  const stated = tree.vkeys.at(-1) ?? log.vkey;
  const before = logs.at(-2)?.origin ?? null;
  assertNewestGiven(options.vkey, { origin: log.origin, keys, stated }, before, findings);
  all.push(whole);
  known.push({ origin: log.origin, keys: own });
  const beginningUnknown = await verifyFirst(all[0] ?? whole, logs[0] ?? log, findings);
  await seeUnintegrated(query, source.erasures);
  // What is gone from beside one log may have been erased when another was written.
  const erasures = all.flatMap((one) => one.erasures);
  for (const one of erasures) one.judge(findings, erasures);
  await verifyAllIntegrated(tx, findings);
  const orphans = await query<{ n: number }>(
    'SELECT count(*) AS n FROM ledger.projection p WHERE NOT EXISTS (SELECT FROM ledger.entry e WHERE e.id = p.entry_id)',
  );
  const orphaned = orphans[0]?.n ?? 0;
  if (orphaned > 0)
    findings.add('projection_forged', null, `${orphaned} rows of ledger.projection belong to no entry.`);
  const people = await query<{ n: number }>('SELECT count(*) AS n FROM ledger.subject');
  return {
    origin: log.origin,
    vkeys: tree.vkeys,
    size: source.size,
    root: tree.newest === null ? null : Buffer.from(tree.newest.root).toString('base64'),
    newest: tree.newest === null ? null : { size: tree.newest.size, signedAt: tree.newest.signedAt },
    checkpoints: tree.checkpoints,
    documents: withGone(sum(all.map(({ documents }) => documents.held)), 'documents', erasures, erasures),
    people: withGone(people[0]?.n ?? 0, 'people', erasures, erasures),
    retired: tree.retired,
    archived: whole.read,
    predecessors,
    beginningUnknown,
    witnessed,
    unreferenced: { count: 0, some: [] },
    otherLogs: await judgeOtherLogs(
      { known, given: options.vkey, place: 'this database' },
      options.elsewhere ?? [],
      findings,
    ),
    findings: findings.gravestFirst(),
    found: findings.found,
  };
}

interface VerifiedOne {
  readonly source: DatabaseSource;
  /** With what was read from archives. */
  readonly whole: ArchivedSource;
  readonly tree: VerifiedTree;
  readonly keys: readonly VerifierKey[];
  readonly witnessed: readonly WitnessedCount[];
  /** What its successor says of its end. */
  readonly end: string | null;
  readonly ended: number | null;
}

async function verifyOne(
  query: Query,
  tx: Kysely<Database>,
  log: Log & { readonly given: readonly string[] },
  next: Log | null,
  findings: Findings,
  options: Omit<VerifyOptions, 'archives'> & { readonly archives: readonly string[] | null },
): Promise<VerifiedOne> {
  await verifyKeyRows(query, log.log_id, findings);
  const readable = readableKeys(await readVkeys(tx, log), findings);
  // Without any the walk begins with what is there: it opens no checkpoint, and judges all else.
  const stated = readable.length === 0 ? [log.vkey] : readable;
  const vkey = firstKey(stated, log.given, findings);
  // Who people are is not of one log: it is judged once, with the newest.
  const source = await DatabaseSource.open(
    query,
    log.log_id,
    vkey,
    next === null ? findings : new Findings(),
  );
  const whole = await ArchivedSource.open(source, options.archives, findings);
  const tree = await verifyLog(whole, findings, (done) => options.progress?.(done, source.size));
  if (tree.root !== null) {
    assertRotated(stated, tree, vkey, findings);
    assertSigned(stated, log.given, tree, findings);
  }
  await verifyHead(query, log.log_id, source.size, tree, findings);
  await verifyRetiredIndex(query, log.log_id, tree.retired?.minimum ?? source.claimedMinimum, findings);
  await verifyTileCount(query, log.log_id, source.size, findings);
  const keys = readableKeys([...new Set([...stated, ...tree.vkeys])], null).map(parseVerifierKey);
  const declared = next === null ? null : await readNext(query, next, { log, keys, source, tree }, findings);
  // What its successor declares of it is signed by the successor's key.
  if (declared === null) await verifyAllSigned(query, log.log_id, source.size, tree, findings);
  await verifyWitnessRows(query, log.log_id, { size: source.size, declared }, findings);
  const verified = { origin: log.origin, keys, place: 'this database', source, tree, declared };
  const witnessed = await compareSource(verified, options.elsewhere ?? [], findings);
  return {
    source,
    whole,
    tree,
    keys,
    witnessed,
    end: declared === null || next === null ? null : endOf(declared, next.origin),
    ended: declared?.fact.predecessor.size ?? null,
  };
}

/** A log that goes on for another one says so in its first entry, whatever its row says: the one before must be here as well. True where nobody can say. */
async function verifyFirst(first: ArchivedSource, oldest: Log, findings: Findings): Promise<boolean> {
  const bytes = await first.first();
  const fact = factOf(bytes);
  if (fact === null && oldest.predecessor === null) return bytes === null && first.size > 0;
  findings.add(
    'incarnation_undeclared',
    0,
    `${oldest.origin} goes on for ${fact?.predecessor.origin ?? 'another log'}, whose entries are not in this database: that log was taken away.`,
  );
  return false;
}

/** What the log after it says in its first entry, and whether the row that links them says the same. */
async function readNext(
  query: Query,
  next: Log,
  {
    log,
    keys,
    source,
    tree,
  }: { log: Log; keys: readonly VerifierKey[]; source: DatabaseSource; tree: VerifiedTree },
  findings: Findings,
): Promise<Declaration | null> {
  const [first] = await query<{ canonical: Buffer | null }>(
    'SELECT e.canonical FROM ledger.integration i LEFT JOIN ledger.entry e ON e.id = i.entry_id WHERE i.log_id = $1 AND i.index = 0',
    [next.log_id],
  );
  const root = tree.root === null ? null : Buffer.from(tree.root).toString('base64');
  const signers = tree.root === null ? null : tree.signers;
  const before = { origin: log.origin, keys, signers, size: source.size, root, whole: true };
  const declared = readDeclaration(first?.canonical ?? null, next.origin, before, findings);
  if (
    declared !== null &&
    (next.predecessor !== log.log_id || next.predecessor_checkpoint !== declared.fact.witnessed)
  ) {
    findings.add(
      'incarnation_undeclared',
      null,
      `The row of ${next.origin} in ledger.log does not say what its entry 0 says of ${log.origin}.`,
    );
  }
  return declared;
}

async function verifyHead(
  query: Query,
  logId: number,
  size: number,
  tree: VerifiedTree,
  findings: Findings,
): Promise<void> {
  const [head] = await query<{ size: number; root: Buffer }>(
    'SELECT size, root FROM ledger.head WHERE log_id = $1',
    [logId],
  );
  if (head === undefined)
    findings.add('head_altered', null, 'The row that says how far the log has grown is gone.');
  else if (head.size !== size)
    findings.add('head_altered', null, `The head says ${head.size} entries, and there are ${size}.`);
  else if (tree.root !== null && !sameHash(tree.root, head.root)) {
    findings.add('head_altered', null, `The head's root is not that of its ${head.size} entries.`);
  }
}
