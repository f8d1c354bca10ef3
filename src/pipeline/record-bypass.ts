import type { Transaction } from 'kysely';
import type { Database } from '../db/database.ts';
import type { Actor } from '../domain/actor.ts';
import type { Role } from '../domain/entry.ts';
import { fullName } from '../domain/repository.ts';
import { howToReview } from '../effects/plan-emergency.ts';
import { record } from '../ledger/record.ts';
import type { AssessedDeployment } from './assess-deployment.ts';
import { type StoredDeployment, repositoryOf } from './deployment-row.ts';
import { jsonDocument } from './documents.ts';
import { noteAct } from './emergency-acts.ts';
import type { Pipeline } from './pipeline.ts';
import { EMERGENCY_DOCUMENT } from './read-emergencies.ts';
import { sendAt } from './record-emergency.ts';
import { reviewDue } from './review-due.ts';

export interface Bypass {
  /** `job`: a job of Actions runs, or ran. `reported`: somebody wrote so into the deployment's status. */
  readonly how: 'job' | 'reported';
  /** Whom GitHub names with it: of a job whoever asked for it, since it doesn't say who let it through. */
  readonly who: { readonly role: Role; readonly actor: Actor } | null;
  readonly delivery: string | null;
  /** The start that it is, or the decision that it went past. */
  readonly answers: string | null;
}

/**
 * Records that a deployment went past us, which opens a review as the use of an emergency does. Answers what people are told of it.
 * Throws `facts_moved` where it was recorded already.
 */
export async function recordBypass(
  tx: Transaction<Database>,
  pipeline: Pick<Pipeline, 'queue' | 'now' | 'newId' | 'random'>,
  row: StoredDeployment,
  { reading, facts }: Pick<AssessedDeployment, 'reading' | 'facts'>,
  { how, who, delivery, answers }: Bypass,
): Promise<{ readonly entryId: string; readonly message: string }> {
  const now = pipeline.now();
  const id = pipeline.newId();
  const repository = repositoryOf(row);
  const { dueAt } = reviewDue(reading, row.environment, now);
  await noteAct(tx, { emergency: id, act: 'bypassed', entryId: id, deployment: row.id });
  const { entryId } = await record(
    tx,
    {
      kind: 'emergency.bypassed',
      occurredAt: now,
      who: tookPart(who, facts.request.requester),
      repository: { id: repository.id, fullName: fullName(repository) },
      commit: row.sha,
      pullRequest: null,
      environment: row.environment,
      hosts: [],
      outcome: how,
      reasons: [],
      delivery,
      answers,
      documents: [
        jsonDocument(EMERGENCY_DOCUMENT, { deployment: row.id, dueAt }),
        jsonDocument('facts', facts),
      ],
    },
    { id, now, random: pipeline.random },
  );
  await sendAt(tx, pipeline, { due: 'review', entry: entryId, repository }, dueAt);
  return { entryId, message: reviewAsked(entryId, dueAt) };
}

/** Whoever GitHub names with it, and whoever asked for the deployment: neither of them reviews it. */
function tookPart(who: Bypass['who'], requester: Actor | null): NonNullable<Bypass['who']>[] {
  const asked = requester === null || requester.id === who?.actor.id ? [] : [requester];
  return [...(who === null ? [] : [who]), ...asked.map((actor) => ({ role: 'requester', actor }) as const)];
}

/** Plain text. */
export const reviewAsked = (entry: string, dueAt: string): string =>
  `Until ${dueAt.slice(0, 16).replace('T', ' ')} UTC somebody who took no part has to review it, on any pull request: ${howToReview(entry)}`;
