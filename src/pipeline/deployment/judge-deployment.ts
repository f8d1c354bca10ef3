import type { DeploymentFacts } from '../../domain/deployment-facts.ts';
import { textsOf } from '../../domain/policy-reading.ts';
import type { Queue } from '../../db/queue.ts';
import type { NewEntry } from '../../domain/entry.ts';
import { type Decision, mayProceed, type Verdict } from '../../domain/decision.ts';
import { fullName } from '../../domain/repository.ts';
import { planDeployment } from '../../effects/plan-deployment.ts';
import { environmentOf } from '../../policy/environment-of.ts';
import { assessDeployment, type AssessedDeployment } from './assess-deployment.ts';
import { type StoredDeployment, repositoryOf, requestOf } from './deployment-row.ts';
import { digest } from '../digest.ts';
import { jsonDocument, policyDocument } from '../documents.ts';
import { explainDecision } from '../explain-decision.ts';
import { endHeldRun, followRun } from './follow-run.ts';
import { DeploymentJob } from '../jobs.ts';
import { reasonCodes } from '../change/judge-change.ts';
import { isLost } from '../repository/lost-repository.ts';
import { notePolicy } from '../policy/note-policy.ts';
import type { Pipeline } from '../pipeline.ts';
import type { PolicyInForce } from '../policy/policy-in-force.ts';
import { recordDeploymentReviews } from './record-deployment-reviews.ts';
import { recordOnce } from '../record-once.ts';
import { useEmergency } from '../emergency/use-emergency.ts';
import { unreadDeployment } from './unread-deployment.ts';

/** Until it starts, a deployment is judged again on every event that may change the answer. */
const JUDGED = ['requested', 'held', 'approved'] as const;

/** A read that fails once or twice is GitHub's everyday; after that it is told. */
const LOUD_AFTER = 3;

/** Judges one wanted deployment that has not started, records the decision, and queues what follows from it. */
export async function judgeDeployment(
  pipeline: Pipeline,
  data: unknown,
  job: { readonly attempt: number },
): Promise<void> {
  const { id, delivery, looks = 0, seenStarted } = DeploymentJob.parse(data);
  const row = await pipeline.db
    .selectFrom('countersign.deployment')
    .selectAll()
    .where('id', '=', id)
    .executeTakeFirst();
  if (row === undefined) return;
  const followed =
    row.source === 'actions' ? await followRun(pipeline, row, { delivery, seenStarted }) : 'before';
  if (followed === 'beyond') return;
  if (!JUDGED.some((state) => state === row.state)) return;
  if (await isLost(pipeline, repositoryOf(row))) return;
  let assessed: AssessedDeployment;
  try {
    assessed = await assessDeployment(pipeline, row);
  } catch (error) {
    // The job is done again, for hours. Somebody who waits for the check run must not wait for it without a word.
    // But where GitHub has our yes, we know only that we can't see: to hold it now would make a bypass of the start that we allowed.
    if (job.attempt >= LOUD_AFTER && !(await isAnswered(pipeline, row))) {
      await recordDeploymentDecision(pipeline, row, unreadDeployment(row, error, pipeline.now()), delivery);
    }
    throw error;
  }
  await recordDeploymentReviews(pipeline, row, assessed.facts, delivery);
  if (assessed.policy !== null) await notePolicy(pipeline, repositoryOf(row), assessed.policy, { delivery });
  await recordDeploymentDecision(pipeline, row, assessed, delivery);
  if (followed === 'over') return endHeldRun(pipeline, id, delivery);
  await lookAgainThen(pipeline, pipeline.db, id, assessed.decision);
  // Nothing keeps such a job back: see at once whether it runs, now that there is a decision which it ran past.
  if (row.state === 'requested' && isUngated(assessed.decision))
    await pipeline.queue.send(pipeline.db, 'deployment', { id, delivery }, { key: id, startAfterSeconds: 1 });
  if (!lacksActivity(assessed.decision) || looks >= pipeline.patience.attempts) return;
  const again = { id, delivery, looks: looks + 1 };
  const startAfterSeconds = pipeline.patience.seconds;
  await pipeline.queue.send(pipeline.db, 'deployment', again, { key: id, startAfterSeconds });
}

const isUngated = ({ gates }: Decision): boolean =>
  gates.some(({ reasons }) =>
    reasons.some(({ code }) => code === 'environment_rule_off' || code === 'environment_mistyped'),
  );

/**
 * Whatever waits for a time is judged again at that time, by a job that waits in the database: it survives us. One that waits
 * already for this deployment is what this joins, so that there is one, and each judgement says anew when it comes. If the
 * database's clock is ahead of ours it comes too early, finds that time is left, and waits for the rest.
 */
async function lookAgainThen(
  { queue, now }: Pipeline,
  db: Parameters<Queue['send']>[0],
  id: string,
  { lookAgainAt }: Decision,
): Promise<void> {
  if (lookAgainAt === undefined) return;
  const left = Math.ceil((Date.parse(lookAgainAt) - Date.parse(now())) / 1000);
  await queue.send(
    db,
    'deployment',
    { id, delivery: null },
    { key: id, startAfterSeconds: left > 0 ? Math.min(left, LONGEST_WAIT_SECONDS) : OVERDUE_SECONDS },
  );
}

/** Its moment has come by our clock, and by GitHub's, which may be a little behind, it hasn't. */
const OVERDUE_SECONDS = 10;

/** A job that waited for longer than a year would be taken for one that nobody works; it looks once more on the way. */
const LONGEST_WAIT_SECONDS = 30 * 24 * 3600;

/** A branch's activity comes a little after its merge, and no event tells of it. */
const lacksActivity = ({ gates }: Decision): boolean =>
  gates.some(({ reasons }) => reasons.some(({ code }) => code === 'merge_unknown'));

/** Whether GitHub has been told that this job of Actions may start. */
async function isAnswered(
  { db }: Pipeline,
  { source, state, decision_entry }: StoredDeployment,
): Promise<boolean> {
  if (source !== 'actions' || state !== 'approved' || decision_entry === null) return false;
  const answered = await db
    .selectFrom('countersign.effect')
    .select('key')
    .where('key', '=', `answer_protection_rule:${decision_entry}`)
    .where('state', '=', 'done')
    .executeTakeFirst();
  return answered !== undefined;
}

/** Records a decision on a deployment (unless nothing changed), moves its row, and queues what follows. */
export async function recordDeploymentDecision(
  pipeline: Pipeline,
  row: StoredDeployment,
  { source, reading, facts, decision, policy }: AssessedDeployment,
  delivery: string | null,
): Promise<void> {
  const repository = repositoryOf(row);
  const hasTarget = pipeline.targetOf(repository, row.environment) !== null;
  const isOthers = !hasTarget && policy !== null && belongsToOthers(row, policy);
  const reports = await reportsSent(pipeline, row.id);
  await recordOnce(pipeline, {
    subject: `deployment:${row.id}`,
    basis: digest([decision, ...textsOf(source), ...standings(facts)]),
    verdict: decision.verdict,
    entry: (answers): NewEntry => ({
      kind: KIND[decision.verdict],
      occurredAt: facts.gatheredAt,
      who: facts.request.requester === null ? [] : [{ role: 'requester', actor: facts.request.requester }],
      repository: { id: repository.id, fullName: fullName(repository) },
      commit: row.sha,
      pullRequest: null,
      environment: row.environment,
      hosts: [],
      outcome: decision.verdict,
      reasons: reasonCodes(decision),
      delivery,
      answers: answers ?? row.request_entry,
      documents: [
        jsonDocument('decision', decision),
        jsonDocument('facts', facts),
        policyDocument(source),
        jsonDocument('controls', facts.controls ?? []),
      ],
    }),
    // Nothing of ours is shown on what isn't ours, or every preview of a repository without a policy would be red.
    effects: (entryId) =>
      isOthers
        ? []
        : planDeployment({
            decision,
            explained: explainDecision(decision, reading, facts, source),
            facts,
            request: requestOf(row),
            entryId,
            requestEntryId: row.request_entry,
            repository,
            webUrl: pipeline.webUrl,
            reports,
            hasTarget,
          }),
    also: async (tx, entryId) => {
      // Only a deployment that has not started: one that starts at this moment was re-checked a moment ago.
      await tx
        .updateTable('countersign.deployment')
        .set({
          state: isOthers ? 'rejected' : stateOf(decision, row),
          decision_entry: entryId,
          updated_at: new Date(pipeline.now()),
        })
        .where('id', '=', row.id)
        .where('state', 'in', [...JUDGED])
        .execute();
      if (!isOthers) await useEmergency(tx, pipeline, row, { decision, facts, reading });
      // Whoever judged just before a start has no turn of their own at which to wait.
      await lookAgainThen(pipeline, tx, row.id, decision);
    },
  });
}

/** A gap that begins or ends while a deployment waits is told of, though it decides nothing. */
const standings = ({ controls = [] }: DeploymentFacts): readonly string[] =>
  controls.flatMap(({ standing, entry }) => (standing === 'gap' ? [entry] : []));

const KIND: Readonly<Record<Verdict, NewEntry['kind']>> = {
  approved: 'deployment.approved',
  held: 'deployment.held',
  error: 'deployment.held',
  rejected: 'deployment.rejected',
  not_guarded: 'deployment.held',
};

/**
 * Whether a GitHub deployment that somebody made is to an environment that no version of the policy which could be used
 * names: a hosting service's, most likely. What can't be read may name it, and holds loudly.
 */
function belongsToOthers(row: StoredDeployment, { tip, trust, guarding }: PolicyInForce): boolean {
  if (row.source !== 'api') return false;
  if (guarding !== null && environmentOf(guarding, row.environment) !== null) return false;
  return tip.reading.kind === 'absent' || !trust.trusted;
}

/**
 * What the policy doesn't name is never ours to carry out, and isn't looked at again: whoever names it then asks anew. Only
 * a job of Actions goes on waiting on us, so it is judged again until its run ends.
 */
function stateOf(decision: Decision, { source }: StoredDeployment): 'approved' | 'held' | 'rejected' {
  if (mayProceed(decision)) return 'approved';
  if (decision.verdict === 'not_guarded' && source !== 'actions') return 'rejected';
  return decision.verdict === 'rejected' ? 'rejected' : 'held';
}

/** GitHub takes ten status reports for one run and environment; whoever plans must know how many are left. */
async function reportsSent(pipeline: Pipeline, id: string): Promise<{ sent: number; last: string | null }> {
  const planned = await pipeline.db
    .selectFrom('countersign.effect')
    .select('effect')
    .where('ordering_key', '=', `deployment:${id}`)
    .orderBy('sequence')
    .execute();
  const comments = planned.flatMap(({ effect }) =>
    effect.kind === 'answer_protection_rule' ? [effect.comment] : [],
  );
  return { sent: comments.length, last: comments.at(-1) ?? null };
}
