import { expect, test } from '@jest/globals';
import type { Decision, Verdict } from '../../../src/domain/decision.ts';
import { blocks, strictest } from '../../../src/policy/strictest.ts';

const judged = (verdict: Verdict, mode: Decision['mode'] = 'enforce') => ({
  decision: { schema: 'decision/v1', subject: 'change', verdict, mode, gates: [] } satisfies Decision,
});

/** Each goes before all that follow it. */
const IN_ORDER = [
  judged('rejected'),
  judged('error'),
  judged('held'),
  judged('rejected', 'observe'),
  judged('held', 'observe'),
  judged('approved'),
  judged('not_guarded'),
];

test.each(IN_ORDER.map((each, index) => [index, each] as const))(
  'the stricter one is shown: %i',
  (index, each) => {
    for (const other of IN_ORDER.slice(index)) {
      expect(strictest(each, other)).toBe(each);
      expect(strictest(other, each)).toBe(other === each ? other : each);
    }
  },
);

test('of two that are as strict, the first', () => {
  const [first, second] = [judged('held'), judged('held')];
  expect(strictest(first, second)).toBe(first);
});

test('only what is enforced and not approved stands in the way', () => {
  expect(IN_ORDER.map(({ decision }) => blocks(decision))).toEqual([
    true,
    true,
    true,
    false,
    false,
    false,
    false,
  ]);
});
