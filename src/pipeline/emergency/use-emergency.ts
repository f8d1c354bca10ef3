import type { Transaction } from 'kysely';
import type { Database } from '../../db/database.ts';
import { CodedError } from '../../domain/coded-error.ts';
import { mayProceed } from '../../domain/decision.ts';
import { fullName } from '../../domain/repository.ts';
import { planNotice } from '../../effects/plan-emergency.ts';
import { record } from '../../ledger/store/record.ts';
import type { AssessedDeployment } from '../deployment/assess-deployment.ts';
import { type StoredDeployment, repositoryOf } from '../deployment/deployment-row.ts';
import { jsonDocument } from '../documents.ts';
import { holdEmergency, noteAct } from './emergency-acts.ts';
import type { Pipeline } from '../pipeline.ts';
import { queueEffects } from '../queue-effects.ts';
import { EMERGENCY_DOCUMENT } from './read-emergencies.ts';
import { sendAt } from './record-emergency.ts';
import { reviewDue } from './review-due.ts';

/**
 * Where an approval rests on an emergency, takes that for this deployment: in the transaction of the approval, so that there is none
 * without it. Of two deployments that were judged at the same moment the second finds it taken and throws `facts_moved`; judged again,
 * it is held. Taken by this very deployment already (it is judged again and again until it starts), nothing is left to do. The
 * review is due from here on, by a job of the same transaction.
 */
export async function useEmergency(
  tx: Transaction<Database>,
  pipeline: Pipeline,
  row: StoredDeployment,
  assessed: Pick<AssessedDeployment, 'decision' | 'facts' | 'reading'>,
): Promise<void> {
  const { decision, facts, reading } = assessed;
  const emergency = facts.emergency?.known === true ? facts.emergency.value : null;
  // Also where the repository only observes: what it lifts may be the organisation's, which doesn't.
  const lifts = mayProceed(decision) && decision.gates.some(({ outcome }) => outcome === 'lifted');
  const rests = lifts || (decision.verdict === 'approved' && row.source === 'emergency');
  if (!rests) return;
  if (emergency === null)
    throw new Error(`deployment ${row.id} was approved by an emergency that isn't there`);
  const acts = await holdEmergency(tx, emergency.entry);
  if (acts.get('used')?.deployment === row.id) return;
  const now = pipeline.now();
  if (acts.has('expired') || acts.has('used') || Date.parse(now) >= Date.parse(emergency.expiresAt)) {
    throw new CodedError(
      'facts_moved',
      `emergency ${emergency.entry} ended, or was used, while deployment ${row.id} was judged: it is judged again in a moment`,
    );
  }
  const id = pipeline.newId();
  await noteAct(tx, { emergency: emergency.entry, act: 'used', entryId: id, deployment: row.id });
  const repository = repositoryOf(row);
  const { dueAt, asked } = reviewDue(reading, row.environment, now);
  const lifted = decision.gates.flatMap(({ gate, outcome }) => (outcome === 'lifted' ? [gate] : []));
  await record(
    tx,
    {
      kind: 'emergency.used',
      occurredAt: now,
      who: facts.request.requester === null ? [] : [{ role: 'requester', actor: facts.request.requester }],
      repository: { id: repository.id, fullName: fullName(repository) },
      commit: row.sha,
      pullRequest: emergency.pullRequest,
      environment: row.environment,
      hosts: [],
      outcome: 'used',
      reasons: [],
      delivery: null,
      answers: emergency.entry,
      documents: [
        jsonDocument(EMERGENCY_DOCUMENT, { deployment: row.id, dueAt, lifted: [...new Set(lifted)] }),
        // For the review: whoever made a part of this can't give it.
        jsonDocument('facts', facts),
      ],
    },
    { id, now, random: pipeline.random },
  );
  await sendAt(tx, pipeline, { due: 'review', entry: emergency.entry, repository }, dueAt);
  const { environment, sha } = row;
  const effects = planNotice(
    { what: 'used', emergency: emergency.entry, environment, sha, at: dueAt, asked },
    { repository, number: emergency.pullRequest, entryId: id, webUrl: pipeline.webUrl, now },
  );
  await queueEffects(tx, pipeline.queue, effects, now);
}
