import { expect, test } from '@jest/globals';
import { KeptAnswers } from '../../../src/facts/kept-answers.ts';

const answer = (body: string) => ({ etag: `W/"${body}"`, headers: {}, body });

test('what was used longest ago is forgotten first, and no more is kept than was said', () => {
  const kept = new KeptAnswers(10);
  kept.put('a', answer('aaaa'));
  kept.put('b', answer('bbbb'));
  expect(kept.get('a')).toEqual(answer('aaaa'));
  kept.put('c', answer('cccc'));
  expect(kept.get('b')).toBeNull();
  expect(kept.get('a')).toEqual(answer('aaaa'));
  expect(kept.get('c')).toEqual(answer('cccc'));
});

test('a newer answer takes the place of the older, and frees what that took', () => {
  const kept = new KeptAnswers(10);
  for (let time = 0; time < 20; time += 1) kept.put('a', answer(`aaaa${time % 10}`));
  kept.put('b', answer('bbbb'));
  expect(kept.get('a')?.body).toBe('aaaa9');
  expect(kept.get('b')?.body).toBe('bbbb');
});

test('one that is larger than all that may be kept is not, and forgets what it follows', () => {
  const kept = new KeptAnswers(10);
  kept.put('a', answer('aaaa'));
  kept.put('b', answer('bbbb'));
  kept.put('a', answer('a'.repeat(11)));
  expect(kept.get('a')).toBeNull();
  expect(kept.get('b')?.body).toBe('bbbb');
});
