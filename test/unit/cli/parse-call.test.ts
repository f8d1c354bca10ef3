import { expect, test } from '@jest/globals';
import { parseCall } from '../../../src/cli/parse-command-arguments.ts';
import { readPlace, readWhy } from '../../../src/cli/read-place.ts';

const PLACE = { repository: 'acme/shop', environment: 'production' };

function call(...args: readonly string[]) {
  const said = { stdout: '', stderr: '' };
  const asked = parseCall(
    args,
    { usage: 'USAGE\n', options: ['why'], positionals: 3 },
    {
      env: {},
      stdout: { write: (text: string) => (said.stdout += text) },
      stderr: { write: (text: string) => (said.stderr += text) },
    },
    (given) => ({ ...readPlace(given, 'host add', 'USER@HOST'), why: readWhy(given) }),
  );
  return { asked, ...said };
}

test('a call names a place, and may say why', () => {
  expect(call('acme/shop', 'production', 'a@b').asked).toEqual({ ...PLACE, why: null });
  expect(call('acme/shop', '--why', ' it is due; bob ', 'production', 'a@b').asked).toEqual({
    ...PLACE,
    why: 'it is due; bob',
  });
});

test.each([
  [[], 'host add takes OWNER/NAME, the name of an environment and USER@HOST'],
  [['acme/shop', 'production'], 'host add takes OWNER/NAME, the name of an environment and USER@HOST'],
  [['acme/shop', 'production', 'a@b', 'c'], 'one argument too many: c'],
  [['acme/shop', 'production', 'a@b', '--why', ' '], '--why is empty: leave it out, or say why'],
  [['acme/shop', 'production', 'a@b', '--when', 'now'], 'there is no option --when'],
])('%j is told to be no call, with how it is used', (args, message) => {
  const { asked, stdout, stderr } = call(...args);
  expect([asked, stdout]).toEqual([2, '']);
  expect(stderr).toMatch(/^countersign: [^]*\n\nUSAGE\n$/);
  expect(stderr).toContain(message);
});

test('--help tells how it is used, whatever else stands there', () => {
  expect(call('acme/shop', '--help')).toEqual({ asked: 0, stdout: 'USAGE\n', stderr: '' });
});
