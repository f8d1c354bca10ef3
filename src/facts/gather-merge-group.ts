import type { ChangeFacts } from '../domain/change-facts.ts';
import type { MergeGroupFacts, MergeGroupRef } from '../domain/merge-group-facts.ts';
import type { RepositoryRef } from '../domain/repository.ts';
import { freeze } from './freeze.ts';
import type { GitHubReader } from './github-reader.ts';
import { groupSteps } from './group-steps.ts';
import { makeStepsAnew } from './make-steps-anew.ts';
import { readGroupLine } from './read-group-line.ts';
import { readChecksOn } from './read-pull-request-pages.ts';
import { type QueuedCommit, readQueueEntries } from './read-queue-entries.ts';
import { readCommits } from './read-traced-commits.ts';
import type { TreeReader } from './tree-reader.ts';

export interface MergeGroupAsked {
  readonly repository: RepositoryRef;
  readonly group: MergeGroupRef;
  /** What the webhooks of this repository's groups said: which pull request each group's head ends. */
  readonly named: readonly QueuedCommit[];
  readonly trees: TreeReader;
  /** Gathers one of its pull requests. */
  readonly changeOf: (number: number) => Promise<ChangeFacts>;
  /** When it is gathered, RFC 3339 in UTC. */
  readonly now: string;
}

/**
 * Reads all that is judged about one merge group. Its pull requests are read after its commits: if one was pushed to in
 * between, its head isn't what the group was made of, and that is seen.
 */
export async function gatherMergeGroup(
  github: GitHubReader,
  { repository, group, named, trees, changeOf, now }: MergeGroupAsked,
): Promise<MergeGroupFacts> {
  const [{ tip, status, line }, entries, checks] = await Promise.all([
    readGroupLine(github, repository, group),
    readQueueEntries(github, repository, group.baseRef),
    readChecksOn(github, repository, group.headSha),
  ]);
  const commits = (await readCommits(github, repository, line.items)).map(({ commit }) => commit);
  const cut = groupSteps(commits, [...entries, ...named]);
  const changes: ChangeFacts[] = [];
  for (const number of new Set(cut.flatMap(({ pullRequest }) => pullRequest ?? [])))
    changes.push(await changeOf(number));
  const steps = await makeStepsAnew(github, repository, { before: tip, steps: cut, changes, trees });
  return freeze({
    schema: 'merge-group-facts/v1',
    gatheredAt: now,
    repository,
    group,
    tip,
    status,
    steps: { complete: line.complete, items: steps },
    checks,
    changes,
  });
}
