/**
 * What people read, kept as Markdown so that a review shows how a change of wording looks. After a wanted change, run this
 * file with UPDATE_GOLDEN=1 and read the difference.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { checkRuns as examples } from './example-check-runs.ts';
import { ruleCheckRuns } from './rule-check-runs.ts';
import { updateCheckRuns } from './update-check-runs.ts';

const checkRuns = { ...examples, ...ruleCheckRuns, ...updateCheckRuns };

const directory = new URL('../../fixtures/check-runs/', import.meta.url);

describe('a check run reads as it did', () => {
  test.each(Object.keys(checkRuns))('%s', (name) => {
    const { title, summary, text, status, conclusion, actions, externalId, ...rest } = checkRuns[name]!();
    const buttons = actions.map(({ label, description }) => `[${label}: ${description}]`).join(' ');
    const head = [`${rest.name} · ${status} ${conclusion ?? ''}`.trim(), externalId, title, buttons].filter(
      (line) => line !== '',
    );
    const shown = `${[...head, '---', summary, ...(text === null ? [] : ['---', text])].join('\n')}\n`;
    const file = new URL(`${name}.md`, directory);
    if (process.env['UPDATE_GOLDEN'] === '1') {
      mkdirSync(directory, { recursive: true });
      writeFileSync(file, shown);
    }
    expect(shown).toBe(readFileSync(file, 'utf8'));
  });
});
