import { planOutcome } from '../effects/plan-outcome.ts';
import type { StoredDeployment } from './deployment-row.ts';
import { repositoryOf } from './deployment-row.ts';
import { explainDecision } from './explain-decision.ts';
import type { EmergencyJob } from './jobs.ts';
import type { Pipeline } from './pipeline.ts';
import { queueEffects } from './queue-effects.ts';
import { recordBypass } from './record-bypass.ts';
import { recordedAssessment } from './recorded-assessment.ts';

type Claim = Extract<EmergencyJob, { due: 'claim' }>;

/** A deployment that was just asked for is judged in a moment; only then can anybody tell what it went past. */
const JUDGED_SOON_SECONDS = 5;

/**
 * Somebody else wrote into a GitHub deployment's status that it runs, or ran, while we hold it: by the API, anybody who may write to the
 * repository can deploy by whatever listens, or say so. Nobody can tell which, so it is recorded as a bypass, under their name, and reviewed. What
 * we hold stays held: what it says isn't what runs there by our books.
 */
export async function claimDeployment(pipeline: Pipeline, claim: Claim): Promise<void> {
  const row = await pipeline.db
    .selectFrom('countersign.deployment')
    .selectAll()
    .where('id', '=', claim.deployment)
    .executeTakeFirst();
  if (row === undefined) return;
  if (row.decision_entry === null) {
    await pipeline.queue.send(pipeline.db, 'emergency', claim, { startAfterSeconds: JUDGED_SOON_SECONDS });
    return;
  }
  if (row.state !== 'held' && row.state !== 'rejected') return;
  const assessed = await recordedAssessment(pipeline, row);
  // What no policy names is somebody else's to deploy.
  if (assessed.decision.verdict === 'not_guarded' || assessed.decision.mode === 'observe') return;
  const { decision, reading, facts, source } = assessed;
  await pipeline.db.transaction().execute(async (tx) => {
    if (await isRecorded(tx, row)) return;
    const { entryId, message } = await recordBypass(tx, pipeline, row, assessed, {
      how: 'reported',
      who: claim.by === null ? null : { role: 'reporter', actor: claim.by },
      delivery: claim.delivery,
      answers: row.decision_entry,
    });
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
