import type { Transaction } from 'kysely';
import type { Database } from '../../db/database.ts';
import { cancelKey, planCancelButton } from '../../effects/plan-cancel.ts';
import { type StoredDeployment, repositoryOf, requestOf } from './deployment-row.ts';
import { holdRunning } from './hold-running.ts';
import type { Pipeline } from '../pipeline.ts';
import { queueEffects } from '../queue-effects.ts';

/** What is over sooner needs no button, and no requests to GitHub for one. */
const OFFERED_AFTER_MILLISECONDS = 10_000;

type Needs = Pick<Pipeline, 'db' | 'queue' | 'now' | 'webUrl'>;

/** Shows the button that cancels a running deployment once that has gone on for a while; what it answers stops that. */
export function offerCancelSoon(pipeline: Needs & Pick<Pipeline, 'log'>, row: StoredDeployment): () => void {
  const waiting = setTimeout(() => {
    offerCancel(pipeline, row).catch((error: unknown) => {
      pipeline.log.warn(
        { err: error, deployment: row.id },
        'the button that cancels it could not be offered',
      );
    });
  }, OFFERED_AFTER_MILLISECONDS);
  return () => clearTimeout(waiting);
}

/** Again after a crash: it is the same effect. */
async function offerCancel(pipeline: Needs, row: StoredDeployment): Promise<void> {
  const { started_entry: entryId } = row;
  if (entryId === null) return;
  await pipeline.db.transaction().execute(async (tx) => {
    if (!(await holdRunning(tx, row))) return;
    await queueEffects(
      tx,
      pipeline.queue,
      [buttonOf(pipeline, row, { entryId, ended: false })],
      pipeline.now(),
    );
  });
}

/** Takes the button away once the deployment has ended, where there is one. In the transaction of its end. */
export async function withdrawCancel(
  tx: Transaction<Database>,
  pipeline: Needs,
  row: StoredDeployment,
  finishedEntry: string,
): Promise<void> {
  if (row.started_entry === null) return;
  const offered = await tx
    .selectFrom('countersign.effect')
    .select('key')
    .where('key', '=', cancelKey(row.started_entry))
    .executeTakeFirst();
  if (offered === undefined) return;
  const button = buttonOf(pipeline, row, { entryId: finishedEntry, ended: true });
  await queueEffects(tx, pipeline.queue, [button], pipeline.now());
}

const buttonOf = (
  { webUrl }: Pick<Pipeline, 'webUrl'>,
  row: StoredDeployment,
  state: { readonly entryId: string; readonly ended: boolean },
) => planCancelButton({ request: requestOf(row), repository: repositoryOf(row), webUrl, ...state });
