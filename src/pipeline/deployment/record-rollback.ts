import type { Transaction } from 'kysely';
import type { Database } from '../../db/database.ts';
import type { DeployOutcome, HostOutcome } from '../../domain/deploy.ts';
import { fullName } from '../../domain/repository.ts';
import { record } from '../../ledger/store/record.ts';
import { listEntries } from '../../ledger/store/read.ts';
import { type StoredDeployment, repositoryOf } from './deployment-row.ts';
import { mayRunThere } from './may-still-run.ts';
import { jsonDocument } from '../documents.ts';
import type { Pipeline } from '../pipeline.ts';

const nameOf = ({ host }: HostOutcome): string => `${host.host}:${host.port}`;

/**
 * Records which hosts were switched back, why, and to what: before the deployment's outcome, in its transaction. A deployment whose
 * outcome was unknown at first is told of more than once; each host is recorded once.
 */
export async function recordRollback(
  tx: Transaction<Database>,
  { newId, random }: Pick<Pipeline, 'newId' | 'random'>,
  row: StoredDeployment,
  { deployed, now }: { readonly deployed: DeployOutcome | null; readonly now: string },
): Promise<void> {
  const back = deployed?.hosts.filter(({ outcome }) => outcome === 'rolled_back') ?? [];
  if (deployed === null || back.length === 0) return;
  const told =
    row.started_entry === null
      ? []
      : await listEntries(tx, { answers: row.started_entry, kinds: ['deployment.rolledback'] });
  const known = new Set(told.flatMap(({ content }) => content.hosts));
  const fresh = back.filter((host) => !known.has(nameOf(host)));
  if (fresh.length === 0) return;
  const repository = repositoryOf(row);
  await record(
    tx,
    {
      kind: 'deployment.rolledback',
      occurredAt: now,
      who: [],
      repository: { id: repository.id, fullName: fullName(repository) },
      commit: row.sha,
      pullRequest: null,
      environment: row.environment,
      hosts: fresh.map(nameOf),
      // Another host may run the release that these were switched back from.
      outcome: deployed.hosts.some(mayRunThere) ? 'partial' : 'complete',
      reasons: [],
      delivery: null,
      answers: row.started_entry,
      documents: [
        jsonDocument('rollback', {
          cancelled: deployed.outcome === 'cancelled',
          why: reasonsOf(deployed),
          hosts: fresh.map((host) => ({
            host: nameOf(host),
            from: host.release,
            to: host.previousRelease,
            files: host.again?.files ?? null,
            at: host.finishedAt,
          })),
        }),
      ],
    },
    { id: newId(), now, random },
  );
}

/** What went wrong first on each host that wasn't merely taken back with the others. */
function reasonsOf({ hosts }: DeployOutcome): readonly object[] {
  return hosts
    .filter(({ failedAt }) => failedAt !== null && failedAt !== 'switch_back')
    .map((host) => ({ host: nameOf(host), failedAt: host.failedAt, message: host.message }));
}
