import { z } from 'zod';
import { askRestPages } from './ask-github.ts';
import { GitHubError } from './github-error.ts';
import type { GitHubReader } from './github-reader.ts';

const PAGES = 100;
const answer = z.array(z.object({ id: z.int(), suspended_at: z.string().nullish() }));

/** The ids of the App's installations, but the suspended ones. `app`: a client that is signed in as the App itself. */
export async function installations(app: GitHubReader): Promise<readonly number[]> {
  const doing = 'listing the installations of the App';
  const { complete, items } = await askRestPages(app, 'GET /app/installations', {}, answer, (page) => page, {
    doing,
    limit: PAGES,
  });
  if (!complete) {
    throw new GitHubError('github_unreadable', `GitHub ended the list early while ${doing}`, {
      status: 200,
      said: '',
    });
  }
  return items.filter(({ suspended_at }) => typeof suspended_at !== 'string').map(({ id }) => id);
}
