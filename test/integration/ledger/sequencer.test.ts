import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { newEntryId } from '../../../src/ledger/format/entry-id.ts';
import { entryProof, waitForEntryProof } from '../../../src/ledger/prove/entry-proof.ts';
import { integrate } from '../../../src/ledger/sequence/integrate.ts';
import { identifyLog, openLog } from '../../../src/ledger/sequence/log.ts';
import { leafHash } from '../../../src/ledger/format/hash.ts';
import { verifyProof } from '../../../src/ledger/format/proof.ts';
import { queryOfClient } from '../../../src/ledger/store/query.ts';
import { record } from '../../../src/ledger/store/record.ts';
import type { Sequencer } from '../../../src/ledger/sequence/sequencer.ts';
import { startSequencer } from '../../../src/ledger/sequence/sequencer.ts';
import type { LedgerSigner } from '../../../src/ledger/sequence/signer.ts';
import { createSigner, generateLedgerKey } from '../../../src/ledger/sequence/signer.ts';
import { verifyDatabase } from '../../../src/ledger/verify/verify-database.ts';
import type { TestDatabase } from '../../support/database.ts';
import { createTestDatabase, query } from '../../support/database.ts';
import {
  ORIGIN,
  act,
  integrateAll,
  makeEntry,
  makeSigner,
  recordOne,
  recordSome,
  sizeOf,
  tamper,
  until,
} from './ledger-fixture.ts';

let database: TestDatabase;
let signer: LedgerSigner;
const running: Sequencer[] = [];

beforeEach(async () => {
  database = await createTestDatabase();
  signer = makeSigner();
});
afterEach(async () => {
  for (const sequencer of running.splice(0)) await sequencer.stop();
  await database.drop();
});

const start = async (options: { batch?: number } = {}): Promise<Sequencer> => {
  const sequencer = await startSequencer({ url: database.writerUrl, signer, pollMs: 200, ...options });
  running.push(sequencer);
  return sequencer;
};

/** Every recorded entry has one index, there is no gap, and everything that was signed holds. */
async function expectWhole(entries: number): Promise<void> {
  const [log] = await query(
    database.readerUrl,
    `SELECT (SELECT count(*)::int FROM ledger.entry) AS entries, count(*)::int AS placed, count(DISTINCT entry_id)::int AS different,
       coalesce(max(index) + 1, 0)::int AS size, (SELECT count(*)::int FROM ledger.pending) AS pending FROM ledger.integration`,
  );
  expect(log).toEqual({ entries, placed: entries, different: entries, size: entries, pending: 0 });
  const report = await verifyDatabase(database.db);
  expect(report.findings).toEqual([]);
  expect(report.newest?.size).toBe(entries);
}

describe('a sequencer', () => {
  test('gives entries their index in the order of recording and a proof to each', async () => {
    await start();
    const ids = await recordSome(database.db, 5);
    for (const [index, id] of ids.entries()) {
      const found = await waitForEntryProof(database.db, id, 10_000);
      expect(found).toMatchObject({ index, origin: ORIGIN });
      const [entry] = await query(database.readerUrl, 'SELECT canonical FROM ledger.entry WHERE id = $1', [
        id,
      ]);
      expect(verifyProof(found!.proof, leafHash(entry!['canonical'] as Buffer), signer.vkey).index).toBe(
        index,
      );
      // Without the entry's own bytes, which the proof doesn't need.
      expect(found!.proof.replace(/^extra .*\n/m, '').length).toBeLessThan(2048);
    }
    await expectWhole(5);
  });

  test('is woken by what is recorded, long before it would look by itself', async () => {
    const sequencer = await startSequencer({ url: database.writerUrl, signer, pollMs: 60_000 });
    running.push(sequencer);
    await until(() => sequencer.state === 'integrating');
    // By now it sleeps, and would look again in a minute.
    await new Promise((resolve) => setTimeout(resolve, 300));
    const id = await recordOne(database.db, makeEntry(0));
    expect(await waitForEntryProof(database.db, id, 10_000)).not.toBeNull();
  });

  test('leaves out what is not committed yet, and takes it when it is', async () => {
    await start();
    let finish = (): void => undefined;
    let recorded = (): void => undefined;
    const begun = new Promise<void>((resolve) => (recorded = resolve));
    const held = new Promise<void>((resolve) => (finish = resolve));
    const now = new Date().toISOString();
    const slow = database.db.transaction().execute(async (tx) => {
      const { entryId } = await record(tx, makeEntry(0, { who: [] }), {
        id: newEntryId(now, randomBytes),
        now,
        random: randomBytes,
      });
      recorded();
      await held;
      return entryId;
    });
    await begun;
    const quick = await recordOne(database.db, makeEntry(1));
    expect(await waitForEntryProof(database.db, quick, 10_000)).toMatchObject({ index: 0 });
    finish();
    expect(await waitForEntryProof(database.db, await slow, 10_000)).toMatchObject({ index: 1 });
  });

  test('takes whatever is committed before it stops', async () => {
    const sequencer = await start({ batch: 3 });
    await recordSome(database.db, 20);
    await sequencer.stop();
    expect(sequencer.state).toBe('stopped');
    await expectWhole(20);
  });

  test('extends the tree over tile edges, batch by batch', async () => {
    await start({ batch: 100 });
    await Promise.all(Array.from({ length: 10 }, (_, caller) => recordSome(database.db, 60, caller * 60)));
    await until(async () => (await sizeOf(database.db)) === 600);
    for (const sequencer of running.splice(0)) await sequencer.stop();
    const tiles = await query(
      database.readerUrl,
      'SELECT level, index::int FROM ledger.tile ORDER BY level, index',
    );
    expect(tiles).toEqual([
      { level: 0, index: 0 },
      { level: 0, index: 1 },
    ]);
    await expectWhole(600);
  });

  test('goes on when its connection is cut', async () => {
    const sequencer = await start();
    await recordSome(database.db, 3);
    await until(() => sequencer.state === 'integrating');
    await act(
      database.superuserUrl,
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'countersign sequencer' AND datname = '${database.name}'`,
    );
    const id = await recordOne(database.db, makeEntry(4));
    expect(await waitForEntryProof(database.db, id, 15_000)).toMatchObject({ index: 3 });
    await expectWhole(4);
  });

  test('takes a row that waits twice only once', async () => {
    const [id] = await recordSome(database.db, 1);
    await integrateAll(database.writerUrl, signer);
    await act(database.writerUrl, `INSERT INTO ledger.pending (entry_id) VALUES ('${id}')`);
    await start();
    await until(async () => (await query(database.readerUrl, 'SELECT FROM ledger.pending')).length === 0);
    const next = await recordOne(database.db, makeEntry(1));
    expect(await waitForEntryProof(database.db, next, 15_000)).toMatchObject({ index: 1 });
    await expectWhole(2);
  });

  test('has no proof for what is not integrated', async () => {
    const [id] = await recordSome(database.db, 1);
    expect(await entryProof(database.db, id!)).toBeNull();
    expect(await entryProof(database.db, '019b76da-a800-7000-8000-000000000001')).toBeNull();
    expect(await waitForEntryProof(database.db, id!, 50)).toBeNull();
  });
});

test('verifying a ledger that is growing raises no alarm', async () => {
  await start({ batch: 9 });
  const enough = new AbortController();
  const callers = Promise.all(
    Array.from({ length: 4 }, async (_, caller) => {
      for (let number = caller; !enough.signal.aborted; number += 4)
        await recordOne(database.db, makeEntry(number));
    }),
  );
  const reports = [];
  for (let time = 0; time < 8; time += 1) reports.push(await verifyDatabase(database.db));
  enough.abort();
  await callers;
  expect(reports.flatMap(({ findings }) => findings)).toEqual([]);
  expect(reports.at(-1)?.size).toBeGreaterThan(reports[0]?.size ?? Infinity);
});

describe('two sequencers', () => {
  test('at once leave no gap and no fork, and one takes over from the other', async () => {
    const [first, second] = [await start({ batch: 5 }), await start({ batch: 5 })];
    const callers = Array.from({ length: 8 }, (_, caller) => recordSome(database.db, 40, caller * 40));
    await until(async () => (await sizeOf(database.db)) > 50);
    expect([first.state, second.state].sort()).toEqual(['integrating', 'standing by']);
    const leader = first.state === 'integrating' ? first : second;
    await leader.stop();
    await Promise.all(callers);
    await until(async () => (await sizeOf(database.db)) === 320);
    for (const sequencer of running.splice(0)) await sequencer.stop();
    await expectWhole(320);
  });

  test('where the lock fails to keep one out, the head does', async () => {
    await recordSome(database.db, 40);
    const clients = [new Client(database.writerUrl), new Client(database.writerUrl)];
    const queries = await Promise.all(
      clients.map(async (client) => {
        await client.connect();
        return queryOfClient(client);
      }),
    );
    const [one, other] = [queries[0]!, queries[1]!];
    const logId = await identifyLog(one, signer);
    const [left, right] = [await openLog(one, logId, signer), await openLog(other, logId, signer)];
    expect(await integrate(one, left, 10)).toBe(10);
    await expect(integrate(other, right, 10)).rejects.toMatchObject({ code: 'head_moved' });
    expect(await integrate(other, await openLog(other, logId, signer), 100)).toBe(30);
    await Promise.all(clients.map((client) => client.end()));
    await integrateAll(database.writerUrl, signer);
    await expectWhole(40);
  });
});

describe('processes', () => {
  const children: ChildProcess[] = [];
  let directory = '';

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'countersign-ledger-'));
    const key = generateLedgerKey();
    writeFileSync(join(directory, 'key'), key);
    signer = createSigner({ origin: ORIGIN, privateKey: key });
  });
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    rmSync(directory, { recursive: true, force: true });
  });

  /** Also collects the ids of what it recorded: those whose commit it lived to hear of. */
  function launch(first: number): { child: ChildProcess; recorded: string[]; ended: Promise<number | null> } {
    const script = fileURLToPath(new URL('sequencer-process.ts', import.meta.url));
    const child = spawn(
      process.execPath,
      [script, database.writerUrl, join(directory, 'key'), String(first)],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    children.push(child);
    const recorded: string[] = [];
    let rest = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      recorded.push(...lines.filter((line) => line !== 'started'));
    });
    const ended = new Promise<number | null>((resolve) => child.on('exit', resolve));
    return { child, recorded, ended };
  }

  test('that are killed while they record and integrate lose nothing that was committed', async () => {
    const acknowledged: string[] = [];
    for (let round = 0; round < 4; round += 1) {
      const before = await sizeOf(database.db);
      const [doomed, other] = [launch(round * 10_000), launch(round * 10_000 + 5000)];
      await until(async () => (await sizeOf(database.db)) > before + 20 + round * 13);
      doomed.child.kill('SIGKILL');
      await doomed.ended;
      const atDeath = await sizeOf(database.db);
      await until(async () => (await sizeOf(database.db)) > atDeath + 20);
      other.child.kill(round % 2 === 0 ? 'SIGTERM' : 'SIGKILL');
      await other.ended;
      acknowledged.push(...doomed.recorded, ...other.recorded);
    }
    await integrateAll(database.writerUrl, signer);
    const [count] = await query(database.readerUrl, 'SELECT count(*)::int AS n FROM ledger.entry');
    await expectWhole(Number(count?.['n']));
    const placed = new Set(
      (await query(database.readerUrl, 'SELECT entry_id FROM ledger.integration')).map((row) =>
        String(row['entry_id']),
      ),
    );
    expect(acknowledged.filter((id) => !placed.has(id))).toEqual([]);
    expect(acknowledged.length).toBeGreaterThan(100);
  }, 120_000);
});

describe('a log that was altered is not appended to:', () => {
  const refused = async (code: string, part: string): Promise<void> => {
    await expect(startSequencer({ url: database.writerUrl, signer })).rejects.toMatchObject({
      code,
      message: expect.stringContaining(part),
    });
  };

  beforeEach(async () => {
    await recordSome(database.db, 12);
    await integrateAll(database.writerUrl, signer);
  });

  test('another key', async () => {
    signer = makeSigner();
    await refused('ledger_key_mismatch', 'start with that key and origin');
  });

  test('entries that were signed are gone', async () => {
    await tamper(
      database.ownerUrl,
      ['integration', 'head'],
      'DELETE FROM ledger.integration WHERE index >= 10',
    );
    await refused('ledger_altered', 'ends in 12 hashes, not 10');
  });

  test('the head was wound back', async () => {
    await recordSome(database.db, 3, 12);
    await integrateAll(database.writerUrl, signer);
    await tamper(
      database.ownerUrl,
      ['integration', 'head'],
      'DELETE FROM ledger.integration WHERE index >= 12',
      'UPDATE ledger.head SET (size, root) = (SELECT size, root FROM ledger.checkpoint WHERE size = 12)',
    );
    await refused('ledger_altered', 'it has 12 entries, and 15 were signed');
  });

  test('a stored hash is another', async () => {
    await tamper(
      database.ownerUrl,
      ['integration'],
      `UPDATE ledger.integration SET leaf_hash = sha256('x') WHERE index = 3`,
    );
    await refused('ledger_altered', 'do not lead to the root of its 12 entries');
  });

  test('a checkpoint that the key never signed', async () => {
    await tamper(
      database.ownerUrl,
      ['checkpoint'],
      `UPDATE ledger.checkpoint SET note = replace(note, E'\\n12\\n', E'\\n13\\n')`,
    );
    await refused('checkpoint_forged', "does not have audit.example.com/ledger/1's signature");
  });

  test('its identity was taken away', async () => {
    await tamper(
      database.ownerUrl,
      ['log', 'head', 'checkpoint'],
      'DELETE FROM ledger.head',
      'DELETE FROM ledger.checkpoint',
      'DELETE FROM ledger.log',
    );
    await refused('ledger_altered', 'its identity is gone');
  });
});
