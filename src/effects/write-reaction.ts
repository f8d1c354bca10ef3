import type { Effect } from '../domain/effect.ts';
import { type GitHubWriter, once, statusOf, written } from './github-writer.ts';

type ReactionEffect = Extract<Effect, { kind: 'reaction' }>;

/** Reacts to a comment. GitHub answers a second time with what is there; a comment that was deleted needs none. */
export async function writeReaction(
  github: GitHubWriter,
  { repository, commentId, content }: ReactionEffect,
): Promise<{ readonly remoteId: number | null }> {
  const { owner, name: repo } = repository;
  const route = 'POST /repos/{owner}/{repo}/issues/comments/{comment_id}/reactions';
  try {
    const { data } = await github.request(route, {
      owner,
      repo,
      comment_id: commentId,
      content,
      request: once(),
    });
    return { remoteId: written.parse(data).id };
  } catch (error) {
    if (statusOf(error) === 404) return { remoteId: null };
    throw error;
  }
}
