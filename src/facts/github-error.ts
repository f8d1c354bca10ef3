import { CodedError } from '../domain/coded-error.ts';

/**
 * - `github_unreachable`: no answer, or GitHub's own fault (5xx): asking again later can help.
 * - `github_rate_limited`: asking again helps, after `retryAfterSeconds`.
 * - `github_refused`: the App isn't allowed, or what it asks about isn't there for it. A person must mend it.
 * - `github_unreadable`: an answer of a form that we don't know.
 */
export type GitHubErrorCode =
  'github_unreachable' | 'github_rate_limited' | 'github_refused' | 'github_unreadable';

/** A request to GitHub that gave no answer we can use. It holds what no log must hide and no secret. */
export class GitHubError extends CodedError<GitHubErrorCode> {
  /** HTTP status; 0 where there was no answer at all, 200 for an error inside a GraphQL answer. */
  readonly status: number;
  /** GitHub's own words, which tell some 404 and 422 apart. */
  readonly said: string;
  readonly retryAfterSeconds: number | null;

  constructor(
    code: GitHubErrorCode,
    message: string,
    detail: { readonly status: number; readonly said: string; readonly retryAfterSeconds?: number | null },
    cause?: unknown,
  ) {
    super(code, message, cause);
    this.name = 'GitHubError';
    this.status = detail.status;
    this.said = detail.said;
    this.retryAfterSeconds = detail.retryAfterSeconds ?? null;
  }
}

/**
 * Tells what a failed request means. `doing` completes the sentence "GitHub … while DOING". Something that is no failed
 * request is a bug of ours and comes back as it is.
 */
export function githubErrorOf(error: unknown, doing: string): unknown {
  if (error instanceof GitHubError || !(error instanceof Error)) return error;
  if (error.name === 'GraphqlResponseError') return ofGraphql(error, doing);
  if (error.name === 'AbortError' || error.name === 'TimeoutError') return ofHttp(error, 0, doing);
  if (error.name !== 'HttpError' || !('status' in error) || typeof error.status !== 'number') return error;
  return ofHttp(error, error.status, doing);
}

/** True where GitHub answered with this status. */
export function isGitHubStatus(error: unknown, status: number): boolean {
  return error instanceof GitHubError && error.status === status;
}

/**
 * True for what GitHub doesn't tell this App: then the fact is unknown. Not for a token that it doesn't take (401), with
 * which it would tell nothing at all.
 */
export function isRefusal(error: unknown): error is GitHubError {
  return error instanceof GitHubError && error.code === 'github_refused' && error.status !== 401;
}

/** True where GitHub gave up on a question, as it does after ten seconds: a smaller one may do. */
export function isTooMuch(error: unknown): boolean {
  return (
    error instanceof GitHubError &&
    error.code === 'github_unreachable' &&
    [200, 502, 504].includes(error.status)
  );
}

/** Fields, by their paths (`repository.p0`), that GitHub may not find, or not show to us. */
export interface Expected {
  readonly mayLack?: RegExp;
  readonly mayRefuse?: RegExp;
}

/**
 * What a GraphQL answer has besides errors that say only that GitHub doesn't find, or doesn't show us, what such fields ask for; null
 * where it says more.
 */
export function withoutMissing(error: unknown, { mayLack, mayRefuse }: Expected): unknown {
  if (!(error instanceof Error) || error.name !== 'GraphqlResponseError') return null;
  const errors = 'errors' in error && Array.isArray(error.errors) ? (error.errors as readonly unknown[]) : [];
  const expected: Readonly<Record<string, RegExp | undefined>> = { NOT_FOUND: mayLack, FORBIDDEN: mayRefuse };
  const only = errors.every((each) => {
    const fields = expected[textOf(each, 'type')];
    return fields !== undefined && isAt(each, fields);
  });
  return errors.length > 0 && only && 'data' in error ? error.data : null;
}

const isAt = (error: unknown, fields: RegExp): boolean =>
  typeof error === 'object' &&
  error !== null &&
  'path' in error &&
  Array.isArray(error.path) &&
  fields.test(error.path.join('.'));

function ofHttp(error: Error, status: number, doing: string): GitHubError {
  const said = saidIn(error);
  const detail = { status, said };
  const retryAfterSeconds = retryAfterOf(error, status, said);
  if (retryAfterSeconds !== null) {
    return new GitHubError(
      'github_rate_limited',
      `GitHub's rate limit was reached while ${doing}: ask again in ${retryAfterSeconds} s`,
      { ...detail, retryAfterSeconds },
      error,
    );
  }
  if (status === 0 || status >= 500 || status === 408) {
    // Octokit makes a 500 of a connection that didn't come about: only an answer says what GitHub answered.
    const answered = status !== 0 && 'response' in error && error.response !== undefined;
    const what = answered ? `GitHub answered ${status}` : `${hostOf(error)} could not be reached`;
    return new GitHubError('github_unreachable', `${what} (${said}) while ${doing}`, detail, error);
  }
  return new GitHubError(
    'github_refused',
    `GitHub answered ${status} (${said}) while ${doing}: ${mendOf(status)}`,
    detail,
    error,
  );
}

function hostOf(error: Error): string {
  const url = 'request' in error ? textOf(error.request, 'url') : '';
  return URL.parse(url)?.host ?? 'GitHub';
}

function mendOf(status: number): string {
  if (status === 401) return "check the App's private key, and that it is still installed and not suspended";
  if (status === 403)
    return "grant the App the permission that app.yml lists, and accept it in the organisation's settings";
  if (status === 404) return 'it does not exist, or the App is not installed on this repository';
  return 'see what GitHub says about it';
}

function ofGraphql(error: Error, doing: string): GitHubError {
  const errors = 'errors' in error && Array.isArray(error.errors) ? (error.errors as readonly unknown[]) : [];
  const types = errors.map((each) => textOf(each, 'type'));
  const said = errors.map((each) => textOf(each, 'message')).join('; ') || error.message;
  const detail = { status: 200, said };
  if (types.includes('RATE_LIMITED')) {
    const retryAfterSeconds = secondsToReset('headers' in error ? error.headers : null) ?? FALLBACK_SECONDS;
    return new GitHubError(
      'github_rate_limited',
      `GitHub's GraphQL rate limit was reached while ${doing}: ask again in ${retryAfterSeconds} s`,
      { ...detail, retryAfterSeconds },
      error,
    );
  }
  if (types.some((type) => type === 'FORBIDDEN' || type === 'NOT_FOUND' || type === 'INSUFFICIENT_SCOPES')) {
    return new GitHubError(
      'github_refused',
      `GitHub refused (${said}) while ${doing}: check that the App is installed there with the permissions that app.yml lists`,
      detail,
      error,
    );
  }
  return new GitHubError(
    'github_unreachable',
    `GitHub could not answer (${said}) while ${doing}`,
    detail,
    error,
  );
}

/** GitHub's advice where a secondary limit gives no time. */
const FALLBACK_SECONDS = 60;

function retryAfterOf(error: Error, status: number, said: string): number | null {
  if (status !== 403 && status !== 429) return null;
  const headers = headersOf(error);
  const retryAfter = Number(headerOf(headers, 'retry-after') ?? Number.NaN);
  if (Number.isFinite(retryAfter)) return Math.max(1, Math.ceil(retryAfter));
  if (headerOf(headers, 'x-ratelimit-remaining') === '0') return secondsToReset(headers) ?? FALLBACK_SECONDS;
  return status === 429 || /rate limit/i.test(said) ? FALLBACK_SECONDS : null;
}

/** By GitHub's clock, from its own `date` header: ours may be wrong, and isn't ours to read here. */
function secondsToReset(headers: unknown): number | null {
  const reset = Number(headerOf(headers, 'x-ratelimit-reset') ?? Number.NaN);
  const now = Date.parse(headerOf(headers, 'date') ?? '') / 1000;
  return Number.isFinite(reset) && Number.isFinite(now) ? Math.max(1, Math.ceil(reset - now) + 1) : null;
}

function headersOf(error: Error): unknown {
  const { response } = error as Error & { response?: unknown };
  return typeof response === 'object' && response !== null && 'headers' in response ? response.headers : null;
}

function headerOf(headers: unknown, name: string): string | null {
  if (typeof headers !== 'object' || headers === null) return null;
  const value = (headers as Readonly<Record<string, unknown>>)[name];
  return typeof value === 'string' || typeof value === 'number' ? String(value) : null;
}

function saidIn(error: Error): string {
  const { response } = error as Error & { response?: unknown };
  const data = typeof response === 'object' && response !== null && 'data' in response ? response.data : null;
  return textOf(data, 'message') || error.message;
}

function textOf(value: unknown, key: string): string {
  if (typeof value !== 'object' || value === null) return '';
  const text = (value as Readonly<Record<string, unknown>>)[key];
  return typeof text === 'string' ? text : '';
}
