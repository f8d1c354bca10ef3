import { z } from 'zod';
import { askRestPages, type Pages } from './ask-github.ts';
import type { GitHubReader } from './github-reader.ts';

/** One attempt of GitHub's to deliver a webhook, that failed. The same delivery has the same GUID each time. */
export interface FailedAttempt {
  readonly id: number;
  readonly guid: string;
  readonly event: string;
}

/** Of a hundred each. */
const PAGES = 100;
const answer = z.array(z.object({ id: z.int(), guid: z.guid(), event: z.string() }));

/**
 * The App's failed deliveries of the last days, which is as long as GitHub keeps them, newest first; not `complete` where there are more
 * than ten thousand. `app`: signed in as the App itself.
 * https://docs.github.com/en/webhooks/testing-and-troubleshooting-webhooks/viewing-webhook-deliveries
 */
export async function failedDeliveries(app: GitHubReader): Promise<Pages<FailedAttempt>> {
  const doing = 'listing the deliveries that failed';
  const route = 'GET /app/hook/deliveries';
  const { complete, items } = await askRestPages(app, route, { status: 'failure' }, answer, (page) => page, {
    doing,
    limit: PAGES,
  });
  return { complete, items: items.map(({ guid, ...rest }) => ({ guid: guid.toLowerCase(), ...rest })) };
}
