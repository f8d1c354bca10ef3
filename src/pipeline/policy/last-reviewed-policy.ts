import type { Kysely, Transaction } from 'kysely';
import type { Database } from '../../db/database.ts';
import type { PolicySource } from '../../domain/policy-reading.ts';
import type { PolicyChangeFacts } from '../../domain/policy-trust.ts';
import { listEntries, type ReadEntry, readDocument } from '../../ledger/store/read.ts';
import { readingOf } from '../../policy/reading-of.ts';
import type { Policy } from '../../policy/schema.ts';
import type { PolicyVersion } from '../../policy/version-at.ts';

/**
 * How a version of the policy came to be in force: the first one that we saw (or the next after one that only observed), one
 * that pull requests approved under the one before brought, or the last reviewed text put back. `baseline_changed`: the text
 * is the same, and the organisation's baseline beside it is another.
 */
export const TRUSTED_OUTCOMES = ['adopted', 'reviewed', 'restored', 'baseline_changed'] as const;

export interface ReviewedPolicy {
  readonly entryId: string;
  readonly source: PolicySource & { readonly commit: string; readonly text: string };
  readonly policy: Policy;
}

/** More versions than these are not asked which one judged a merge: the oldest of them then stands for all before it. */
const VERSIONS = 50;

/**
 * The policy that was last in force, as the ledger has it: no row that could be changed decides which one that is. Null: none
 * ever was. Throws where the ledger can't give it any more, since then nothing may be judged by a newer one.
 */
export async function lastReviewedPolicy(
  db: Kysely<Database>,
  repositoryId: number,
): Promise<ReviewedPolicy | null> {
  const [entry] = await trusted(db, repositoryId, 1);
  return entry === undefined ? null : reviewed(db, entry);
}

/**
 * Every version that was in force, newest first, each with the moment since which it judged; back to the first that was erased
 * since, for which the one after it then stands, as the oldest does for all before it. Nobody gets an older one so.
 */
export async function policyVersions(
  db: Kysely<Database>,
  repositoryId: number,
): Promise<readonly PolicyVersion[]> {
  const entries = await trusted(db, repositoryId, VERSIONS);
  const versions = await Promise.all(
    entries.map(async (entry, at) => {
      if (at > 0 && (await documentOf(db, entry, 'policy')) === null) return null;
      const { source, policy } = await reviewed(db, entry);
      // The cast: `notePolicy` wrote it, and the commitment holds it.
      const facts = (await documentOf(db, entry, 'policy_change')) as PolicyChangeFacts | null;
      const since = broughtAt(facts) ?? entry.content.occurred;
      return { source, policy, commit: source.commit, since };
    }),
  );
  const until = versions.indexOf(null);
  return versions.slice(0, until === -1 ? versions.length : until).filter((version) => version !== null);
}

/** Only the id of {@link lastReviewedPolicy}'s entry. */
export async function lastReviewedEntry(
  tx: Transaction<Database>,
  repositoryId: number,
): Promise<string | null> {
  const [entry] = await trusted(tx, repositoryId, 1);
  return entry?.id ?? null;
}

const trusted = (db: Kysely<Database>, repositoryId: number, limit: number) =>
  listEntries(db, { repositoryId, kinds: ['policy.changed'], outcomes: TRUSTED_OUTCOMES, limit });

async function reviewed(db: Kysely<Database>, entry: ReadEntry): Promise<ReviewedPolicy> {
  // The cast: `notePolicy` wrote it, and the commitment holds it.
  const source = (await documentOf(db, entry, 'policy')) as PolicySource | null;
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

/** When the pull requests that brought a version were merged, by GitHub's clock: we may have seen it a good while later. */
export function broughtAt(facts: PolicyChangeFacts | null): string | null {
  const moments = (facts?.changes ?? []).flatMap(({ pullRequest }) => pullRequest.merged?.at ?? []);
  return moments.toSorted((a, b) => Date.parse(b) - Date.parse(a))[0] ?? null;
}

async function documentOf(db: Kysely<Database>, { content }: ReadEntry, name: string): Promise<unknown> {
  const sealed = content.documents.find((each) => each.name === name);
  const body = sealed === undefined ? null : await readDocument(db, sealed.commitment);
  return body === null ? null : JSON.parse(body.toString('utf8'));
}
