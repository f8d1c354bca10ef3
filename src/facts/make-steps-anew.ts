import { z } from 'zod';
import type { ChangeFacts, CommitFacts } from '../domain/change-facts.ts';
import { type Known, known, unknown } from '../domain/known.ts';
import type { GroupCommit, GroupStep } from '../domain/merge-group-facts.ts';
import { fullName, type RepositoryRef } from '../domain/repository.ts';
import { askRest } from './ask-github.ts';
import { isGitHubStatus } from './github-error.ts';
import type { GitHubReader } from './github-reader.ts';
import type { TreeReader } from './tree-reader.ts';
import { sha } from './wire-commit.ts';

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
    readonly changes: readonly ChangeFacts[];
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

interface Making {
  readonly before: string;
  readonly step: GroupStep;
  readonly change: ChangeFacts;
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
  const base = await readMergeBase(github, repository, { from: before, to: theirs });
  const merged = base.known ? await trees.mergedTree({ base: base.value, ours: before, theirs }) : base;
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
function lineOf({ commits, pullRequest }: ChangeFacts): readonly CommitFacts[] | null {
  const own = new Map(commits.items.map((commit) => [commit.sha, commit]));
  const line: CommitFacts[] = [];
  let at = own.get(pullRequest.headSha);
  while (at !== undefined && at.parents.length === 1) {
    line.unshift(at);
    at = own.get(at.parents[0] ?? '');
  }
  return at === undefined && line.length === own.size && commits.complete ? line : null;
}

const comparison = z.object({ merge_base_commit: z.object({ sha }) });

async function readMergeBase(
  github: GitHubReader,
  { owner, name }: RepositoryRef,
  { from, to }: { readonly from: string; readonly to: string },
): Promise<Known<string>> {
  const parameters = { owner, repo: name, basehead: `${from}...${to}`, per_page: 1 };
  const doing = `comparing ${from} and ${to} in ${fullName({ owner, name })}`;
  try {
    const route = 'GET /repos/{owner}/{repo}/compare/{basehead}';
    return known((await askRest(github, route, parameters, comparison, doing)).merge_base_commit.sha);
  } catch (error) {
    if (!isGitHubStatus(error, 404) && !isGitHubStatus(error, 422)) throw error;
    return unknown('both have no commit in common that GitHub shows');
  }
}
