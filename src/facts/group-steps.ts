import type { CommitFacts } from '../domain/change-facts.ts';
import { unknown } from '../domain/known.ts';
import type { GroupStep } from '../domain/merge-group-facts.ts';
import type { QueuedCommit } from './read-queue-entries.ts';

const NOT_COMPARED = unknown('it was not compared');

/**
 * Cuts a merge group's line where GitHub says that a pull request ends, and tells by the last commit's form how it was
 * merged. A commit of which GitHub says nothing goes to the step that ends after it, where it has to be explained; what is
 * left at the end, and what GitHub says two things of, is of no pull request.
 */
export function groupSteps(
  line: readonly Pick<CommitFacts, 'sha' | 'parents' | 'signedByGitHub'>[],
  named: readonly QueuedCommit[],
): readonly GroupStep[] {
  const said = new Map<string, Set<number>>();
  for (const { sha, pullRequest } of named) said.set(sha, (said.get(sha) ?? new Set()).add(pullRequest));
  const steps: GroupStep[] = [];
  let open: typeof line = [];
  const close = (pullRequest: number | null) => {
    const last = open.at(-1);
    if (last === undefined) return;
    const method = last.parents.length > 1 ? 'merge' : last.signedByGitHub ? 'squash' : 'rebase';
    const commits = open.map(({ sha, parents, signedByGitHub }) => ({
      sha,
      parents,
      signedByGitHub,
      tree: NOT_COMPARED,
      expected: NOT_COMPARED,
    }));
    steps.push({ pullRequest, method, commits });
    open = [];
  };
  for (const commit of line) {
    open = [...open, commit];
    const numbers = said.get(commit.sha);
    if (numbers !== undefined) close(numbers.size === 1 ? ([...numbers][0] ?? null) : null);
  }
  close(null);
  return steps;
}
