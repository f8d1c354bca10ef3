import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { run as exportRun } from '../../../src/cli/export.ts';
import { run as incarnate } from '../../../src/cli/incarnate.ts';
import { run as verify } from '../../../src/cli/verify.ts';
import { run as witnessRun } from '../../../src/cli/witness.ts';
import { openDatabase } from '../../../src/db/open-database.ts';
import { queryOf } from '../../../src/ledger/store/query.ts';
import { startSequencer } from '../../../src/ledger/sequence/sequencer.ts';
import type { LedgerSigner } from '../../../src/ledger/sequence/signer.ts';
import { createSigner, generateLedgerKey } from '../../../src/ledger/sequence/signer.ts';
import { assertNotContradicted } from '../../../src/witness/assert-not-contradicted.ts';
import { GitWitness } from '../../../src/witness/git-witness.ts';
import { startWitnessing } from '../../../src/witness/start-witnessing.ts';
import type { TestDatabase } from '../../support/database.ts';
import { createTestDatabase, query } from '../../support/database.ts';
import { GitRemote } from '../../support/witness/git-remote.ts';
import { GIT_WITNESS_USABLE } from '../../support/witness/usable.ts';
import {
  ORIGIN,
  copyDatabase,
  integrateAll,
  makeSigner,
  recordSome,
  tamper,
  until,
} from '../ledger/ledger-fixture.ts';

/** Each connection is a handful of processes, which take their time on a busy machine. */
jest.setTimeout(180_000);

const eventually = (condition: () => Promise<boolean> | boolean): Promise<void> => until(condition, 60_000);

const describeWithSshd = GIT_WITNESS_USABLE ? describe : describe.skip;
const SECOND = 'audit.example.com/ledger/2';

describeWithSshd('after a restore that lost entries', () => {
  const privateKey = generateLedgerKey();
  const signer = createSigner({ origin: ORIGIN, privateKey });
  const second = createSigner({ origin: SECOND, privateKey });
  let folder = '';
  let remote: GitRemote;
  /** 50 entries, witnessed at 30 and 50. */
  let whole: TestDatabase;
  /** A backup of 30, restored, in which two more were recorded and got no index. */
  let restored: TestDatabase;

  const quiet = { info: () => undefined, error: () => undefined };

  async function witnessAll(url: string, identity: LedgerSigner): Promise<void> {
    const witness = new GitWitness(remote.address(), {
      directory: join(folder, 'copies'),
      now: () => new Date().toISOString(),
    });
    const alarms: Error[] = [];
    const alarm = (error: Error): void => void alarms.push(error);
    const witnessing = startWitnessing({ url, log: quiet, identity, witnesses: [witness], alarm });
    await eventually(() => witnessing.states()[0]?.state === 'current');
    await witnessing.stop();
    expect(alarms).toEqual([]);
  }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'countersign-incarnation-'));
    remote = await GitRemote.start();
    whole = await createTestDatabase();
    await whole.db.destroy();
    const grow = async (count: number, from: number): Promise<void> => {
      const db = openDatabase(whole.writerUrl);
      await recordSome(db, count, from);
      await db.destroy();
      await integrateAll(whole.writerUrl, signer);
      await witnessAll(whole.writerUrl, signer);
    };
    await grow(30, 0);
    restored = await copyDatabase(whole);
    await grow(20, 30);
    await recordSome(restored.db, 2, 90);
  });
  afterAll(async () => {
    await whole.drop();
    await restored.drop();
    await remote.stop();
    await rm(folder, { recursive: true, force: true });
  });

  interface Told {
    readonly code: number | string;
    readonly out: string;
    readonly err: string;
  }

  async function command(run: typeof verify, args: string[], url: string): Promise<Told> {
    const told = { out: '', err: '' };
    const io = {
      stdout: { write: (text: string) => (told.out += text) },
      stderr: { write: (text: string) => (told.err += text) },
      env: {
        DATABASE_URL: url,
        COUNTERSIGN_LEDGER_KEY: privateKey,
        COUNTERSIGN_CONFIG: await remote.operatorFile(),
      },
    };
    try {
      return { code: await run(args, io), ...told };
    } catch (error) {
      return {
        ...told,
        code: (error as { code: string }).code,
        err: `${told.err}${(error as Error).message}`,
      };
    }
  }

  const begin = (url: string, ...args: string[]): Promise<Told> =>
    command(
      incarnate,
      ['--origin', SECOND, '--reason', 'the disk died; the backup of Friday was restored', ...args],
      url,
    );

  const END = `${ORIGIN} ended at 30; checkpoint 50 is held by a witness: 20 entries were lost, as ledger.incarnated (entry 0 of ${SECOND}) says`;

  test('the witnesses tell, asked by `witness status`', async () => {
    expect(await command(witnessRun, ['status'], whole.readerUrl)).toMatchObject({
      code: 0,
      out: expect.stringMatching(
        /^ssh:\/\/\S+#ledger-witness\n {2}witnessed up to #49, 0 minutes ago; nothing is newer here\n$/,
      ),
    });
    expect(await command(witnessRun, ['status'], restored.readerUrl)).toMatchObject({
      code: 1,
      out: expect.stringContaining('has checkpoint 50'),
    });
    // Only what the restored database notes itself: all is well there.
    expect(await command(witnessRun, ['status', '--offline'], restored.readerUrl)).toMatchObject({
      code: 0,
      out: expect.stringContaining(
        'witnessed up to #29, 0 minutes ago (as noted here); nothing is newer here',
      ),
    });
    remote.proxy.refuse(true);
    expect(await command(witnessRun, ['status'], whole.readerUrl)).toMatchObject({
      code: 1,
      out: expect.stringContaining("It can't be asked: witness ssh://"),
    });
    remote.proxy.refuse(false);
    expect(await command(witnessRun, ['what'], whole.readerUrl)).toMatchObject({ code: 2 });
  });

  test('a log that no witness contradicts doesn’t end, and none while it is worked on or a witness can’t be asked', async () => {
    expect(await begin(whole.writerUrl)).toMatchObject({ code: 'incarnation_unneeded' });
    remote.proxy.refuse(true);
    expect(await begin(restored.writerUrl)).toMatchObject({
      code: 'incarnation_unneeded',
      err: expect.stringContaining('could not be reached'),
    });
    remote.proxy.refuse(false);
    expect(await command(incarnate, ['--origin', SECOND], restored.writerUrl)).toMatchObject({ code: 2 });
    expect(await command(incarnate, ['--origin', ORIGIN, '--reason', 'x'], restored.writerUrl)).toMatchObject(
      { code: 'origin_taken' },
    );
    const other = await copyOf(restored);
    const sequencer = await startSequencer({ url: other.writerUrl, signer });
    await eventually(() => sequencer.state === 'integrating');
    expect(await begin(other.writerUrl)).toMatchObject({ code: 'sequencer_at_work' });
    await sequencer.stop();
    await other.drop();
    expect(await query(restored.readerUrl, 'SELECT origin FROM ledger.log')).toEqual([{ origin: ORIGIN }]);
  });

  async function copyOf(database: TestDatabase): Promise<TestDatabase> {
    await database.db.destroy();
    return await copyDatabase(database);
  }

  test('a new log goes on, whose first entry says what was lost', async () => {
    const told = await begin(restored.writerUrl);
    expect(told.err).toContain('this database ends at 30: entries 30 to 49 are lost here.');
    expect(told).toMatchObject({
      code: 0,
      out: expect.stringMatching(new RegExp(`^${ORIGIN} ended at 30\\. ${SECOND} goes on for it;`)),
    });
    await expect(startSequencer({ url: restored.writerUrl, signer })).rejects.toMatchObject({
      code: 'ledger_key_mismatch',
    });

    const db = openDatabase(restored.writerUrl);
    await assertNotContradicted(
      queryOf(db),
      [new GitWitness(remote.address(), { directory: join(folder, 'copies'), now: () => '' })],
      second,
      quiet,
    );
    await integrateAll(restored.writerUrl, second);
    await recordSome(db, 2, 95);
    await db.destroy();
    await integrateAll(restored.writerUrl, second);
    await witnessAll(restored.writerUrl, second);
    // The first, the two that waited, and the two since.
    expect(
      await query(restored.readerUrl, 'SELECT log_id, size::int FROM ledger.head ORDER BY log_id'),
    ).toEqual([
      { log_id: 1, size: 30 },
      { log_id: 2, size: 5 },
    ]);
  });

  test('verify tells of both logs, and holds, whoever compares it with what the witness has', async () => {
    const clone = join(folder, 'clone');
    await promisify(execFile)('git', ['clone', '--quiet', '--bare', remote.repository.directory, clone]);
    for (const args of [
      [],
      ['--witness', clone],
      ['--witness', clone, '--vkey', second.vkey],
      ['--vkey', second.vkey, '--vkey', signer.vkey],
    ]) {
      const { code, out } = await command(verify, args, restored.readerUrl);
      expect(out).toContain(`  before       ${END}\n`);
      expect(out).toContain(`  log          ${SECOND}\n`);
      expect(code).toBe(0);
    }
    // The key of the log before says nothing of the one that goes on for it.
    const { code, out } = await command(verify, ['--vkey', signer.vkey], restored.readerUrl);
    expect(out).toContain(`No key was given for ${SECOND}, the newest log here`);
    expect(code).toBe(1);
    expect(await command(witnessRun, ['status'], restored.readerUrl)).toMatchObject({
      code: 0,
      out: expect.stringContaining('witnessed up to #4'),
    });
  });

  test('an export has both, and proves both', async () => {
    const out = join(folder, 'export');
    expect(await command(exportRun, ['--out', out], restored.readerUrl)).toMatchObject({ code: 0 });
    for (const args of [
      [out],
      [out, '--vkey', second.vkey],
      [out, '--vkey', signer.vkey, '--vkey', second.vkey],
    ])
      expect(await command(verify, args, '')).toMatchObject({ code: 0, out: expect.stringContaining(END) });
    expect(await command(verify, [out, '--vkey', signer.vkey], '')).toMatchObject({
      code: 1,
      out: expect.stringContaining(`No key was given for ${SECOND}, the newest log here`),
    });
    expect(await command(verify, [out, '--vkey', makeSigner().vkey], '')).toMatchObject({ code: 1 });
    const bundle = join(out, 'predecessor/tile/entries/000.p/30');
    const bytes = await readFile(bundle);
    bytes[200] = (bytes[200] ?? 0) ^ 1;
    await writeFile(bundle, bytes);
    expect(await command(verify, [out], '')).toMatchObject({
      code: 1,
      out: expect.stringContaining(`In ${ORIGIN}: Entry 0`),
    });
    await rename(join(out, 'predecessor'), join(folder, 'gone'));
    expect(await command(verify, [out], '')).toMatchObject({
      code: 1,
      out: expect.stringContaining(
        `${SECOND} goes on for ${ORIGIN}, whose entries are not in this export: predecessor/ is gone.`,
      ),
    });
  });

  test('a declared loss covers nothing else', async () => {
    const clone = join(folder, 'clone');
    const harmed = await copyOf(restored);
    try {
      // More is taken from the log before than was declared.
      await tamper(
        harmed.superuserUrl,
        ['entry', 'integration', 'checkpoint', 'head', 'log', 'witness'],
        'DELETE FROM ledger.integration WHERE log_id = 1 AND index = 29',
        'DELETE FROM ledger.checkpoint WHERE log_id = 1',
        'UPDATE ledger.head SET size = 29 WHERE log_id = 1',
      );
      const { code, out } = await command(verify, ['--witness', clone], harmed.readerUrl);
      expect(code).toBe(1);
      expect(out).toContain(
        `In ${ORIGIN}: Entry 0 of ${SECOND} does not say truly why this log goes on for ${ORIGIN}: it says that log ended at 30, and it ends at 29.`,
      );
      expect(out).toContain('The ledger was rolled back');
    } finally {
      await harmed.drop();
    }
  });

  test('a log that came after another and doesn’t say why is found', async () => {
    const sly = await copyOf(whole);
    try {
      await query(
        sly.writerUrl,
        `INSERT INTO ledger.log (log_id, origin, vkey, predecessor) VALUES (2, '${SECOND}', '${second.vkey}', 1)`,
      );
      await query(sly.writerUrl, `INSERT INTO ledger.head (log_id, size, root) VALUES (2, 0, sha256(''))`);
      const db = openDatabase(sly.writerUrl);
      await recordSome(db, 1, 70);
      await db.destroy();
      await integrateAll(sly.writerUrl, second);
      const { code, out } = await command(verify, [], sly.readerUrl);
      expect(out).toContain(
        `Entry 0 of ${SECOND} does not say truly why this log goes on for ${ORIGIN}: it is no ledger.incarnated.`,
      );
      expect(code).toBe(1);
    } finally {
      await sly.drop();
    }
  });
});
