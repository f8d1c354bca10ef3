import type { Kysely } from 'kysely';
import type { Database } from '../../db/database.ts';
import type { HostReadiness } from '../../deploy/enrol-host.ts';
import type { Host, Target } from '../../domain/deploy.ts';
import { record } from '../../ledger/store/record.ts';
import { jsonDocument } from '../documents.ts';
import type { Pipeline } from '../pipeline.ts';

export interface Enrolment {
  readonly target: Pick<Target, 'repository' | 'environment' | 'path'>;
  /** Null where nothing of the repository was ever seen here, and the operator's file doesn't have its id. */
  readonly repositoryId: number | null;
  readonly host: Host;
  readonly readiness: HostReadiness;
  /** What the operator said of it; sealed beside the entry. */
  readonly why: string | null;
}

/** Records that an operator enrolled a host: which key it was found to have, and whether it was ready. Answers the entry's id. */
export async function recordEnrolment(
  { db, now, newId, random }: Pick<Pipeline, 'now' | 'newId' | 'random'> & { readonly db: Kysely<Database> },
  { target, repositoryId, host, readiness, why }: Enrolment,
): Promise<string> {
  const { repository, environment, path } = target;
  const { evidence, problems } = readiness;
  const at = now();
  const { entryId } = await db.transaction().execute((tx) =>
    record(
      tx,
      {
        kind: 'host.enrolled',
        occurredAt: at,
        who: [],
        repository: repositoryId === null ? null : { id: repositoryId, fullName: repository },
        commit: null,
        pullRequest: null,
        environment,
        hosts: [`${host.host}:${host.port}`],
        outcome: problems.length === 0 ? 'ready' : 'not_ready',
        reasons: [],
        delivery: null,
        answers: null,
        documents: [
          jsonDocument('enrolment', { repository, path, user: host.user, evidence, problems, why }),
        ],
      },
      { id: newId(), now: at, random },
    ),
  );
  return entryId;
}
