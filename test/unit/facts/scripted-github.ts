import { RequestError } from '@octokit/request-error';
import type { GitHubReader } from '../../../src/facts/github-reader.ts';

type Variables = Readonly<Record<string, unknown>>;

/** What GitHub answers to a route: data, or data with headers, or a failure of this status. */
export type Scripted =
  { readonly data: unknown; readonly link?: string } | { readonly fails: number; readonly message?: string };

/**
 * A client that answers what a test says and notes what it was asked. For what the stand-in for GitHub can't be brought to do: answers
 * that contradict each other, or that change between two requests.
 */
export function scriptedGitHub(script: {
  readonly rest?: Readonly<Record<string, (parameters: Variables) => Scripted>>;
  readonly graphql?: (operation: string, variables: Variables) => unknown;
}): GitHubReader & { readonly asked: readonly string[] } {
  const asked: string[] = [];
  return {
    asked,
    request: async (route, parameters = {}) => {
      asked.push(route);
      const answer = script.rest?.[route]?.(parameters);
      if (answer === undefined) throw new Error(`the script has no ${route}`);
      if ('fails' in answer) throw failure(answer.fails, answer.message ?? 'Not Found');
      return await Promise.resolve({ status: 200, headers: { link: answer.link }, data: answer.data });
    },
    graphql: async (query, variables = {}) => {
      const operation = /query (\w+)/.exec(query)?.[1] ?? '';
      asked.push(operation);
      if (script.graphql === undefined) throw new Error(`the script has no ${operation}`);
      return await Promise.resolve(script.graphql(operation, variables));
    },
  };
}

/** A failed request as Octokit throws it. */
export function failure(status: number, message: string): RequestError {
  const request = { method: 'GET' as const, url: 'https://api.github.test/', headers: {} };
  return new RequestError(message, status, {
    request,
    response: { status, url: request.url, headers: {}, data: { message } },
  });
}
