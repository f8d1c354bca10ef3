/**
 * What only a witness shows. Each attack leaves a ledger of which everything inside the database says that it holds, and
 * ends in the sentence by which somebody outside finds out.
 */
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { App } from '../../../src/app.ts';
import { startApp } from '../../../src/app.ts';
import { run as exportRun } from '../../../src/cli/export.ts';
import { run as verify } from '../../../src/cli/verify.ts';
import { readConfig } from '../../../src/config.ts';
import { openDatabase } from '../../../src/db/open-database.ts';
import { Secret } from '../../../src/domain/secret.ts';
import { GrowingTree } from '../../../src/ledger/format/growing-tree.ts';
import { startSequencer } from '../../../src/ledger/sequence/sequencer.ts';
import { createSigner, generateLedgerKey } from '../../../src/ledger/sequence/signer.ts';
import { GitWitness } from '../../../src/witness/git-witness.ts';
import { startWitnessing } from '../../../src/witness/start-witnessing.ts';
import { readFileSync } from 'node:fs';
import type { TestDatabase } from '../../support/database.ts';
import { createTestDatabase, query } from '../../support/database.ts';
import { GitRemote } from '../../support/witness/git-remote.ts';
import { GIT_WITNESS_USABLE } from '../../support/witness/usable.ts';
import { ORIGIN, copyDatabase, integrateAll, recordSome, tamper, until } from '../ledger/ledger-fixture.ts';

/** Each connection is a handful of processes, which take their time on a busy machine. */
jest.setTimeout(180_000);

const eventually = (condition: () => Promise<boolean> | boolean): Promise<void> => until(condition, 60_000);

const describeWithSshd = GIT_WITNESS_USABLE ? describe : describe.skip;

describeWithSshd('with a witness', () => {
  const privateKey = generateLedgerKey();
  const signer = createSigner({ origin: ORIGIN, privateKey });
  let folder = '';
  let clone = '';
  let remote: GitRemote;
  /** 220 entries; the witness has checkpoints 60, 120 and 220. */
  let whole: TestDatabase;
  /** As it was at 120. */
  let backup: TestDatabase;
  const copies: TestDatabase[] = [];

  const quiet = { info: () => undefined, error: () => undefined };
  const openWitness = (): GitWitness =>
    new GitWitness(remote.address(), {
      directory: join(folder, 'copies'),
      now: () => new Date().toISOString(),
    });

  /** Until the witness has what is newest. */
  async function witnessAll(url: string): Promise<void> {
    const witnessing = startWitnessing({
      url,
      log: quiet,
      identity: signer,
      witnesses: [openWitness()],
      alarm: (error) => {
        throw error;
      },
    });
    await eventually(() => witnessing.states()[0]?.state === 'current');
    await witnessing.stop();
  }

  /** In an order that lets databases be copied: nobody may be connected to one meanwhile. */
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'countersign-attacks-'));
    remote = await GitRemote.start();
    whole = await createTestDatabase();
    const grow = async (url: string, count: number, from: number): Promise<void> => {
      const db = openDatabase(url);
      await recordSome(db, count, from, () => false);
      await db.destroy();
      await integrateAll(url, signer);
      await witnessAll(url);
    };
    await whole.db.destroy();
    await grow(whole.writerUrl, 60, 0);
    await grow(whole.writerUrl, 60, 60);
    backup = await copyDatabase(whole);
    await backup.db.destroy();
    await grow(whole.writerUrl, 100, 120);
    clone = join(folder, 'clone');
    await promisify(execFile)('git', [
      'clone',
      '--quiet',
      '--no-checkout',
      '--branch',
      'ledger-witness',
      remote.repository.directory,
      clone,
    ]);
  });
  afterAll(async () => {
    for (const copy of [...copies, whole, backup]) await copy.drop();
    await remote.stop();
    await rm(folder, { recursive: true, force: true });
  });

  async function copyOf(source: TestDatabase): Promise<TestDatabase> {
    const copy = await copyDatabase(source);
    copies.push(copy);
    return copy;
  }

  /** A careful attacker puts the guards back as they were, so that the program sees nothing amiss. */
  async function putGuardsBack(database: TestDatabase): Promise<void> {
    await query(
      database.superuserUrl,
      `DO $$ DECLARE guard record; BEGIN
         FOR guard IN SELECT t.tgrelid::regclass AS on, t.tgname AS name FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
           WHERE c.relnamespace = 'ledger'::regnamespace AND NOT t.tgisinternal AND t.tgenabled <> 'A'
         LOOP EXECUTE format('ALTER TABLE ONLY %s ENABLE ALWAYS TRIGGER %I', guard.on, guard.name); END LOOP;
       END $$`,
    );
  }

  async function verifying(
    database: TestDatabase,
    ...args: string[]
  ): Promise<{ code: number; out: string }> {
    let out = '';
    const write = (text: string): string => (out += text);
    const io = { stdout: { write }, stderr: { write }, env: { DATABASE_URL: database.readerUrl } };
    return { code: await verify(args, io), out };
  }

  /** As `countersign start` does, up to where it would serve. */
  async function starting(database: TestDatabase): Promise<App> {
    const file = await remote.operatorFile();
    const config = readConfig({ COUNTERSIGN_CONFIG: file, PORT: '0' }, (path) => readFileSync(path, 'utf8'));
    const log = Object.assign(Object.create(null) as object, { level: 'silent' });
    return await startApp({
      config,
      github: { appId: 1, privateKey: new Secret('none'), webhookSecret: new Secret('none') },
      databaseUrl: database.writerUrl,
      ledgerKey: privateKey,
      ledgerOrigin: ORIGIN,
      dataDir: join(folder, 'data'),
      log: Object.assign(log, {
        info: () => undefined,
        error: () => undefined,
        warn: () => undefined,
      }) as never,
    });
  }

  const SINCE = String.raw`\(held since \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z\)`;

  test('a ledger that nobody touched holds, and the witness says so', async () => {
    const { code, out } = await verifying(whole, '--witness', clone, '--vkey', signer.vkey);
    expect(out).toContain(`witness      3 checkpoints in ${clone}, up to 220: the log continues every one\n`);
    expect(code).toBe(0);
  });

  describe('the newest hundred deleted and the head wound back', () => {
    let cut: TestDatabase;
    beforeAll(async () => {
      cut = await copyOf(whole);
      const [old] = await query(backup.readerUrl, "SELECT encode(root, 'hex') AS root FROM ledger.head");
      await tamper(
        cut.superuserUrl,
        ['entry', 'integration', 'checkpoint', 'witness', 'head'],
        'DELETE FROM ledger.projection WHERE entry_id IN (SELECT entry_id FROM ledger.integration WHERE index >= 120)',
        'DELETE FROM ledger.entry WHERE id IN (SELECT entry_id FROM ledger.integration WHERE index >= 120)',
        'DELETE FROM ledger.integration WHERE index >= 120',
        'DELETE FROM ledger.checkpoint WHERE size > 120',
        'DELETE FROM ledger.witness WHERE size > 120',
        `UPDATE ledger.head SET size = 120, root = '\\x${String(old?.['root'])}'`,
      );
      await putGuardsBack(cut);
    });

    test('is not seen from inside', async () => {
      expect(await verifying(cut)).toMatchObject({
        code: 0,
        out: expect.stringContaining('entries      120 are as recorded'),
      });
    });

    test('is found by an auditor with a clone of the witness’s branch, of the database and of an export', async () => {
      const lost = (place: string): RegExp =>
        new RegExp(
          `does NOT hold: 1 thing is wrong\\.\\n\\n  The ledger was rolled back: witness \\S+/clone has checkpoint 220 ${SINCE} of ${ORIGIN}, ` +
            `and ${place} ends at 120: entries 120 to 219 are lost here\\. Up to checkpoint 120 both agree\\.\\n$`,
        );
      expect(await verifying(cut, '--witness', clone)).toMatchObject({
        code: 1,
        out: expect.stringMatching(lost('this database')),
      });
      const out = join(folder, 'cut-export');
      const io = {
        stdout: { write: () => 0 },
        stderr: { write: () => 0 },
        env: { DATABASE_URL: cut.readerUrl },
      };
      expect(await exportRun(['--out', out], io)).toBe(0);
      expect(await verifying(cut, out, '--witness', clone)).toMatchObject({
        code: 1,
        out: expect.stringMatching(lost('this export')),
      });
    });

    test('keeps the program from starting', async () => {
      await expect(starting(cut)).rejects.toMatchObject({
        code: 'ledger_rolled_back',
        message: expect.stringMatching(
          new RegExp(
            `^The ledger was rolled back: witness ssh://\\S+/ledger\\.git#ledger-witness has checkpoint 220 ${SINCE} of ${ORIGIN}, and this database ends at 120: ` +
              'entries 120 to 219 are lost here\\. Up to checkpoint 120 both agree\\. Nothing is appended here\\. .*`countersign incarnate`',
          ),
        ),
      });
    });
  });

  describe('everything recomputed by somebody with the superuser and the signing key', () => {
    let forged: TestDatabase;
    beforeAll(async () => {
      forged = await copyOf(whole);
      await tamper(
        forged.superuserUrl,
        ['entry', 'integration'],
        `UPDATE ledger.entry SET canonical = convert_to(replace(convert_from(canonical, 'UTF8'), '"outcome":"approved"', '"outcome":"rejected"'), 'UTF8')
         WHERE id = (SELECT entry_id FROM ledger.integration WHERE index = 70)`,
        "UPDATE ledger.projection SET outcome = 'rejected' WHERE entry_id = (SELECT entry_id FROM ledger.integration WHERE index = 70)",
        'UPDATE ledger.integration i SET leaf_hash = e.leaf_hash FROM ledger.entry e WHERE e.id = i.entry_id',
      );
      const leaves = await query(forged.readerUrl, 'SELECT leaf_hash FROM ledger.integration ORDER BY index');
      const tree = new GrowingTree();
      const statements: string[] = [];
      for (const { leaf_hash } of leaves) {
        tree.append(leaf_hash as Buffer);
        if (![60, 120, 220].includes(tree.size)) continue;
        const root = `'\\x${Buffer.from(tree.root()).toString('hex')}'`;
        const note = signer.sign({ size: tree.size, root: tree.root() });
        statements.push(
          `UPDATE ledger.checkpoint SET root = ${root}, note = '${note}' WHERE size = ${tree.size}`,
        );
      }
      statements.push(`UPDATE ledger.head SET root = '\\x${Buffer.from(tree.root()).toString('hex')}'`);
      await tamper(forged.superuserUrl, ['checkpoint', 'head'], ...statements);
      await putGuardsBack(forged);
    });

    test('is not seen from inside, with the right key in hand', async () => {
      expect(await verifying(forged, '--vkey', signer.vkey)).toMatchObject({ code: 0 });
    });

    test('is found by an auditor, who learns between which entries', async () => {
      const { code, out } = await verifying(forged, '--witness', clone);
      expect(out).toMatch(
        new RegExp(
          `The ledger was forked: witness \\S+/clone has checkpoint 120 ${SINCE} of ${ORIGIN}, and the first 120 entries in this database are others\\. ` +
            'The two histories part between 60 and 120: of the entries 60 to 119, at least one is not what was witnessed\\. Up to checkpoint 60 both agree\\.',
        ),
      );
      expect(code).toBe(1);
    });

    test('keeps the program from starting', async () => {
      await expect(starting(forged)).rejects.toMatchObject({
        code: 'ledger_forked',
        message: expect.stringContaining('The two histories part between 60 and 120'),
      });
    });
  });

  describe('a restored old backup', () => {
    test('does not go on', async () => {
      await expect(starting(backup)).rejects.toMatchObject({
        code: 'ledger_rolled_back',
        message: expect.stringContaining('this database ends at 120: entries 120 to 219 are lost here'),
      });
    });

    test('that went on, with the witness out of reach, stops when it is reached, and doesn’t push', async () => {
      const restored = await copyOf(backup);
      const pushed = await remote.commits();
      const sequencer = await startSequencer({ url: restored.writerUrl, signer, pollMs: 100 });
      await recordSome(restored.db, 130, 500, () => false);
      await eventually(
        async () =>
          (await query(restored.readerUrl, 'SELECT size::int FROM ledger.head'))[0]?.['size'] === 250,
      );
      const alarms: Error[] = [];
      const witnessing = startWitnessing({
        url: restored.writerUrl,
        log: quiet,
        identity: signer,
        witnesses: [openWitness()],
        alarm: (contradiction) => {
          alarms.push(contradiction);
          sequencer.refuse(contradiction);
        },
      });
      await eventually(() => sequencer.state === 'refusing');
      await recordSome(restored.db, 1, 700, () => false);
      await new Promise((resolve) => setTimeout(resolve, 500));
      expect((await query(restored.readerUrl, 'SELECT size::int FROM ledger.head'))[0]).toEqual({
        size: 250,
      });
      expect(alarms).toEqual([
        expect.objectContaining({
          code: 'ledger_forked',
          message: expect.stringContaining(
            'The two histories part between 120 and 220: of the entries 120 to 219, at least one is not what was witnessed. Up to checkpoint 120 both agree.',
          ),
        }),
      ]);
      expect(witnessing.states()).toEqual([{ witness: openWitness().name, state: 'contradicts' }]);
      await witnessing.stop();
      await sequencer.stop();
      expect(await remote.commits()).toEqual(pushed);
      const { code, out } = await verifying(restored, '--witness', clone);
      expect(out).toContain('The two histories part between 120 and 220');
      expect(code).toBe(1);
    });
  });

  test('a clone of something else is no witness', async () => {
    const other = join(folder, 'other');
    await promisify(execFile)('git', ['init', '--quiet', other]);
    await expect(verifying(whole, '--witness', other)).rejects.toMatchObject({ code: 'witness_unreadable' });
    await expect(verifying(whole, '--witness', folder)).rejects.toMatchObject({ code: 'witness_unreadable' });
  });
});
