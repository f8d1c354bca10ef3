import type { Kysely } from 'kysely';
import type { Database } from '../../db/database.ts';
import type { ChangeFacts } from '../../domain/change-facts.ts';
import { type AtMerge, atMerge } from '../../facts/at-merge.ts';
import { listEntries, readDocument } from '../../ledger/store/read.ts';

/**
 * What can't have become another since a pull request's merge was recorded, from that entry's own facts; null where there is none,
 * or where its document was erased since: then GitHub is asked once more.
 */
export async function recordedAtMerge(
  db: Kysely<Database>,
  repositoryId: number,
  { number, sha }: { readonly number: number; readonly sha: string },
): Promise<AtMerge | null> {
  const filter = {
    repositoryId,
    kinds: ['change.merged'],
    pullRequest: number,
    commit: sha,
    limit: 1,
  } as const;
  const [entry] = await listEntries(db, filter);
  const sealed = entry?.content.documents.find(({ name }) => name === 'facts');
  const body = sealed === undefined ? null : await readDocument(db, sealed.commitment);
  // The cast: `recordMerge` wrote it, and the commitment holds it.
  return body === null ? null : atMerge(JSON.parse(body.toString('utf8')) as ChangeFacts);
}
