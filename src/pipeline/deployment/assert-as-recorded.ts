import type { Kysely } from 'kysely';
import { z } from 'zod';
import type { Database } from '../../db/database.ts';
import { manifestDigest } from '../../deploy/manifest-digest.ts';
import { CodedError } from '../../domain/coded-error.ts';
import type { ManifestEntry } from '../../domain/deploy.ts';
import { readDocument, readEntry } from '../../ledger/store/read.ts';
import type { StoredDeployment } from './deployment-row.ts';

const Manifest = z.array(
  z.object({
    path: z.string(),
    mode: z.enum(['100644', '100755', '120000']),
    oid: z.string(),
    sha256: z.string(),
    size: z.number(),
  }),
);

/**
 * What was recorded when it was deployed must be what git has; erased, git's is all there is, and that is the commit. Throws
 * `rehearsal_refused` where they differ.
 */
export async function assertAsRecorded(
  db: Kysely<Database>,
  { finished_entry: id, sha }: StoredDeployment,
  now: readonly ManifestEntry[],
): Promise<void> {
  const entry = id === null ? null : await readEntry(db, id);
  const sealed = entry?.content.documents.find(({ name }) => name === 'manifest');
  const body = sealed === undefined ? null : await readDocument(db, sealed.commitment);
  if (body === null) return;
  const recorded = Manifest.parse(JSON.parse(body.toString('utf8')));
  if (manifestDigest(recorded) === manifestDigest(now)) return;
  throw new CodedError(
    'rehearsal_refused',
    `the manifest that entry ${id} has of ${sha.slice(0, 7)} is not the commit's: run \`countersign verify\`.`,
  );
}
