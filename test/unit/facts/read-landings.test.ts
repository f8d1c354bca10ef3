import { describe, expect, test } from '@jest/globals';
import { readLandings } from '../../../src/facts/read-landings.ts';
import { makeMerge, makeMergedFacts, repository, sha } from '../../support/make-facts.ts';
import { type Scripted, scriptedGitHub } from './scripted-github.ts';

const ACTIVITY = 'GET /repos/{owner}/{repo}/activity';
const move = (activity_type: string, before: string, after: string) => ({
  activity_type,
  before: sha(before),
  after: sha(after),
  actor: { id: 2, login: 'bob', type: 'User' },
  timestamp: '2026-03-03T08:00:05Z',
});

const reading = (answer: (page: unknown) => Scripted) => {
  const github = scriptedGitHub({ rest: { [ACTIVITY]: ({ after }) => answer(after) } });
  const { pullRequest } = makeMergedFacts();
  const other = { ...pullRequest, number: 13, merged: makeMerge({ sha: sha('merge 13') }) };
  return readLandings(github, repository, [pullRequest, other]).then((found) => ({
    found: [found.get(12), found.get(13)],
    asked: github.asked.length,
  }));
};

describe('how a pull request landed', () => {
  test.each([
    ['pr_merge', true],
    ['merge_queue_merge', true],
    ['push', false],
    ['force_push', false],
    ['branch_creation', false],
  ])('by %s: on GitHub is %s', async (kind, value) => {
    const { found } = await reading(() => ({
      data: [move('pr_merge', 'merge', 'merge 13'), move(kind, 'base', 'merge')],
    }));
    expect(found).toEqual([
      { known: true, value },
      { known: true, value: true },
    ]);
  });

  test('one that was merged there, and set back to later, was merged there', async () => {
    const { found } = await reading(() => ({
      data: [move('force_push', 'later', 'merge'), move('pr_merge', 'base', 'merge')],
    }));
    expect(found[0]).toEqual({ known: true, value: true });
  });

  test('a base’s activity is read once, and only as far back as it takes', async () => {
    const link = '<https://api.github.test/x?after=one>; rel="next"';
    const { found, asked } = await reading((after) =>
      after === undefined
        ? { data: [move('pr_merge', 'merge', 'merge 13')], link }
        : { data: [move('pr_merge', 'base', 'merge')], link },
    );
    expect(found.map((each) => each?.known)).toEqual([true, true]);
    expect(asked).toBe(2);
  });

  describe('in a batch of the merge queue, which moves the branch once', () => {
    const COMPARE = 'GET /repos/{owner}/{repo}/compare/{basehead}';
    const batch = (moves: readonly ReturnType<typeof move>[], moved: readonly string[]) => {
      const github = scriptedGitHub({
        rest: {
          [ACTIVITY]: () => ({ data: moves }),
          [COMPARE]: () => ({ data: { commits: moved.map((word) => ({ sha: sha(word) })) } }),
        },
      });
      const { pullRequest } = makeMergedFacts();
      const merged = { ...makeMerge(), queued: true } as const;
      return readLandings(github, repository, [{ ...pullRequest, merged }]).then((found) => found.get(12));
    };
    const queueMove = move('merge_queue_merge', 'base', 'merge 13');

    test('the first one of it was merged on GitHub', async () => {
      expect(await batch([queueMove], ['merge', 'merge 13'])).toEqual({ known: true, value: true });
    });

    test.each([
      ['that move did not bring it', [queueMove], ['merge 13']],
      ['it was pushed', [move('push', 'base', 'merge 13')], ['merge', 'merge 13']],
      ['that move was days later', [{ ...queueMove, timestamp: '2026-03-09T08:00:00Z' }], ['merge']],
    ])('is unknown where %s', async (_, moves, moved) => {
      expect(await batch(moves, moved)).toMatchObject({ known: false });
    });
  });

  test.each<[string, Scripted]>([
    ['does not have it', { data: [] }],
    ['is not shown to us', { fails: 403 }],
  ])('is unknown where the activity %s', async (_, answer) => {
    const { found } = await reading(() => answer);
    expect(found.map((each) => each?.known)).toEqual([false, false]);
  });
});
