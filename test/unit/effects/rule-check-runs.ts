/** Check runs of changes with rules and blocks, judged and explained for real: what stands in them is what people get. */
import type { ChangeFacts } from '../../../src/domain/change-facts.ts';
import type { CheckRunContent } from '../../../src/domain/effect.ts';
import { planChange } from '../../../src/effects/plan-change.ts';
import { explainDecision } from '../../../src/pipeline/explain-decision.ts';
import { evaluateChange } from '../../../src/policy/evaluate-change.ts';
import { readingOf } from '../../../src/policy/reading-of.ts';
import { known } from '../../../src/domain/known.ts';
import * as example from './example-facts.ts';

const { bob, carol, dave, review } = example;

const POLICY = `version: 1
changes:
  branches: [main]
  approvals: { required: 1, from: { teams: [maintainers] } }
  rules:
    - name: payments
      when: { paths: ["billing/**"] }
      approvals: { required: 1, from: { teams: [payments] } }
      checks: [ci/billing]
    - name: large
      when: { size: { files_over: 1 } }
      approvals: { required: 2, from: { teams: [maintainers] } }
    - name: reviewed by security
      when: { paths: ["**/auth/**"] }
      approvals: { required: 1, from: { teams: [security] } }
    - name: reviewed by a lead
      when: { paths: ["**/auth/**"] }
      approvals: { required: 1, from: { users: [carol] } }
    - name: releases
      when: { branches: ["release/*"] }
      approvals: { required: 1, from: { teams: [leads] } }
  require: { all: [payments, large, releases, { any: [reviewed by security, reviewed by a lead] }] }
  block: { labels: [do not merge], by: { teams: [security] } }
`;
const source = { path: '.github/countersign.yml', ref: 'main', commit: example.policy.commit, text: POLICY };

function judged(more: Partial<ChangeFacts>): CheckRunContent {
  const facts = example.changeFacts({
    roles: {
      teams: {
        maintainers: known([bob.id, carol.id]),
        payments: known([dave.id]),
        security: known([dave.id]),
        leads: known([]),
      },
      permissions: {},
    },
    ...more,
  });
  const reading = readingOf(source);
  const decision = evaluateChange(reading, facts);
  const [effect] = planChange({
    decision,
    explained: explainDecision(decision, reading, facts, source),
    facts,
    entryId: example.entryId,
    repository: example.repository,
    number: facts.pullRequest.number,
    headSha: facts.pullRequest.headSha,
    webUrl: example.webUrl,
  });
  if (effect?.kind !== 'check_run') throw new Error('no check run was planned');
  return effect.checkRun;
}

const file = (path: string) => ({
  path,
  status: 'modified' as const,
  previousPath: null,
  additions: 12,
  deletions: 3,
});
const files = {
  complete: true,
  items: [file('billing/invoice.ts'), file('src/auth/login.ts')],
};

export const ruleCheckRuns: Readonly<Record<string, () => CheckRunContent>> = {
  'change-held-by-rules': () =>
    judged({
      files,
      reviews: { complete: true, items: [review(carol, '1a2b3c4', 'approved', 1)] },
    }),
  'change-held-by-any-rule': () =>
    judged({
      files: { complete: false, items: [file('src/auth/login.ts')] },
      reviews: { complete: true, items: [review(bob, '1a2b3c4', 'approved', 1)] },
    }),
  'change-blocked': () =>
    judged({
      labels: { complete: true, items: ['do not merge', 'docs'] },
      reviews: {
        complete: true,
        items: [review(carol, '1a2b3c4', 'approved', 1), review(dave, '1a2b3c4', 'dismissed', 2)],
      },
      dismissals: {
        complete: true,
        items: [{ review: 2, was: 'changes_requested', by: example.alice }],
      },
    }),
};
