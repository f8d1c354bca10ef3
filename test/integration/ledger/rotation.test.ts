import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, readdir, rm, unlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newEntryId } from '../../../src/ledger/format/entry-id.ts';
import { proofAtIndex } from '../../../src/ledger/prove/entry-proof.ts';
import { exportLog } from '../../../src/ledger/export/export.ts';
import { leafHash } from '../../../src/ledger/format/hash.ts';
import { identifyLog } from '../../../src/ledger/sequence/log.ts';
import { parseNote, parseVerifierKey, signedBy } from '../../../src/ledger/format/note.ts';
import { parseProof, verifyProof } from '../../../src/ledger/format/proof.ts';
import { queryOf } from '../../../src/ledger/store/query.ts';
import { rotateKey } from '../../../src/ledger/sequence/rotate-key.ts';
import { startSequencer } from '../../../src/ledger/sequence/sequencer.ts';
import type { LedgerSigner } from '../../../src/ledger/sequence/signer.ts';
import { createSigner, generateLedgerKey } from '../../../src/ledger/sequence/signer.ts';
import { verifyDatabase } from '../../../src/ledger/verify/verify-database.ts';
import { verifyDirectory } from '../../../src/ledger/verify/verify-directory.ts';
import type { TestDatabase } from '../../support/database.ts';
import { createTestDatabase, query } from '../../support/database.ts';
import { buildOutside, missingForOutside } from '../../support/outside.ts';
import { ORIGIN, integrateAll, makeSigner, recordSome, tamper, until } from './ledger-fixture.ts';

const [FIRST, SECOND, THIRD] = [generateLedgerKey(), generateLedgerKey(), generateLedgerKey()];
const alone = (privateKey: string): LedgerSigner => createSigner({ origin: ORIGIN, privateKey });
const after = (previousKey: string, privateKey: string): LedgerSigner =>
  createSigner({ origin: ORIGIN, privateKey, previousKey });

let database: TestDatabase;

/** Three entries under the first key, then a start with both keys, then three more under the second alone. */
beforeEach(async () => {
  database = await createTestDatabase();
  await recordSome(database.db, 3);
  await integrateAll(database.writerUrl, alone(FIRST));
});
afterEach(() => database.drop());

async function rotated(): Promise<void> {
  await integrateAll(database.writerUrl, after(FIRST, SECOND));
  await recordSome(database.db, 3, 3);
  await integrateAll(database.writerUrl, alone(SECOND));
}

/** Which of the keys signed the checkpoint over so many entries. */
async function signersOf(size: number): Promise<string[]> {
  const [row] = await query(database.readerUrl, 'SELECT note FROM ledger.checkpoint WHERE size = $1', [size]);
  const note = parseNote(String(row?.['note']));
  const keys = { first: FIRST, second: SECOND, third: THIRD };
  return Object.entries(keys)
    .filter(([, key]) => signedBy(note, parseVerifierKey(alone(key).vkey)))
    .map(([name]) => name);
}

const first = (report: { findings: readonly { sentence: string }[] }): string =>
  report.findings[0]?.sentence ?? 'nothing is wrong';

describe('a rotated key', () => {
  beforeEach(rotated);

  test('is told of by an entry, over which the first checkpoint has a signature line of both', async () => {
    const entries = await query(
      database.readerUrl,
      `SELECT i.index::int, convert_from(e.canonical, 'UTF8')::jsonb -> 'ledger' AS ledger
       FROM ledger.projection p JOIN ledger.entry e ON e.id = p.entry_id JOIN ledger.integration i USING (entry_id)
       WHERE p.kind = 'ledger.rotated'`,
    );
    expect(entries).toEqual([
      { index: 3, ledger: { act: 'rotated', from: alone(FIRST).vkey, to: alone(SECOND).vkey } },
    ]);
    expect(await signersOf(3)).toEqual(['first']);
    expect(await signersOf(4)).toEqual(['first', 'second']);
    expect(await signersOf(7)).toEqual(['second']);
  });

  test.each([
    ['none', null],
    ['the first key', alone(FIRST).vkey],
    ['the second key', alone(SECOND).vkey],
  ])('leaves a ledger that holds for a reader who has %s', async (_, vkey) => {
    const report = await verifyDatabase(database.db, { vkey });
    expect(first(report)).toBe('nothing is wrong');
    expect(report.vkeys).toEqual([alone(FIRST).vkey, alone(SECOND).vkey]);
  });

  test('is not the key of just anybody', async () => {
    const report = await verifyDatabase(database.db, { vkey: alone(THIRD).vkey });
    expect(first(report)).toContain(
      `signed as ${alone(FIRST).vkey}, then as ${alone(SECOND).vkey}, which is not the key that was given`,
    );
  });

  test('is the only one that may go on', async () => {
    await expect(startSequencer({ url: database.writerUrl, signer: alone(FIRST) })).rejects.toMatchObject({
      code: 'ledger_key_mismatch',
      message: expect.stringContaining('since its key was rotated'),
    });
    await expect(
      startSequencer({ url: database.writerUrl, signer: after(FIRST, THIRD) }),
    ).rejects.toMatchObject({ code: 'ledger_key_mismatch' });
  });

  test('may stay beside the one before it, and nothing more is recorded', async () => {
    await integrateAll(database.writerUrl, after(FIRST, SECOND));
    const report = await verifyDatabase(database.db);
    expect([report.size, first(report)]).toEqual([7, 'nothing is wrong']);
  });

  test('can be rotated again', async () => {
    await integrateAll(database.writerUrl, after(SECOND, THIRD));
    expect(await signersOf(8)).toEqual(['second', 'third']);
    for (const key of [FIRST, SECOND, THIRD]) {
      expect(first(await verifyDatabase(database.db, { vkey: alone(key).vkey }))).toBe('nothing is wrong');
    }
  });

  test('proves old entries as well as new ones', async () => {
    for (const index of [0, 3, 6]) {
      const found = await proofAtIndex(database.db, index, true);
      const { extra } = parseProof(found!.proof);
      expect(verifyProof(found!.proof, leafHash(extra!), alone(SECOND).vkey).index).toBe(index);
      expect(() => verifyProof(found!.proof, leafHash(extra!), alone(FIRST).vkey)).toThrow('signature');
    }
  });

  test('where the second signature was taken off, the ledger does not hold', async () => {
    await tamper(
      database.ownerUrl,
      ['checkpoint'],
      `UPDATE ledger.checkpoint SET note = regexp_replace(note, E'(\\n\\n)[^\\n]*\\n', E'\\\\1') WHERE size = 4`,
    );
    expect(await signersOf(4)).toEqual(['second']);
    expect(first(await verifyDatabase(database.db))).toMatch(/^Checkpoint 4 was altered: .* signature/);
  });

  test('where the list of keys says otherwise than the entries, that is told', async () => {
    await tamper(database.ownerUrl, ['log_key'], `UPDATE ledger.log_key SET vkey = '${alone(THIRD).vkey}'`);
    expect(first(await verifyDatabase(database.db))).toContain('and its entries and checkpoints say');
  });
});

describe('an export of a log whose key was rotated', () => {
  let directory: string;
  beforeEach(async () => {
    await rotated();
    directory = join(await mkdtemp(join(tmpdir(), 'countersign-rotation-')), 'log');
    await exportLog(database.db, { directory, now: '2026-11-27T00:00:00.000Z' });
  });
  afterEach(() => rm(join(directory, '..'), { recursive: true }));

  test.each([
    ['none', null],
    ['the first key', alone(FIRST).vkey],
    ['the second key', alone(SECOND).vkey],
  ])('holds for a reader who has %s', async (_, vkey) => {
    expect(first(await verifyDirectory(directory, { vkey }))).toBe('nothing is wrong');
    expect((await readFile(join(directory, 'vkey'), 'utf8')).trim()).toBe(alone(SECOND).vkey);
  });

  test('holds for Go, which knows nothing of us, under both keys', async () => {
    const missing = missingForOutside();
    if (missing !== null && process.env['CI'] !== 'true') {
      console.warn(
        `LEFT OUT, for want of ${missing}: that Go's own verifier takes a log whose key was rotated.`,
      );
      return;
    }
    const outside = buildOutside(join(directory, '..'));
    expect(outside('export', join(directory, 'vkeys'), directory)).toMatchObject({ code: 0 });
    expect(outside('export', join(directory, 'vkey'), directory)).toMatchObject({ code: 1 });
  }, 120_000);

  test('does not hold for who has another, nor without saying that it was rotated', async () => {
    expect(first(await verifyDirectory(directory, { vkey: alone(THIRD).vkey }))).toContain(
      'is not the key that was given',
    );
    await unlink(join(directory, 'vkeys'));
    expect((await verifyDirectory(directory)).found).toBeGreaterThan(0);
  });
});

describe('a copy of a log whose key was rotated, with nothing but what C2SP asks for,', () => {
  let directory: string;
  const make = async (): Promise<void> => {
    directory = join(await mkdtemp(join(tmpdir(), 'countersign-bare-')), 'log');
    await exportLog(database.db, { directory, now: '2026-11-27T00:00:00.000Z' });
    for (const name of await readdir(directory))
      if (name !== 'checkpoint' && name !== 'tile') await rm(join(directory, name), { recursive: true });
  };
  afterEach(() => rm(join(directory, '..'), { recursive: true }));

  test.each([
    ['the key that signs it', [alone(SECOND).vkey]],
    ['both keys', [alone(FIRST).vkey, alone(SECOND).vkey]],
  ])('holds for a reader who has %s', async (_, vkey) => {
    await rotated();
    await make();
    expect(await verifyDirectory(directory, { vkey })).toMatchObject({ found: 0, size: 7, checkpoints: 1 });
  });

  test('does not hold for one who has the first key alone, since nothing in it shows that this one agreed', async () => {
    await rotated();
    await make();
    expect(first(await verifyDirectory(directory, { vkey: alone(FIRST).vkey }))).toBe(
      `The checkpoint here is signed by ${alone(SECOND).vkey}, which came after ${alone(FIRST).vkey}, as entry 3 says. That the key before agreed to it only a checkpoint ` +
        'shows that both signed, and this copy has none: have the newer key from the log’s owner too (--vkey), or an export with all its checkpoints.',
    );
  });

  test('holds for one who has the first key alone while that is what both signed', async () => {
    await integrateAll(database.writerUrl, after(FIRST, SECOND));
    await make();
    const report = await verifyDirectory(directory, { vkey: alone(FIRST).vkey });
    expect([first(report), report.vkeys]).toEqual([
      'nothing is wrong',
      [alone(FIRST).vkey, alone(SECOND).vkey],
    ]);
  });

  test('that was rotated twice holds under the newest key, and not under that of somebody else', async () => {
    await rotated();
    await integrateAll(database.writerUrl, after(SECOND, THIRD));
    await recordSome(database.db, 2, 8);
    await integrateAll(database.writerUrl, alone(THIRD));
    await make();
    expect(first(await verifyDirectory(directory, { vkey: alone(THIRD).vkey }))).toBe('nothing is wrong');
    expect(first(await verifyDirectory(directory, { vkey: alone(FIRST).vkey }))).toContain(
      `is signed by ${alone(THIRD).vkey}, which came after ${alone(FIRST).vkey}`,
    );
    expect(first(await verifyDirectory(directory, { vkey: makeSigner().vkey }))).toMatch(
      /^The file checkpoint was altered/,
    );
  });
});

describe('a rotation that was interrupted', () => {
  const begin = async (): Promise<void> => {
    const now = new Date().toISOString();
    const logId = await identifyLog(queryOf(database.db), after(FIRST, SECOND));
    const at = { id: newEntryId(now, randomBytes), now, random: randomBytes };
    expect(await rotateKey(database.db, logId, after(FIRST, SECOND), at)).toBe(true);
  };

  test.each([
    ['the old key', () => alone(FIRST)],
    ['the new key', () => alone(SECOND)],
    ['the new key and one more', () => after(SECOND, THIRD)],
  ])('can not go on with %s alone', async (_, signer) => {
    await begin();
    await expect(startSequencer({ url: database.writerUrl, signer: signer() })).rejects.toMatchObject({
      code: 'ledger_key_mismatch',
    });
  });

  test('is finished by who has both', async () => {
    await begin();
    await integrateAll(database.writerUrl, after(FIRST, SECOND));
    expect(await signersOf(4)).toEqual(['first', 'second']);
    expect(first(await verifyDatabase(database.db))).toBe('nothing is wrong');
  });
});

test('a process with the old key is waited for, and then gives way', async () => {
  const old = await startSequencer({ url: database.writerUrl, signer: alone(FIRST) });
  await until(() => old.state === 'integrating');
  const next = await startSequencer({ url: database.writerUrl, signer: after(FIRST, SECOND) });
  await until(() => next.state === 'standing by');
  await recordSome(database.db, 2, 3);
  await old.stop();
  await until(() => next.state === 'integrating');
  await recordSome(database.db, 2, 5);
  await next.stop();
  const report = await verifyDatabase(database.db);
  expect([report.size, first(report)]).toEqual([8, 'nothing is wrong']);
});

test('whoever has the database, but not the old key, can not make another key sign', async () => {
  const thief = makeSigner();
  const pretended: LedgerSigner = {
    ...thief,
    previousVkey: alone(FIRST).vkey,
    // What it would take is the signature of the first key; a line that only says so is no signature.
    sign: (head) => {
      const mine = thief.sign(head);
      const theirs = alone(FIRST).sign({ size: 1, root: head.root }).split('\n\n')[1] ?? '';
      return mine.replace('\n\n', `\n\n${theirs}`);
    },
  };
  await integrateAll(database.writerUrl, pretended);
  expect(first(await verifyDatabase(database.db))).toMatch(/^Checkpoint 4 was altered: .* signature/);
});
