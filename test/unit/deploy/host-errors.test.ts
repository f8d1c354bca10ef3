import { describe, expect, test } from '@jest/globals';
import { type EndedCommand, commandError, refusalError } from '../../../src/deploy/host-errors.ts';

const place = { name: 'web1:22', path: '/srv/shop' };

test.each([
  ['lock_held', '100 160 r7', 'lock_held', /^web1:22 is locked by r7 since 60 seconds\. .*host unlock/],
  ['lock_held', 'odd', 'lock_held', /^web1:22 is locked by \. If/],
  [
    'hook_runs',
    'before_switch r7 4711',
    'lock_held',
    /^On web1:22, the before-switch command of r7 still runs \(process 4711\).* end it \(kill -KILL -4711\), and deploy again\.$/,
  ],
  ['lock_lost', '', 'lock_lost', /^The lock on web1:22 is gone in the middle/],
  ['lock_lost', 'r8/b', 'lock_lost', /^The lock on web1:22 is held by r8\/b in the middle/],
  ['taken_over', 'r7/b', 'taken_over', /^Another attempt at this deployment took over web1:22/],
  ['switch_conflict', '', 'switch_conflict', /^\/srv\/shop\/current on web1:22 was changed .*now: nothing\)/],
  ['anything else', 'no idea', 'verification_failed', /^web1:22 refused: no idea\.$/],
])('a host that refuses by %s (%j)', (reason, about, code, message) => {
  expect(refusalError({ reason, about }, place)).toMatchObject({
    code,
    message: expect.stringMatching(message),
  });
});

describe('a command that didn’t end well', () => {
  const ended: EndedCommand = {
    name: 'web1:22',
    step: 'build',
    what: 'the build command',
    end: { kind: 'exited', code: 1 },
    milliseconds: 900,
    seconds: 30,
    printed: 'one\ntwo\nthree\nfour\n',
    quoted: true,
  };

  test.each<readonly [string, Partial<EndedCommand>, string, string]>([
    [
      'an exit code, with its last lines',
      {},
      'command_failed',
      'On web1:22, the build command ended with exit code 1. It said: two / three / four',
    ],
    [
      'what isn’t to be quoted',
      { quoted: false },
      'command_failed',
      'On web1:22, the build command ended with exit code 1.',
    ],
    [
      'a full disk, though that isn’t to be quoted',
      { quoted: false, printed: 'tar: x: No space left on device' },
      'disk_full',
      'The disk of web1:22 became full during the build command.',
    ],
    [
      'ended when its time was up',
      { end: { kind: 'exited', code: 124 }, milliseconds: 30_000, printed: '' },
      'timeout',
      'On web1:22, the build command took longer than the 30 seconds it may (exit code 124).',
    ],
    [
      'killed before that',
      { end: { kind: 'signalled', signal: 'KILL' }, printed: '' },
      'command_failed',
      'On web1:22, the build command was killed (KILL).',
    ],
    [
      'not well in time',
      { step: 'health', end: { kind: 'exited', code: 137 }, milliseconds: 40_000, printed: '' },
      'health_failed',
      'On web1:22, the build command took longer than the 30 seconds it may (exit code 137).',
    ],
    [
      'nobody saw its end',
      { end: { kind: 'lost' } },
      'connection_lost',
      'The connection to web1:22 was lost during the build command.',
    ],
    [
      'no answer',
      { end: { kind: 'timed_out' }, milliseconds: 50_400 },
      'no_answer',
      'the build command on web1:22 gave no answer for 50 seconds.',
    ],
  ])('%s', (_, over, code, message) => {
    expect(commandError({ ...ended, ...over })).toMatchObject({ code, message });
  });
});
