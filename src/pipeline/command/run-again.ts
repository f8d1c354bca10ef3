import type { Transaction } from 'kysely';
import type { Database } from '../../db/database.ts';
import type { RepositoryRef } from '../../domain/repository.ts';
import { isOpenGroup, queueGroups } from '../change/merge-groups.ts';
import type { Pipeline } from '../pipeline.ts';

type Needs = Pick<Pipeline, 'queue'>;

/**
 * "Re-run" on one of our check runs: it is judged again and recorded again, also where the answer is the same, so that whoever
 * pressed sees an answer to the press. What can't be judged any more (a closed change, a deployment that ran, a commit past review) is shown
 * again as it was recorded. Nothing that was recorded is rewritten.
 */
export async function runAgain(
  tx: Transaction<Database>,
  pipeline: Needs,
  asked: { readonly repository: RepositoryRef; readonly externalId: string; readonly checkRunId: number },
  delivery: string,
): Promise<void> {
  const { repository, externalId } = asked;
  const change = /^change:([1-9]\d{0,9})$/.exec(externalId)?.[1];
  if (change !== undefined && (await isOpenChange(tx, repository, Number(change)))) {
    await forget(tx, `change:${repository.id}:${change}`, delivery);
    const job = { repository, number: Number(change), delivery };
    await pipeline.queue.send(tx, 'change', job, { key: `${repository.id}:${change}` });
    return;
  }
  const group = /^merge_group:([0-9a-f]{40})$/.exec(externalId)?.[1];
  if (group !== undefined && (await isOpenGroup(tx, repository, group))) {
    await forget(tx, `merge_group:${repository.id}:${group}`, delivery);
    await queueGroups(tx, pipeline, repository, { delivery, headSha: group });
    return;
  }
  const deployment = /^deployment:([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/.exec(externalId)?.[1];
  if (deployment !== undefined) {
    if (await isWaiting(tx, repository, deployment)) await forget(tx, `deployment:${deployment}`, delivery);
    else await showAgain(tx, pipeline, asked);
    await pipeline.queue.send(tx, 'deployment', { id: deployment, delivery }, { key: deployment });
    return;
  }
  await showAgain(tx, pipeline, asked);
}

/** All of them on one commit: "Re-run all checks" asks for the suite, and names none. */
export async function runAllAgain(
  tx: Transaction<Database>,
  pipeline: Needs,
  { repository, sha }: { readonly repository: RepositoryRef; readonly sha: string },
  delivery: string,
): Promise<void> {
  const shown = await tx
    .selectFrom('countersign.check_run')
    .select(['name', 'remote_id'])
    .where('repository_id', '=', repository.id)
    .where('sha', '=', sha)
    .execute();
  for (const { name, remote_id: checkRunId } of shown) {
    const newest = await newestEffect(tx, `check_run:${repository.id}:${sha}:${name}`);
    if (newest?.effect.kind !== 'check_run') continue;
    const { externalId } = newest.effect.checkRun;
    await runAgain(tx, pipeline, { repository, externalId, checkRunId }, delivery);
  }
}

/** What was decided last is then no reason to record nothing. */
async function forget(tx: Transaction<Database>, subject: string, delivery: string): Promise<void> {
  await tx
    .updateTable('countersign.last_decision')
    .set({ basis: `run again by ${delivery}` })
    .where('subject', '=', subject)
    .execute();
}

async function isOpenChange(
  tx: Transaction<Database>,
  repository: RepositoryRef,
  number: number,
): Promise<boolean> {
  const row = await tx
    .selectFrom('countersign.judged_change')
    .select('verdict')
    .where('repository_id', '=', repository.id)
    .where('pull_request', '=', number)
    .executeTakeFirst();
  return row?.verdict !== 'closed';
}

async function isWaiting(tx: Transaction<Database>, repository: RepositoryRef, id: string): Promise<boolean> {
  const row = await tx
    .selectFrom('countersign.deployment')
    .select('state')
    .where('id', '=', id)
    .where('repository_id', '=', repository.id)
    .executeTakeFirst();
  return row?.state === 'requested' || row?.state === 'held' || row?.state === 'approved';
}

async function showAgain(
  tx: Transaction<Database>,
  { queue }: Needs,
  { repository, checkRunId }: { readonly repository: RepositoryRef; readonly checkRunId: number },
): Promise<void> {
  const shown = await tx
    .selectFrom('countersign.check_run')
    .select(['sha', 'name'])
    .where('repository_id', '=', repository.id)
    .where('remote_id', '=', checkRunId)
    .executeTakeFirst();
  if (shown === undefined) return;
  const ordering = `check_run:${repository.id}:${shown.sha}:${shown.name}`;
  const newest = await newestEffect(tx, ordering);
  if (newest === undefined || newest.state === 'planned') return;
  await tx
    .updateTable('countersign.effect')
    .set({ state: 'planned', error: null, finished_at: null })
    .where('key', '=', newest.key)
    .execute();
  await queue.send(tx, 'effect', { key: newest.key }, { key: ordering });
}

const newestEffect = (tx: Transaction<Database>, ordering: string) =>
  tx
    .selectFrom('countersign.effect')
    .select(['key', 'effect', 'state'])
    .where('ordering_key', '=', ordering)
    .orderBy('sequence', 'desc')
    .limit(1)
    .executeTakeFirst();
