import { describe, expect, test } from '@jest/globals';
import { lateness } from '../../../../src/pipeline/deployment/lateness.ts';

const startedAt = '2026-03-03T09:00:00.000Z';
const SOON = '2026-03-03T10:00:00.000Z';
const LATER = '2026-03-03T10:00:01.000Z';
const DAYS_LATER = '2026-03-06T09:00:00.000Z';
const SET_BACK = '2026-03-03T08:58:59.000Z';

describe('a deployment that goes on', () => {
  const late = (over: Partial<Parameters<typeof lateness>[1]>, state: 'running' | 'unknown' = 'running') =>
    lateness(
      { state, environment: 'production' },
      { resumed: true, attempt: 2, overtakenBy: null, startedAt, now: SOON, ...over },
    );

  test.each([
    ['for the first time, however long it waited', { resumed: false, attempt: 1, now: DAYS_LATER }],
    ['within an hour of its beginning', {}],
    ['where another machine’s clock is a minute behind', { now: '2026-03-03T08:59:00.000Z' }],
  ])('%s: as it was begun', (_, over) => {
    expect(late(over)).toBeNull();
  });

  test.each([
    ['after an hour', 'running', { now: LATER }],
    ['after the machine was off for days', 'running', { now: DAYS_LATER }],
    ['put back by somebody', 'running', { attempt: 1 }],
    ['by a clock that was set back', 'running', { now: SET_BACK }],
    ['lost from sight for an hour', 'unknown', { now: LATER, attempt: 1 }],
    ['lost from sight, by a clock that was set back', 'unknown', { now: SET_BACK, attempt: 3 }],
    ['lost from sight for days', 'unknown', { attempt: 3, now: DAYS_LATER }],
  ] as const)('%s: to no further host', (_, state, over) => {
    expect(late(over, state)).toMatchObject({
      late: 'stale',
      sentence: expect.stringContaining('ask for it anew'),
    });
  });

  test('lost from sight within the hour: where it runs nowhere it has failed, else it goes on', () => {
    expect(late({ attempt: 1 }, 'unknown')).toEqual({ late: null, sentence: '' });
  });

  test.each(['running', 'unknown'] as const)('%s, once another was begun: overtaken', (state) => {
    expect(late({ overtakenBy: 'abc1234', now: DAYS_LATER }, state)).toMatchObject({ late: 'overtaken' });
  });
});
