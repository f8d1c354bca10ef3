import { GitHubError, githubErrorOf } from './github-error.ts';
import type { GitHubReader } from './github-reader.ts';

/** Until when GitHub wants to hear nothing from an installation, by what it said last. Each has its own limits. */
export class QuietTimes {
  readonly #until = new Map<string, number>();

  /** Milliseconds since 1970; null where it may be asked. */
  until(owner: string, now: number): number | null {
    const until = this.#until.get(owner);
    if (until === undefined) return null;
    if (until > now) return until;
    this.#until.delete(owner);
    return null;
  }

  keep(owner: string, until: number): void {
    this.#until.set(owner, Math.max(until, this.#until.get(owner) ?? 0));
  }
}

/**
 * Keeps from GitHub, without asking, whatever an installation wants while its limit is reached: who goes on asking is held off
 * for longer, and may be banned. Nobody waits here: the job fails, is told when to come again, and makes room for others'.
 * https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api#exceeding-the-rate-limit
 */
export function withinLimits(
  github: GitHubReader,
  quiet: QuietTimes,
  { owner, now }: { readonly owner: string; readonly now: () => number },
): GitHubReader {
  const ask = async <Answer>(asking: () => Promise<Answer>): Promise<Answer> => {
    const until = quiet.until(owner, now());
    if (until !== null) {
      const seconds = Math.max(1, Math.ceil((until - now()) / 1_000));
      throw new GitHubError(
        'github_rate_limited',
        `GitHub's rate limit was reached by an earlier request of this installation: it is asked again in ${seconds} s`,
        { status: 0, said: '', retryAfterSeconds: seconds },
      );
    }
    try {
      return await asking();
    } catch (error) {
      const meaning = githubErrorOf(error, 'asking');
      if (meaning instanceof GitHubError && meaning.retryAfterSeconds !== null)
        quiet.keep(owner, now() + meaning.retryAfterSeconds * 1_000);
      throw error;
    }
  };
  return {
    request: (route, parameters) => ask(() => github.request(route, parameters)),
    graphql: (query, variables) => ask(() => github.graphql(query, variables)),
  };
}
