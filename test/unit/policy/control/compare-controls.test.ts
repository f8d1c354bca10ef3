import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import type { ControlLook, ControlSettings, KeptControls } from '../../../../src/domain/control-facts.ts';
import { known, unknown } from '../../../../src/domain/known.ts';
import { compareControls } from '../../../../src/policy/control/compare-controls.ts';

const subject = { kind: 'branch', name: 'main' } as const;
const look = (parts: ControlLook['parts']): ControlLook => ({ subject, parts });
const on = known({ force_push: 'false' });
const off = known({ force_push: 'true' });
const refused = unknown('GitHub answered 403');

/** What each of several looks, one after the other, tells. */
function looks(...seen: readonly ControlLook['parts'][string][]) {
  let kept: KeptControls['parts'] | null = null;
  return seen.map((rules) => {
    const { parts, changes, first, lost, found } = compareControls(kept, look({ rules }));
    kept = parts;
    return { changes: changes.map(({ before, after }) => `${before} → ${after}`), first, lost, found };
  });
}

const NONE = { changes: [], first: [], lost: [], found: [] };

describe('looks one after the other', () => {
  test.each([
    ['the first is the baseline', [on], { ...NONE, first: ['rules'] }],
    ['the same again', [on, on], NONE],
    ['another', [on, off], { ...NONE, changes: ['false → true'] }],
    ['and back', [on, off, on], { ...NONE, changes: ['true → false'] }],
    ['it can’t be read', [on, refused], { ...NONE, lost: ['rules'] }],
    ['it still can’t be read', [on, refused, refused], NONE],
    ['it can be read again, and is the same', [on, refused, on], { ...NONE, found: ['rules'] }],
    [
      'it changed while it could not be read',
      [on, refused, refused, off],
      { ...NONE, found: ['rules'], changes: ['false → true'] },
    ],
    ['it never could be read', [refused], { ...NONE, lost: ['rules'] }],
    ['it is read for the first time, late', [refused, on], { ...NONE, found: ['rules'], first: ['rules'] }],
  ])('%s', (_, seen, expected) => {
    expect(looks(...seen).at(-1)).toEqual(expected);
  });

  test('a setting that is gone, and one that is new', () => {
    expect(
      compareControls(
        { rules: { settings: { a: '1', b: '2' }, known: true } },
        look({ rules: known({ b: '2', c: '3' }) }),
      ).changes,
    ).toEqual([
      { setting: 'rules: a', before: '1', after: null },
      { setting: 'rules: c', before: null, after: '3' },
    ]);
  });

  test('a part that was not looked at stays as it was', () => {
    const before = {
      rules: { settings: { a: '1' }, known: true },
      rulesets: { settings: { b: '2' }, known: false },
    };
    const { parts, ...rest } = compareControls(before, look({ rules: known({ a: '1' }) }));
    expect(parts).toEqual(before);
    expect(rest).toEqual(NONE);
  });
});

const settings: fc.Arbitrary<ControlSettings> = fc.dictionary(
  fc.constantFrom('a', 'b', 'c'),
  fc.constantFrom('1', '2'),
);

test('whatever could not be read in between, the last known and the next known differ by what is told', () => {
  fc.assert(
    fc.property(settings, settings, fc.nat({ max: 4 }), (first, then, blind) => {
      const seen = [known(first), ...Array.from({ length: blind }, () => refused), known(then)];
      const told = looks(...seen).flatMap(({ changes }) => changes);
      const differing = ['a', 'b', 'c'].filter((key) => first[key] !== then[key]);
      expect(told).toHaveLength(differing.length);
    }),
  );
});
