import { type Selectable, sql, type Transaction } from 'kysely';
import type { Database } from '../../db/database.ts';
import type { OperationTables } from '../../db/operation-tables.ts';
import type { Verdict } from '../../domain/decision.ts';
import type { RepositoryRef } from '../../domain/repository.ts';
import type { Queue } from '../../db/queue.ts';
import { STRICTNESS } from '../../policy/strictest.ts';

export interface JudgedHead {
  readonly repository: RepositoryRef;
  readonly number: number;
  readonly headSha: string;
  readonly baseRef: string;
  readonly verdict: Verdict | 'closed';
}

/**
 * Notes how a pull request stands and answers whether its check run is the one to show on its head commit. A commit has one
 * check run of a name, and GitHub takes it for every pull request with that head: an approval (or "not guarded") of one must
 * not open the branch that another is held for. When one's standing changes, the others with its head are looked at again.
 *
 * A merge group's commit is anybody's to open a pull request of. One into the same branch leaves the group's check run alone, or whoever
 * opens it could throw the group out of the queue: it can land by that queue only, which judges it in a group of its own. One into any
 * other branch could be merged on the group's approval, so while that is held the group is not approved; whoever may, closes it.
 */
export async function isShownOnHead(
  tx: Transaction<Database>,
  queue: Queue,
  judged: JudgedHead,
  delivery: string | null,
): Promise<boolean> {
  const { repository, number, headSha, baseRef, verdict } = judged;
  await lockHeads(tx, repository);
  const before = await tx
    .selectFrom('countersign.judged_change')
    .select(['head_sha', 'base_ref', 'verdict'])
    .where('repository_id', '=', repository.id)
    .where('pull_request', '=', number)
    .executeTakeFirst();
  const value = { head_sha: headSha, base_ref: baseRef, verdict };
  await tx
    .insertInto('countersign.judged_change')
    .values({ repository_id: repository.id, pull_request: number, ...value })
    .onConflict((conflict) => conflict.columns(['repository_id', 'pull_request']).doUpdateSet(value))
    .execute();

  const changed =
    before === undefined ||
    before.head_sha !== headSha ||
    before.base_ref !== baseRef ||
    before.verdict !== verdict;
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
  const group = await openGroupOn(tx, repository, headSha);
  // Its check run names the others that have its head, and waits for some of them.
  if (changed && group !== undefined) {
    const job = { repository, headSha, delivery };
    await queue.send(tx, 'merge_group', job, { key: `${repository.id}:${headSha}` });
  }
  if (verdict === 'closed') return false;
  if (group !== undefined && landsByQueueOf(group, { number, baseRef })) return false;
  // A merge group's check run is the same one: what the queue waits for must not be opened by a pull request with that head.
  if (opens(verdict) && group !== undefined && (await isHeld(tx, repository, headSha))) return false;
  return others
    .filter((other) => other.head_sha === headSha)
    .every((other) =>
      goesBefore({ number, verdict }, { number: other.pull_request, verdict: other.verdict }),
    );
}

/** What else has a merge group's commit as its head: numbers of pull requests, in their order. */
export interface SharedHead {
  /** Held, and it could be merged on the group's approval: nothing finished stands there then, and the queue takes the group out. */
  readonly blocking: readonly number[];
  /** Held, and it can land by the group's own queue only, which judges it for itself. */
  readonly beside: readonly number[];
}

/** Whether a merge group's approval may be shown on its head, since GitHub takes the one check run for every pull request of that head. */
export async function sharedHead(
  tx: Transaction<Database>,
  repository: RepositoryRef,
  headSha: string,
): Promise<SharedHead> {
  await lockHeads(tx, repository);
  const group = await openGroupOn(tx, repository, headSha);
  const others = await tx
    .selectFrom('countersign.judged_change')
    .select(['pull_request as number', 'base_ref as baseRef', 'verdict'])
    .where('repository_id', '=', repository.id)
    .where('head_sha', '=', headSha)
    .orderBy('pull_request')
    .execute();
  const held = others.filter(({ verdict }) => verdict !== 'closed' && !opens(verdict));
  const isBeside = (other: (typeof held)[number]) => group !== undefined && landsByQueueOf(group, other);
  return {
    blocking: held.filter((other) => !isBeside(other)).map(({ number }) => number),
    beside: held.filter(isBeside).map(({ number }) => number),
  };
}

/** Of a group that is over: its pull requests' own verdicts are what stands on that commit from here on. */
export async function giveHeadBack(
  tx: Transaction<Database>,
  queue: Queue,
  repository: RepositoryRef,
  { headSha, delivery }: { readonly headSha: string; readonly delivery: string | null },
): Promise<void> {
  const others = await tx
    .selectFrom('countersign.judged_change')
    .select('pull_request as number')
    .where('repository_id', '=', repository.id)
    .where('head_sha', '=', headSha)
    .where('verdict', '!=', 'closed')
    .execute();
  for (const { number } of others)
    await queue.send(tx, 'change', { repository, number, delivery }, { key: `${repository.id}:${number}` });
}

type OpenGroup = Pick<
  Selectable<OperationTables['countersign.merge_group']>,
  'base_ref' | 'pull_request' | 'pull_requests'
>;

/** Not one of the group's own, whose hold is the group's too. */
function landsByQueueOf(
  group: OpenGroup,
  { number, baseRef }: { readonly number: number; readonly baseRef: string | null },
): boolean {
  const own = group.pull_request === number || group.pull_requests.includes(number);
  return !own && group.base_ref === baseRef;
}

const opens = (verdict: Verdict): boolean => verdict === 'approved' || verdict === 'not_guarded';

/** One at a time in a repository: what is shown on a head depends on all that share it. */
async function lockHeads(tx: Transaction<Database>, { id }: RepositoryRef): Promise<void> {
  await sql`SELECT pg_advisory_xact_lock(hashtextextended(${`head:${id}`}, 0))`.execute(tx);
}

const openGroupOn = (
  tx: Transaction<Database>,
  repository: RepositoryRef,
  headSha: string,
): Promise<OpenGroup | undefined> =>
  tx
    .selectFrom('countersign.merge_group')
    .select(['base_ref', 'pull_request', 'pull_requests'])
    .where('repository_id', '=', repository.id)
    .where('head_sha', '=', headSha)
    .where('state', '=', 'open')
    .executeTakeFirst();

async function isHeld(
  tx: Transaction<Database>,
  repository: RepositoryRef,
  headSha: string,
): Promise<boolean> {
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
