import { expect, test } from '@jest/globals';
import { failureText } from '../../../src/cli/failure.ts';
import { CodedError } from '../../../src/domain/coded-error.ts';

const coded = (message: string, code: string) => Object.assign(new Error(message), { code });

test.each([
  ['an error of ours is its sentence', new CodedError('target_unknown', 'there is none.'), 'there is none.'],
  [
    'a login that may not record is named by where it was given',
    coded('permission denied for table entry', '42501'),
    'the database refuses the login of DATABASE_URL (permission denied for table entry): give the one that Countersign itself writes with.',
  ],
  [
    'a connection that breaks is no fault of the program',
    coded('connect ECONNREFUSED', 'ECONNREFUSED'),
    'a connection broke or did not come about: connect ECONNREFUSED.',
  ],
])('%s', (_, error, text) => {
  expect(failureText(error)).toBe(text);
});

test('anything else is a bug, with its stack', () => {
  expect(failureText(new TypeError('x is no function'))).toMatch(/^TypeError: x is no function\n {4}at /);
});
