import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { LONGEST_WHY } from '../../../src/domain/command.ts';
import { parseCommand } from '../../../src/webhooks/parse-command.ts';

const deploy = (environment: string) => ({ name: 'deploy', environment });
const lock = (environment: string, why: string, only: number | null = null) => ({
  name: 'lock',
  environment,
  why,
  only,
});
const unlock = (environment: string, why: string | null) => ({ name: 'unlock', environment, why });
const rollback = (target: string | null, why: string | null) => ({
  name: 'rollback',
  environment: 'production',
  target,
  why,
});
const emergency = (why: string, incident: string | null) => ({
  name: 'emergency',
  environment: 'production',
  why,
  incident,
});
const review = (verdict: string, why: string) => ({ name: 'review', emergency: 'a1b2c3d4', verdict, why });
const misread = (problem: object) => ({ name: 'misread', problem });

describe('a comment that is a command', () => {
  test.each([
    ['/countersign deploy production', deploy('production')],
    ['/countersign  deploy   production  ', deploy('production')],
    ['/countersign\tdeploy\tproduction', deploy('production')],
    ['/countersign DEPLOY production', deploy('production')],
    ['/countersign deploy production\n\nThe customers wait.', deploy('production')],
    ['/countersign deploy production\r\nplease', deploy('production')],
    ['/countersign deploy "eu west"', deploy('eu west')],
    ['/countersign deploy "eu', deploy('"eu')],
    ['/countersign lock production the migration runs', lock('production', 'the migration runs')],
    ['/countersign lock "eu west" the migration runs', lock('eu west', 'the migration runs')],
    ['/countersign lock production only #12 it mends the till', lock('production', 'it mends the till', 12)],
    ['/countersign lock production only #12: it mends', lock('production', 'it mends', 12)],
    ['/countersign lock production only twelve may', lock('production', 'only twelve may')],
    ['/countersign lock production only #0 may', lock('production', 'only #0 may')],
    ['/countersign unlock production', unlock('production', null)],
    ['/countersign unlock production it is over', unlock('production', 'it is over')],
    ['/countersign rollback production', rollback(null, null)],
    ['/countersign rollback production 1A2B3C4', rollback('1a2b3c4', null)],
    ['/countersign rollback production 1a2b3c4 it burns', rollback('1a2b3c4', 'it burns')],
    ['/countersign rollback production it burns', rollback(null, 'it burns')],
    ['/countersign rollback production 1a2b3', rollback(null, '1a2b3')],
    [`/countersign rollback production ${'a'.repeat(41)}`, rollback(null, 'a'.repeat(41))],
    ['/countersign emergency production nobody can pay', emergency('nobody can pay', null)],
    [
      '/countersign emergency production nobody can pay, incident INC-42',
      emergency('nobody can pay', 'INC-42'),
    ],
    ['/countersign emergency production nobody can pay (incident: #42)', emergency('nobody can pay', '#42')],
    [
      '/countersign emergency production it is down incident https://status.example.com/x',
      emergency('it is down', 'https://status.example.com/x'),
    ],
    [
      '/countersign emergency production security incident happened',
      emergency('security incident happened', null),
    ],
    ['/countersign emergency production incident 42', emergency('incident 42', null)],
    ['/countersign confirm A1B2C3D4', { name: 'confirm', emergency: 'a1b2c3d4' }],
    ['/countersign review a1b2c3d4 justified it was right', review('justified', 'it was right')],
    ['/countersign review a1b2c3d4 Unjustified: it could wait', review('unjustified', 'it could wait')],
    ['/countersign', { name: 'help' }],
    ['/countersign help', { name: 'help' }],
    ['/countersign help me', { name: 'help' }],
  ])('%j', (comment, command) => {
    expect(parseCommand(comment)).toEqual(command);
  });
});

describe('a comment that is addressed to us and no command', () => {
  test.each([
    ['/countersign frobnicate production', { kind: 'no_such_command', said: 'frobnicate', meant: null }],
    ['/countersign depoly production', { kind: 'no_such_command', said: 'depoly', meant: 'deploy' }],
    ['/countersign deploy', { kind: 'environment_missing', command: 'deploy' }],
    ['/countersign emergency', { kind: 'environment_missing', command: 'emergency' }],
    ['/countersign emergency production', { kind: 'why_missing', command: 'emergency' }],
    [`/countersign emergency production ${'x'.repeat(LONGEST_WHY + 1)}`, { kind: 'too_long' }],
    ['/countersign confirm', { kind: 'emergency_missing', command: 'confirm', said: '' }],
    [
      '/countersign confirm production',
      { kind: 'emergency_missing', command: 'confirm', said: 'production' },
    ],
    ['/countersign confirm a1b2c3d4 yes', { kind: 'too_much', command: 'confirm', more: 'yes' }],
    ['/countersign review a1b2c3d4', { kind: 'verdict_missing', command: 'review', said: '' }],
    [
      '/countersign review a1b2c3d4 fine it was',
      { kind: 'verdict_missing', command: 'review', said: 'fine' },
    ],
    ['/countersign review a1b2c3d4 justified', { kind: 'why_missing', command: 'review' }],
    [`/countersign review a1b2c3d4 justified ${'x'.repeat(LONGEST_WHY + 1)}`, { kind: 'too_long' }],
    ['/countersign deploy ""', { kind: 'environment_missing', command: 'deploy' }],
    ['/countersign deploy eu west', { kind: 'too_much', command: 'deploy', more: 'west' }],
    ['/countersign rollback', { kind: 'environment_missing', command: 'rollback' }],
    [`/countersign rollback production ${'x'.repeat(501)}`, { kind: 'too_long' }],
    ['/countersign lock', { kind: 'environment_missing', command: 'lock' }],
    ['/countersign lock production', { kind: 'why_missing', command: 'lock' }],
    ['/countersign lock production only #12', { kind: 'why_missing', command: 'lock' }],
    [`/countersign lock production ${'x'.repeat(LONGEST_WHY + 1)}`, { kind: 'too_long' }],
    [`/countersign deploy ${'x'.repeat(256)}`, { kind: 'too_long' }],
    [`/countersign ${'x'.repeat(5_000)}`, { kind: 'too_long' }],
  ])('%j', (comment, problem) => {
    expect(parseCommand(comment)).toEqual(misread(problem));
  });
});

describe('a comment that is no command', () => {
  test.each([
    '',
    'Looks good to me',
    'Please do /countersign deploy production',
    'First this.\n/countersign deploy production',
    '> /countersign deploy production',
    '    /countersign deploy production',
    ' /countersign deploy production',
    '\n/countersign deploy production',
    '```\n/countersign deploy production\n```',
    '`/countersign deploy production`',
    '~~~\n/countersign deploy production\n~~~',
    '- /countersign deploy production',
    '<!--\n/countersign deploy production\n-->',
    '/countersigned deploy production',
    '/countersign-deploy production',
    '/Countersign deploy production',
    '\u200b/countersign deploy production',
    '//countersign deploy production',
  ])('%j', (comment) => {
    expect(parseCommand(comment)).toBeNull();
  });
});

const hostile = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({
    unit: fc.constantFrom(' ', '"', '#', '\t', '\u2028', '\ud800', 'a', '0', '\u202e', '`', '\n'),
  }),
);

test('whatever is written, it is answered, and nothing that it answers is longer than it may be', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(
        '',
        '/countersign',
        '/countersign ',
        '/countersign lock ',
        '/countersign lock a only #1 ',
      ),
      hostile,
      (start, text) => {
        const command = parseCommand(start + text);
        if (command === null) return;
        expect(JSON.stringify(command).length).toBeLessThan(6_500);
        if ('environment' in command) expect(command.environment).toMatch(/^[^\r\n]{1,255}$/);
        if (command.name === 'lock') expect(command.why).toMatch(/\S/);
      },
    ),
  );
});

test('only the first line counts', () => {
  fc.assert(
    fc.property(hostile, (more) => {
      expect(parseCommand(`/countersign lock production it burns\n${more}`)).toEqual(
        lock('production', 'it burns'),
      );
    }),
  );
});

test('it takes time in proportion to its first line', () => {
  const began = process.cpuUsage();
  parseCommand(`/countersign lock "${' "'.repeat(400_000)}`);
  parseCommand(`/countersign lock ${'only #'.repeat(150)}`);
  parseCommand('x'.repeat(1_000_000));
  expect(process.cpuUsage(began).user / 1000).toBeLessThan(500);
});
