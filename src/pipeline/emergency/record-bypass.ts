import type { Transaction } from 'kysely';
import type { Database } from '../../db/database.ts';
import type { Actor } from '../../domain/actor.ts';
import type { Role } from '../../domain/entry.ts';
import { fullName } from '../../domain/repository.ts';
import { howToReview } from '../../effects/plan-emergency.ts';
import { record } from '../../ledger/store/record.ts';
import type { AssessedDeployment } from '../deployment/assess-deployment.ts';
import { type StoredDeployment, repositoryOf } from '../deployment/deployment-row.ts';
import { jsonDocument } from '../documents.ts';
import { noteAct } from './emergency-acts.ts';
import type { Pipeline } from '../pipeline.ts';
import { EMERGENCY_DOCUMENT } from './read-emergencies.ts';
import { sendAt } from './record-emergency.ts';
import { reviewDue } from './review-due.ts';
import { findSameBypass } from './same-bypass.ts';

export interface Bypass {
  /**
   * `job`: a job of Actions runs, or ran. `reported`: somebody wrote so into the deployment's status. `unread`: so they did, and nobody can
   * tell whether a policy names the environment, since none could be read for long.
   */
  readonly how: 'job' | 'reported' | 'unread';
  /** Whom GitHub names with it: of a job whoever asked for it, since it doesn't say who let it through. */
  readonly who: { readonly role: Role; readonly actor: Actor } | null;
  readonly delivery: string | null;
  /** The start that it is, or the decision that it went past. */
  readonly answers: string | null;
}

/** What people are told of it. */
export interface RecordedBypass {
  readonly entryId: string;
  /** False: one that awaits its review says the same, so nothing was recorded. */
  readonly fresh: boolean;
  readonly message: string;
}

/**
 * Records that a deployment went past us, which opens a review as the use of an emergency does. Throws `facts_moved` where it was recorded
 * already for this deployment; of one that is the same in another deployment's name (`findSameBypass`) nothing is recorded anew.
 */
export async function recordBypass(
  tx: Transaction<Database>,
  pipeline: Pick<Pipeline, 'queue' | 'now' | 'newId' | 'random'>,
  row: StoredDeployment,
  { reading, facts }: Pick<AssessedDeployment, 'reading' | 'facts'>,
  { how, who, delivery, answers }: Bypass,
): Promise<RecordedBypass> {
  const people = tookPart(who, facts.request.requester);
  const same = await findSameBypass(tx, row, { how, people: people.map(({ actor }) => actor), facts });
  if (same !== null)
    return { entryId: same.entry, fresh: false, message: reviewAsked(same.entry, same.dueAt) };
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
      who: people,
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
  return { entryId, fresh: true, message: reviewAsked(entryId, dueAt) };
}

/** Whoever GitHub names with it, and whoever asked for the deployment: neither of them reviews it. */
function tookPart(who: Bypass['who'], requester: Actor | null): NonNullable<Bypass['who']>[] {
  const asked = requester === null || requester.id === who?.actor.id ? [] : [requester];
  return [...(who === null ? [] : [who]), ...asked.map((actor) => ({ role: 'requester', actor }) as const)];
}

/** Plain text. */
export const reviewAsked = (entry: string, dueAt: string): string =>
  `Until ${dueAt.slice(0, 16).replace('T', ' ')} UTC somebody who took no part has to review it, on any pull request: ${howToReview(entry)}`;
