import { describe, expect, test } from '@jest/globals';
import { byteLength } from '../../../src/effects/clip.ts';
import { block, fitSections, type Section } from '../../../src/effects/fit-sections.ts';

const table = (name: string, weight: number, rows: number, more: Partial<Section> = {}): Section => ({
  weight,
  head: `## ${name}`,
  items: Array.from(
    { length: rows },
    (_, index) => `${name} ${String(index).padStart(3, '0')} ${'é'.repeat(20)}`,
  ),
  keep: 'first',
  beyond: 0,
  more: (left) => `…and ${left} more`,
  foot: '',
  floor: 2,
  ...more,
});

describe('sections within a limit', () => {
  test('all of them, where there is room', () => {
    expect(fitSections([block(Infinity, 'verdict'), block(1, ''), table('a', 1, 1)], 500)).toBe(
      `verdict\n\n## a\na 000 ${'é'.repeat(20)}`,
    );
  });

  test('the least important is shortened first, and says by how much', () => {
    const text = fitSections(
      [block(Infinity, 'verdict'), table('light', 1, 50), table('heavy', 2, 5)],
      1_000,
    );
    expect(byteLength(text)).toBeLessThanOrEqual(1_000);
    expect(text).toMatch(/…and \d+ more/);
    expect(text.match(/^heavy/gm)).toHaveLength(5);
    const light = text.match(/^light/gm)?.length ?? 0;
    expect(text).toContain(`…and ${50 - light} more`);
    // Not one row less than there is room for.
    expect(byteLength(text) + 50).toBeGreaterThan(1_000);
  });

  test('down to its floor, before a more important one is shortened', () => {
    const text = fitSections([table('light', 1, 50), table('heavy', 2, 50)], 1_000);
    expect(text.match(/^light/gm)).toHaveLength(2);
    expect(text.match(/^heavy/gm)?.length).toBeGreaterThan(2);
  });

  test('then to nothing, then away; what is essential stays', () => {
    const text = fitSections([block(Infinity, 'verdict'), table('light', 1, 50), table('heavy', 2, 50)], 45);
    expect(text).toContain('verdict');
    expect(text).not.toContain('## light');
    expect(byteLength(text)).toBeLessThanOrEqual(45);
  });

  test('of a program’s output the last lines stay', () => {
    const text = fitSections([table('out', 1, 50, { keep: 'last', foot: 'END', beyond: 7 })], 500);
    expect(text).toMatch(/^## out\n…and \d+ more\nout \d+/);
    expect(text).toMatch(/out 049 é+\nEND$/);
    const kept = text.match(/^out/gm)?.length ?? 0;
    expect(text).toContain(`…and ${57 - kept} more`);
  });
});
