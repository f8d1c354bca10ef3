import { readFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { DEPLOY_ERROR_CODES } from '../../../src/deploy/deploy-error.ts';
import { DEPLOY_STEPS } from '../../../src/deploy/plan.ts';

const page = await readFile(new URL('../../../docs/deploy.md', import.meta.url), 'utf8');

test.each([...DEPLOY_ERROR_CODES, ...DEPLOY_STEPS])('docs/deploy.md has a row for %s', (word) => {
  expect(page).toMatch(new RegExp(`^\\| \`${word}\` +\\|`, 'm'));
});
