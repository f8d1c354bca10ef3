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
  await sql`SELECT pg_advisory_xact_lock(hashtextextended(${`head:${repository.id}`}, 0))`.execute(tx);
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
  return others
    .filter((other) => other.head_sha === headSha)
    .every((other) =>
      goesBefore({ number, verdict }, { number: other.pull_request, verdict: other.verdict }),
    );
}

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
