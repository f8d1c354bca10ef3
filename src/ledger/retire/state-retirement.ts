/**
 * The entry that says what is about to be retired, recorded and signed before anything goes: from then on the log itself says
 * where the bytes are, and whoever finds them missing finds out why.
 */
import type { Kysely } from 'kysely';
import { z } from 'zod';
import type { Database } from '../../db/database.ts';
import { CodedError } from '../../domain/coded-error.ts';
import type { Archive } from './archive.ts';
import { waitForEntryProof } from '../prove/entry-proof.ts';
import { readFoundedVkeys } from '../store/founded-vkeys.ts';
import { leafHash } from '../format/hash.ts';
import { IndexRanges } from '../format/index-ranges.ts';
import { verifyProof } from '../format/proof.ts';
import type { Query } from '../store/query.ts';
import { queryOf } from '../store/query.ts';
import { readDocument, readEntry } from '../store/read.ts';
import type { RecordedAt } from '../store/record.ts';
import { record } from '../store/record.ts';
import type { RetirementPlan } from './retirement-plan.ts';
import { minimumOf } from './retirement-plan.ts';
import { stayingIndices } from './staying-entries.ts';

export const RETIREMENT_SCHEMA = 'countersign.retirement/v1';

/** The sealed document of a `ledger.pruned` entry. */
const retirementDocument = z.object({
  schema: z.literal(RETIREMENT_SCHEMA),
  year: z.int(),
  /** Entries of the year, and the indices that were retired: `from` up to, not including, `minimum`. */
  entries: z.int(),
  from: z.int(),
  minimum: z.int(),
  /** The archive: how many entries it holds, and the SHA-256 of its manifest.json. */
  size: z.int(),
  manifest: z.string(),
  /** The policy under which it was done, as whoever did it wrote it. */
  reason: z.string(),
});

export interface Statement {
  readonly entryId: string;
  readonly index: number;
  /** What it says stays: it has to, whatever becomes of it meanwhile. */
  readonly kept: IndexRanges;
}

/** Of the list of what stays: an entry has 65,535 bytes, and needs some for all else. */
const LONGEST_LIST = 60_000;

export interface StateOptions {
  readonly reason: string;
  readonly at: RecordedAt;
  /** How long to wait for a sequencer. */
  readonly patienceMs: number;
  readonly owner: string;
  /** {@link DropOptions} */
  readonly inUse: (query: Query) => Promise<readonly string[]>;
}

/**
 * Records the entry, or finds the one that an interrupted retirement recorded for the same archive, and waits till it is signed.
 * A crash after its commit leaves a log that says where the bytes are, and has them still. Throws `entry_not_integrated`, or
 * `too_much_stays` where one entry can't name all that stays.
 */
export async function stateRetirement(
  db: Kysely<Database>,
  plan: RetirementPlan,
  archive: Archive,
  options: StateOptions,
): Promise<Statement> {
  const staying = await stayingIndices(
    queryOf(db),
    plan,
    minimumOf(plan, archive.checkpoint.size),
    options.inUse,
  );
  const { entryId, kept } =
    (await findStatement(db, plan, archive, staying)) ??
    (await recordStatement(db, plan, archive, roomFor(IndexRanges.of(staying), plan), options));
  const proof = await waitForEntryProof(db, entryId, options.patienceMs);
  if (proof === null) {
    throw new CodedError(
      'entry_not_integrated',
      `the entry that says so (${entryId}) is recorded, but nobody gave it an index and signed it: start Countersign, which does, and run this again. Nothing was dropped.`,
    );
  }
  await assertSigned(db, plan.logId, proof.proof, entryId);
  return { entryId, index: proof.index, kept };
}

async function recordStatement(
  db: Kysely<Database>,
  plan: RetirementPlan,
  archive: Archive,
  kept: IndexRanges,
  { reason, at, owner }: StateOptions,
): Promise<Stated> {
  const minimum = minimumOf(plan, archive.checkpoint.size);
  const document: z.infer<typeof retirementDocument> = {
    schema: RETIREMENT_SCHEMA,
    year: plan.year.year,
    entries: plan.entries,
    from: plan.from,
    minimum,
    size: archive.checkpoint.size,
    manifest: archive.manifest,
    reason,
  };
  return await db.transaction().execute(async (tx) => {
    await queryOf(tx)(`SET LOCAL ROLE ${owner}`);
    const { entryId } = await record(
      tx,
      {
        kind: 'ledger.pruned',
        occurredAt: at.now,
        who: [],
        repository: null,
        commit: null,
        pullRequest: null,
        environment: null,
        hosts: [],
        outcome: 'pruned',
        reasons: [],
        delivery: null,
        answers: null,
        documents: [
          { name: 'retirement', mediaType: 'application/json', body: Buffer.from(JSON.stringify(document)) },
        ],
        ledger: { act: 'pruned', minimum, kept: kept.toString(), archive: archive.note },
      },
      at,
    );
    // Only the owner can: it is by this that the sequencer knows the entry from anybody else's.
    await tx.insertInto('ledger.retirement').values({ entry_id: entryId }).execute();
    return { entryId, kept };
  });
}

/**
 * What one entry can name: where that are too many places, entries between those that are nearest to one another stay as well, till a
 * later year is retired. Throws `too_much_stays` where what stayed at earlier retirements is too much already.
 */
export function roomFor(
  kept: IndexRanges,
  { from, year }: Pick<RetirementPlan, 'from'> & { readonly year: { readonly year: number } },
): IndexRanges {
  const fitted = kept.fittedTo(LONGEST_LIST, from);
  if (fitted !== null) return fitted;
  throw new CodedError(
    'too_much_stays',
    `the program still rests on entries of ${year.year} and before in ${kept.ranges.length} places of the log, and one entry can't name so many, ` +
      'so nothing was retired: retire the year later, when newer deployments, locks and policies have taken the place of some.',
  );
}

interface Stated {
  readonly entryId: string;
  readonly kept: IndexRanges;
}

/** Integrated or not: an entry for the same year, range and archive, which leaves here what has to stay. */
async function findStatement(
  db: Kysely<Database>,
  plan: RetirementPlan,
  archive: Archive,
  staying: readonly number[],
): Promise<Stated | null> {
  const rows = await db
    .selectFrom('ledger.projection')
    .innerJoin('ledger.retirement', 'ledger.retirement.entry_id', 'ledger.projection.entry_id')
    .select('ledger.projection.entry_id')
    .where('repository_id', 'is', null)
    .where('environment', 'is', null)
    .where('kind', '=', 'ledger.pruned')
    .orderBy('recorded_at', 'desc')
    .execute();
  const minimum = minimumOf(plan, archive.checkpoint.size);
  for (const { entry_id } of rows) {
    const entry = await readEntry(db, entry_id);
    const fact = entry?.content.ledger;
    if (fact?.act !== 'pruned' || fact.minimum !== minimum || fact.archive !== archive.note) continue;
    const kept = IndexRanges.parse(fact.kept);
    if (kept === null || !staying.every((index) => kept.has(index))) continue;
    const sealed = entry?.content.documents.find(({ name }) => name === 'retirement');
    const body = sealed === undefined ? null : await readDocument(db, sealed.commitment);
    const said = retirementDocument.safeParse(body === null ? null : JSON.parse(body.toString('utf8')));
    if (said.success && said.data.year === plan.year.year && said.data.manifest === archive.manifest)
      return { entryId: entry_id, kept };
  }
  return null;
}

async function assertSigned(
  db: Kysely<Database>,
  logId: number,
  proof: string,
  entryId: string,
): Promise<void> {
  const row = await db
    .selectFrom('ledger.entry')
    .select('canonical')
    .where('id', '=', entryId)
    .executeTakeFirstOrThrow();
  const log = await db
    .selectFrom('ledger.log')
    .selectAll()
    .where('log_id', '=', logId)
    .executeTakeFirstOrThrow();
  const keys = await readFoundedVkeys(db, log);
  verifyProof(proof, leafHash(row.canonical), keys.at(-1) ?? log.vkey);
}
