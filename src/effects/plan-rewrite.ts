import type { Effect } from '../domain/effect.ts';
import type { RepositoryRef } from '../domain/repository.ts';
import { renderRewriteCheckRun, type RewrittenBranch } from './render-rewrite-check-run.ts';

/** The check run that says of a commit that its branch's history was rewritten to it. Not the change's own, which may stand there too. */
export const HISTORY_CHECK = 'countersign/history';

/** One failed check run on the branch's new head. */
export function planRewrite({
  rewritten,
  entryId,
  repository,
  webUrl,
}: {
  readonly rewritten: RewrittenBranch;
  /** The `history.rewritten` entry. */
  readonly entryId: string;
  readonly repository: RepositoryRef;
  readonly webUrl: string;
}): readonly Effect[] {
  return [
    {
      kind: 'check_run',
      key: `check_run:${entryId}`,
      repository,
      entryId,
      checkRun: {
        ...renderRewriteCheckRun(rewritten, { repository, webUrl, entryId }),
        name: HISTORY_CHECK,
        sha: rewritten.after,
        externalId: `commit:${rewritten.after}`,
      },
    },
  ];
}
