import { describe, expect, test } from '@jest/globals';
import { readingOf } from '../../../src/policy/reading-of.ts';
import { POLICY } from '../../support/make-facts.ts';

const FILE = '.github/countersign.yml';

/** Below production, which ends on line 14 of the tests' policy. */
function problems(...lines: readonly string[]): readonly string[] {
  const text = `${POLICY}${lines.map((line) => `    ${line}\n`).join('')}`;
  const reading = readingOf({ path: FILE, ref: 'main', commit: null, text });
  return reading.kind === 'invalid' ? reading.problems : [];
}

const FREEZE = 'environments.production.freeze';

describe('what a policy can ask by time and order', () => {
  test.each([
    'after: { staging: {} }',
    'after: { staging: { soak: 30m } }',
    'after: { staging: { soak: 30d } }',
    'freeze: [{ name: a, from: 2026-12-20, until: 2026-12-21, timezone: UTC }]',
    'freeze: [{ name: a, from: 2026-12-20T16:00, until: 2026-12-20 16:00:01, timezone: Asia/Kathmandu }]',
    'freeze: [{ name: a, weekly: { from: friday 16:00, until: monday 08:00 }, timezone: America/Argentina/Buenos_Aires }]',
    'lock: { by: { teams: [leads] } }',
    'identity: { two_factor: required }',
    'identity: { two_factor: required, saml: required }',
  ])('%s', (line) => {
    expect(problems(line)).toEqual([]);
  });
});

describe('what it can’t', () => {
  test.each([
    ['after: {}', '15:12 environments.production.after: is empty; name an environment of this policy'],
    [
      'after: { stagin: {} }',
      '15:22 environments.production.after.stagin: is no environment of this policy; did you mean staging?',
    ],
    [
      'after: { canary: {} }',
      '15:22 environments.production.after.canary: is no environment of this policy; known here: staging, production',
    ],
    [
      'after: { production: {} }',
      '15:26 environments.production.after.production: is the environment itself, which can’t come before itself',
    ],
    [
      'after: { staging: { soak: 30 } }',
      '15:31 environments.production.after.staging.soak: is 30; it must be text',
    ],
    [
      'after: { staging: { soak: half an hour } }',
      '15:31 environments.production.after.staging.soak: is no length of time; write minutes, hours or days, as 45m, 2h or 3d',
    ],
    [
      'after: { staging: { soak: 31d } }',
      '15:31 environments.production.after.staging.soak: is too long; it may be 30d at most',
    ],
    [
      'after: { staging: { sok: 30m } }',
      '15:25 environments.production.after.staging.sok: unknown key; did you mean soak?',
    ],
    ['freeze: []', `15:13 ${FREEZE}: is empty; give at least one`],
    [
      'freeze: [{ name: a, timezone: UTC }]',
      `15:14 ${FREEZE}[0]: doesn’t say when; give from and until, or weekly`,
    ],
    [
      'freeze: [{ name: a, from: 2026-12-20, timezone: UTC }]',
      `15:14 ${FREEZE}[0]: doesn’t say when; give from and until, or weekly`,
    ],
    [
      'freeze: [{ name: a, from: 2026-12-20, weekly: { from: friday 16:00, until: monday 08:00 }, timezone: UTC }]',
      `15:14 ${FREEZE}[0]: says both once and weekly; leave from and until out, or weekly`,
    ],
    [
      'freeze: [{ name: a, from: 2026-12-20, until: 2026-12-20, timezone: UTC }]',
      `15:50 ${FREEZE}[0].until: is not after from`,
    ],
    [
      'freeze: [{ name: a, from: 2026-12-21, until: 2026-12-20, timezone: UTC }]',
      `15:50 ${FREEZE}[0].until: is not after from`,
    ],
    [
      'freeze: [{ name: a, from: 20.12.2026, until: 2026-12-21, timezone: UTC }]',
      `15:31 ${FREEZE}[0].from: is no date or time of day; write 2026-12-20, or 2026-12-20T16:00 with a time`,
    ],
    [
      'freeze: [{ name: a, from: 2026-02-30, until: 2026-12-21, timezone: UTC }]',
      `15:31 ${FREEZE}[0].from: is no date that there is, or no time of day`,
    ],
    [
      'freeze: [{ name: a, from: 2026-02-28T24:30, until: 2026-12-21, timezone: UTC }]',
      `15:31 ${FREEZE}[0].from: is no date that there is, or no time of day`,
    ],
    [
      'freeze: [{ name: a, from: 2026-02-28, until: 2026-12-21, timezone: Europe/Londn }]',
      `15:72 ${FREEZE}[0].timezone: is no time zone’s name; did you mean Europe/London?`,
    ],
    [
      'freeze: [{ name: a, from: 2026-02-28, until: 2026-12-21, timezone: "+01:00" }]',
      `15:72 ${FREEZE}[0].timezone: is no time zone’s name; write as Europe/London`,
    ],
    [
      'freeze: [{ name: a, from: 2026-02-28, until: 2026-12-21 }]',
      `15:14 ${FREEZE}[0].timezone: is missing; it must be text`,
    ],
    [
      'freeze: [{ name: a, weekly: { from: fri 16:00, until: monday 08:00 }, timezone: UTC }]',
      `15:41 ${FREEZE}[0].weekly.from: is no day and time of a week; write as friday 16:00`,
    ],
    [
      'freeze: [{ name: a, weekly: { from: friday 16:00, until: friday 16:00 }, timezone: UTC }]',
      `15:33 ${FREEZE}[0].weekly: ends when it begins, so nobody can tell whether it is always or never`,
    ],
    [
      'lock: {}',
      '15:5 environments.production.lock.by: is missing; it must be a mapping with teams, users, permission',
    ],
    [
      'identity: { two_facto: required }',
      '15:17 environments.production.identity.two_facto: unknown key; did you mean two_factor?',
    ],
    ['identity: {}', '15:15 environments.production.identity: asks for nothing; give two_factor or saml'],
    [
      'identity: { two_factor: wanted }',
      '15:29 environments.production.identity.two_factor: is "wanted"; it must be required',
    ],
  ])('%s', (line, problem) => {
    expect(problems(line)).toEqual([`${FILE}:${problem}`]);
  });

  test('a circle of environments, which is named once for each way into it', () => {
    const text = POLICY.replace(
      '  production:',
      '    after: { canary: {} }\n  canary:\n    branches: [main]\n    deploy: { on: request, by: { teams: [leads] } }\n    after: { production: {} }\n  production:',
    );
    const reading = readingOf({
      path: FILE,
      ref: 'main',
      commit: null,
      text: `${text}    after: { staging: {} }\n`,
    });
    expect(reading.kind === 'invalid' ? reading.problems : []).toEqual([
      `${FILE}:11:22 environments.staging.after.canary: goes in a circle (staging after canary after production after staging), so none of them could ever be deployed`,
      `${FILE}:15:26 environments.canary.after.production: goes in a circle (canary after production after staging after canary), so none of them could ever be deployed`,
      `${FILE}:20:23 environments.production.after.staging: goes in a circle (production after staging after canary after production), so none of them could ever be deployed`,
    ]);
  });
});
