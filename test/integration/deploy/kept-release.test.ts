import { randomBytes } from 'node:crypto';
import { chmod, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { DeployWorld, type DeployWish, SSHD_USABLE } from '../../support/deploy/deploy-world.ts';

const onSshd = SSHD_USABLE ? describe : describe.skip;
const LARGE = 1_000_000;

/** `r1` is kept, `r2` runs, and it goes back to r1's commit as `r3`. */
onSshd('back to a commit whose release the host kept', () => {
  let world: DeployWorld;
  let older: string;
  let newer: string;

  beforeAll(async () => {
    world = await DeployWorld.create();
    const script = { text: 'run', executable: true } as const;
    older = await world.repository.commit({
      'a/large': randomBytes(LARGE),
      same: 's',
      script,
      link: { link: 'same' },
      'only/older': 'o',
    });
    newer = await world.repository.commit({
      'a/large': randomBytes(LARGE),
      same: 's',
      script,
      link: { link: 'script' },
      'only/newer': 'n',
    });
    await world.deploy({ release: 'r1', sha: older });
    await world.deploy({ release: 'r2', sha: newer, running: { release: 'r1', sha: older } });
    await world.save();
  });
  beforeEach(() => world.restore());
  afterAll(() => world.stop());

  const back = (wish: Partial<DeployWish> = {}) =>
    world.deploy({
      release: 'r3',
      sha: older,
      running: { release: 'r2', sha: newer },
      kept: ['r1'],
      ...wish,
    });
  const kept = (file: string) => path.join(world.path(), 'releases', 'r1', file);

  test('nothing is sent, all of it is read back, and what changed is recorded with its ids', async () => {
    const outcome = await back();
    const [host] = outcome.hosts;
    expect(host).toMatchObject({
      outcome: 'success',
      message: '',
      previousRelease: 'r2',
      files: { total: 5, transferred: 0, verified: 5 },
      readBack: { against: 'before', before: 'r2', drifted: [] },
    });
    expect(host?.traffic.sent).toBeLessThan(40_000);
    expect([await world.current(), await world.read('current/only/older')]).toEqual(['releases/r3', 'o']);
    const changes = outcome.changes[host?.readBack?.changes ?? ''];
    const id = {
      oid: expect.stringMatching(/^[0-9a-f]{40}$/),
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    };
    expect(changes).toMatchObject({
      added: [{ path: 'only/older', ...id }],
      changed: [
        { path: 'a/large', ...id },
        { path: 'link', mode: '120000', ...id },
      ],
      removed: [{ path: 'only/newer', ...id }],
      total: 5,
    });
  });

  test('the digest of what was read back is that of the same commit’s first deployment', async () => {
    const again = await back();
    await world.clear();
    const first = await world.deploy({ release: 'r9', sha: older });
    expect(first.hosts[0]?.readBack).toMatchObject({ against: 'nothing', before: null });
    expect(first.hosts[0]?.readBack?.digest).toBe(again.hosts[0]?.readBack?.digest);
    expect(first.changes[first.hosts[0]?.readBack?.changes ?? '']?.added).toHaveLength(5);
  });

  test('without it, only what differs from the running release is sent', async () => {
    await rm(path.join(world.path(), 'releases', 'r1'), { recursive: true });
    const [host] = (await back()).hosts;
    expect([host?.outcome, host?.files.transferred]).toEqual(['success', 3]);
    expect(host?.traffic.sent).toBeGreaterThan(LARGE);
  });

  test.each<[string, () => Promise<unknown>, string, object | null]>([
    [
      'whose bytes were altered',
      () => writeFile(kept('same'), 'S'),
      'same',
      { mode: '644', sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
    ],
    ['that may run now', () => chmod(kept('same'), 0o755), 'same', { mode: '755' }],
    ['that is gone', () => rm(kept('script')), 'script', null],
  ])('a kept file %s: found, sent anew, and recorded', async (_, tamper, file, found) => {
    await tamper();
    const outcome = await back();
    expect(outcome.hosts[0]).toMatchObject({
      outcome: 'success',
      message: `Altered on the host since it was deployed, and sent anew: ${file}.`,
      files: { transferred: 1, verified: 5 },
      readBack: { drifted: [{ path: file, oid: expect.stringMatching(/^[0-9a-f]{40}$/), found }] },
    });
    expect(await world.read('current/same')).toBe('s');
  });

  test('what was put beside its files does not come along', async () => {
    await writeFile(kept('only/backdoor'), 'b');
    await back();
    expect(await world.list('current/only')).toEqual(['older']);
  });

  test('its note alone is worth nothing: where all of it is gone, all of it is sent', async () => {
    await rm(kept(''), { recursive: true });
    await writeFile(path.join(world.path(), 'releases', 'r1'), 'no folder any more');
    expect((await back()).outcome).toBe('success');
    expect(await world.read('current/only/older')).toBe('o');
  });

  test('another release runs there than the ledger has: its files are not known, and that is said', async () => {
    await world.deploy({ release: 'theirs', sha: newer, running: { release: 'r2', sha: newer } });
    const [host] = (await back()).hosts;
    expect(host).toMatchObject({
      outcome: 'success',
      message: expect.stringMatching(/ran theirs, while the ledger has r2\./),
      readBack: { against: 'unknown', before: 'theirs' },
    });
  });
});
