/**
 * The room of every read from GitHub. It is given a client and never builds one; it only asks, never writes; and what
 * GitHub refuses to tell becomes "unknown" with the reason, never "none".
 *
 * This file owns the door: the little of an Octokit that we use.
 */

/** What we use of an Octokit that is signed in as an installation. `Octokit` and `ProbotOctokit` both fit it. */
export interface GitHubReader {
  readonly request: (route: string, parameters?: Record<string, unknown>) => Promise<GitHubAnswer>;
  readonly graphql: (query: string, variables?: Record<string, unknown>) => Promise<unknown>;
}

/** One REST answer. `data` is whatever came over the wire: each reader has a schema for it. */
export interface GitHubAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly data: unknown;
}

/** The version of GitHub's REST API that our schemas describe. */
export const API_VERSION = '2022-11-28';

interface Hooked {
  readonly hook: {
    before(name: 'request', change: (options: { headers: Record<string, unknown> }) => void): void;
  };
}

/**
 * Pins the API version on a client. Octokit sends none by itself, and GitHub's default version may move under us; so
 * whoever builds a client passes it through here.
 */
export function pinApiVersion<Client extends Hooked>(client: Client): Client {
  client.hook.before('request', (options) => {
    options.headers['x-github-api-version'] = API_VERSION;
  });
  return client;
}
