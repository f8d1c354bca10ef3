import { expect, test } from '@jest/globals';
import { mayRunThere } from '../../../../src/pipeline/deployment/may-still-run.ts';

test.each([
  ['it succeeded', { outcome: 'success', failedAt: null, switched: true }, true],
  ['nobody knows', { outcome: 'unknown', failedAt: 'connect', switched: false }, true],
  ['its switch was refused', { outcome: 'failure', failedAt: 'switch', switched: false }, false],
  ['it could not be switched back', { outcome: 'failure', failedAt: 'switch', switched: true }, true],
  ['it was switched back', { outcome: 'rolled_back', failedAt: 'health', switched: false }, false],
  ['it was never reached', { outcome: 'not_reached', failedAt: null, switched: false }, false],
  ['an older record has its switch failed', { outcome: 'failure', failedAt: 'switch' }, true],
  ['an older record has its build failed', { outcome: 'failure', failedAt: 'build' }, false],
  ['an older record has its health failed', { outcome: 'failure', failedAt: 'health' }, true],
])('a release may run on a host where %s: by its record', (_, host, expected) => {
  expect(mayRunThere(host)).toBe(expected);
});
