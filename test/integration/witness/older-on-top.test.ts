/** Whoever can push to the witness's branch can put a checkpoint on top of it that is true, and older than what hides beneath. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runGit } from '../../../src/deploy/git.ts';
import { queryOf } from '../../../src/ledger/store/query.ts';
import { assertNotContradicted } from '../../../src/witness/assert-not-contradicted.ts';
import { CheckpointBranch } from '../../../src/witness/checkpoint-branch.ts';
import { compareWithWitness } from '../../../src/witness/compare-with-witness.ts';
import type { Witness } from '../../../src/witness/witness.ts';
import type { TestDatabase } from '../../support/database.ts';
import { createTestDatabase, query } from '../../support/database.ts';
import { ORIGIN, integrateAll, makeSigner, recordSome, tamper } from '../ledger/ledger-fixture.ts';

const signer = makeSigner();
const quiet = { info: () => undefined, error: () => undefined };
const collect = async <T>(all: AsyncIterable<T>): Promise<T[]> => {
  const collected: T[] = [];
  for await (const one of all) collected.push(one);
  return collected;
};
let database: TestDatabase;
let directory: string;
let branch: CheckpointBranch;
let head: string | null = null;
let notes: Map<number, string>;

beforeEach(async () => {
  database = await createTestDatabase();
  for (const from of [0, 3]) {
    await recordSome(database.db, 3, from);
    await integrateAll(database.writerUrl, signer);
  }
  const rows = await query(database.readerUrl, 'SELECT size::int, note FROM ledger.checkpoint');
  notes = new Map(rows.map(({ size, note }) => [Number(size), String(note)]));
  directory = await mkdtemp(join(tmpdir(), 'countersign-older-'));
  await runGit(['init', '--quiet', '--bare', '.'], { directory });
  branch = new CheckpointBranch(directory, 'the witness');
  head = null;
  for (const size of [3, 6]) await push(notes.get(size) ?? '');
});
afterEach(async () => {
  await database.drop();
  await rm(directory, { recursive: true });
});

async function push(note: string): Promise<void> {
  const now = '2026-11-27T00:00:00.000Z';
  head = await branch.commit({ parent: head, origin: ORIGIN, note, message: 'a checkpoint\n', now });
}

const witness: Witness = {
  name: 'the witness',
  everySeconds: 1,
  newest: async (origin) => (head === null ? null : await branch.newest(head, origin)),
  history: async (origin) => (head === null ? [] : await collect(branch.history(origin, [head]))),
  offer: () => Promise.reject(new Error('nothing is offered here')),
};

const start = (): Promise<void> => assertNotContradicted(queryOf(database.db), [witness], signer, quiet);

/** As a backup of then would be. */
async function windBack(size: number): Promise<void> {
  await tamper(
    database.superuserUrl,
    ['integration', 'checkpoint', 'head'],
    `DELETE FROM ledger.integration WHERE index >= ${size}`,
    `DELETE FROM ledger.checkpoint WHERE size > ${size}`,
    `UPDATE ledger.head SET size = ${size}, root = (SELECT root FROM ledger.checkpoint WHERE size = ${size})`,
  );
}

test('it is nothing against a ledger that has all', async () => {
  await push(notes.get(3) ?? '');
  await start();
  expect((await compareWithWitness(queryOf(database.db), witness, signer)).newest).toMatchObject({
    note: notes.get(6),
  });
});

test('it does not hide that the ledger was rolled back', async () => {
  await push(notes.get(3) ?? '');
  await windBack(3);
  await expect(start()).rejects.toMatchObject({
    code: 'ledger_rolled_back',
    message: expect.stringContaining(
      'has checkpoint 6 (held since 2026-11-27T00:00:00.000Z) of audit.example.com/ledger/1, and this database ends at 3: entries 3 to 5 are lost here.',
    ),
  });
});

test('a merge with a side that never had a checkpoint hides none, also where a later one stands on it', async () => {
  const git = async (args: readonly string[], input = ''): Promise<string> =>
    String((await runGit(args, { directory, input })).stdout).trim();
  const tree = await git(['mktree']);
  const people = 'carol <carol@example.com> 1795737600 +0000';
  const commitOf = (parents: readonly string[]): Promise<string> =>
    git(
      ['hash-object', '-t', 'commit', '-w', '--stdin'],
      [
        `tree ${tree}`,
        ...parents.map((parent) => `parent ${parent}`),
        `author ${people}`,
        `committer ${people}`,
        '',
        'nothing',
      ].join('\n'),
    );
  head = await commitOf([head ?? '', await commitOf([])]);
  await start();
  await windBack(3);
  await expect(start()).rejects.toMatchObject({ code: 'ledger_rolled_back' });
  await push(notes.get(3) ?? '');
  await expect(start()).rejects.toMatchObject({ code: 'ledger_rolled_back' });
});

test('what nobody signed hides nothing beneath either, and is told', async () => {
  await push(makeSigner().sign({ size: 9, root: Buffer.alloc(32) }));
  await expect(start()).rejects.toMatchObject({ code: 'ledger_witness_forged' });
  await windBack(3);
  await expect(start()).rejects.toMatchObject({ code: 'ledger_rolled_back' });
  await push(notes.get(3) ?? '');
  await expect(start()).rejects.toMatchObject({ code: 'ledger_rolled_back' });
});
