import { sql, type Transaction } from 'kysely';
import type { Database } from '../../db/database.ts';
import type { Actor } from '../../domain/actor.ts';
import type { DeploymentFacts } from '../../domain/deployment-facts.ts';
import type { OpenReview } from '../../domain/emergency-facts.ts';
import type { ReadEntry } from '../../ledger/store/read.ts';
import type { StoredDeployment } from '../deployment/deployment-row.ts';
import { madeBy, makersOf } from './read-emergencies.ts';
import { openEntries, openReviewOf } from './read-open-reviews.ts';

/** A bypass as `recordBypass` would record it. */
export interface WantedBypass {
  readonly how: string;
  readonly people: readonly Actor[];
  readonly facts: DeploymentFacts;
}

/**
 * The bypass of this commit in this environment that awaits its review already, if that review covers this one too: it came about in
 * the same way, and nobody has a part in this one who could review the other. A script that says the same again and again is then
 * recorded once. Locks the place until the transaction ends, so that of two at one moment the second finds the first.
 */
export async function findSameBypass(
  tx: Transaction<Database>,
  { repository_id: repositoryId, environment, sha: commit }: StoredDeployment,
  wanted: WantedBypass,
): Promise<OpenReview | null> {
  const lock = `bypass:${repositoryId}:${environment}:${commit}`;
  await sql`SELECT pg_advisory_xact_lock(hashtextextended(${lock}, 0))`.execute(tx);
  for await (const page of openEntries(tx, { repositoryId, only: { environment, commit } })) {
    for (const entry of page) if (await covers(tx, entry, wanted)) return openReviewOf(tx, entry);
  }
  return null;
}

async function covers(
  tx: Transaction<Database>,
  entry: ReadEntry,
  { how, people, facts }: WantedBypass,
): Promise<boolean> {
  const { kind, outcome } = entry.content;
  if (kind !== 'emergency.bypassed' || outcome !== how) return false;
  // By id: whose name was erased can't review it under another.
  const named = new Set(entry.people.flatMap(({ actor }) => (actor === null ? [] : [actor.id])));
  if (!people.every(({ id }) => named.has(id))) return false;
  const makers = makersOf(facts);
  if (!makers.known) return true;
  const before = await madeBy(tx, entry);
  return before.known && makers.value.every((id) => before.value.includes(id));
}
