import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CodedError } from '../../../src/domain/coded-error.ts';
import { Secret } from '../../../src/domain/secret.ts';
import { parseCheckpoint } from '../../../src/ledger/format/checkpoint.ts';
import { queryOf } from '../../../src/ledger/store/query.ts';
import type { LedgerSigner } from '../../../src/ledger/sequence/signer.ts';
import { createSigner, generateLedgerKey } from '../../../src/ledger/sequence/signer.ts';
import { CheckpointBranch, checkpointPath } from '../../../src/witness/checkpoint-branch.ts';
import { GitWitness } from '../../../src/witness/git-witness.ts';
import { offerCheckpoint, standingOf } from '../../../src/witness/offer-checkpoint.ts';
import type { Witness } from '../../../src/witness/witness.ts';
import { startWitnessing } from '../../../src/witness/start-witnessing.ts';
import type { TestDatabase } from '../../support/database.ts';
import { createTestDatabase, query } from '../../support/database.ts';
import { BRANCH, GitRemote, strangersKey } from '../../support/witness/git-remote.ts';
import { GIT_WITNESS_USABLE } from '../../support/witness/usable.ts';
import { integrateAll, makeSigner, recordSome, tamper, until } from '../ledger/ledger-fixture.ts';

/** Each connection is a handful of processes, which take their time on a busy machine. */
jest.setTimeout(180_000);

const eventually = (condition: () => Promise<boolean> | boolean): Promise<void> => until(condition, 60_000);

const describeWithSshd = GIT_WITNESS_USABLE ? describe : describe.skip;

describeWithSshd('a git witness over SSH', () => {
  let remote: GitRemote;
  let database: TestDatabase;
  let signer: LedgerSigner;
  let directory = '';

  beforeAll(async () => {
    remote = await GitRemote.start();
  });
  afterAll(() => remote.stop());
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'countersign-copies-'));
    await remote.repository.git(['update-ref', '-d', `refs/heads/${BRANCH}`]);
    database = await createTestDatabase();
    signer = makeSigner();
  });
  afterEach(async () => {
    remote.proxy.refuse(false);
    await database.drop();
    await rm(directory, { recursive: true, force: true });
  });

  const now = (): string => '2026-11-20T10:00:00.000Z';
  const open = (changes: Parameters<GitRemote['address']>[0] = {}, where = directory): GitWitness =>
    new GitWitness(remote.address(changes), { directory: where, now });
  const grow = async (count: number): Promise<void> => {
    await recordSome(database.db, count);
    await integrateAll(database.writerUrl, signer);
  };
  const offer = async (witness: Witness): Promise<void> => {
    const standing = await standingOf(queryOf(database.db), witness.name, signer.origin);
    if (standing === null) throw new Error('nothing is signed yet');
    await offerCheckpoint(queryOf(database.db), witness, standing, signer);
  };
  const rows = (): Promise<object[]> =>
    query(database.readerUrl, 'SELECT size::int, evidence FROM ledger.witness ORDER BY size');
  const failure = async (work: Promise<unknown>): Promise<CodedError> =>
    await work.then(
      () => Promise.reject(new Error('it succeeded')),
      (error: CodedError) => error,
    );

  test('gets each checkpoint as one commit on the one before, by nobody in particular', async () => {
    const witness = open();
    expect(await witness.newest(signer.origin)).toBeNull();
    await grow(3);
    await offer(witness);
    await grow(2);
    await offer(witness);
    await offer(witness);

    const commits = await remote.commits();
    expect(await rows()).toEqual([
      { size: 3, evidence: commits[0] },
      { size: 5, evidence: commits[1] },
    ]);
    const { repository } = remote;
    const head = `refs/heads/${BRANCH}`;
    expect(await repository.git(['log', '--format=%an <%ae>|%cn|%P|%ct', head])).toBe(
      `Countersign <countersign@countersign.invalid>|Countersign|${commits[0]}|1795168800\n` +
        'Countersign <countersign@countersign.invalid>|Countersign||1795168800',
    );
    const path = checkpointPath(signer.origin);
    expect(await repository.git(['ls-tree', '-r', '--name-only', head])).toBe(path);
    const note = `${await repository.git(['show', `${head}:${path}`])}\n`;
    const { root } = parseCheckpoint(note);
    expect(await repository.git(['log', '-1', '--format=%B', head])).toBe(
      `${signer.origin}: 5\n\n${root.toString('base64')}`,
    );
    expect(await witness.newest(signer.origin)).toEqual({
      witness: witness.name,
      note,
      since: '2026-11-20T10:00:00.000Z',
      commit: commits[1],
    });
    expect((await witness.history(signer.origin)).map((held) => parseCheckpoint(held.note).size)).toEqual([
      3, 5,
    ]);
  });

  test('leaves other logs and other files in the branch as they are', async () => {
    await remote.repository.commit({ README: 'Kept by security.\n' }, `refs/heads/${BRANCH}`);
    await grow(1);
    await offer(open());
    const other = createSigner({ origin: 'audit.example.com/ledger/2', privateKey: generateLedgerKey() });
    const note = other.sign({ size: 0, root: Buffer.alloc(32) });
    await open().offer({
      origin: other.origin,
      size: 0,
      root: Buffer.alloc(32),
      note,
      last: 0,
      assertContinues: () => Promise.reject(new Error('it holds none of this log')),
      prove: () => Promise.resolve([]),
      sizeNow: () => Promise.resolve(0),
    });
    const files = await remote.repository.git(['ls-tree', '-r', '--name-only', `refs/heads/${BRANCH}`]);
    expect(files.split('\n').toSorted()).toEqual(
      ['README', checkpointPath(signer.origin), checkpointPath(other.origin)].toSorted(),
    );
  });

  test('looks again where somebody else pushed meanwhile, and commits on top of that', async () => {
    await grow(1);
    const { repository } = remote;
    const theirs = await repository.commit({ README: 'Kept by security.\n' }, 'refs/heads/theirs');
    const hook = join(repository.directory, 'hooks/update');
    await mkdir(join(repository.directory, 'hooks'), { recursive: true });
    await writeFile(hook, `#!/bin/sh\nrm "$0"\ngit update-ref refs/heads/${BRANCH} ${theirs}\n`, {
      mode: 0o755,
    });
    await offer(open());
    const commits = await remote.commits();
    expect(commits[0]).toBe(theirs);
    expect(await rows()).toEqual([{ size: 1, evidence: commits[1] }]);
    expect(commits.length).toBe(2);
  });

  test.each([
    ['by a process that runs', () => null],
    ['by one that was started since', () => open({}, `${directory}-2`)],
  ])(
    'is not pushed to by a ledger that was wound back, though an older checkpoint was put on top, %s',
    async (_, reopened) => {
      const witness = open();
      await grow(3);
      await offer(witness);
      await grow(3);
      await offer(witness);
      const [older] = await query(database.readerUrl, 'SELECT note FROM ledger.checkpoint WHERE size = 3');
      const branch = new CheckpointBranch(remote.repository.directory, 'a stranger');
      const onTop = await branch.commit({
        parent: await branch.resolve(`refs/heads/${BRANCH}`),
        origin: signer.origin,
        note: String(older?.['note']),
        message: 'older\n',
        now: now(),
      });
      await remote.repository.git(['update-ref', `refs/heads/${BRANCH}`, onTop]);
      // Nothing is wrong yet, and what it has already is not pushed again.
      const before = await remote.commits();
      await offer(witness);
      expect(await remote.commits()).toEqual(before);
      await tamper(
        database.superuserUrl,
        ['integration', 'checkpoint', 'head', 'witness'],
        'DELETE FROM ledger.integration WHERE index >= 3',
        'DELETE FROM ledger.checkpoint WHERE size > 3',
        'DELETE FROM ledger.witness WHERE size > 3',
        'UPDATE ledger.head SET size = 3, root = (SELECT root FROM ledger.checkpoint WHERE size = 3)',
      );
      await grow(4);
      expect(await failure(offer(reopened() ?? witness))).toMatchObject({
        code: 'ledger_forked',
        message: expect.stringContaining('checkpoint 6'),
      });
      expect(await remote.commits()).toEqual(before);
    },
  );

  test('finds the commit of a process that died before it could note it, and makes no second one', async () => {
    await grow(2);
    const dying = open();
    const push = dying.offer.bind(dying);
    // Killed between the push and the row: the push is done, and nothing more is.
    dying.offer = async (what) => {
      await push(what);
      throw new Error('killed');
    };
    await expect(offer(dying)).rejects.toThrow('killed');
    expect(await rows()).toEqual([]);
    const pushed = await remote.commits();
    await offer(open());
    expect(await remote.commits()).toEqual(pushed);
    expect(await rows()).toEqual([{ size: 2, evidence: pushed[0] }]);
  });

  test('is pushed to with a key that can do nothing else, and that lies nowhere afterwards', async () => {
    await grow(1);
    const witness = open();
    await offer(witness);
    const [copy = ''] = (await readdir(directory)).filter((name) => name.endsWith('.git'));
    expect((await readdir(join(directory, copy))).filter((name) => name.startsWith('ssh-'))).toEqual([]);
    const stranger = strangersKey();
    const refused = await failure(offer(open({ privateKey: new Secret(stranger.privateKey) })));
    expect(refused).toMatchObject({
      code: 'witness_refused',
      message: expect.stringContaining('it does not take this key'),
    });
    expect(refused.message).not.toContain(stranger.privateKey.split('\n')[1]);
    expect((await readdir(join(directory, copy))).filter((name) => name.startsWith('ssh-'))).toEqual([]);
  });

  test('is not spoken to when the host that answers has another key', async () => {
    await grow(1);
    const error = await failure(offer(open({ hostKey: strangersKey().publicKey })));
    expect(error).toMatchObject({
      code: 'witness_host_key',
      message: expect.stringContaining('not the one whose host_key is in the operator’s file'),
    });
    expect(await remote.commits()).toEqual([]);
  });

  test('never takes a commit back: a force push is refused, and we never try one', async () => {
    await grow(1);
    await offer(open());
    const [first = ''] = await remote.commits();
    await grow(1);
    await offer(open());
    const keyed = await open().newest(signer.origin);
    expect(keyed).not.toBeNull();
    // Whoever has the witness's key can't wind it back either.
    const forced = await pushByForce(first);
    expect(forced).toMatch(/denying non-fast-forward|non-fast-forward/);
    expect((await remote.commits()).length).toBe(2);
  });

  /** With the witness's own key, as a thief of it would. */
  async function pushByForce(commit: string): Promise<string> {
    const { runGit } = await import('../../../src/deploy/git.ts');
    const { withSshAccess } = await import('../../../src/witness/ssh-access.ts');
    const [copy = ''] = (await readdir(directory)).filter((name) => name.endsWith('.git'));
    const at = join(directory, copy);
    return await withSshAccess(
      at,
      { privateKey: remote.privateKey, hostKey: remote.hostKey },
      async (config) => {
        const pushed = await runGit(['push', '--force', '--', remote.url, `${commit}:refs/heads/${BRANCH}`], {
          directory: at,
          config,
          protocols: 'ssh',
        });
        expect(pushed.code).not.toBe(0);
        return pushed.stderr;
      },
    );
  }

  test('down and back: nothing waits for it, it is told once, and it gets what is newest by then', async () => {
    const told: string[] = [];
    const log = {
      info: (_: object, message: string) => void told.push(message),
      error: (_: object, message: string) => void told.push(message),
    };
    await grow(1);
    remote.proxy.refuse(true);
    const witnessing = startWitnessing({
      url: database.writerUrl,
      log,
      identity: signer,
      witnesses: [open()],
      alarm: () => told.push('alarm'),
    });
    try {
      await eventually(() => witnessing.states()[0]?.state === 'unreachable');
      await grow(2);
      await new Promise((resolve) => setTimeout(resolve, 3_000));
      expect(told).toEqual([expect.stringContaining('nothing waits for it')]);
      remote.proxy.refuse(false);
      await eventually(async () => (await rows()).length === 1);
      expect(await rows()).toEqual([{ size: 3, evidence: (await remote.commits())[0] }]);
      await eventually(() => told.length === 2);
      expect(told[1]).toBe('the witness is reached again');
      expect(witnessing.states()).toEqual([{ witness: open().name, state: 'current' }]);
    } finally {
      await witnessing.stop();
    }
  });

  test('two processes: one brings each checkpoint, and the other takes over when it ends', async () => {
    const quiet = { info: () => undefined, error: () => undefined };
    const start = (where: string) =>
      startWitnessing({
        url: database.writerUrl,
        log: quiet,
        identity: signer,
        witnesses: [open({}, join(directory, where))],
        alarm: () => undefined,
      });
    await grow(1);
    const first = start('a');
    await eventually(() => first.states()[0]?.state === 'current');
    const second = start('b');
    try {
      for (let count = 2; count < 5; count += 1) {
        await grow(1);
        await eventually(async () => (await rows()).length === count);
      }
      expect(second.states()[0]?.state).toBe('standing by');
      await first.stop();
      await grow(1);
      await eventually(async () => (await rows()).length === 5);
      expect(second.states()[0]?.state).toBe('current');
      expect((await remote.commits()).length).toBe(5);
    } finally {
      await first.stop();
      await second.stop();
    }
  });
});
