import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { databaseCheckRuns } from '../../../src/ledger/verify/database-check-runs.ts';
import { entryProver } from '../../../src/ledger/prove/entry-prover.ts';
import type { LedgerSigner } from '../../../src/ledger/sequence/signer.ts';
import { createSigner, generateLedgerKey } from '../../../src/ledger/sequence/signer.ts';
import type { TestDatabase } from '../../support/database.ts';
import { createTestDatabase, query } from '../../support/database.ts';
import { ORIGIN, act, integrateAll, makeSigner, recordSome, tamper } from './ledger-fixture.ts';

const [FIRST, SECOND] = [generateLedgerKey(), generateLedgerKey()];
const alone = (privateKey: string): LedgerSigner => createSigner({ origin: ORIGIN, privateKey });

let database: TestDatabase;
let ids: string[] = [];
beforeEach(async () => {
  database = await createTestDatabase();
  ids = await recordSome(database.db, 3);
  await integrateAll(database.writerUrl, alone(FIRST));
});
afterEach(() => database.drop());

const prover = (given: string | null = null) =>
  entryProver(database.db, { log_id: 1, vkey: alone(FIRST).vkey }, given);

async function bytesOf(id: string): Promise<Buffer> {
  const [row] = await query(database.readerUrl, 'SELECT canonical FROM ledger.entry WHERE id = $1', [id]);
  return row?.['canonical'] as Buffer;
}

describe('an entry is proven', () => {
  test('by the key that the log was begun with, and not by another', async () => {
    const [id = ''] = ids;
    expect(await (await prover()).proves(id, await bytesOf(id))).toBe(true);
    expect(await (await prover()).proves(id, await bytesOf(ids[1] ?? ''))).toBe(false);
    await expect(prover(makeSigner().vkey)).rejects.toMatchObject({ code: 'key_mismatch' });
    const [waiting = ''] = await recordSome(database.db, 1);
    expect(await (await prover()).proves(waiting, await bytesOf(waiting))).toBeNull();
  });

  test('by every key that the one before vouched for', async () => {
    await integrateAll(
      database.writerUrl,
      createSigner({ origin: ORIGIN, privateKey: SECOND, previousKey: FIRST }),
    );
    await recordSome(database.db, 2);
    await integrateAll(database.writerUrl, alone(SECOND));
    const vkeys = [alone(FIRST).vkey, alone(SECOND).vkey];
    for (const given of [null, ...vkeys]) {
      const proves = await prover(given);
      expect(proves.vkeys).toEqual(vkeys);
      expect(await proves.proves(ids[0] ?? '', await bytesOf(ids[0] ?? ''))).toBe(true);
    }
  });

  test('not by a key that only a row speaks for', async () => {
    await act(
      database.writerUrl,
      `INSERT INTO ledger.log_key (log_id, number, vkey, entry_id) VALUES (1, 1, '${makeSigner().vkey}', '${ids[2]}')`,
    );
    expect((await prover()).vkeys).toEqual([alone(FIRST).vkey]);
  });
});

describe('the check runs of a database', () => {
  test('are not read where there is no log', async () => {
    const empty = await createTestDatabase();
    await expect(databaseCheckRuns(empty.db, null, null)).rejects.toMatchObject({ code: 'ledger_absent' });
    await empty.drop();
  });

  test('belong to a log that continues every checkpoint it signed, and no other', async () => {
    const [signed] = await query(database.readerUrl, 'SELECT size::int, root FROM ledger.checkpoint');
    const root = signed?.['root'] as Buffer;
    const old = { origin: ORIGIN, size: Number(signed?.['size']), root };
    await recordSome(database.db, 2);
    await integrateAll(database.writerUrl, alone(FIRST));
    const log = await databaseCheckRuns(database.db, ORIGIN, null);
    expect(log).toMatchObject({ size: 5, retired: 0 });
    expect(await log.continues(old)).toBe(true);
    expect(await log.continues({ ...old, root: Buffer.alloc(32, 7) })).toBe(false);
  });

  test('are not believed where an entry was altered', async () => {
    await tamper(
      database.ownerUrl,
      ['entry'],
      `UPDATE ledger.entry SET canonical = convert_to(replace(convert_from(canonical, 'UTF8'), 'approved', 'rejected'), 'UTF8') WHERE id = '${ids[1]}'`,
    );
    const log = await databaseCheckRuns(database.db, 'unknown', null);
    expect(log).toMatchObject({ origin: ORIGIN, size: 3 });
    expect(await log.entryAt(0)).toEqual(await bytesOf(ids[0] ?? ''));
    expect(await log.entryAt(3)).toBeNull();
    await expect(log.entryAt(1)).rejects.toMatchObject({ code: 'entry_altered' });
  });
});
