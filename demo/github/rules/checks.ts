/** What the checks on one commit say, seen as GitHub's branch protection sees them. */
import type { CheckRun, CommitStatus, Repository, RequiredCheck } from '../state.ts';

/** GitHub's own id of the Actions App. */
export const ACTIONS_APP_ID = 15_368;

export const appIdOf = (run: CheckRun): number => run.app?.id ?? ACTIONS_APP_ID;

/** Check runs on a commit, the newest of each name in each suite. */
export function latestCheckRuns(repository: Repository, sha: string): CheckRun[] {
  const latest = new Map<string, CheckRun>();
  for (const run of repository.checkRuns.values()) {
    if (run.headSha === sha) latest.set(`${run.suite.id}:${run.name}`, run);
  }
  return [...latest.values()];
}

/** Statuses on a commit, the newest of each context. */
export function latestStatuses(repository: Repository, sha: string): CommitStatus[] {
  const latest = new Map<string, CommitStatus>();
  for (const status of repository.statuses)
    if (status.sha === sha) latest.set(status.context.toLowerCase(), status);
  return [...latest.values()];
}

const PASSING = new Set(['success', 'neutral', 'skipped']);

/** Whether a required check has passed on a commit. */
export const checkPassed = (repository: Repository, sha: string, required: RequiredCheck): boolean =>
  outcomeOf(repository, sha, required) === 'passed';

/** Whether it has come to its end there, and badly. */
export const checkFailed = (repository: Repository, sha: string, required: RequiredCheck): boolean =>
  outcomeOf(repository, sha, required) === 'failed';

function outcomeOf(
  repository: Repository,
  sha: string,
  required: RequiredCheck,
): 'passed' | 'failed' | 'expected' {
  const runs = latestCheckRuns(repository, sha).filter(
    (run) => run.name === required.context && (required.appId === null || appIdOf(run) === required.appId),
  );
  const newest = runs.toSorted((a, b) => a.id - b.id).at(-1);
  if (newest !== undefined) {
    if (newest.status !== 'completed') return 'expected';
    return PASSING.has(newest.conclusion ?? '') ? 'passed' : 'failed';
  }
  if (required.appId !== null) return 'expected';
  const status = latestStatuses(repository, sha).find(
    ({ context }) => context.toLowerCase() === required.context.toLowerCase(),
  );
  if (status?.state === 'success') return 'passed';
  return status === undefined || status.state === 'pending' ? 'expected' : 'failed';
}
