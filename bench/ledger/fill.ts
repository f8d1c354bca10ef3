/**
 * Lets a log grow to any size in minutes: entries are recorded as the writer, thousands in one statement, and then get their
 * index, tiles and signatures from the sequencer's own code. Memory holds one batch, however large the log.
 */
import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { openDatabase } from '../../src/db/open-database.ts';
import { entryBytes, entryContent } from '../../src/ledger/format/entry.ts';
import type { PersonReference } from '../../src/ledger/format/entry.ts';
import { newEntryId } from '../../src/ledger/format/entry-id.ts';
import { integrate, signHead } from '../../src/ledger/sequence/integrate.ts';
import { identifyLog, openLog } from '../../src/ledger/sequence/log.ts';
import { queryOfClient } from '../../src/ledger/store/query.ts';
import type { LedgerSigner } from '../../src/ledger/sequence/signer.ts';
import { introduce } from '../../src/ledger/store/subjects.ts';
import { ENTRY } from './workload.ts';

/** No power of two, so that checkpoints lie anywhere within bundles, as they do in life. */
const BATCH = 2000;

/** Grows the log to `size` entries with a checkpoint a batch; `progress` is told after each. */
export async function fillTo(
  url: string,
  signer: LedgerSigner,
  size: number,
  progress: (done: number) => void = () => undefined,
): Promise<void> {
  const people = await introduceAll(url);
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const query = queryOfClient(client);
    let log = await openLog(query, await identifyLog(query, signer), signer);
    while (log.tree.size < size) {
      const count = Math.min(BATCH, size - log.tree.size);
      await recordMany(client, people, log.tree.size, count);
      await integrate(query, log, count);
      log = await signHead(query, log, signer);
      progress(log.tree.size);
    }
  } finally {
    await client.end();
  }
}

/** Records `count` entries, without giving them their index. */
export async function recordBatch(url: string, from: number, count: number): Promise<void> {
  const people = await introduceAll(url);
  const client = new Client({ connectionString: url });
  await client.connect();
  await recordMany(client, people, from, count);
  await client.end();
}

async function introduceAll(url: string): Promise<PersonReference[]> {
  const db = openDatabase(url, { max: 1 });
  const actors = ENTRY.who.map(({ actor }) => actor);
  const people = await db.transaction().execute(async (tx) => await introduce(tx, actors, randomBytes));
  await db.destroy();
  return people;
}

async function recordMany(
  client: Client,
  people: readonly PersonReference[],
  from: number,
  count: number,
): Promise<void> {
  const now = new Date().toISOString();
  const ids = Array.from({ length: count }, () => newEntryId(now, randomBytes));
  const entries = ids.map((id, at) =>
    entryBytes(
      entryContent({ ...ENTRY, pullRequest: from + at }, { id, recordedAt: now, people, commitments: [] }),
    ),
  );
  // As one value, cut apart there: an array of bytea would travel as hexadecimal text.
  await client.query(
    `WITH given AS MATERIALIZED (
       SELECT id, at, substr($2::bytea, (sum(length) OVER (ORDER BY at) - length + 1)::int, length) AS bytes
       FROM unnest($1::uuid[], $3::int[]) WITH ORDINALITY AS g (id, length, at)),
     entry AS (INSERT INTO ledger.entry (id, canonical) SELECT id, bytes FROM given),
     projection AS (
       INSERT INTO ledger.projection (entry_id, kind, repository_id, environment, commit, pull_request, outcome, occurred_at, recorded_at, delivery)
       SELECT id, $5, $6::bigint, $7, $8, $4::int + at - 1, $9, $10::timestamptz, $11::timestamptz, $12 FROM given)
     INSERT INTO ledger.pending (entry_id) SELECT id FROM given ORDER BY at`,
    [
      ids,
      Buffer.concat(entries),
      entries.map((bytes) => bytes.length),
      from,
      ENTRY.kind,
      ENTRY.repository?.id,
      ENTRY.environment,
      ENTRY.commit,
      ENTRY.outcome,
      ENTRY.occurredAt,
      now,
      ENTRY.delivery,
    ],
  );
}
