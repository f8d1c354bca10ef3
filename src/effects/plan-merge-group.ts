import type { Effect } from '../domain/effect.ts';
import type { MergeGroupDecision, MergeGroupFacts, MergeGroupRef } from '../domain/merge-group-facts.ts';
import type { RepositoryRef } from '../domain/repository.ts';
import type { ExplainedDecision } from './explained-decision.ts';
import { CHANGE_CHECK } from '../domain/change-check.ts';
import type { RenderedCheckRun } from './render-change-check-run.ts';
import { renderMergeGroupCheckRun } from './render-merge-group-check-run.ts';

export interface MergeGroupPlanInput {
  readonly decision: MergeGroupDecision;
  readonly explained: ExplainedDecision;
  /** Only other checks on it have still to finish. */
  readonly waits: boolean;
  /** Other pull requests into the same branch that have the group's commit as their head, and are held. */
  readonly beside: readonly number[];
  readonly facts: MergeGroupFacts;
  readonly entryId: string;
  readonly webUrl: string;
}

interface GroupPlace {
  readonly repository: RepositoryRef;
  readonly group: Pick<MergeGroupRef, 'headSha'>;
  readonly entryId: string;
}

/** The check that the queue waits for, on the group's head. Of a branch that isn't guarded nothing was begun. */
export function planMergeGroup(input: MergeGroupPlanInput): readonly Effect[] {
  const { decision, explained, waits, beside, facts, entryId, webUrl } = input;
  const { repository, group } = facts;
  if (decision.verdict === 'not_guarded') {
    const why = 'The policy asks nothing of changes to this branch, so nothing was judged.';
    return [
      onHead(
        { repository, group, entryId },
        concluded('neutral', 'Not guarded', `➖ **Not guarded.** ${why}`),
      ),
    ];
  }
  const place = { repository, webUrl, entryId };
  return [
    onHead(
      { repository, group, entryId },
      renderMergeGroupCheckRun(decision, facts, { explained, waits, beside, place }),
    ),
  ];
}

/** The check run of a merge group that was heard of and isn't judged yet. */
export function planBegunGroup(place: GroupPlace): readonly Effect[] {
  const summary =
    '⏳ **Being judged.** Each pull request in this merge group is judged, and the group’s files are compared with what was approved.';
  return [
    onHead(place, {
      title: 'Being judged',
      summary,
      text: null,
      status: 'in_progress',
      conclusion: null,
      actions: [],
    }),
  ];
}

/** The check run of a merge group that ended before its verdict. */
export function planEndedGroup({
  state,
  ...place
}: GroupPlace & { readonly state: string }): readonly Effect[] {
  const how = state === 'merged' ? 'was merged' : `was ${state} by the queue`;
  const summary = `➖ **Over.** The merge group ${how} before there was a verdict on it.`;
  return [onHead(place, concluded('cancelled', 'The merge group is no more', summary))];
}

const concluded = (
  conclusion: RenderedCheckRun['conclusion'],
  title: string,
  summary: string,
): RenderedCheckRun => ({ title, summary, text: null, status: 'completed', conclusion, actions: [] });

function onHead({ repository, group, entryId }: GroupPlace, rendered: RenderedCheckRun): Effect {
  return {
    kind: 'check_run',
    key: `check_run:${entryId}`,
    repository,
    entryId,
    checkRun: {
      ...rendered,
      name: CHANGE_CHECK,
      sha: group.headSha,
      externalId: `merge_group:${group.headSha}`,
    },
  };
}
