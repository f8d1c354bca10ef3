import type { GitHubReader } from './github-reader.ts';

/** A client by which one can see whether anything was asked since. */
export interface CountingReader extends GitHubReader {
  /** How many requests were begun by it. */
  readonly begun: number;
}

export function countRequests(github: GitHubReader): CountingReader {
  let begun = 0;
  return {
    get begun() {
      return begun;
    },
    request: (route, parameters) => {
      begun += 1;
      return github.request(route, parameters);
    },
    graphql: (query, variables) => {
      begun += 1;
      return github.graphql(query, variables);
    },
  };
}
