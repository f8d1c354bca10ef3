import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { releaseOfLink } from '../../../src/deploy/host-paths.ts';
import { fingerprintOf, isPinned, keyKind } from '../../../src/deploy/host-key.ts';
import { hostFacts } from '../../../src/deploy/host-facts.ts';
import { SCRIPT_READER } from '../../../src/deploy/quote.ts';
import { parseReport } from '../../../src/deploy/report.ts';
import * as hook from '../../../src/deploy/hook-script.ts';
import * as lock from '../../../src/deploy/lock-scripts.ts';
import * as look from '../../../src/deploy/look-scripts.ts';
import * as removal from '../../../src/deploy/removal-scripts.ts';
import * as stage from '../../../src/deploy/stage-scripts.ts';
import * as switching from '../../../src/deploy/switch-scripts.ts';

const scripts = { ...look, ...lock, ...stage, ...hook, ...switching, ...removal };

const HOSTILE = `/srv/it's "$(touch pwned)"; \`x\``;
const run = { nonce: 'n0nce', path: HOSTILE, release: 'r1', attempt: 'a1' };
const shared = [{ name: 'a b/$(id)', folder: true }];

const ALL: readonly [name: string, script: string][] = [
  ['probe', scripts.probeScript(run, ['a b'])],
  ['lock', scripts.lockScript(run)],
  ['unlock', scripts.unlockScript(run)],
  ['stage', scripts.stageScript(run, { release: 'r0', copy: '-dR --preserve=mode,timestamps', files: 2 })],
  ['receive', scripts.receiveScript(run, true, 3)],
  ['discard', scripts.discardScript(run)],
  ['finish staging', scripts.finishStagingScript(run, 'digest', shared)],
  ['share', scripts.shareScript(run, shared)],
  ['hook', scripts.hookScript(run, { step: 'before_switch', release: 'r1' }, 30)],
  ['wait for a hook', scripts.hookEndedScript(run, 30)],
  ['switch', scripts.switchScript(run, 'releases/r0')],
  ['switch back', scripts.switchBackScript(run, 'releases/r0', "it's $(id) ill")],
  ['prune', scripts.pruneScript(run, ['r-1'])],
  ['discard a release', scripts.discardReleaseScript(run)],
  ['read a kept release', scripts.readKeptScript(run, 'r-1', 3)],
  ['remove its own', scripts.removeOwnScript(run)],
  ['inspect', scripts.inspectScript(run)],
  ['withdraw', scripts.withdrawScript(run)],
  ['break the lock', scripts.breakLockScript(run, `r1/$(id) it's`)],
];

describe.each(ALL)('the script to %s', (name, script) => {
  test('is one line that starts with set -eu', () => {
    expect(script).toMatch(/^set -eu; [^\n]+\n$/);
  });

  test.each(['sh', 'bash', 'dash'])('%s can read it', (shell) => {
    expect(spawnSync(shell, ['-n', '-c', script]).stderr?.toString() ?? '').toBe('');
  });

  const reads = ['probe', 'inspect', 'lock', 'unlock', 'withdraw', 'break the lock'];
  test('changes nothing for whoever lost the lock', () => {
    if (!reads.includes(name)) expect(script).toContain('refuse lock_lost');
  });
});

test('a hook gets its environment as data, and stops at its first failing line', () => {
  const input = scripts.hookInput('false\necho not reached', {
    release: 'r1',
    commit: 'c',
    environment: "it's",
  });
  const ended = spawnSync('sh', ['-c', 'eval "$(cat)" </dev/null'], { input });
  expect([ended.status, ended.stdout.toString()]).toEqual([1, '']);
  const shown = scripts.hookInput(
    'echo "$COUNTERSIGN_RELEASE $COUNTERSIGN_COMMIT $COUNTERSIGN_ENVIRONMENT"; cat',
    {
      release: 'r1',
      commit: 'c',
      environment: "it's",
    },
  );
  expect(spawnSync('sh', ['-c', 'eval "$(cat)" </dev/null'], { input: shown }).stdout.toString()).toBe(
    "r1 c it's\n",
  );
});

test('a hook whose stream ended in the middle of its command runs nothing of it', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'countersign-hook-'));
  const own = { ...run, path: folder };
  mkdirSync(path.join(folder, 'releases', 'r1'), { recursive: true });
  mkdirSync(path.join(folder, '.countersign'));
  symlinkSync('r1/a1', path.join(folder, '.countersign', 'lock'));
  const script = scripts.hookScript(own, { step: 'build', release: 'r1' }, 30);
  const input = scripts.hookInput('echo one > ran; echo two > /nowhere/at/all', {
    release: 'r1',
    commit: 'c',
    environment: 'e',
  });
  const ended = (sent: string) => {
    const { status } = spawnSync('sh', ['-c', SCRIPT_READER], { input: script + sent });
    return [status, existsSync(path.join(folder, 'releases', 'r1', 'ran'))];
  };
  expect(ended(input.slice(0, input.indexOf('; echo two')))).toEqual([74, false]);
  expect(ended(input.slice(0, -10))).toEqual([74, false]);
  const [status, ran] = ended(input);
  expect([status === 0, ran]).toEqual([false, true]);
  rmSync(folder, { recursive: true });
});

describe('what a host answers', () => {
  test('only lines with the nonce count, the last of a key', () => {
    const report = parseReport(
      'motd\nn0nce key forged-before\n\nn0nce key a b\nother key x\nn0nce key\n n0nce key y\n',
      'n0nce',
    );
    expect([report.value('key'), report.values('key'), report.value('absent'), report.refusal]).toEqual([
      'a b',
      ['forged-before', 'a b'],
      undefined,
      null,
    ]);
  });

  test('a refusal is taken apart, and printable', () => {
    expect(parseReport('n refused lock_held some\x1bone else\n', 'n').refusal).toEqual({
      reason: 'lock_held',
      about: 'some\\u{1b}one else',
    });
  });

  test('the probe', () => {
    const facts = hostFacts(
      parseReport(
        [
          'n copy -dR --preserve=mode,timestamps --reflink=auto',
          'n space /dev/disk by blank 1000 500 400 56% /mnt/a b',
          'n inodes overlay - - - - /',
          'n current releases/r0',
          'n release r0',
          'n release ../evil',
          'n previous ',
        ].join('\n'),
        'n',
      ),
    );
    expect(facts).toMatchObject({
      freeBytes: 409_600,
      freeInodes: null,
      current: 'releases/r0',
      previous: null,
      verified: null,
    });
    expect([...facts.releases]).toEqual(['r0']);
  });

  test('flags that are none of ours are not used', () => {
    expect(hostFacts(parseReport('n copy -dR; touch pwned\n', 'n')).copy).toBeNull();
  });
});

test.each([
  ['releases/r1', 'r1'],
  ['./releases/r1/', 'r1'],
  ['/srv/shop/releases/r1', 'r1'],
  ['/srv/other/releases/r1', null],
  ['releases/../x', null],
  ['releases/a/b', null],
  ['releases/.r1.part', null],
  ['shared', null],
])('current -> %s is release %s', (target, release) =>
  expect(releaseOfLink(target, '/srv/shop')).toBe(release),
);

describe('host keys', () => {
  const key = Buffer.concat([Buffer.from([0, 0, 0, 11]), Buffer.from('ssh-ed25519'), Buffer.alloc(36, 7)]);

  test('only the pinned fingerprint is taken', () => {
    const fingerprint = fingerprintOf(key);
    expect(fingerprint).toMatch(/^SHA256:[A-Za-z0-9+/]{43}$/);
    expect(isPinned(fingerprint, fingerprint)).toBe(true);
    for (const pinned of [
      '',
      'SHA256:',
      `${fingerprint}=`,
      fingerprint.slice(0, -1),
      fingerprint.toLowerCase(),
    ]) {
      expect(isPinned(fingerprint, pinned)).toBe(false);
      expect(isPinned(fingerprint, [pinned, pinned])).toBe(false);
      expect(isPinned(fingerprint, [pinned, fingerprint])).toBe(true);
    }
    expect(isPinned(fingerprint, [])).toBe(false);
  });

  test('its kind is what its bytes say, where they can be read', () => {
    expect([keyKind(key), keyKind(Buffer.alloc(0)), keyKind(Buffer.alloc(8, 255))]).toEqual([
      'ssh-ed25519',
      'unknown',
      'unknown',
    ]);
  });
});
