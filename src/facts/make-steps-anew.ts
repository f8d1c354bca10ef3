import type { ChangeFacts, CommitFacts } from '../domain/change-facts.ts';
import { type Known, unknown } from '../domain/known.ts';
import type { GroupCommit, GroupStep } from '../domain/merge-group-facts.ts';
import type { RepositoryRef } from '../domain/repository.ts';
import type { GitHubReader } from './github-reader.ts';
import { readSharedCommit } from './read-shared-commit.ts';
import type { TreeReader } from './tree-reader.ts';

/**
 * Reads what tree each commit of a merge group has, and makes anew what it would have if the queue did nothing but merge
 * (or replay) the pull request's head onto the commit before it. `before` is what the first step stands on.
 */
export async function makeStepsAnew(
  github: GitHubReader,
  repository: RepositoryRef,
  asked: {
    readonly before: string;
    readonly steps: readonly GroupStep[];
    readonly changes: readonly MadeFrom[];
    readonly trees: TreeReader;
  },
): Promise<readonly GroupStep[]> {
  const { steps, changes, trees } = asked;
  const made: GroupStep[] = [];
  let { before } = asked;
  for (const step of steps) {
    const change = changes.find(({ pullRequest }) => pullRequest.number === step.pullRequest);
    const expected =
      change === undefined ? [] : await expectedTrees(github, repository, { before, step, change, trees });
    const commits: GroupCommit[] = [];
    for (const [index, commit] of step.commits.entries()) {
      const tree = change === undefined ? commit.tree : await trees.treeOf(commit.sha);
      commits.push({ ...commit, tree, expected: expected[index] ?? commit.expected });
    }
    made.push({ ...step, commits });
    before = step.commits.at(-1)?.sha ?? before;
  }
  return made;
}

/** As much of a pull request as its merge is made of. */
export type MadeFrom = Pick<ChangeFacts, 'pullRequest' | 'commits'>;

interface Making {
  readonly before: string;
  readonly step: GroupStep;
  readonly change: MadeFrom;
  readonly trees: TreeReader;
}

/** One for each of the step's commits. */
async function expectedTrees(
  github: GitHubReader,
  repository: RepositoryRef,
  making: Making,
): Promise<readonly Known<string>[]> {
  const { before, step, change, trees } = making;
  if (step.method === 'rebase') return replayed(making);
  const theirs = change.pullRequest.headSha;
  const common = await readSharedCommit(github, repository, { from: before, to: theirs });
  const merged = common.known
    ? await trees.mergedTree({ base: common.value.sha, ours: before, theirs })
    : common;
  // Whatever stands before the merge in its step is not the pull request's.
  const none = unknown('it is no merge of the pull request');
  return step.commits.map((_, index) => (index === step.commits.length - 1 ? merged : none));
}

/** Each of the pull request's own commits, replayed onto the group's commit before it. */
async function replayed({ before, step, change, trees }: Making): Promise<readonly Known<string>[]> {
  const originals = lineOf(change);
  if (originals === null || originals.length !== step.commits.length) {
    const why =
      originals === null
        ? 'the pull request’s commits are not one line'
        : `the group has ${step.commits.length} commits of it, and the pull request ${originals.length}`;
    return step.commits.map(() => unknown(why));
  }
  const made: Known<string>[] = [];
  let ours = before;
  for (const [index, { sha: theirs, parents }] of originals.entries()) {
    made.push(await trees.mergedTree({ base: parents[0] ?? '', ours, theirs }));
    // What it has, and not what it should have: where both differ, that commit tells of it already.
    ours = step.commits[index]?.sha ?? ours;
  }
  return made;
}

/** The pull request's own commits, oldest first, if each stands on the one before. */
function lineOf({ commits, pullRequest }: MadeFrom): readonly CommitFacts[] | null {
  const own = new Map(commits.items.map((commit) => [commit.sha, commit]));
  const line: CommitFacts[] = [];
  let at = own.get(pullRequest.headSha);
  while (at !== undefined && at.parents.length === 1) {
    line.unshift(at);
    at = own.get(at.parents[0] ?? '');
  }
  return at === undefined && line.length === own.size && commits.complete ? line : null;
}
