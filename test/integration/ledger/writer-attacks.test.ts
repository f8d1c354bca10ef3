/**
 * What somebody can try who has the writer's login and no key: rows beside the log that are none, and rows in the way of what comes
 * next. Nothing of it may hide what else is wrong, and whoever operates the ledger has to be told what it is and how to mend it.
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { VerifyReport } from '../../../src/ledger/finding.ts';
import type { LedgerSigner } from '../../../src/ledger/signer.ts';
import { verifyDatabase } from '../../../src/ledger/verify-database.ts';
import type { TestDatabase } from '../../support/database.ts';
import { createTestDatabase } from '../../support/database.ts';
import {
  act,
  copyDatabase,
  integrateAll,
  makeEntry,
  makeSigner,
  recordOne,
  recordSome,
  tamper,
} from './ledger-fixture.ts';

let signer: LedgerSigner;
let built: TestDatabase;
let database: TestDatabase;

beforeAll(async () => {
  signer = makeSigner();
  built = await createTestDatabase();
  await recordSome(built.db, 5);
  await integrateAll(built.writerUrl, signer);
  await built.db.destroy();
});
afterAll(() => built.drop());
beforeEach(async () => {
  database = await copyDatabase(built);
});
afterEach(() => database.drop());

const sentences = ({ findings }: VerifyReport): string[] => findings.map(({ sentence }) => sentence);
const alterEntry = (): Promise<void> =>
  tamper(
    database.ownerUrl,
    ['entry'],
    `UPDATE ledger.entry SET canonical = convert_to(replace(convert_from(canonical, 'UTF8'), '"pullRequest":3,', '"pullRequest":8,'), 'UTF8')`,
  );
const ALTERED = expect.stringMatching(/^Entry 3 .* was altered/);
const NO_KEY =
  'This log names a key as its own that is none, so it is judged without that: "garbage \\u001b[2J" is no Ed25519 verifier key; ' +
  'one looks like NAME+1a2b3c4d+BASE64. Whoever put it into ledger.log or ledger.log_key can write to this database.';
const GARBAGE = String.raw`E'garbage \x1b[2J'`;

describe('what is no key, in the place of one, hides nothing else', () => {
  test('in the list of later keys', async () => {
    const id = await recordOne(database.db, makeEntry(5));
    await integrateAll(database.writerUrl, signer);
    await act(
      database.writerUrl,
      `INSERT INTO ledger.log_key (log_id, number, vkey, entry_id) VALUES (1, 1, ${GARBAGE}, '${id}')`,
    );
    await alterEntry();
    for (const vkey of [null, signer.vkey])
      expect(sentences(await verifyDatabase(database.db, { vkey }))).toEqual([NO_KEY, ALTERED]);
  });

  test('as the key of a log that somebody began after this one', async () => {
    await act(
      database.writerUrl,
      `INSERT INTO ledger.log (log_id, origin, vkey) VALUES (2, 'audit.example.com/ledger/2', ${GARBAGE})`,
    );
    await alterEntry();
    const found = sentences(await verifyDatabase(database.db, { vkey: signer.vkey }));
    expect(found).toContain(NO_KEY);
    expect(found).toContainEqual(
      expect.stringMatching(/^In audit\.example\.com\/ledger\/1: Entry 3 .* was altered/),
    );
  });

  test('as the log’s own key, which the owner put there', async () => {
    await tamper(database.ownerUrl, ['log'], `UPDATE ledger.log SET vkey = ${GARBAGE}`);
    await alterEntry();
    // Under the key that the reader brings it is judged as ever.
    const given = sentences(await verifyDatabase(database.db, { vkey: signer.vkey }));
    expect(given).toContain(NO_KEY);
    expect(given).toContainEqual(ALTERED);
    // Without one no signature says which of bytes and hashes is right.
    const found = sentences(await verifyDatabase(database.db));
    expect(found).toContain(NO_KEY);
    expect(found).toContain(
      'Checkpoint 5 was altered: there is no key by which its signature could be judged.',
    );
    expect(found.join('\n')).toContain('Entry 3 ');
  });

  test('but a reader’s own key that is none is told before anything else', async () => {
    await expect(verifyDatabase(database.db, { vkey: 'garbage' })).rejects.toMatchObject({
      code: 'verifier_key_unreadable',
    });
  });
});
