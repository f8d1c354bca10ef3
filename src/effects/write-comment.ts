import { z } from 'zod';
import type { Effect } from '../domain/effect.ts';
import { type GitHubWriter, once, written } from './github-writer.ts';

type CommentEffect = Extract<Effect, { kind: 'comment' }>;

const PAGE = 100;
/** So many comments since it was planned are looked through: what is older than an hour of them all isn't ours. */
const PAGES = 10;

/**
 * Writes a comment once. A crash after GitHub has it and before we noted that leaves one that nobody knows of: each carries
 * its effect's key where nobody reads it, and is looked for by that. Only a bot's counts, so that nobody can keep ours from being
 * written by writing its key themselves.
 */
export async function writeComment(
  github: GitHubWriter,
  effect: CommentEffect,
): Promise<{ readonly remoteId: number }> {
  const { repository, number: issue_number, body } = effect;
  const at = { owner: repository.owner, repo: repository.name, issue_number };
  const marker = `<!-- countersign ${effect.key} -->`;
  const found = await find(github, at, { since: effect.plannedAt, marker });
  if (found !== null) return { remoteId: found };
  const { data } = await github.request('POST /repos/{owner}/{repo}/issues/{issue_number}/comments', {
    ...at,
    body: `${body}\n${marker}`,
    request: once(),
  });
  return { remoteId: written.parse(data).id };
}

const comments = z.array(
  z.object({ id: z.int(), body: z.string().nullish(), user: z.object({ type: z.string() }).nullish() }),
);

async function find(
  github: GitHubWriter,
  at: Readonly<Record<string, string | number>>,
  { since, marker }: { readonly since: string; readonly marker: string },
): Promise<number | null> {
  // GitHub's clock may be behind ours, and a comment is as old as GitHub says.
  const from = new Date(Date.parse(since) - 10 * 60_000).toISOString().replace(/\.\d+Z$/, 'Z');
  for (let page = 1; page <= PAGES; page += 1) {
    const { data } = await github.request('GET /repos/{owner}/{repo}/issues/{issue_number}/comments', {
      ...at,
      since: from,
      per_page: PAGE,
      page,
      request: once(),
    });
    const listed = comments.parse(data);
    const own = listed.find(({ body, user }) => user?.type === 'Bot' && body?.endsWith(marker) === true);
    if (own !== undefined) return own.id;
    if (listed.length < PAGE) return null;
  }
  return null;
}
