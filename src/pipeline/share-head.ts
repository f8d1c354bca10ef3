import { sql, type Transaction } from 'kysely';
import type { Database } from '../db/database.ts';
import type { Verdict } from '../domain/decision.ts';
import type { RepositoryRef } from '../domain/repository.ts';
import type { Queue } from '../db/queue.ts';
import { STRICTNESS } from '../policy/strictest.ts';

export interface JudgedHead {
  readonly repository: RepositoryRef;
  readonly number: number;
  readonly headSha: string;
  readonly verdict: Verdict | 'closed';
}

/**
 * Notes how a pull request stands and answers whether its check run is the one to show on its head commit. A commit has one
 * check run of a name, and GitHub takes it for every pull request with that head: an approval (or "not guarded") of one must
 * not open the branch that another is held for. When one's standing changes, the others with its head are looked at again.
 */
export async function isShownOnHead(
  tx: Transaction<Database>,
  queue: Queue,
  judged: JudgedHead,
  delivery: string | null,
): Promise<boolean> {
  const { repository, number, headSha, verdict } = judged;
  await lockHeads(tx, repository);
  const before = await tx
    .selectFrom('countersign.judged_change')
    .select(['head_sha', 'verdict'])
    .where('repository_id', '=', repository.id)
    .where('pull_request', '=', number)
    .executeTakeFirst();
  const value = { head_sha: headSha, verdict };
  await tx
    .insertInto('countersign.judged_change')
    .values({ repository_id: repository.id, pull_request: number, ...value })
    .onConflict((conflict) => conflict.columns(['repository_id', 'pull_request']).doUpdateSet(value))
    .execute();

  const changed = before === undefined || before.head_sha !== headSha || before.verdict !== verdict;
  const others = await tx
    .selectFrom('countersign.judged_change')
    .select(['pull_request', 'head_sha', 'verdict'])
    .where('repository_id', '=', repository.id)
    .where('head_sha', 'in', before === undefined ? [headSha] : [headSha, before.head_sha])
    .where('pull_request', '!=', number)
    .where('verdict', '!=', 'closed')
    .execute();
  if (changed) {
    for (const other of others) {
      const job = { repository, number: other.pull_request, delivery };
      await queue.send(tx, 'change', job, { key: `${repository.id}:${other.pull_request}` });
    }
  }
  if (verdict === 'closed') return false;
  // A merge group's check run is the same one: what the queue waits for must not be opened by a pull request with that head.
  if (opens(verdict) && (await hasHeldGroup(tx, repository, headSha))) return false;
  return others
    .filter((other) => other.head_sha === headSha)
    .every((other) =>
      goesBefore({ number, verdict }, { number: other.pull_request, verdict: other.verdict }),
    );
}

/**
 * Whether a merge group's approval may be shown on its head: not while a pull request with that very head is held, since GitHub takes
 * the one check run for both. Nothing finished stands there then, and the queue takes the group out.
 */
export async function mayOpenHead(
  tx: Transaction<Database>,
  repository: RepositoryRef,
  headSha: string,
): Promise<boolean> {
  await lockHeads(tx, repository);
  const others = await tx
    .selectFrom('countersign.judged_change')
    .select('verdict')
    .where('repository_id', '=', repository.id)
    .where('head_sha', '=', headSha)
    .execute();
  return others.every(({ verdict }) => verdict === 'closed' || opens(verdict));
}

const opens = (verdict: Verdict): boolean => verdict === 'approved' || verdict === 'not_guarded';

/** One at a time in a repository: what is shown on a head depends on all that share it. */
async function lockHeads(tx: Transaction<Database>, { id }: RepositoryRef): Promise<void> {
  await sql`SELECT pg_advisory_xact_lock(hashtextextended(${`head:${id}`}, 0))`.execute(tx);
}

async function hasHeldGroup(
  tx: Transaction<Database>,
  repository: RepositoryRef,
  headSha: string,
): Promise<boolean> {
  const group = await tx
    .selectFrom('countersign.merge_group')
    .select('state')
    .where('repository_id', '=', repository.id)
    .where('head_sha', '=', headSha)
    .where('state', '=', 'open')
    .executeTakeFirst();
  if (group === undefined) return false;
  const decided = await tx
    .selectFrom('countersign.last_decision')
    .select('verdict')
    .where('subject', '=', groupSubject(repository, headSha))
    .executeTakeFirst();
  return decided === undefined || !['approved', 'not_guarded'].includes(decided.verdict);
}

/** What a merge group's decisions are recorded under. */
export const groupSubject = ({ id }: RepositoryRef, headSha: string): string =>
  `merge_group:${id}:${headSha}`;

function goesBefore(a: Standing, b: Standing): boolean {
  const [strictA, strictB] = [strictness(a.verdict), strictness(b.verdict)];
  return strictA === strictB ? a.number < b.number : strictA < strictB;
}

interface Standing {
  readonly number: number;
  readonly verdict: Verdict | 'closed';
}

const strictness = (verdict: Verdict | 'closed'): number =>
  verdict === 'closed' ? STRICTNESS.length : STRICTNESS.indexOf(verdict);
