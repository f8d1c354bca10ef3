import { CHANGE_CHECK } from '../domain/change-check.ts';
import type { Effect } from '../domain/effect.ts';
import type { RepositoryRef } from '../domain/repository.ts';
import { renderMergeCheckRun, type UnreviewedCommit } from './render-merge-check-run.ts';

export interface UnreviewedPlanInput {
  readonly commit: UnreviewedCommit;
  /** The `change.unreviewed` entry. */
  readonly entryId: string;
  readonly repository: RepositoryRef;
  readonly webUrl: string;
}

/** A failed check run on a commit that reached a guarded branch from no approved pull request. */
export function planUnreviewed({
  commit,
  entryId,
  repository,
  webUrl,
}: UnreviewedPlanInput): readonly Effect[] {
  return [
    {
      kind: 'check_run',
      key: `check_run:${entryId}`,
      repository,
      entryId,
      checkRun: {
        ...renderMergeCheckRun(commit, { repository, webUrl, entryId }),
        name: CHANGE_CHECK,
        sha: commit.sha,
        externalId: `commit:${commit.sha}`,
      },
    },
  ];
}
