import type { Kysely, Transaction } from 'kysely';
import type { Database } from '../db/database.ts';
import type { PolicySource } from '../domain/policy-reading.ts';
import { listEntries, readDocument } from '../ledger/read.ts';
import { readingOf } from '../policy/reading-of.ts';
import type { Policy } from '../policy/schema.ts';

/**
 * How a version of the policy came to be in force: the first one that we saw (or the next after one that only observed), one
 * that pull requests approved under the one before brought, or the last reviewed text put back.
 */
export const TRUSTED_OUTCOMES = ['adopted', 'reviewed', 'restored'] as const;

export interface ReviewedPolicy {
  readonly entryId: string;
  readonly source: PolicySource & { readonly commit: string; readonly text: string };
  readonly policy: Policy;
}

/**
 * The policy that was last in force, as the ledger has it: no row that could be changed decides which one that is. Null: none
 * ever was. Throws where the ledger can't give it any more, since then nothing may be judged by a newer one.
 */
export async function lastReviewedPolicy(
  db: Kysely<Database>,
  repositoryId: number,
): Promise<ReviewedPolicy | null> {
  const [entry] = await trusted(db, repositoryId);
  if (entry === undefined) return null;
  const sealed = entry.content.documents.find(({ name }) => name === 'policy');
  const body = sealed === undefined ? null : await readDocument(db, sealed.commitment);
  // The cast: `notePolicy` wrote it, and the commitment holds it.
  const source = body === null ? null : (JSON.parse(body.toString('utf8')) as PolicySource);
  const reading = source === null ? null : readingOf(source);
  if (source === null || source.commit === null || source.text === null || reading?.kind !== 'valid') {
    throw new Error(
      `the policy last in force (ledger entry ${entry.id}) can't be read from the ledger any more: was its document erased?`,
    );
  }
  return {
    entryId: entry.id,
    source: { ...source, commit: source.commit, text: source.text },
    policy: reading.policy,
  };
}

/** Only the id of {@link lastReviewedPolicy}'s entry. */
export async function lastReviewedEntry(
  tx: Transaction<Database>,
  repositoryId: number,
): Promise<string | null> {
  const [entry] = await trusted(tx, repositoryId);
  return entry?.id ?? null;
}

const trusted = (db: Kysely<Database>, repositoryId: number) =>
  listEntries(db, { repositoryId, kinds: ['policy.changed'], outcomes: TRUSTED_OUTCOMES, limit: 1 });
