import { RequestError } from '@octokit/request-error';
import { describe, expect, test } from '@jest/globals';
import { GitHubError, githubErrorOf, isRefusal } from '../../../src/facts/github-error.ts';

const request = {
  method: 'GET' as const,
  url: 'https://api.github.test/x',
  headers: { authorization: 'token ghs_secret' },
};

function failed(status: number, headers: Record<string, string> = {}, message = 'Something'): RequestError {
  const response = { status, url: request.url, headers, data: { message } };
  return new RequestError(message, status, { request, response });
}

function graphqlFailed(errors: readonly object[], headers: object = {}): Error {
  return Object.assign(new Error('Request failed'), {
    name: 'GraphqlResponseError',
    errors,
    headers,
    data: null,
  });
}

function mapped(error: unknown): GitHubError {
  const result = githubErrorOf(error, 'reading a thing');
  if (!(result instanceof GitHubError)) throw new Error('not mapped');
  return result;
}

test('that no connection came about is said of the host, and not as an answer', () => {
  const error = new RequestError('getaddrinfo ENOTFOUND api.github.com', 500, {
    request: { ...request, url: 'https://api.github.com/app' },
  });
  expect(githubErrorOf(error, 'asking who we are')).toMatchObject({
    message:
      'api.github.com could not be reached (getaddrinfo ENOTFOUND api.github.com) while asking who we are',
  });
});

describe('what a failed request means', () => {
  const now = 'Mon, 02 Nov 2026 10:00:00 GMT';
  const reset = String(Date.parse(now) / 1000 + 90);

  test.each([
    ['401', failed(401), 'github_refused', null],
    ['403', failed(403, {}, 'Resource not accessible by integration'), 'github_refused', null],
    ['404', failed(404), 'github_refused', null],
    ['422', failed(422), 'github_refused', null],
    ['500', failed(500), 'github_unreachable', null],
    ['502', failed(502), 'github_unreachable', null],
    ['no answer', new RequestError('connect ECONNREFUSED', 500, { request }), 'github_unreachable', null],
    [
      'given up',
      Object.assign(new Error('aborted'), { name: 'AbortError', status: 500 }),
      'github_unreachable',
      null,
    ],
    ['429 that says when', failed(429, { 'retry-after': '17' }), 'github_rate_limited', 17],
    ['429 that does not', failed(429), 'github_rate_limited', 60],
    ['403 that says when', failed(403, { 'retry-after': '5' }), 'github_rate_limited', 5],
    [
      '403 with nothing left',
      failed(403, { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': reset, date: now }),
      'github_rate_limited',
      91,
    ],
    ['403 with something left', failed(403, { 'x-ratelimit-remaining': '10' }), 'github_refused', null],
    [
      '403 of a secondary limit',
      failed(403, {}, 'You have exceeded a secondary rate limit'),
      'github_rate_limited',
      60,
    ],
    [
      'GraphQL, limit reached',
      graphqlFailed([{ type: 'RATE_LIMITED', message: 'limit' }], { 'x-ratelimit-reset': reset, date: now }),
      'github_rate_limited',
      91,
    ],
    ['GraphQL, not allowed', graphqlFailed([{ type: 'FORBIDDEN', message: 'no' }]), 'github_refused', null],
    ['GraphQL, not there', graphqlFailed([{ type: 'NOT_FOUND', message: 'no' }]), 'github_refused', null],
    ['GraphQL, given up', graphqlFailed([{ message: 'Something went wrong' }]), 'github_unreachable', null],
  ])('%s', (_, error, code, retryAfterSeconds) => {
    expect(mapped(error)).toMatchObject({ code, retryAfterSeconds });
  });

  test('says what we were doing and what GitHub said, and no secret', () => {
    const { message } = mapped(failed(403, {}, 'Resource not accessible by integration'));
    expect(message).toContain('while reading a thing');
    expect(message).toContain('Resource not accessible by integration');
    expect(message).not.toContain('ghs_secret');
  });

  test.each([
    [401, false],
    [403, true],
    [404, true],
    [500, false],
    [429, false],
  ])('%d: a fact that GitHub keeps from us? %s', (status, expected) => {
    expect(isRefusal(mapped(failed(status)))).toBe(expected);
  });

  test('a bug of ours stays what it is', () => {
    const bug = new TypeError('x is undefined');
    expect(githubErrorOf(bug, 'reading a thing')).toBe(bug);
  });
});
