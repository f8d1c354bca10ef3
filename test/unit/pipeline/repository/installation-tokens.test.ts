import { expect, test } from '@jest/globals';
import { InstallationTokens } from '../../../../src/pipeline/repository/installation-tokens.ts';

function tokensAt(): { readonly tokens: InstallationTokens; readonly clock: { now: number } } {
  const clock = { now: 0 };
  return { tokens: new InstallationTokens(() => clock.now), clock };
}

test('a token is kept for its hour, but for the last minute', () => {
  const { tokens, clock } = tokensAt();
  tokens.underGrant(7, null);
  tokens.set('7', 'one');
  clock.now = 59 * 60_000 - 1;
  expect(tokens.get('7')).toBe('one');
  clock.now += 1;
  expect(tokens.get('7')).toBeUndefined();
});

test('another grant forgets that installation’s tokens, and no other’s', () => {
  const { tokens } = tokensAt();
  for (const id of [7, 71]) tokens.underGrant(id, 'first');
  for (const key of ['7', '7|12|contents', '71']) tokens.set(key, `of ${key}`);
  tokens.underGrant(7, 'first');
  expect(tokens.get('7')).toBe('of 7');
  tokens.underGrant(7, 'second');
  expect(['7', '7|12|contents', '71'].map((key) => tokens.get(key))).toEqual([undefined, undefined, 'of 71']);
});

test('what was made before any grant was seen is forgotten with the first', () => {
  const { tokens } = tokensAt();
  tokens.underGrant(7, null);
  tokens.set('7', 'one');
  tokens.underGrant(7, 'first');
  expect(tokens.get('7')).toBeUndefined();
});
