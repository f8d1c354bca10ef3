import type { Transaction } from 'kysely';
import type { Database } from '../../db/database.ts';
import type { Actor } from '../../domain/actor.ts';
import { CodedError } from '../../domain/coded-error.ts';
import { record } from '../../ledger/store/record.ts';
import { jsonDocument } from '../documents.ts';
import { holdLocks } from './hold-locks.ts';
import { judgeWaiting } from '../deployment/judge-waiting.ts';
import type { Pipeline } from '../pipeline.ts';
import { LOCK_DOCUMENT, readLock } from './read-lock.ts';

type Surroundings = Pick<Pipeline, 'queue' | 'now' | 'newId' | 'random'>;

interface Place {
  readonly repository: { readonly id: number; readonly fullName: string };
  readonly environment: string;
  /** Null: the operator, from the server, whom GitHub doesn't know. */
  readonly by: Actor | null;
  /** `X-GitHub-Delivery` of the comment that asked for it. */
  readonly delivery: string | null;
}

export interface WantedLock extends Place {
  /** What people are told who wait for it. */
  readonly why: string;
  /** What alone may go through; both null: nothing may. */
  readonly pullRequest: number | null;
  readonly commit: string | null;
}

/**
 * Locks an environment: one entry, and whatever waits for the environment is judged again. Whether they may is for the caller to
 * judge, before. A lock that stands already is replaced; the entry answers it. Answers the entry's id.
 */
export async function setLock(
  tx: Transaction<Database>,
  surroundings: Surroundings,
  wanted: WantedLock,
): Promise<string> {
  const { repository, environment, why, pullRequest, commit } = wanted;
  await holdLocks(tx, repository.id, environment);
  const standing = await readLock(tx, repository.id, environment);
  const answers = standing.known && standing.value !== null ? standing.value.entryId : null;
  return note(tx, surroundings, wanted, { kind: 'lock.set', why, answers, pullRequest, commit });
}

/**
 * Removes the lock of an environment, whoever set it; whether they may is for the caller to judge, before. Answers the entry's
 * id, and null where it isn't locked. Throws `lock_unknown` where that can't be told: lock it first, which clears that up.
 */
export async function removeLock(
  tx: Transaction<Database>,
  surroundings: Surroundings,
  { why, ...place }: Place & { readonly why: string | null },
): Promise<string | null> {
  const { repository, environment } = place;
  await holdLocks(tx, repository.id, environment);
  const standing = await readLock(tx, repository.id, environment);
  if (!standing.known) {
    throw new CodedError(
      'lock_unknown',
      `whether ${environment} of ${repository.fullName} is locked can't be told: ${standing.why} Lock it anew, and then unlock it.`,
    );
  }
  if (standing.value === null) return null;
  const { entryId, facts } = standing.value;
  const { pullRequest, commit } = facts;
  return note(tx, surroundings, place, { kind: 'lock.removed', why, answers: entryId, pullRequest, commit });
}

interface Noted {
  readonly kind: 'lock.set' | 'lock.removed';
  readonly why: string | null;
  readonly answers: string | null;
  readonly pullRequest: number | null;
  readonly commit: string | null;
}

async function note(
  tx: Transaction<Database>,
  { queue, now, newId, random }: Surroundings,
  { repository, environment, by, delivery }: Place,
  { kind, why, answers, pullRequest, commit }: Noted,
): Promise<string> {
  const at = now();
  const { entryId } = await record(
    tx,
    {
      kind,
      occurredAt: at,
      who: by === null ? [] : [{ role: 'requester', actor: by }],
      repository,
      commit,
      pullRequest,
      environment,
      hosts: [],
      outcome: kind === 'lock.set' ? 'locked' : 'unlocked',
      reasons: [],
      delivery,
      answers,
      documents: why === null ? [] : [jsonDocument(LOCK_DOCUMENT, { why })],
    },
    { id: newId(), now: at, random },
  );
  await judgeWaiting(tx, queue, { repositoryId: repository.id, environment, sha: null, delivery });
  return entryId;
}
