import { Client } from 'pg';

/**
 * What somebody with the owner's rights can do that the app can't: switch the guards off and rewrite an entry in place. The
 * newest request for production then says that a merge asked for it.
 */
export async function alterRecord(
  ownerUrl: string,
): Promise<{ readonly index: number; readonly kind: string }> {
  const client = new Client({ connectionString: ownerUrl });
  await client.connect();
  try {
    await client.query('SET ROLE countersign_owner');
    const { rows } = await client.query<{ place: string; index: string; id: string; canonical: Buffer }>(
      `SELECT e.tableoid::regclass::text AS place, i.index, e.id, e.canonical
       FROM ledger.entry e JOIN ledger.integration i ON i.entry_id = e.id
       WHERE convert_from(e.canonical, 'UTF8') LIKE '%"kind":"deployment.requested"%'
         AND convert_from(e.canonical, 'UTF8') LIKE '%"environment":"production"%'
       ORDER BY i.index DESC LIMIT 1`,
    );
    const [entry] = rows;
    if (entry === undefined) throw new Error('the ledger has no request for production');
    const forged = entry.canonical.toString('utf8').replace('"outcome":"api"', '"outcome":"merge"');
    await client.query('BEGIN');
    await client.query(`ALTER TABLE ${entry.place} DISABLE TRIGGER USER`);
    await client.query('UPDATE ledger.entry SET canonical = $1 WHERE id = $2', [
      Buffer.from(forged),
      entry.id,
    ]);
    await client.query(`ALTER TABLE ${entry.place} ENABLE TRIGGER USER`);
    await client.query('COMMIT');
    return { index: Number(entry.index), kind: 'deployment.requested' };
  } finally {
    await client.end();
  }
}
