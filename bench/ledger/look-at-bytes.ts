/** What it costs the sequencer to look into each entry's bytes for what must not be signed, against reading the entries without. */
import { Client } from 'pg';
import { LOOKED_AT } from '../../src/ledger/sequence/unsigned-entries.ts';
import { median } from './workload.ts';

const ROUNDS = 9;
const ENTRIES = 10_000;

export async function lookAtBytes(url: string): Promise<{ ratio: number; microseconds: number }> {
  const client = new Client({ connectionString: url });
  await client.connect();
  const read = async (columns: string): Promise<number> => {
    const began = performance.now();
    await client.query(
      `SELECT e.id, e.leaf_hash, ${columns} FROM ledger.entry e ORDER BY e.id LIMIT ${ENTRIES}`,
    );
    return performance.now() - began;
  };
  try {
    const rounds: { without: number; looking: number }[] = [];
    for (let number = 0; number < ROUNDS; number += 1)
      rounds.push({
        without: await read('NULL AS suspect, false AS retires'),
        looking: await read(LOOKED_AT),
      });
    return {
      ratio: Number(median(rounds.map(({ without, looking }) => looking / without)).toFixed(2)),
      microseconds: Number(
        ((median(rounds.map(({ without, looking }) => looking - without)) * 1000) / ENTRIES).toFixed(2),
      ),
    };
  } finally {
    await client.end();
  }
}
