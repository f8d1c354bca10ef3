import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { promotionButtons } from '../../../src/effects/promotion-buttons.ts';
import { sha } from './example-facts.ts';

test('a button for each environment that comes next', () => {
  expect(promotionButtons(['production', 'us'], sha('1a2b3c4'))).toEqual([
    { label: 'Deploy to production', description: 'Ask for 1a2b3c4 on production', identifier: 'promote:0' },
    { label: 'Deploy to us', description: 'Ask for 1a2b3c4 on us', identifier: 'promote:1' },
  ]);
});

test('whatever environments are called, GitHub takes the buttons', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary', minLength: 1, maxLength: 255 })), (environments) => {
      const buttons = promotionButtons(environments, sha('1a2b3c4'));
      expect(buttons.length).toBe(Math.min(3, environments.length));
      for (const { label, description, identifier } of buttons) {
        expect(label.length).toBeLessThanOrEqual(20);
        expect(description.length).toBeLessThanOrEqual(40);
        expect(identifier.length).toBeLessThanOrEqual(20);
      }
    }),
  );
});
