import { RequestError } from '@octokit/request-error';
import { expect, test } from '@jest/globals';
import { Octokit } from '@octokit/rest';
import { known, unknown } from '../../../src/domain/known.ts';
import { GitHubClock, timedBy } from '../../../src/facts/github-clock.ts';

const NOW = Date.parse('2026-03-03T10:00:00.000Z');

/** A client whose every answer has this status and date. */
function answering(clock: GitHubClock, status: number, date: string | null) {
  const headers = { 'content-type': 'application/json', ...(date === null ? {} : { date }) };
  const fetch = () =>
    Promise.resolve(new Response(status === 304 ? null : '{"data":{}}', { status, headers }));
  const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
  return timedBy(new Octokit({ request: { fetch }, log }), clock);
}

test('GitHub’s time is read from each answer, of REST and of GraphQL', async () => {
  const clock = new GitHubClock(() => NOW);
  expect(clock.ahead()).toEqual(unknown('GitHub has told no time yet'));
  await answering(clock, 200, 'Tue, 03 Mar 2026 10:00:30 GMT').request('GET /user');
  expect(clock.ahead()).toEqual(known(30_000));
  await answering(clock, 200, 'Tue, 03 Mar 2026 09:00:00 GMT').graphql('query { viewer { login } }');
  expect(clock.ahead()).toEqual(known(-3_600_000));
});

test.each([304, 403, 404, 500])(
  'an answer of %i has a time as well, and stays the error that it is',
  async (status) => {
    const clock = new GitHubClock(() => NOW);
    const asked = answering(clock, status, 'Tue, 03 Mar 2026 10:00:01 GMT').request('GET /user');
    await expect(asked).rejects.toBeInstanceOf(RequestError);
    expect(clock.ahead()).toEqual(known(1_000));
  },
);

test.each([null, 'some day', ''])('a date of %j says nothing', async (date) => {
  const clock = new GitHubClock(() => NOW);
  clock.note('Tue, 03 Mar 2026 10:00:02 GMT');
  await answering(clock, 200, date).request('GET /user');
  expect(clock.ahead()).toEqual(known(2_000));
});
