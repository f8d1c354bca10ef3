import { describe, expect, test } from '@jest/globals';
import { type SeenHost, judgeRun } from '../../../chaos/deploy/judge-run.ts';

const SHA = 'c'.repeat(40);
const NEW = `20-${SHA.slice(0, 12)}`;
const OLD = '10-aaaaaaaaaaaa';
const OTHER = '05-bbbbbbbbbbbb';

interface Seen {
  readonly before?: string | null;
  readonly pointed: readonly (string | null)[];
  readonly running: string | null;
  readonly half?: readonly string[];
  readonly left?: readonly string[];
}

function host({ before = OLD, pointed, running, half = [], left = [] }: Seen): SeenHost {
  return { before, pointed, found: { running, half, left } };
}

describe('a run is right', () => {
  test.each<{ name: string; state: string; seen: Seen }>([
    { name: 'switched once', state: 'succeeded', seen: { pointed: [NEW], running: NEW } },
    { name: 'the first', state: 'succeeded', seen: { before: null, pointed: [NEW], running: NEW } },
    { name: 'never switched', state: 'failed', seen: { pointed: [], running: OLD } },
    { name: 'switched, and back', state: 'failed', seen: { pointed: [NEW, OLD], running: OLD } },
    { name: 'switched and back, seen as one', state: 'failed', seen: { pointed: [OLD], running: OLD } },
    {
      name: 'the first, and removed',
      state: 'failed',
      seen: { before: null, pointed: [NEW, null], running: null },
    },
  ])('$name', ({ state, seen }) => {
    expect(judgeRun([host(seen)], { sha: SHA, state })).toEqual({ half: [], double: [], lost: [] });
  });
});

describe('a host was pointed at something twice', () => {
  test.each<{ name: string; state: string; seen: Seen }>([
    { name: 'there, and there again', state: 'succeeded', seen: { pointed: [NEW, NEW], running: NEW } },
    { name: 'there, back, there', state: 'succeeded', seen: { pointed: [NEW, OLD, NEW], running: NEW } },
    { name: 'there, back, back', state: 'failed', seen: { pointed: [NEW, OLD, OLD], running: OLD } },
    { name: 'elsewhere', state: 'succeeded', seen: { pointed: [OTHER, NEW], running: NEW } },
    { name: 'nowhere in between', state: 'succeeded', seen: { pointed: [null, NEW], running: NEW } },
  ])('$name', ({ state, seen }) => {
    const good = host(state === 'failed' ? { pointed: [], running: OLD } : { pointed: [NEW], running: NEW });
    expect(judgeRun([good, host(seen)], { sha: SHA, state })).toEqual({
      half: [],
      double: [
        `host 2 ran ${OLD} and was pointed at ${seen.pointed.map((one) => one ?? 'nothing').join(', then ')}`,
      ],
      lost: [],
    });
  });
});

test('a switch that nobody saw is lost, as what was seen proves nothing then', () => {
  expect(judgeRun([host({ pointed: [], running: NEW })], { sha: SHA, state: 'succeeded' }).lost).toEqual([
    `host 1 runs ${NEW}, and nobody saw it being pointed there`,
  ]);
});

describe('how it ended', () => {
  const stayed = host({ pointed: [], running: OLD });
  test.each(['superseded', 'rejected', 'unknown'])('%s is lost', (state) => {
    expect(judgeRun([stayed], { sha: SHA, state }).lost).toEqual([
      `the deployment of ${SHA} ended as ${state}, which nothing here can bring about`,
    ]);
  });

  test.each(['superseded', 'rejected'])('%s, and a host runs it', (state) => {
    expect(judgeRun([host({ pointed: [NEW], running: NEW })], { sha: SHA, state }).half).toEqual([
      `host 1 runs ${NEW} after it ended as ${state}, and ran ${OLD}`,
    ]);
  });

  test('not at all', () => {
    expect(judgeRun([stayed], { sha: SHA, state: null }).lost).toEqual([
      `the deployment of ${SHA} came to no end`,
    ]);
  });

  test('well, and a host runs what it ran', () => {
    expect(judgeRun([stayed], { sha: SHA, state: 'succeeded' }).half).toEqual([
      `host 1 runs ${OLD} after a success`,
    ]);
  });

  test('badly, and a host runs it', () => {
    expect(judgeRun([host({ pointed: [NEW], running: NEW })], { sha: SHA, state: 'failed' }).half).toEqual([
      `host 1 runs ${NEW} after it ended as failed, and ran ${OLD}`,
    ]);
  });
});

test('what the look at a disk found is told of its host', () => {
  const seen = host({ pointed: [NEW], running: NEW, half: ['x: y is missing'], left: ['lock'] });
  expect(judgeRun([seen], { sha: SHA, state: 'succeeded' })).toEqual({
    half: ['host 1 has x: y is missing'],
    double: [],
    lost: ['host 1 still has lock'],
  });
});
