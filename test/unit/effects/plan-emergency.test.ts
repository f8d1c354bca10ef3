import { expect, test } from '@jest/globals';
import { planNotice } from '../../../src/effects/plan-emergency.ts';
import { entryId, repository, sha, webUrl } from './example-facts.ts';

const notice = {
  what: 'used',
  emergency: '0199c0de-0000-7000-8000-0000a1b2c3d4',
  environment: 'production',
  sha: sha('1a2b3c4'),
  at: '2026-11-22T11:00:00.000Z',
  asked: 'frank or somebody of team `leads`',
} as const;
const context = { repository, number: 12, entryId, webUrl, now: '2026-11-21T11:00:00.000Z' };

test('the pull request is told of a use, with who has to review it until when, and how', () => {
  const [effect, ...more] = planNotice(notice, context);
  expect(more).toEqual([]);
  expect(effect).toMatchObject({ kind: 'comment', key: `comment:${entryId}`, number: 12 });
  const body = effect?.kind === 'comment' ? effect.body : '';
  expect(body).toContain('🚨 **Emergency `a1b2c3d4` was used**');
  expect(body).toContain('until **2026-11-22 11:00:00 UTC** by frank or somebody of team `leads`');
  expect(body).toContain('`/countersign review a1b2c3d4 justified WHY`');
});

test.each([
  ['expired', 'ended unused at 2026-11-22 11:00:00 UTC'],
  ['overdue', 'is overdue** since 2026-11-22 11:00:00 UTC'],
] as const)('and that it is %s', (what, says) => {
  const [effect] = planNotice({ ...notice, what }, context);
  expect(effect?.kind === 'comment' ? effect.body : '').toContain(says);
});

test('what came by no pull request is told in its check run alone', () => {
  expect(planNotice(notice, { ...context, number: null })).toEqual([]);
});
