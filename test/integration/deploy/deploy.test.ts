import {
  appendFile,
  chmod,
  lstat,
  mkdir,
  readFile,
  readdir,
  readlink,
  rename,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createKeyPair } from '../../../demo/servers/servers.ts';
import { inspectHost } from '../../../src/deploy/inspect-host.ts';
import { DeployWorld, SSHD_USABLE } from '../../support/deploy/deploy-world.ts';
import type { FileSpec } from '../../support/deploy/git-repository.ts';

const onSshd = SSHD_USABLE ? describe : describe.skip;
const none = { build: null, beforeSwitch: null, afterSwitch: null, health: null };

onSshd('a deployment to a real sshd', () => {
  let world: DeployWorld;
  beforeAll(async () => {
    world = await DeployWorld.create();
  });
  beforeEach(() => world.clear());
  afterAll(() => world.stop());

  const release = (name: string): string => path.join(world.path(), 'releases', name);
  const first = async (files: Record<string, FileSpec>, name = 'r1') => {
    const sha = await world.repository.commit(files);
    const outcome = await world.deploy({ release: name, sha });
    expect(outcome.hosts.map((host) => [host.outcome, host.message])).toEqual([['success', '']]);
    return { release: name, sha };
  };

  test('brings the commit as git has it, and nothing else', async () => {
    const files: Record<string, FileSpec> = {
      'index.html': 'hello',
      '.env.example': 'dot',
      '.well-known/security.txt': 'dot folder',
      'a b \'c\' "d" $(touch pwned) `x` \\ ;&|*?[x]~#!': 'odd',
      '-rf': 'dash',
      '--checkpoint-action=exec=sh': 'dash dash',
      'ünïcödé/𝄞 ﷽': 'letters',
      ' leading and trailing ': 'blank',
      run: { text: '#!/bin/sh\n', executable: true },
      'd/link': { link: '../run' },
      'd/dangling': { link: 'nowhere ünd' },
      empty: '',
      binary: Buffer.from(Array.from({ length: 70_000 }, (_, n) => n % 256)),
      [`${'l'.repeat(150)}/${'m'.repeat(150)}/${'n'.repeat(200)}`]: 'long',
    };
    await first(files);
    expect(await world.current()).toBe('releases/r1');
    for (const [file, spec] of Object.entries(files)) {
      const there = path.join(world.path(), 'current', file);
      const found = await lstat(there);
      if (typeof spec === 'object' && 'link' in spec) expect(await readlink(there)).toBe(spec.link);
      else {
        const text = typeof spec === 'object' && 'text' in spec ? spec.text : spec;
        expect((await readFile(there)).equals(Buffer.from(text))).toBe(true);
        expect(found.mode & 0o7777).toBe(typeof spec === 'object' && 'text' in spec ? 0o755 : 0o644);
        expect(found.mtimeMs).toBe(Date.parse('2026-01-02T03:04:05Z'));
      }
    }
    const all = await readdir(release('r1'), { recursive: true, withFileTypes: true });
    expect(all.filter((entry) => !entry.isDirectory())).toHaveLength(Object.keys(files).length);
    expect(await world.list('releases')).toEqual(['r1']);
    expect((await readdir(world.path())).toSorted()).toEqual([
      '.countersign',
      'current',
      'releases',
      'shared',
    ]);
  });

  test('says each step before and after it, and what it did', async () => {
    const sha = await world.repository.commit({ a: '1', b: '2' });
    const outcome = await world.deploy({ release: 'r1', sha });
    expect(world.events).toEqual(
      ['connect', 'probe', 'lock', 'stage', 'verify', 'switch', 'prune', 'unlock'].flatMap((step) => [
        `${step} started`,
        `${step} finished`,
      ]),
    );
    expect(outcome).toMatchObject({
      outcome: 'success',
      difference: { added: [{ path: 'a' }, { path: 'b' }], changed: [], removed: [], total: 2 },
      manifest: [{ path: 'a', mode: '100644', size: 1 }, { path: 'b' }],
      hosts: [
        {
          release: 'r1',
          previousRelease: null,
          failedAt: null,
          presentedFingerprint: world.host().fingerprint,
          files: { total: 2, transferred: 2, verified: 2 },
        },
      ],
    });
  });

  test('an empty commit is a release like any other', async () => {
    const sha = await world.repository.commitTree(await world.repository.rawTree([]));
    expect((await world.deploy({ release: 'r1', sha })).outcome).toBe('success');
    expect(await readdir(release('r1'))).toEqual([]);
  });

  describe('after another release', () => {
    test('only what changed travels; what was removed is gone', async () => {
      const running = await first({
        same: 's',
        'dir/same': 's',
        changed: '1',
        mode: 'm',
        gone: 'g',
        'emptied/gone': 'g',
      });
      const sha = await world.repository.commit({
        same: 's',
        'dir/same': 's',
        changed: '2',
        mode: { text: 'm', executable: true },
        added: 'a',
      });
      const outcome = await world.deploy({ release: 'r2', sha, running });
      expect(outcome.hosts[0]).toMatchObject({
        outcome: 'success',
        previousRelease: 'r1',
        message: '',
        files: { total: 5, transferred: 3, verified: 5 },
      });
      expect(await world.current()).toBe('releases/r2');
      expect((await readdir(release('r2'), { recursive: true })).toSorted()).toEqual([
        'added',
        'changed',
        'dir',
        'dir/same',
        'mode',
        'same',
      ]);
      expect(await readFile(path.join(release('r2'), 'changed'), 'utf8')).toBe('2');
      expect((await lstat(path.join(release('r2'), 'mode'))).mode & 0o777).toBe(0o755);
    });

    test('the one before shares no bytes with it: what an app appends to stays in its own release', async () => {
      const running = await first({ log: 'start\n' });
      const sha = await world.repository.commit({ log: 'start\n', other: 'x' });
      await world.deploy({ release: 'r2', sha, running });
      await appendFile(path.join(release('r2'), 'log'), 'more\n');
      expect(await readFile(path.join(release('r1'), 'log'), 'utf8')).toBe('start\n');
    });

    test.each<[string, Record<string, FileSpec>, Record<string, FileSpec>]>([
      [
        'a link became a folder',
        { d: { link: 'inside' }, 'inside/x': 'x' },
        { 'd/f': 'new', 'inside/x': 'x' },
      ],
      ['a folder became a link', { 'd/f': 'f', 'inside/x': 'x' }, { d: { link: 'inside' }, 'inside/x': 'x' }],
      ['a file became a folder', { d: 'file' }, { 'd/f': 'f' }],
      ['a folder became a file', { 'd/e/f': 'f' }, { d: 'file' }],
      ['a file became a link', { d: 'file', e: 'e' }, { d: { link: 'e' }, e: 'e' }],
    ])('%s', async (_, before, after) => {
      const running = await first(before);
      const outcome = await world.deploy({
        release: 'r2',
        sha: await world.repository.commit(after),
        running,
      });
      expect(outcome.hosts[0]).toMatchObject({ outcome: 'success', message: '' });
      expect(await readdir(path.join(release('r1'), 'inside')).catch(() => [])).toEqual(
        before['inside/x'] === undefined ? [] : ['x'],
      );
    });

    test('a link that somebody put where the new commit has a folder leads nothing out of the release', async () => {
      const running = await first({ keep: 'k' });
      const outside = path.join(world.path(), 'outside');
      await mkdir(outside);
      await symlink(outside, path.join(release('r1'), 'd'));
      const outcome = await world.deploy({
        release: 'r2',
        sha: await world.repository.commit({ keep: 'k', 'd/f': 'f' }),
        running,
      });
      expect(outcome.outcome).toBe('success');
      expect(await readdir(outside)).toEqual([]);
    });

    test('what a build left beside the commit does not come along', async () => {
      const running = await first({ a: 'a' });
      await mkdir(path.join(release('r1'), 'node_modules'));
      await writeFile(path.join(release('r1'), 'node_modules', 'x'), 'x');
      await world.deploy({ release: 'r2', sha: await world.repository.commit({ a: 'a', b: 'b' }), running });
      expect((await readdir(release('r2'))).toSorted()).toEqual(['a', 'b']);
    });
  });

  describe('what was altered on the host since', () => {
    const alter: [string, (running: string) => Promise<unknown>, RegExp][] = [
      [
        'a file with other bytes',
        (running) => writeFile(path.join(running, 'same'), 'hacked'),
        /Altered on the host since.*same/,
      ],
      ['a file with another mode', (running) => chmod(path.join(running, 'same'), 0o777), /same/],
      ['a file that is gone', (running) => rm(path.join(running, 'same')), /same/],
      [
        'a file that is a link out',
        async (running) => {
          await rm(path.join(running, 'same'));
          await symlink('/etc/passwd', path.join(running, 'same'));
        },
        /same/,
      ],
      [
        'a file that is a folder',
        async (running) => {
          await rm(path.join(running, 'same'));
          await mkdir(path.join(running, 'same'));
          await writeFile(path.join(running, 'same', 'x'), 'x');
        },
        /same/,
      ],
      [
        'a folder that is a link to one outside',
        async (running) => {
          const outside = path.join(running, '..', '..', 'moved');
          await rename(path.join(running, 'dir'), outside);
          await symlink(outside, path.join(running, 'dir'));
          await writeFile(path.join(outside, 'file'), 'hacked');
        },
        /dir\/file/,
      ],
      ['a setuid bit', (running) => chmod(path.join(running, 'same'), 0o4755), /same/],
    ];
    test.each(alter)('%s is found by the read-back, said, and sent anew', async (_, change, message) => {
      const running = await first({ same: 's', 'dir/file': 'f', 'dir/other': 'o' });
      await change(release('r1'));
      const outcome = await world.deploy({
        release: 'r2',
        sha: await world.repository.commit({ same: 's', 'dir/file': 'f', 'dir/other': 'o', new: 'n' }),
        running,
      });
      expect(outcome.hosts[0]).toMatchObject({
        outcome: 'success',
        files: { total: 4, verified: 4 },
        message: expect.stringMatching(message),
      });
      expect([await world.read('current/same'), await world.read('current/dir/file')]).toEqual(['s', 'f']);
      expect((await lstat(path.join(release('r2'), 'same'))).mode & 0o7777).toBe(0o644);
    });

    test('what keeps being altered is not switched to', async () => {
      const sha = await world.repository.commit({ a: 'a' });
      // A tar of its own, in front of the host's: the archive arrives, and then something else happens.
      const outcome = await world.withProgram('tar', '/bin/tar "$@"\necho evil >> a', () =>
        world.deploy({ release: 'r1', sha }),
      );
      expect(outcome.hosts[0]).toMatchObject({
        outcome: 'failure',
        failedAt: 'verify',
        message: expect.stringMatching(/is not the commit \(different: a\)/),
      });
      expect(await world.current()).toBeNull();
      expect(await world.list('releases')).not.toContain('r1');
    });
  });

  test('an archive that was cut between two members, which tar takes for whole, is caught', async () => {
    const sha = await world.repository.commit({ a: 'a', b: 'b', c: 'c' });
    const cutAt = (bytes: number, release: string) =>
      world.withProgram('tar', `head -c ${bytes} | /bin/tar "$@"`, () => world.deploy({ release, sha }));
    expect((await cutAt(1024, 'r1')).hosts[0]).toMatchObject({
      outcome: 'failure',
      failedAt: 'verify',
      message: expect.stringMatching(/missing: c/),
    });
    expect(await world.current()).toBeNull();
    // Where the second time brings the rest, all is well, and it is said.
    expect((await cutAt(2048, 'r2')).hosts[0]).toMatchObject({
      outcome: 'success',
      message: '1 files did not arrive whole, and were sent again.',
    });
  });

  describe('shared files and folders', () => {
    test('are linked into every release and outlive it; a tracked one is replaced by the link', async () => {
      await mkdir(path.join(world.path(), 'shared'), { recursive: true });
      await writeFile(path.join(world.path(), 'shared', '.env'), 'SECRET=1');
      const target = { shared: ['.env', 'storage/', 'var/log/'] };
      const running = { release: 'r1', sha: await world.repository.commit({ a: 'a', 'storage/.keep': '' }) };
      expect((await world.deploy({ ...running, target })).outcome).toBe('success');
      await writeFile(path.join(release('r1'), 'storage', 'upload'), 'kept');
      const sha = await world.repository.commit({ a: 'b', 'storage/.keep': '' });
      const outcome = await world.deploy({ release: 'r2', sha, running, target });
      expect(outcome.hosts[0]).toMatchObject({ outcome: 'success', message: '' });
      expect(await world.read('current/.env')).toBe('SECRET=1');
      expect(await world.read('current/storage/upload')).toBe('kept');
      expect([
        await readlink(path.join(release('r2'), '.env')),
        await readlink(path.join(release('r2'), 'var', 'log')),
      ]).toEqual(['../../shared/.env', '../../../shared/var/log']);
    });

    test('one that is not there is asked for, before anything is touched', async () => {
      const outcome = await world.deploy({
        release: 'r1',
        sha: await world.repository.commit({ a: 'a' }),
        target: { shared: ['.env'] },
      });
      expect(outcome.hosts[0]).toMatchObject({
        outcome: 'failure',
        failedAt: 'probe',
        message: expect.stringMatching(/shared\/\.env is not there/),
      });
      expect(await readdir(path.join(world.path(), '..'))).not.toContain('shop');
    });
  });

  describe("the operator's commands", () => {
    test('run in the release, with what they may know, and their output is kept', async () => {
      const commands = {
        build:
          'pwd -P > where; echo "$COUNTERSIGN_RELEASE $COUNTERSIGN_COMMIT $COUNTERSIGN_ENVIRONMENT"\necho to-stderr >&2',
        beforeSwitch: 'if [ -e ../../current ]; then exit 9; fi',
        afterSwitch: 'readlink ../../current',
        health: 'cat; test -f where',
      };
      const sha = await world.repository.commit({ a: 'a' });
      const outcome = await world.deploy({ release: 'r1', sha, target: { commands } });
      expect(outcome.outcome).toBe('success');
      expect(outcome.hosts[0]?.commands).toMatchObject([
        {
          step: 'build',
          exitCode: 0,
          signal: null,
          output: expect.stringContaining(`r1 ${sha} production\n`),
          truncated: false,
        },
        { step: 'before_switch', exitCode: 0, output: '' },
        { step: 'after_switch', exitCode: 0, output: 'releases/r1\n' },
        { step: 'health', exitCode: 0 },
      ]);
      expect(outcome.hosts[0]?.commands[0]?.output).toContain('to-stderr');
      expect((await world.read('releases/r1/where')).trim()).toBe(release('r1'));
    });

    test.each<[string, object, string, RegExp]>([
      ['build', { build: 'echo why; exit 3' }, 'build', /the build command ended with exit code 3\.$/],
      [
        'one that prints a secret of the host',
        { build: 'echo DB_PASSWORD=hunter2; exit 3' },
        'build',
        /the build command ended with exit code 3\.$/,
      ],
      ['build at its first failing line', { build: 'false\ntrue' }, 'build', /exit code 1/],
      ['before the switch', { beforeSwitch: 'exit 4' }, 'before_switch', /exit code 4/],
      ['killed, without any exit code of its own', { build: 'kill -KILL $$' }, 'build', /killed|137/],
    ])('a failing one stops it before the switch: %s', async (_, commands, failedAt, message) => {
      const running = await first({ a: 'a' });
      const outcome = await world.deploy({
        release: 'r2',
        sha: await world.repository.commit({ a: 'b' }),
        running,
        target: { commands: { ...none, ...commands } },
      });
      expect(JSON.stringify(outcome)).not.toContain('hunter2');
      expect(outcome).toMatchObject({
        outcome: 'failure',
        hosts: [{ outcome: 'failure', failedAt, message: expect.stringMatching(message) }],
      });
      expect(await world.current()).toBe('releases/r1');
      expect(await readdir(path.join(world.path(), '.countersign'))).not.toContain('lock');
    });

    test('one that takes too long is ended, with what it started', async () => {
      const started = path.join(world.path(), '..', 'started');
      const build = `sleep 300 & echo $! >${started}; sleep 300`;
      const outcome = await world.deploy({
        release: 'r1',
        sha: await world.repository.commit({ a: 'a' }),
        target: { timeout: 2, commands: { ...none, build } },
      });
      expect(outcome.hosts[0]).toMatchObject({
        outcome: 'failure',
        failedAt: 'build',
        message: expect.stringMatching(/longer than the 2 seconds/),
      });
      const child = (await readFile(started, 'utf8')).trim();
      expect(child).toMatch(/^\d+$/);
      const status = () => readFile(`/proc/${child}/status`, 'utf8').catch(() => '');
      // By itself it would run for minutes: this never ends in time where nothing ended it.
      while (/^State:\s+[^ZX\s]/m.test(await status())) await sleep(50);
    });

    test('no line of the private key is stored, whatever a command prints', async () => {
      const lines = world.privateKey.trim().split('\n');
      const build = `cat <<'END'\n${world.privateKey}\nEND\nexit 1`;
      const outcome = await world.deploy({
        release: 'r1',
        sha: await world.repository.commit({ a: 'a' }),
        target: { commands: { ...none, build } },
      });
      const text = JSON.stringify(outcome);
      for (const line of lines.filter((one) => !one.startsWith('-----'))) expect(text).not.toContain(line);
      expect(text).toContain('[masked]');
    });

    test('output without end is cut', async () => {
      const build = 'yes | head -c 3000000; echo the-end';
      const outcome = await world.deploy({
        release: 'r1',
        sha: await world.repository.commit({ a: 'a' }),
        target: { commands: { ...none, build } },
      });
      const [command] = outcome.hosts[0]?.commands ?? [];
      expect([outcome.outcome, command?.truncated, command?.output.endsWith('the-end\n')]).toEqual([
        'success',
        true,
        true,
      ]);
      expect(command?.output.length).toBeLessThan(70_000);
    });
  });

  describe('unhealthy after the switch', () => {
    test.each([
      ['health', { health: 'echo sick; exit 1' }],
      [
        'after_switch',
        { afterSwitch: 'if [ "$COUNTERSIGN_RELEASE" = r2 ]; then exit 1; fi; echo restarted' },
      ],
      ['health', { health: 'kill -KILL $$' }],
    ])('%s: it is switched back, and says so', async (failedAt, commands) => {
      const running = await first({ a: 'a' });
      const target = { commands: { ...none, ...commands } };
      const outcome = await world.deploy({
        release: 'r2',
        sha: await world.repository.commit({ a: 'b' }),
        running,
        target,
      });
      expect(outcome).toMatchObject({
        outcome: 'failure',
        hosts: [{ outcome: 'rolled_back', failedAt, message: expect.stringMatching(/It runs r1 again/) }],
      });
      expect(await world.current()).toBe('releases/r1');
      expect(await world.read('current/a')).toBe('a');
      expect(world.events.slice(-4)).toEqual(
        failedAt === 'after_switch'
          ? ['after_switch started', 'after_switch finished', 'unlock started', 'unlock finished']
          : ['switch_back started', 'switch_back finished', 'unlock started', 'unlock finished'],
      );
    });

    test('the first release of all: nothing runs again', async () => {
      const outcome = await world.deploy({
        release: 'r1',
        sha: await world.repository.commit({ a: 'a' }),
        target: { commands: { ...none, health: 'false' } },
      });
      expect(outcome.hosts[0]).toMatchObject({
        outcome: 'rolled_back',
        message: expect.stringMatching(/nothing runs there now/),
      });
      expect(await world.current()).toBeNull();
    });

    test('the failed release goes with the next good one', async () => {
      const running = await first({ a: 'a' });
      const sha = await world.repository.commit({ a: 'b' });
      await world.deploy({
        release: 'bad',
        sha,
        running,
        target: { commands: { ...none, health: 'false' } },
      });
      expect(await world.list('releases')).toEqual(['bad', 'r1']);
      await world.deploy({ release: 'good', sha, running });
      expect(await world.list('releases')).toEqual(['good', 'r1']);
    });
  });

  test('a reader sees one release or the other, whole, at every moment', async () => {
    let running = await first({ version: '0', twin: '0' });
    const over = new AbortController();
    const seen = new Set<string>();
    const problems: string[] = [];
    const reading = (async () => {
      while (!over.signal.aborted) {
        await sleep(1);
        const base = await readlink(path.join(world.path(), 'current')).catch((error: unknown) =>
          String(error),
        );
        const there = path.join(world.path(), base);
        try {
          const pair = await Promise.all([
            readFile(path.join(there, 'version'), 'utf8'),
            readFile(path.join(there, 'twin'), 'utf8'),
          ]);
          if (pair[0] !== pair[1]) problems.push(`half: ${pair.join(' ')}`);
          seen.add(pair[0]);
          await readFile(path.join(world.path(), 'current', 'version'), 'utf8');
        } catch (error) {
          problems.push(String(error));
        }
      }
    })();
    for (let n = 1; n <= 5; n += 1) {
      const sha = await world.repository.commit({ version: `${n}`, twin: `${n}` });
      const name = `r1-${n}`;
      expect((await world.deploy({ release: name, sha, running, target: { keep: 20 } })).outcome).toBe(
        'success',
      );
      running = { release: name, sha };
    }
    over.abort();
    await reading;
    expect(problems).toEqual([]);
    expect(seen.size).toBeGreaterThan(3);
  });

  test('as many releases stay as are kept, and never fewer than the one running and the one before', async () => {
    let running: { release: string; sha: string } | null = null;
    for (const [n, expected] of [['r1'], ['r1', 'r2'], ['r2', 'r3'], ['r3', 'r4']].entries()) {
      const sha = await world.repository.commit({ n: `${n}` });
      await world.deploy({ release: `r${n + 1}`, sha, running, target: { keep: 1 } });
      running = { release: `r${n + 1}`, sha };
      expect(await world.list('releases')).toEqual(expected);
    }
  });

  describe('one at a time', () => {
    test('a host that another deployment holds is left alone, and its owner named', async () => {
      const running = await first({ a: 'a' });
      await symlink('other-7', path.join(world.path(), '.countersign', 'lock'));
      const outcome = await world.deploy({
        release: 'r2',
        sha: await world.repository.commit({ a: 'b' }),
        running,
      });
      expect(outcome.hosts[0]).toMatchObject({
        outcome: 'failure',
        failedAt: 'lock',
        message: expect.stringMatching(/locked by other-7 since \d+ seconds/),
      });
      expect([
        await world.current(),
        await readlink(path.join(world.path(), '.countersign', 'lock')),
      ]).toEqual(['releases/r1', 'other-7']);
    });

    test('whoever loses the lock in the middle changes nothing any more', async () => {
      const running = await first({ a: 'a' });
      const lock = path.join(world.path(), '.countersign', 'lock');
      const outcome = await world.deploy({
        release: 'r2',
        sha: await world.repository.commit({ a: 'b' }),
        running,
        onProgress: async ({ step, state }) => {
          if (step !== 'switch' || state !== 'started') return;
          await rm(lock);
          await symlink('thief', lock);
        },
      });
      expect(outcome.hosts[0]).toMatchObject({
        outcome: 'failure',
        failedAt: 'switch',
        message: expect.stringMatching(/held by thief/),
      });
      expect([await world.current(), await readlink(lock)]).toEqual(['releases/r1', 'thief']);
    });

    test('of two at the same moment one goes first, and both never at once', async () => {
      const [one, two] = [
        await world.repository.commit({ a: '1' }),
        await world.repository.commit({ a: '2' }),
      ];
      const outcomes = await Promise.all([
        world.deploy({ release: 'r1', sha: one }),
        world.deploy({ release: 'r2', sha: two }),
      ]);
      const words = outcomes.map((outcome) => outcome.outcome);
      expect(words).toContain('success');
      expect(await world.current()).toBe(`releases/r${words.lastIndexOf('success') + 1}`);
    });

    test('somebody who switches by hand in the middle is not overwritten', async () => {
      const running = await first({ a: 'a' });
      const outcome = await world.deploy({
        release: 'r2',
        sha: await world.repository.commit({ a: 'b' }),
        running,
        onProgress: async ({ step, state }) => {
          if (step !== 'switch' || state !== 'started') return;
          await mkdir(release('by-hand'));
          await rm(path.join(world.path(), 'current'));
          await symlink('releases/by-hand', path.join(world.path(), 'current'));
        },
      });
      expect(outcome.hosts[0]).toMatchObject({
        outcome: 'failure',
        failedAt: 'switch',
        switched: false,
        message: expect.stringMatching(/it is now: releases\/by-hand/),
      });
      expect(await world.current()).toBe('releases/by-hand');
    });
  });

  test('a host that was switched by hand before is said, taken along, and goes back to what the ledger has', async () => {
    const older = await first({ a: 'older' }, 'older');
    const sha = await world.repository.commit({ a: 'a' });
    await world.deploy({ release: 'r1', sha, running: older });
    await rm(path.join(world.path(), 'current'));
    await symlink('releases/older', path.join(world.path(), 'current'));
    const outcome = await world.deploy({
      release: 'r2',
      sha: await world.repository.commit({ a: 'b' }),
      running: { release: 'r1', sha },
      target: { commands: { ...none, health: 'false' } },
    });
    expect(outcome.hosts[0]).toMatchObject({
      outcome: 'rolled_back',
      previousRelease: 'r1',
      message: expect.stringMatching(/ran older, while the ledger has r1/),
    });
    expect(await world.current()).toBe('releases/r1');
  });

  test.each<[string, () => Promise<unknown>, RegExp]>([
    [
      'a folder of its own',
      () => mkdir(path.join(world.path(), 'current'), { recursive: true }),
      /symbolic link must be/,
    ],
    [
      'a link to elsewhere',
      async () => {
        await mkdir(world.path(), { recursive: true });
        await symlink('/etc', path.join(world.path(), 'current'));
      },
      /points at "\/etc"/,
    ],
  ])('a "current" that is %s is left alone', async (_, prepare, message) => {
    await prepare();
    const outcome = await world.deploy({ release: 'r1', sha: await world.repository.commit({ a: 'a' }) });
    expect(outcome.hosts[0]).toMatchObject({
      outcome: 'failure',
      failedAt: 'probe',
      message: expect.stringMatching(message),
    });
  });

  describe('what is refused before any host is spoken to', () => {
    test.each<[string, Record<string, FileSpec>]>([
      ['path_refused', { l: { link: '/etc/passwd' } }],
      ['lfs_pointer', { f: 'version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n' }],
    ])('%s', async (code, files) => {
      await expect(
        world.deploy({ release: 'r1', sha: await world.repository.commit(files) }),
      ).rejects.toMatchObject({ code });
      expect(world.events).toEqual([]);
    });

    test('a name with a line break', async () => {
      const tree = await world.repository.rawTree([
        { mode: '100644', name: 'a\nb', oid: await world.repository.blob('x') },
      ]);
      await expect(
        world.deploy({ release: 'r1', sha: await world.repository.commitTree(tree) }),
      ).rejects.toMatchObject({ code: 'path_refused' });
      expect(world.events).toEqual([]);
    });
  });

  test('another host key, or another credential: nothing is sent', async () => {
    const sha = await world.repository.commit({ a: 'a' });
    const wrongKey = await world.deploy({
      release: 'r1',
      sha,
      hosts: [{ ...world.host(), fingerprint: `SHA256:${'A'.repeat(43)}` }],
    });
    expect(wrongKey.hosts[0]).toMatchObject({
      outcome: 'failure',
      failedAt: 'connect',
      message: expect.stringMatching(/is pinned/),
    });
    const stranger = await world.deploy({
      release: 'r1',
      sha,
      privateKey: createKeyPair('stranger').privateKey,
    });
    expect(stranger.hosts[0]).toMatchObject({
      outcome: 'failure',
      failedAt: 'connect',
      message: expect.stringMatching(/refused the key/),
    });
    expect(await readdir(path.join(world.path(), '..'))).not.toContain('shop');
  });

  test('a target whose path is a trap for a shell is just a path', async () => {
    const folder = path.join(world.path(), '..', 'it\'s "$(touch pwned)"; `touch pwned` \\ *');
    const running = { release: 'r1', sha: await world.repository.commit({ a: 'a' }) };
    expect(
      (await world.deploy({ ...running, target: { path: folder, shared: ["o'dd $(id)/"] } })).outcome,
    ).toBe('success');
    const sha = await world.repository.commit({ a: 'a', b: 'b' });
    expect((await world.deploy({ release: 'r2', sha, running, target: { path: folder } })).outcome).toBe(
      'success',
    );
    expect(await readlink(path.join(folder, 'current'))).toBe('releases/r2');
    expect(await readdir(path.join(world.path(), '..'))).not.toContain('pwned');
    await rm(folder, { recursive: true });
  });

  test('looking at a host says what runs there', async () => {
    const look = () =>
      inspectHost(
        { host: world.host(), path: world.path(), privateKey: world.privateKey, timeout: 10 },
        (size) => randomBytes(size),
      );
    expect(await look()).toMatchObject({ release: null, current: null, lockOwner: null });
    await first({ a: 'a' });
    expect(await look()).toEqual({
      release: 'r1',
      current: 'releases/r1',
      lockOwner: null,
      lockSeconds: null,
      presentedFingerprint: world.host().fingerprint,
    });
  });
});
