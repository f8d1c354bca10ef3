import type { Transaction } from 'kysely';
import type { Database } from '../../db/database.ts';
import type { Actor } from '../../domain/actor.ts';
import type { CommandAct } from '../../domain/command-answer.ts';
import { CodedError } from '../../domain/coded-error.ts';
import { fullName, type RepositoryRef } from '../../domain/repository.ts';
import { record } from '../../ledger/store/record.ts';
import { jsonDocument } from '../documents.ts';
import { holdEmergency, noteAct } from './emergency-acts.ts';
import type { EmergencyJob } from '../jobs.ts';
import { judgeWaiting } from '../deployment/judge-waiting.ts';
import type { Pipeline } from '../pipeline.ts';
import { EMERGENCY_DOCUMENT } from './read-emergencies.ts';
import { requestDeployment } from '../deployment/request-deployment.ts';

type Surroundings = Pick<Pipeline, 'queue' | 'now' | 'newId' | 'random' | 'targetOf'>;
type Act<Kind extends CommandAct['kind']> = Extract<CommandAct, { kind: Kind }>;

/** The comment that it was written in. */
interface Commented {
  readonly repository: RepositoryRef;
  readonly number: number;
  readonly by: Actor;
  readonly delivery: string;
  /** The command's own entry. */
  readonly answers: string;
}

/**
 * An emergency from now until its end, which a job waits for that survives us. It lifts nothing yet. Answers its entry's id, by which it
 * goes from here on.
 */
export async function declareEmergency(
  tx: Transaction<Database>,
  surroundings: Surroundings,
  { environment, sha, ref, why, incident, expiresAt }: Act<'declare'>,
  commented: Commented,
): Promise<string> {
  const { repository, number, by, delivery, answers } = commented;
  const now = surroundings.now();
  const { entryId } = await record(
    tx,
    {
      kind: 'emergency.declared',
      occurredAt: now,
      who: [{ role: 'requester', actor: by }],
      repository: { id: repository.id, fullName: fullName(repository) },
      commit: sha,
      pullRequest: number,
      environment,
      hosts: [],
      outcome: 'declared',
      reasons: [],
      delivery,
      answers,
      documents: [jsonDocument(EMERGENCY_DOCUMENT, { why, incident, expiresAt, ref })],
    },
    { id: surroundings.newId(), now, random: surroundings.random },
  );
  await sendAt(tx, surroundings, { due: 'expiry', entry: entryId, repository }, expiresAt);
  await judgeWaiting(tx, surroundings.queue, { repositoryId: repository.id, environment, sha, delivery });
  return entryId;
}

/**
 * The second person's yes. Where we deploy, the deployment is asked for at once, in the name of whoever declared it; what waits for the
 * commit there already is judged again, and whichever of them is approved first uses it up. Answers whether one was asked for.
 */
export async function confirmEmergency(
  tx: Transaction<Database>,
  surroundings: Surroundings,
  { environment, sha, ref, emergency, declaredBy }: Act<'confirm'>,
  { repository, number, by, delivery }: Commented,
): Promise<boolean> {
  const acts = await holdEmergency(tx, emergency);
  if (acts.has('expired') || acts.has('used')) {
    throw new CodedError(
      'facts_moved',
      `emergency ${emergency} ended while its confirmation was judged: it is judged again in a moment`,
    );
  }
  const now = surroundings.now();
  const id = surroundings.newId();
  await noteAct(tx, { emergency, act: 'confirmed', entryId: id });
  const { entryId } = await record(
    tx,
    {
      kind: 'emergency.confirmed',
      occurredAt: now,
      who: [{ role: 'approver', actor: by }],
      repository: { id: repository.id, fullName: fullName(repository) },
      commit: sha,
      pullRequest: number,
      environment,
      hosts: [],
      outcome: 'confirmed',
      reasons: [],
      delivery,
      answers: emergency,
      documents: [],
    },
    { id, now, random: surroundings.random },
  );
  await judgeWaiting(tx, surroundings.queue, { repositoryId: repository.id, environment, sha, delivery });
  if (surroundings.targetOf(repository, environment) === null) return false;
  await requestDeployment(tx, surroundings, {
    repository,
    source: 'emergency',
    environment,
    ref,
    sha,
    requester: declaredBy,
    githubDeploymentId: null,
    runId: null,
    answers: entryId,
    delivery,
  });
  return true;
}

/** Closes an emergency or a bypass, and lets go what waited for that. */
export async function reviewEmergency(
  tx: Transaction<Database>,
  surroundings: Surroundings,
  { environment, emergency, sha, verdict, why }: Act<'review'>,
  { repository, number, by, delivery }: Commented,
): Promise<void> {
  await holdEmergency(tx, emergency);
  const now = surroundings.now();
  const id = surroundings.newId();
  await noteAct(tx, { emergency, act: 'reviewed', entryId: id });
  await record(
    tx,
    {
      kind: 'emergency.reviewed',
      occurredAt: now,
      who: [{ role: 'reviewer', actor: by }],
      repository: { id: repository.id, fullName: fullName(repository) },
      commit: sha,
      pullRequest: number,
      environment,
      hosts: [],
      outcome: verdict,
      reasons: [],
      delivery,
      answers: emergency,
      documents: [jsonDocument('review', { why })],
    },
    { id, now, random: surroundings.random },
  );
  await judgeWaiting(tx, surroundings.queue, {
    repositoryId: repository.id,
    environment: null,
    sha: null,
    delivery,
  });
}

/** What is due at a moment is done by a job that waits in the database. If its clock is ahead of ours, the job waits for the rest. */
export async function sendAt(
  tx: Parameters<Pipeline['queue']['send']>[0],
  { queue, now }: Pick<Pipeline, 'queue' | 'now'>,
  job: EmergencyJob,
  at: string,
): Promise<void> {
  const seconds = Math.max(Math.ceil((Date.parse(at) - Date.parse(now())) / 1000), 1);
  await queue.send(tx, 'emergency', job, { startAfterSeconds: seconds });
}
