import type { ChangeFacts } from '../../domain/change-facts.ts';
import type { GateResult } from '../../domain/decision.ts';
import type { Reason } from '../../domain/reason.ts';
import { namesOf } from '../eligibility.ts';
import { notApplicable, passedUnless } from '../gate-result.ts';
import { reason } from '../reasons.ts';
import type { Policy } from '../schema.ts';
import { standingVetoes } from './standing-vetoes.ts';

const GATE = 'block';

/** Whether somebody says no in one of the ways that the policy gives them: by a label, or by a veto. */
export function blockGate(policy: Policy, facts: ChangeFacts): GateResult {
  const { block } = policy.changes;
  if (block === undefined) return notApplicable(GATE);
  return passedUnless(
    GATE,
    [...blockingLabels(block.labels ?? [], facts), ...vetoes(block.by, facts)],
    reason('not_blocked', {}),
  );
}

/** GitHub takes labels that differ only in case as one. */
function blockingLabels(names: readonly string[], { labels }: ChangeFacts): readonly Reason[] {
  if (names.length === 0) return [];
  const asked = new Set(names.map((each) => each.toLowerCase()));
  return [
    ...labels.items
      .filter((label) => asked.has(label.toLowerCase()))
      .toSorted()
      .map((label) => reason('blocked_by_label', { label })),
    ...(labels.complete ? [] : [reason('facts_incomplete', { list: 'labels' })]),
  ];
}

function vetoes(by: NonNullable<Policy['changes']['block']>['by'], facts: ChangeFacts): readonly Reason[] {
  if (by === undefined) return [];
  const from = { ...by, permission: undefined };
  return standingVetoes(from, facts).map(({ login, review, dismissedBy }) =>
    reason('change_vetoed', {
      ...(login === null ? {} : { login }),
      review,
      asked: namesOf(from),
      ...(dismissedBy === null ? {} : { dismissedBy }),
    }),
  );
}
