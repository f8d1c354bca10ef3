import type { Effect } from '../domain/effect.ts';
import type { RepositoryRef } from '../domain/repository.ts';
import { CHANGE_CHECK } from '../domain/change-check.ts';
import { type AlteredLanding, renderAlteredCheckRun } from './render-altered-check-run.ts';

export interface AlteredPlanInput {
  readonly landing: AlteredLanding;
  /** The `change.altered` entry. */
  readonly entryId: string;
  readonly repository: RepositoryRef;
  readonly webUrl: string;
}

/** A failed check run on the commit of a merge that left something else than what was approved. */
export function planAltered({ landing, entryId, repository, webUrl }: AlteredPlanInput): readonly Effect[] {
  const { sha } = landing;
  return [
    {
      kind: 'check_run',
      key: `check_run:${entryId}`,
      repository,
      entryId,
      checkRun: {
        ...renderAlteredCheckRun(landing, { repository, webUrl, entryId }),
        name: CHANGE_CHECK,
        sha,
        externalId: `commit:${sha}`,
      },
    },
  ];
}
