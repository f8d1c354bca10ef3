import type { ChangeFacts } from '../../domain/change-facts.ts';
import type { Decision } from '../../domain/decision.ts';
import { type PolicySource, textsOf } from '../../domain/policy-reading.ts';
import { fullName } from '../../domain/repository.ts';
import type { ProposedPolicy } from '../../effects/explained-decision.ts';
import { planChange } from '../../effects/plan-change.ts';
import { blocks } from '../../policy/strictest.ts';
import type { PolicyReading } from '../../policy/policy-reading.ts';
import { type AssessedChange, assessChange } from './assess-change.ts';
import { digest } from '../digest.ts';
import { jsonDocument, policyDocument } from '../documents.ts';
import { explainDecision, type PolicyStanding } from '../explain-decision.ts';
import { ChangeJob } from '../jobs.ts';
import { isLost } from '../repository/lost-repository.ts';
import { notePolicies } from '../policy/note-policy.ts';
import type { Pipeline } from '../pipeline.ts';
import { proposedPolicy } from '../policy/proposed-policy.ts';
import type { PolicyInForce } from '../policy/policy-in-force.ts';
import { recordOnceIn, type Recording } from '../record-once.ts';
import { recordReviews } from './record-reviews.ts';
import { isShownOnHead } from './share-head.ts';
import { unreadChange } from './unread-change.ts';

/** What a decision on a change is recorded and shown from. */
export interface JudgedChange {
  readonly source: PolicySource;
  readonly reading: PolicyReading;
  readonly facts: ChangeFacts;
  readonly decision: Decision;
  readonly standing: PolicyStanding;
  /** What the policy that it brings would have decided otherwise; left out where it brings none. */
  readonly proposed?: ProposedPolicy | null;
}

/** A read that fails once or twice is GitHub's everyday; after that it is told. */
export const LOUD_AFTER = 3;

/** Judges one open pull request and shows the decision on its head commit. Merged ones are `record-merge.ts`'s. */
export async function judgeChange(
  pipeline: Pipeline,
  data: unknown,
  job: { readonly attempt: number },
): Promise<void> {
  const { repository, number, delivery } = ChangeJob.parse(data);
  if (await isLost(pipeline, repository)) return;
  let assessed: AssessedChange;
  try {
    assessed = await assessChange(pipeline, repository, number, job.attempt);
  } catch (error) {
    // The job is done again, for hours. What was approved before must not stay green on what nobody can see any more.
    if (job.attempt >= LOUD_AFTER) {
      const unread = await unreadChange(pipeline.db, repository, number, { error, now: pipeline.now() });
      if (unread !== null) await recordChangeDecision(pipeline, unread, delivery);
    }
    throw error;
  }
  await recordReviews(pipeline, assessed.facts, delivery);
  await notePolicies(pipeline, repository, assessed, delivery);
  const standing = standingOf(assessed.policy);
  const proposed = await proposedPolicy(pipeline, assessed.facts, assessed.policy);
  await recordChangeDecision(pipeline, { ...assessed, standing, proposed }, delivery);
}

/** How the default branch's policy stands, for what is shown. */
export function standingOf({ tip, changes, trust }: PolicyInForce): PolicyStanding {
  const unusableNow = changes === tip ? null : whyUnusable(tip.reading);
  return { trust, unusableNow };
}

function whyUnusable(reading: PolicyReading): string | null {
  switch (reading.kind) {
    case 'valid':
      return null;
    case 'absent':
      return 'the file is gone.';
    case 'invalid':
      return reading.problems[0] ?? 'it has problems.';
    case 'unreadable':
      return reading.why;
  }
}

/** Records a decision on a change (unless nothing changed) and queues its check run. */
async function recordChangeDecision(
  pipeline: Pipeline,
  { source, reading, facts, decision, standing: policy, proposed = null }: JudgedChange,
  delivery: string | null,
): Promise<void> {
  const { repository } = facts;
  const { number, headSha, baseRef, state } = facts.pullRequest;
  // What only observes opens the branch as an approval does.
  const standing = blocks(decision) || decision.verdict === 'not_guarded' ? decision.verdict : 'approved';
  const verdict = state === 'open' ? standing : 'closed';
  const recording = (shown: boolean): Recording => ({
    subject: `change:${repository.id}:${number}`,
    basis: digest([headSha, decision, ...textsOf(source), shown]),
    verdict: decision.verdict,
    entry: (answers) => ({
      kind: 'decision.made',
      occurredAt: facts.gatheredAt,
      who: facts.pullRequest.author === null ? [] : [{ role: 'author', actor: facts.pullRequest.author }],
      repository: { id: repository.id, fullName: fullName(repository) },
      commit: headSha,
      pullRequest: number,
      environment: null,
      hosts: [],
      outcome: decision.verdict,
      reasons: reasonCodes(decision),
      delivery,
      answers,
      documents: [jsonDocument('decision', decision), jsonDocument('facts', facts), policyDocument(source)],
    }),
    effects: (entryId) => {
      // A pass that says "not guarded" would count for a pull request into a guarded branch that is opened with the same head.
      if (!shown || decision.verdict === 'not_guarded') return [];
      return planChange({
        decision,
        explained: explainDecision(decision, reading, facts, source, policy),
        proposed,
        facts,
        entryId,
        repository,
        number,
        headSha,
        webUrl: pipeline.webUrl,
      });
    },
  });

  await pipeline.db.transaction().execute(async (tx) => {
    const shown = await isShownOnHead(
      tx,
      pipeline.queue,
      { repository, number, headSha, baseRef, verdict },
      delivery,
    );
    if (verdict !== 'closed') return void (await recordOnceIn(tx, pipeline, recording(shown)));
    // Another pull request with this head may show its own verdict there now. Opened again, this one shows its own anew, though it
    // comes to the same as before.
    await tx
      .updateTable('countersign.last_decision')
      .set({ basis: 'closed' })
      .where('subject', '=', `change:${repository.id}:${number}`)
      .execute();
  });
}

/** The codes of every reason, each once, in the gates' order. */
export function reasonCodes(decision: Pick<Decision, 'gates'>) {
  return [...new Set(decision.gates.flatMap((gate) => gate.reasons.map((reason) => reason.code)))];
}
