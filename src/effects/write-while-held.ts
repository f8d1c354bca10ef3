import type { GitHubWriter } from './github-writer.ts';

/**
 * A writer that asks, right before each request that changes something, whether the job is still ours. Whoever stood still for long
 * enough, be it while it looked for what it is to write or while it waited for a proof, was followed by another try: its write would be
 * the second, or an older state over a newer one.
 */
export function writeWhileHeld(github: GitHubWriter, assertHeld: () => Promise<void>): GitHubWriter {
  return {
    request: async (route, parameters) => {
      if (!route.startsWith('GET ')) await assertHeld();
      return github.request(route, parameters);
    },
  };
}
