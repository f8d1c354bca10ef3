/**
 * What somebody can try who has the writer's login and no key: rows beside the log that are none, and rows in the way of what comes
 * next. Nothing of it may hide what else is wrong, and whoever operates the ledger has to be told what it is and how to mend it.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Client } from 'pg';
import { entryProof, waitForEntryProof } from '../../../src/ledger/prove/entry-proof.ts';
import type { VerifyReport } from '../../../src/ledger/source/finding.ts';
import { integrate, signHead } from '../../../src/ledger/sequence/integrate.ts';
import { openLog } from '../../../src/ledger/sequence/log.ts';
import { queryOf } from '../../../src/ledger/store/query.ts';
import { LEDGER_LOCKS } from '../../../src/ledger/store/record.ts';
import type { Sequencer } from '../../../src/ledger/sequence/sequencer.ts';
import { startSequencer } from '../../../src/ledger/sequence/sequencer.ts';
import type { LedgerSigner } from '../../../src/ledger/sequence/signer.ts';
import { verifyDatabase } from '../../../src/ledger/verify/verify-database.ts';
import type { TestDatabase } from '../../support/database.ts';
import { createTestDatabase, query } from '../../support/database.ts';
import {
  ORIGIN,
  act,
  copyDatabase,
  integrateAll,
  makeEntry,
  makeSigner,
  recordOne,
  recordSome,
  tamper,
  until,
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

  test('in a row that no entry goes with', async () => {
    await act(
      database.writerUrl,
      `INSERT INTO ledger.log_key (log_id, number, vkey, entry_id) VALUES (1, 3, ${GARBAGE}, gen_random_uuid())`,
    );
    await alterEntry();
    expect(sentences(await verifyDatabase(database.db, { vkey: signer.vkey }))).toEqual([
      'Row 3 of ledger.log_key says that "garbage \\u001b[2J" signs this log, and no entry does: somebody with the writer’s login put it there.',
      ALTERED,
    ]);
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

describe('what keeps entries from getting an index is told in one sentence, with who and what to do:', () => {
  const running: Sequencer[] = [];
  let told: string[];
  afterEach(async () => {
    for (const sequencer of running.splice(0)) await sequencer.stop();
  });
  const start = async (): Promise<Sequencer> => {
    const log = { info: () => undefined, error: (_: object, message: string) => void told.push(message) };
    const sequencer = await startSequencer({ url: database.writerUrl, signer, pollMs: 50, log });
    running.push(sequencer);
    return sequencer;
  };
  beforeEach(() => {
    told = [];
  });
  const mend = (table: string, where: string): string =>
    `somebody with the writer's login put that row into ledger.${table}: take it away as the owner (${where}; docs/ledger.md, "When nothing is appended", says how) ` +
    'and change the password of the writer’s login.';
  /** As docs/ledger.md says it. */
  const takeAway = (table: string, where: string): Promise<void> =>
    act(
      database.ownerUrl,
      'BEGIN',
      'SET LOCAL ROLE countersign_owner',
      `ALTER TABLE ledger.${table} DISABLE TRIGGER refuse_change`,
      `DELETE FROM ledger.${table} WHERE ${where}`,
      `ALTER TABLE ledger.${table} ENABLE ALWAYS TRIGGER refuse_change`,
      'COMMIT',
    );
  /** Told once, shown for as long as it lasts, and over when it was mended. */
  const expectTold = async (
    sequencer: Sequencer,
    sentence: string,
    mended: () => Promise<void>,
  ): Promise<void> => {
    await until(() => sequencer.problem === sentence);
    await wait(300);
    expect(told).toEqual([`nothing is appended to the ledger: ${sentence}`]);
    const id = await recordOne(database.db, makeEntry(6));
    await wait(200);
    expect(await entryProof(database.db, id)).toBeNull();
    await mended();
    expect(await waitForEntryProof(database.db, id, 10_000)).not.toBeNull();
    expect([sequencer.problem, sequencer.state]).toEqual([null, 'integrating']);
    expect(sentences(await verifyDatabase(database.db, { vkey: signer.vkey }))).toEqual([]);
  };

  test('a login that has nothing to do with it holds the lock', async () => {
    const intruder = new Client({ connectionString: database.readerUrl, application_name: 'psql' });
    intruder.on('error', () => undefined);
    await intruder.connect();
    const { rows } = await intruder.query<{ pid: number; role: string }>(
      `SELECT pg_backend_pid() AS pid, current_user AS role, pg_advisory_lock(${LEDGER_LOCKS}, 1)`,
    );
    const { pid = 0, role = '' } = rows[0] ?? {};
    const sequencer = await start();
    await until(() => sequencer.problem !== null);
    const sentence = sequencer.problem ?? '';
    expect(sentence.replace(/since .*?Z/, 'since …')).toBe(
      `the lock of the ledger's sequencer is held by process ${pid} of PostgreSQL (role ${role}, application "psql", seen there since …), ` +
        `which is no sequencer of ours: end it with SELECT pg_terminate_backend(${pid}) as a superuser or as that role, ` +
        `and take from ${role} the right to connect to this database, if it has no business here.`,
    );
    await expectTold(sequencer, sentence, () =>
      act(database.superuserUrl, `SELECT pg_terminate_backend(${pid})`),
    );
  });

  test('somebody with the writer’s login holds the lock under our name, and integrates nothing', async () => {
    const intruder = new Client({
      connectionString: database.writerUrl,
      application_name: 'countersign sequencer',
    });
    await intruder.connect();
    await intruder.query(`SELECT pg_advisory_lock(${LEDGER_LOCKS}, 1)`);
    const sequencer = await start();
    const id = await recordOne(database.db, makeEntry(5));
    await wait(300);
    // So it is with every second process of ours.
    expect([sequencer.state, sequencer.problem]).toEqual(['standing by', null]);
    await tamper(
      database.superuserUrl,
      ['entry'],
      `UPDATE ledger.entry SET recorded_at = now() - interval '1 minute' WHERE id = '${id}'`,
    );
    await until(() => sequencer.problem !== null);
    expect(sequencer.problem).toMatch(
      /^the lock of the ledger's sequencer is held by process \d+ of PostgreSQL \(role \w+, application "countersign sequencer", connected since \S+Z\), which gives none an index, though entries have been waiting since \S+Z: end it with SELECT pg_terminate_backend\(\d+\) as a superuser or as that role\.$/,
    );
    await intruder.end();
    await until(() => sequencer.state === 'integrating' && sequencer.problem === null);
  });

  test('a newer log that nobody began', async () => {
    await act(
      database.writerUrl,
      `INSERT INTO ledger.log (log_id, origin, vkey) VALUES (2, ${GARBAGE}, ${GARBAGE})`,
    );
    const sentence =
      `ledger.log has a newer log than ${ORIGIN}, which this process signs: "garbage \\u001b[2J" (log_id 2). ` +
      `If \`countersign incarnate\` began it, start with its key and origin; if nobody did, ${mend('log', 'log_id = 2')}`;
    await expect(start()).rejects.toMatchObject({ code: 'ledger_key_mismatch', message: sentence });
    await takeAway('log', 'log_id = 2');
    const sequencer = await start();
    sequencer.wake();
  });

  test('the same while it runs, and has to take up the log again', async () => {
    const sequencer = await start();
    await act(
      database.writerUrl,
      `INSERT INTO ledger.log (log_id, origin, vkey) VALUES (2, 'other', 'none')`,
    );
    await act(
      database.superuserUrl,
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'countersign sequencer'`,
    );
    await until(() => sequencer.problem?.startsWith('ledger.log has a newer log') === true);
    told = told.slice(-1);
    await expectTold(sequencer, sequencer.problem ?? '', () => takeAway('log', 'log_id = 2'));
  });

  test('a later key that nobody rotated to', async () => {
    const id = await recordOne(database.db, makeEntry(5));
    await act(
      database.writerUrl,
      `INSERT INTO ledger.log_key (log_id, number, vkey, entry_id) VALUES (1, 1, ${GARBAGE}, '${id}')`,
    );
    await expect(start()).rejects.toMatchObject({
      code: 'ledger_key_mismatch',
      message:
        `this database's ledger is signed as "garbage \\u001b[2J" since its key was rotated, and the key given here is ${signer.vkey}: ` +
        'start with that key and origin; or, to rotate the key, give the one that signs now as COUNTERSIGN_LEDGER_PREVIOUS_KEY. ' +
        `If nobody rotated it, ${mend('log_key', 'log_id = 1 AND number = 1')}`,
    });
    await takeAway('log_key', 'log_id = 1 AND number = 1');
    await start();
  });

  test.each([
    [
      'tile',
      'log_id = 1 AND level = 0 AND index = 0',
      `1, 0, 0, convert_to(repeat('x', 8192), 'UTF8'), sha256('x')`,
    ],
    ['integration', 'log_id = 1 AND index = 200', `1, 200, gen_random_uuid(), sha256('x')`],
  ])(
    'a row of ledger.%s in the way, of the owner’s or from before that was refused',
    async (table, where, values) => {
      await tamper(database.ownerUrl, [table], `INSERT INTO ledger.${table} VALUES (${values})`);
      const sequencer = await start();
      await recordSome(database.db, 260, 5);
      await expectTold(
        sequencer,
        `a row in ledger.${table} is over entries that are still to come, and in the way of them: ${mend(table, where)}`,
        () => takeAway(table, where),
      );
    },
  );

  test('a checkpoint that is none, at the size that is signed next', async () => {
    await recordOne(database.db, makeEntry(5));
    const log = await openLog(queryOf(database.db), 1, signer);
    await integrate(queryOf(database.db), log, 10);
    const root = Buffer.from(log.tree.root()).toString('hex');
    await act(
      database.writerUrl,
      `INSERT INTO ledger.checkpoint (log_id, size, root, note) VALUES (1, 6, decode('${root}', 'hex'), 'no note')`,
    );
    // It would have been taken for the one that we sign.
    await expect(signHead(queryOf(database.db), log, signer)).rejects.toMatchObject({
      code: 'checkpoint_forged',
    });
    const sentence =
      "what stands in ledger.checkpoint for 6 entries is no checkpoint of this log: the note can't be read: it has no signature block. " +
      `If no key was changed, ${mend('checkpoint', 'size = 6')}`;
    await expect(start()).rejects.toMatchObject({ code: 'checkpoint_forged', message: sentence });
    const [first] = await query(
      database.readerUrl,
      'SELECT entry_id FROM ledger.integration WHERE index = 0',
    );
    // Nor is it handed on as a proof.
    expect(await entryProof(database.db, String(first?.['entry_id']))).toBeNull();
    await takeAway('checkpoint', 'size = 6');
    const sequencer = await start();
    await until(async () => (await entryProof(database.db, String(first?.['entry_id']))) !== null);
    expect(sequencer.problem).toBeNull();
  });
});

describe('rows that nothing can be read from', () => {
  test('an entry that waits twice gets one index, and what comes after it the next', async () => {
    const sequencer = await startSequencer({
      url: database.writerUrl,
      signer,
      log: { info: () => undefined, error: () => undefined },
    });
    try {
      const id = await database.db.transaction().execute(async (tx) => {
        const recorded = await recordOne(tx, makeEntry(5));
        await tx
          .insertInto('ledger.pending')
          .values([{ entry_id: recorded }, { entry_id: recorded }])
          .execute();
        return recorded;
      });
      expect(await waitForEntryProof(database.db, id, 20_000)).toMatchObject({ index: 5 });
      const next = await recordOne(database.db, makeEntry(6));
      expect(await waitForEntryProof(database.db, next, 20_000)).toMatchObject({ index: 6 });
    } finally {
      await sequencer.stop();
    }
    expect(await verifyDatabase(database.db)).toMatchObject({ size: 7, found: 0 });
  });

  test.each([
    ['a year beyond JavaScript’s last', "'290000-01-01'"],
    ['infinity', "'infinity'"],
  ])('%s as a time is a finding, and hides nothing else', async (_, time) => {
    await tamper(
      database.superuserUrl,
      ['projection'],
      `UPDATE ledger.projection SET occurred_at = ${time} WHERE entry_id = (SELECT entry_id FROM ledger.integration WHERE index = 1)`,
    );
    await alterEntry();
    const found = sentences(await verifyDatabase(database.db));
    expect(found).toContainEqual(expect.stringMatching(/^Entry 1 .*occurred_at/));
    expect(found).toContainEqual(ALTERED);
  });
});
