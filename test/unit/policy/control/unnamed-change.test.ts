import { expect, test } from '@jest/globals';
import type { KeptControls } from '../../../../src/domain/control-facts.ts';
import { unnamedChange } from '../../../../src/policy/control/unnamed-change.ts';

const at = '2026-03-01T00:00:00.000Z';
const kept = (more: Partial<KeptControls>): KeptControls => ({ parts: {}, unmet: [], ...more });

test.each<[string, KeptControls | null, string, ReturnType<typeof unnamedChange>]>([
  ['nothing was kept', null, at, null],
  ['nothing is open', kept({}), at, null],
  ['it was just found', kept({ unnamedAt: at, unnamedTold: [] }), at, { at, told: [] }],
  [
    'ten minutes have just passed',
    kept({ unnamedAt: at, unnamedTold: ['one'] }),
    '2026-03-01T00:10:00.000Z',
    { at, told: ['one'] },
  ],
  [
    'more than ten minutes have passed',
    kept({ unnamedAt: at, unnamedTold: [] }),
    '2026-03-01T00:10:00.001Z',
    null,
  ],
  ['an earlier version kept it', kept({ unnamedAt: at }), at, { at, told: [] }],
])('where %s', (_, before, now, expected) => {
  expect(unnamedChange(before, now)).toEqual(expected);
});
