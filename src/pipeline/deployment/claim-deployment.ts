import { planOutcome } from '../../effects/plan-outcome.ts';
import { environmentOf } from '../../policy/environment-of.ts';
import type { StoredDeployment } from './deployment-row.ts';
import { repositoryOf } from './deployment-row.ts';
import { explainDecision } from '../explain-decision.ts';
import { ClaimJob } from '../jobs.ts';
import { lastReviewedPolicy } from '../policy/last-reviewed-policy.ts';
import type { Pipeline } from '../pipeline.ts';
import { queueEffects } from '../queue-effects.ts';
import { recordBypass } from '../emergency/record-bypass.ts';
import { recordedAssessment } from './recorded-assessment.ts';

/** A deployment that was just asked for is judged in a moment; only then can anybody tell what it went past. */
const JUDGED_SOON_SECONDS = 5;
/** While the App is off the repository nothing is judged there, for however long; it is looked whether it is back so often. */
const LONGEST_WAIT_SECONDS = 3_600;
/** For so many looks (half a day) it is waited for a policy that can be read. */
const UNREAD_LOOKS = 20;

/**
 * Somebody else wrote into a GitHub deployment's status that it runs, or ran, while we hold it: by the API, anybody who may write to the
 * repository can deploy by whatever listens, or say so. Nobody can tell which, so it is recorded as a bypass, under their name, and reviewed. What
 * we hold stays held: what it says isn't what runs there by our books.
 */
export async function claimDeployment(pipeline: Pipeline, data: unknown): Promise<void> {
  const claim = ClaimJob.parse(data);
  const row = await pipeline.db
    .selectFrom('countersign.deployment')
    .selectAll()
    .where('id', '=', claim.deployment)
    .executeTakeFirst();
  if (row === undefined) return;
  if (row.decision_entry === null) return waitFor(pipeline, claim);
  if (row.state !== 'held' && row.state !== 'rejected') return;
  const assessed = await recordedAssessment(pipeline, row);
  // What no policy names is somebody else's to deploy.
  if (assessed.decision.verdict === 'not_guarded' || assessed.decision.mode === 'observe') return;
  const { decision, reading, facts, source } = assessed;
  // Held since nothing could be read: that says nothing of whether any policy names the environment.
  const unread = facts.unreadable !== undefined && !(await isGuarded(pipeline, row));
  if (unread && claim.looks < UNREAD_LOOKS) return waitFor(pipeline, claim);
  await pipeline.db.transaction().execute(async (tx) => {
    if (await isRecorded(tx, row)) return;
    const { entryId, fresh, message } = await recordBypass(tx, pipeline, row, assessed, {
      how: unread ? 'unread' : 'reported',
      who: claim.by === null ? null : { role: 'reporter', actor: claim.by },
      delivery: claim.delivery,
      answers: row.decision_entry,
    });
    // What it says stands on the commit's check run already.
    if (!fresh) return;
    const said = `GitHub’s deployment says ${claim.state}, and Countersign hasn’t approved it. ${message}`;
    const effects = planOutcome({
      decision,
      explained: explainDecision(decision, reading, facts, source),
      facts,
      request: facts.request,
      entryId,
      repository: repositoryOf(row),
      webUrl: pipeline.webUrl,
      outcome: { outcome: 'failure', deployed: null, message: said },
    });
    await queueEffects(tx, pipeline.queue, effects, pipeline.now());
  });
}

/** One job for each deployment and who says so, however often they do: a later one joins the one that waits. */
export const claimKey = ({ deployment, by }: Pick<ClaimJob, 'deployment' | 'by'>): string =>
  `${deployment}:${by?.id ?? ''}`;

/** Looks again, after twice as long each time. */
async function waitFor({ db, queue }: Pipeline, claim: ClaimJob): Promise<void> {
  const startAfterSeconds = Math.min(JUDGED_SOON_SECONDS * 2 ** claim.looks, LONGEST_WAIT_SECONDS);
  const again = { ...claim, looks: claim.looks + 1 };
  await queue.send(db, 'claim', again, { key: claimKey(claim), startAfterSeconds });
}

/** Whether the policy that was last in force, by the ledger, names the environment, and does more than observe. */
async function isGuarded({ db }: Pipeline, row: StoredDeployment): Promise<boolean> {
  const policy = (await lastReviewedPolicy(db, row.repository_id))?.policy;
  return policy !== undefined && policy.mode === 'enforce' && environmentOf(policy, row.environment) !== null;
}

/** Each further status says the same. */
async function isRecorded(
  db: Parameters<typeof recordBypass>[0],
  { id }: StoredDeployment,
): Promise<boolean> {
  const found = await db
    .selectFrom('countersign.emergency_act')
    .select('entry_id')
    .where('deployment_id', '=', id)
    .where('act', '=', 'bypassed')
    .executeTakeFirst();
  return found !== undefined;
}
