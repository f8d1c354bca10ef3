import { expect, test } from '@jest/globals';

import { ownerPattern, parseCodeOwners } from '../../../demo/github/rules/code-owners.ts';

test.each([
  ['*', 'src/a.ts', true],
  ['*.js', 'src/deep/a.js', true],
  ['*.js', 'src/a.ts', false],
  ['/docs/', 'docs/a/b.md', true],
  ['/docs/', 'src/docs/a.md', false],
  ['docs/*', 'docs/a.md', true],
  ['docs/*', 'docs/a/b.md', false],
  ['apps/', 'src/apps/a.ts', true],
  ['**/logs', 'a/b/logs/today', true],
  ['/src/billing', 'src/billing/a.ts', true],
  ['/src/billing', 'src/billing-old/a.ts', false],
])('%s on %s: %s', (glob, file, owned) => {
  expect(ownerPattern(glob).test(file)).toBe(owned);
});

test('a line without owners takes ownership away, and comments are no owners', () => {
  const rules = parseCodeOwners('# all\n*  @acme/maintainers # everyone\n/free\n\n');
  expect(rules.map(({ owners }) => owners)).toEqual([['@acme/maintainers'], []]);
});
