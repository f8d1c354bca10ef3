/** Check runs of changes that the base was merged into since they were approved, judged and explained for real. */
import type { CheckRunContent } from '../../../src/domain/effect.ts';
import { known } from '../../../src/domain/known.ts';
import type { BaseMergeFacts } from '../../../src/domain/landing-facts.ts';
import { planChange } from '../../../src/effects/plan-change.ts';
import { explainDecision } from '../../../src/pipeline/explain-decision.ts';
import { evaluateChange } from '../../../src/policy/evaluate-change.ts';
import { readingOf } from '../../../src/policy/reading-of.ts';
import {
  makeBaseMerge,
  makeChangeFacts,
  makeReview,
  all,
  carol,
  makeCommit,
  sha,
} from '../../support/make-facts.ts';
import * as example from './example-facts.ts';

const POLICY = `version: 1
changes:
  branches: [main]
  approvals: { required: 1, from: { teams: [maintainers] } }
`;
const source = { path: '.github/countersign.yml', ref: 'main', commit: example.policy.commit, text: POLICY };

/** Bob and carol approved `seen`; main was merged in twice since. */
function judged(over: Partial<BaseMergeFacts>): CheckRunContent {
  const merges = [makeBaseMerge('head', 'first'), makeBaseMerge('first', 'seen', over)];
  const facts = makeChangeFacts({
    commits: all(
      makeCommit('seen'),
      ...merges.map(({ sha: id, onto, merged }) =>
        makeCommit('a merge', { sha: id, parents: [onto, merged] }),
      ),
    ),
    reviews: all(
      makeReview({ id: 1, commit: sha('seen') }),
      makeReview({ id: 2, commit: sha('before seen'), author: carol }),
    ),
    baseMerges: merges,
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

export const updateCheckRuns: Readonly<Record<string, () => CheckRunContent>> = {
  'change-updated': () => judged({}),
  'change-smuggled': () => judged({ tree: known(sha('evil')) }),
};
