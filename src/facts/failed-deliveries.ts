import { z } from 'zod';
import { askRestPages } from './ask-github.ts';
import type { GitHubReader } from './github-reader.ts';

/** One attempt of GitHub's to deliver a webhook, that failed. The same delivery has the same GUID each time. */
export interface FailedAttempt {
  readonly id: number;
  readonly guid: string;
  readonly event: string;
}

const PAGES = 10;
const answer = z.array(z.object({ id: z.int(), guid: z.guid(), event: z.string() }));

/** The App's failed deliveries, newest first; so many that a day without us has room. `app`: signed in as the App itself. */
export async function failedDeliveries(app: GitHubReader): Promise<readonly FailedAttempt[]> {
  const doing = 'listing the deliveries that failed';
  const route = 'GET /app/hook/deliveries';
  const { items } = await askRestPages(app, route, { status: 'failure' }, answer, (page) => page, {
    doing,
    limit: PAGES,
  });
  return items.map(({ guid, ...rest }) => ({ guid: guid.toLowerCase(), ...rest }));
}
