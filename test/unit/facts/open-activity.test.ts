import { describe, expect, test } from '@jest/globals';
import { openActivity } from '../../../src/facts/open-activity.ts';
import { repository, sha } from '../../support/make-facts.ts';
import { scriptedGitHub, type Scripted } from './scripted-github.ts';

const ACTIVITY = 'GET /repos/{owner}/{repo}/activity';
const move = (branch: string, after: string) => ({
  ref: `refs/heads/${branch}`,
  activity_type: 'push',
  before: sha(`${after} before`),
  after: sha(after),
  actor: { id: 2, login: 'bob', type: 'User' },
  timestamp: '2026-11-20T10:00:00Z',
});
const next = (position: string) => `<https://api.github.test/x?after=${position}>; rel="next"`;

/** What was asked: `*` for the whole repository, otherwise the branch. */
function reading(answer: (ref: unknown, after: unknown) => Scripted, many = true) {
  const asked: string[] = [];
  const github = scriptedGitHub({
    rest: {
      [ACTIVITY]: ({ ref, after }) => {
        const where = [typeof ref === 'string' ? ref : '*', ...(typeof after === 'string' ? [after] : [])];
        asked.push(where.join(' '));
        return answer(ref, after);
      },
    },
  });
  const activity = openActivity(github, repository, { many });
  const of = async (branch: string, wanted: string) => {
    const enough = (moves: readonly { after: string }[]) => moves.some(({ after }) => after === sha(wanted));
    const found = await activity.of(branch, { doing: 'reading', enough });
    return found === null ? null : { ...found, items: found.items.map(({ after }) => after) };
  };
  return { asked, of };
}

describe('the moves of many branches', () => {
  const pages = (ref: unknown, after: unknown): Scripted => {
    if (ref !== undefined) return { data: [move('d', 'd1')] };
    if (after === undefined) return { data: [move('a', 'a2'), move('b', 'b1')], link: next('one') };
    return { data: [move('a', 'a1'), move('c', 'c1')] };
  };

  test('are read once for all of them, each only as far back as it takes', async () => {
    const { asked, of } = reading(pages);
    const found = await Promise.all([of('b', 'b1'), of('a', 'a1'), of('c', 'c1')]);
    expect(found).toEqual([
      { complete: true, items: [sha('b1')] },
      { complete: true, items: [sha('a2'), sha('a1')] },
      { complete: true, items: [sha('c1')] },
    ]);
    expect(asked).toEqual(['*', '* one']);
  });

  test('a branch that isn’t in it to its end has no moves, and isn’t asked for by itself', async () => {
    const { asked, of } = reading(pages);
    await expect(of('elsewhere', 'x')).resolves.toEqual({ complete: true, items: [] });
    expect(asked).toEqual(['*', '* one']);
  });

  test.each<[string, string | undefined]>([
    ['there are more than we read', next('more')],
    ['the next page can’t be followed', '<https://api.github.test/x>; rel="next"'],
  ])('%s: what wasn’t reached is asked for by itself', async (_, link) => {
    const { asked, of } = reading((ref) =>
      ref === undefined
        ? { data: [move('a', 'a1')], ...(link === undefined ? {} : { link }) }
        : { data: [move('d', 'd1')] },
    );
    await expect(of('d', 'd1')).resolves.toEqual({ complete: true, items: [sha('d1')] });
    expect(asked.at(-1)).toBe('refs/heads/d');
    expect(asked.filter((each) => each.startsWith('*')).length).toBeLessThanOrEqual(10);
  });

  test('what GitHub refuses is not “no moves”', async () => {
    const { of } = reading(() => ({ fails: 403, message: 'Resource not accessible by integration' }));
    await expect(of('a', 'a1')).resolves.toBeNull();
  });

  test('what fails for a moment is thrown, for each that asked', async () => {
    const { of } = reading(() => ({ fails: 502, message: 'Bad Gateway' }));
    const both = await Promise.allSettled([of('a', 'a1'), of('b', 'b1')]);
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  });
});

test('the moves of few branches are read of each', async () => {
  const { asked, of } = reading(() => ({ data: [move('a', 'a1')] }), false);
  await of('a', 'a1');
  expect(asked).toEqual(['refs/heads/a']);
});
