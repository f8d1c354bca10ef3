import type { Kysely } from 'kysely';
import { z } from 'zod';
import type { Database } from '../../db/database.ts';
import { DEPLOY_STEPS } from '../../deploy/plan.ts';
import { readDocument, readEntry } from '../../ledger/store/read.ts';
import type { StoredDeployment } from './deployment-row.ts';

const Hosts = z.array(
  z.object({ outcome: z.string(), failedAt: z.string().nullable(), switched: z.boolean().optional() }),
);
const BEFORE_SWITCH: ReadonlySet<string> = new Set<string>(
  DEPLOY_STEPS.slice(0, DEPLOY_STEPS.indexOf('switch')),
);

/**
 * Whether a deployment that failed may have left its commit running: on a host that a target leaves as it is after a failure (`stop`,
 * `roll_back_failed`) or that couldn't be switched back; or by a workflow, of which nobody here sees how far it came. So it is also where
 * the record of its hosts was erased. By its entries, which its row was found to agree with.
 */
export async function mayStillRun(
  db: Kysely<Database>,
  { started_entry: started, finished_entry: finished }: StoredDeployment,
): Promise<boolean> {
  const start = started === null ? null : await readEntry(db, started);
  const end = finished === null ? null : await readEntry(db, finished);
  if (start?.content.outcome !== 'by_ssh' || end === null) return true;
  const sealed = end.content.documents.find(({ name }) => name === 'hosts');
  // It ended before any host was spoken to, or all of them were asked and ran something else; or those that it names can't be asked.
  if (sealed === undefined) return end.content.hosts.length > 0;
  const body = await readDocument(db, sealed.commitment);
  if (body === null) return true;
  return Hosts.parse(JSON.parse(body.toString('utf8'))).some(mayRunThere);
}

/** Whether a host that a deployment ended like this on runs its release, or may. */
export function mayRunThere({
  outcome,
  failedAt,
  switched,
}: {
  readonly outcome: string;
  readonly failedAt: string | null;
  readonly switched?: boolean | undefined;
}): boolean {
  if (outcome === 'success' || outcome === 'unknown') return true;
  if (switched !== undefined) return switched;
  // By an earlier version, which didn't say whether a failed switch was seen to have changed nothing.
  return outcome === 'failure' && (failedAt === null || !BEFORE_SWITCH.has(failedAt));
}
