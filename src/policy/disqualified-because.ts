import type { Reason } from '../domain/reason.ts';
import type { Part } from './reasons.ts';

/** What somebody made of a change, as the reason why their approval doesn't count. Plain text. */
export function disqualifiedBecause(about: Reason['about']): string {
  const commit = typeof about['commit'] === 'string' ? about['commit'].slice(0, 7) : '';
  // A decision that was stored is JSON, and nothing checks it again.
  const part = PARTS[about['as'] as Part] as ((commit: string) => string) | undefined;
  return `disqualified because ${part?.(commit) ?? 'they took part in it'}`;
}

const PARTS: Readonly<Record<Part, (commit: string) => string>> = {
  author: (commit) => `commit ${commit} is theirs`,
  committer: (commit) => `they committed ${commit}`,
  co_author: (commit) => `they are a co-author of commit ${commit}`,
  pusher: () => 'they pushed to the branch',
  pull_request_author: () => 'the pull request is theirs',
};
