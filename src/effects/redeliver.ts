import { type GitHubWriter, once } from './github-writer.ts';

/** Asks GitHub to send a webhook once more, under the same GUID. `app`: signed in as the App itself. */
export async function redeliver(app: GitHubWriter, attemptId: number): Promise<void> {
  await app.request('POST /app/hook/deliveries/{delivery_id}/attempts', {
    delivery_id: attemptId,
    request: once(),
  });
}
