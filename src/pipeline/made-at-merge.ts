import type { Kysely } from 'kysely';
import type { Database } from '../db/database.ts';
import type { ChangeFacts } from '../domain/change-facts.ts';
import type { MadeAnew } from '../facts/made-anew.ts';
import { listEntries, readDocument } from '../ledger/read.ts';

/**
 * What was made anew of a pull request when its merge was recorded, from that entry's own facts; null where nothing was, where
 * it could not be found out then, or where its document was erased since: then it is made once more.
 */
export async function madeAtMerge(
  db: Kysely<Database>,
  repositoryId: number,
  { number, sha }: { readonly number: number; readonly sha: string },
): Promise<MadeAnew | null> {
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
  if (body === null) return null;
  // The cast: `recordMerge` wrote it, and the commitment holds it.
  const { pullRequest, baseMerges = [] } = JSON.parse(body.toString('utf8')) as ChangeFacts;
  const landing = pullRequest.merged?.landing;
  if (landing === undefined || !landing.known) return null;
  const steps = [...baseMerges, ...landing.value.commits].flatMap(({ tree, expected }) => [tree, expected]);
  return steps.every((each) => each.known) ? { baseMerges, landing } : null;
}
