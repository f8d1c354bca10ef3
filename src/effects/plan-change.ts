/**
 * From a decision about a change to the writes that follow from it. Pure.
 *
 * Keys of effects, everywhere in `plan-*.ts`: what it is, then the id of the entry that it follows from, so that the
 * same decision planned twice is one write, and a later decision is another. The pipeline reads the entry off the key.
 */
import { CHANGE_CHECK } from '../domain/change-check.ts';
import type { ChangeFacts } from '../domain/change-facts.ts';
import type { Decision } from '../domain/decision.ts';
import type { Effect } from '../domain/effect.ts';
import type { RepositoryRef } from '../domain/repository.ts';
import type { ExplainedDecision, ProposedPolicy } from './explained-decision.ts';
import { renderChangeCheckRun } from './render-change-check-run.ts';

export interface ChangePlanInput {
  readonly decision: Decision;
  readonly explained: ExplainedDecision;
  /** Left out: the change leaves the policy as it is. */
  readonly proposed?: ProposedPolicy | null;
  readonly facts: ChangeFacts;
  readonly entryId: string;
  readonly repository: RepositoryRef;
  readonly number: number;
  readonly headSha: string;
  /** `https://github.com` or the Enterprise Server's address, without a slash at its end. */
  readonly webUrl: string;
}

/** One check run on the head commit. */
export function planChange(input: ChangePlanInput): readonly Effect[] {
  const { decision, explained, proposed = null, facts, entryId, repository, number, headSha, webUrl } = input;
  const rendered = renderChangeCheckRun(decision, facts, {
    explained,
    proposed,
    place: { repository, webUrl, entryId },
  });
  return [
    {
      kind: 'check_run',
      key: `check_run:${entryId}`,
      repository,
      entryId,
      checkRun: { ...rendered, name: CHANGE_CHECK, sha: headSha, externalId: `change:${number}` },
    },
  ];
}
