import { RequestError } from '@octokit/request-error';
import { describe, expect, test } from '@jest/globals';
import type { GitHubReader } from '../../../src/facts/github-reader.ts';
import { QuietTimes, withinLimits } from '../../../src/facts/quiet-times.ts';
import { failure } from './scripted-github.ts';

const url = 'https://api.github.test/';

/** A client that fails as told until it is told otherwise, and counts what reaches it. It stands for GitHub's limits alone. */
function limited() {
  const state = { asked: 0, error: null as Error | null };
  const answer = async <T>(value: T): Promise<T> => {
    state.asked += 1;
    if (state.error !== null) throw state.error;
    return await Promise.resolve(value);
  };
  const github: GitHubReader = {
    request: () => answer({ status: 200, headers: {}, data: {} }),
    graphql: () => answer({}),
  };
  return { state, github };
}

const secondary = (seconds: number) =>
  new RequestError('slow down', 429, {
    request: { method: 'GET', url, headers: {} },
    response: { status: 429, url, headers: { 'retry-after': `${seconds}` }, data: {} },
  });
const graphqlLimit = Object.assign(new Error('limited'), {
  name: 'GraphqlResponseError',
  errors: [{ type: 'RATE_LIMITED', message: 'API rate limit exceeded' }],
  headers: {},
});

describe('while the limit of an installation is reached', () => {
  test.each([
    ['a secondary limit', secondary(30), 30],
    ["GraphQL's, which gives no time", graphqlLimit, 60],
  ])('%s: nothing is asked until it ends, and then again', async (_, error, seconds) => {
    const clock = { now: 1_000_000 };
    const { state, github } = limited();
    const ours = withinLimits(github, new QuietTimes(), { owner: 'one', now: () => clock.now });
    state.error = error;
    await expect(ours.request('GET /a')).rejects.toBe(error);
    state.error = null;
    for (const asking of [() => ours.request('GET /a'), () => ours.graphql('query A { a }')])
      await expect(asking()).rejects.toMatchObject({
        code: 'github_rate_limited',
        retryAfterSeconds: seconds,
        message: `GitHub's rate limit was reached by an earlier request of this installation: it is asked again in ${seconds} s`,
      });
    clock.now += seconds * 1_000 - 1;
    await expect(ours.request('GET /a')).rejects.toMatchObject({ retryAfterSeconds: 1 });
    expect(state.asked).toBe(1);
    clock.now += 1;
    await expect(ours.request('GET /a')).resolves.toMatchObject({ status: 200 });
    expect(state.asked).toBe(2);
  });

  test('another installation is asked for as before', async () => {
    const quiet = new QuietTimes();
    const now = () => 5_000;
    const one = limited();
    const other = limited();
    one.state.error = secondary(30);
    const ours = withinLimits(one.github, quiet, { owner: 'one', now });
    await expect(ours.request('GET /a')).rejects.toBe(one.state.error);
    await expect(
      withinLimits(other.github, quiet, { owner: 'two', now }).request('GET /a'),
    ).resolves.toMatchObject({ status: 200 });
    await expect(ours.request('GET /a')).rejects.toMatchObject({ code: 'github_rate_limited' });
  });

  test('the later of two ends counts', async () => {
    const clock = { now: 0 };
    const { state, github } = limited();
    const quiet = new QuietTimes();
    const ours = withinLimits(github, quiet, { owner: 'one', now: () => clock.now });
    quiet.keep('one', 50_000);
    quiet.keep('one', 20_000);
    await expect(ours.request('GET /a')).rejects.toMatchObject({ retryAfterSeconds: 50 });
    expect(state.asked).toBe(0);
  });
});

test('what isn’t a limit holds nobody off', async () => {
  const { state, github } = limited();
  const ours = withinLimits(github, new QuietTimes(), { owner: 'one', now: () => 0 });
  for (const error of [failure(403, 'Resource not accessible by integration'), failure(502, 'Bad Gateway')]) {
    state.error = error;
    await expect(ours.request('GET /a')).rejects.toBe(error);
  }
  state.error = null;
  await expect(ours.request('GET /a')).resolves.toMatchObject({ status: 200 });
});
