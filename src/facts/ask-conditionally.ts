/**
 * Asks GitHub again only for what has changed. An answer is kept with its ETag; the next GET for the same names it, and where
 * GitHub says "not modified" what was kept is the answer. So every fact is as live as before, since GitHub is asked each time;
 * but such an answer doesn't count against the installation's hourly limit.
 * https://docs.github.com/rest/using-the-rest-api/best-practices-for-using-the-rest-api#use-conditional-requests-if-appropriate
 */
import { z } from 'zod';
import type { GitHubAnswer, GitHubReader } from './github-reader.ts';
import type { KeptAnswers } from './kept-answers.ts';

const notModified = z.object({ status: z.literal(304) });

/** Makes a client's GETs conditional. `owner`: whose rights it has; what one is shown is none of another's business. */
export function askConditionally(github: GitHubReader, kept: KeptAnswers, owner: string): GitHubReader {
  return {
    graphql: (query, variables) => github.graphql(query, variables),
    request: async (route, parameters = {}) => {
      if (!route.startsWith('GET ')) return await github.request(route, parameters);
      const { request: _, ...asked } = parameters;
      const key = JSON.stringify([owner, route, asked]);
      const before = kept.get(key);
      const headers = {
        ...(asked['headers'] as object | undefined),
        ...(before === null ? {} : { 'if-none-match': before.etag }),
      };
      try {
        const answer = await github.request(route, { ...parameters, headers });
        const { etag } = answer.headers;
        if (
          answer.status === 200 &&
          typeof etag === 'string' &&
          isJson(answer.data) &&
          !mayGrow(route, asked, answer)
        )
          kept.put(key, { etag, headers: answer.headers, body: JSON.stringify(answer.data) });
        return answer;
      } catch (error) {
        if (before === null || !notModified.safeParse(error).success) throw error;
        return { status: 200, headers: before.headers, data: JSON.parse(before.body) as unknown };
      }
    },
  };
}

/** GitHub's default. */
const PER_PAGE = 30;

/**
 * What comes there is the first of its first page.
 * https://docs.github.com/en/rest/repos/repos#list-repository-activities
 */
const NEWEST_FIRST: ReadonlySet<string> = new Set(['GET /repos/{owner}/{repo}/activity']);

/**
 * Whether it is a list's last page, and full: what comes after it leaves the page as it is, and its ETag, and then "not modified" would
 * be taken with the old word that no page follows.
 */
function mayGrow(
  route: string,
  { per_page: perPage }: Readonly<Record<string, unknown>>,
  { data, headers }: GitHubAnswer,
): boolean {
  if (NEWEST_FIRST.has(route)) return false;
  const full = Array.isArray(data) && data.length >= Number(perPage ?? PER_PAGE);
  const { link } = headers;
  return full && !(typeof link === 'string' && link.includes('rel="next"'));
}

/** An archive or a stream isn't kept. */
function isJson(data: unknown): boolean {
  return Array.isArray(data) || (typeof data === 'object' && data?.constructor === Object);
}
