import { sql } from 'kysely';
import { z } from 'zod';
import type { OpenReview } from '../../domain/emergency-facts.ts';
import type { Known } from '../../domain/known.ts';
import { listEntries, type ReadEntry } from '../../ledger/store/read.ts';
import { guarded, parsed, type Reader, sealed } from './read-emergencies.ts';

/*
 * What awaits a review, however much of it there is: whoever may write to a repository can say of any number of commits that they were
 * deployed. So it is read to its end, a page after the other, and never given up for its number.
 */

/** Of one page. */
const PAGE = 500;

/**
 * So many are judged and shown: whatever is overdue is among the first that are due, so what is left out could change no verdict. They
 * move up as others are reviewed.
 */
export const MOST_SHOWN = 100;

const opening = z.object({ deployment: z.string(), dueAt: z.iso.datetime() });

/** Where something went past the gates: anywhere in a repository, or with one commit in one environment. */
export interface ReviewPlace {
  readonly repositoryId: number;
  readonly only?: { readonly environment: string; readonly commit: string };
}

/** What went past the gates anywhere in a repository and that nobody has reviewed: what is due first before the rest, {@link MOST_SHOWN} at most. */
export async function readOpenReviews(
  db: Reader,
  repositoryId: number,
): Promise<Known<readonly OpenReview[]>> {
  return guarded(async () => {
    let found: readonly OpenReview[] = [];
    for await (const page of openEntries(db, { repositoryId })) {
      const reviews: OpenReview[] = [...found];
      for (const entry of page) reviews.push(await openReviewOf(db, entry));
      found = reviews.toSorted(byDue).slice(0, MOST_SHOWN);
    }
    return found;
  });
}

const byDue = (a: OpenReview, b: OpenReview): number =>
  Date.parse(a.dueAt) - Date.parse(b.dueAt) || (a.entry < b.entry ? -1 : 1);

/**
 * Every `emergency.used` and `emergency.bypassed` there without a review, in pages. Whether it was reviewed is read from the bytes of
 * both: a search column that somebody altered hides nothing. Throws `projection_forged`.
 */
export async function* openEntries(db: Reader, place: ReviewPlace): AsyncGenerator<readonly ReadEntry[]> {
  const { repositoryId, only } = place;
  const environment = only?.environment ?? null;
  const commit = only?.commit ?? null;
  let after: string | null = null;
  for (;;) {
    const { rows }: { readonly rows: { id: string }[] } = await sql<{ id: string }>`
      SELECT p.entry_id AS id FROM ledger.projection p JOIN ledger.entry e ON e.id = p.entry_id
      WHERE p.repository_id = ${repositoryId} AND p.kind IN ('emergency.used', 'emergency.bypassed')
        AND (${environment}::text IS NULL OR p.environment = ${environment}::text)
        AND (${commit}::text IS NULL OR p.commit = ${commit}::text) AND (${after}::uuid IS NULL OR p.entry_id > ${after}::uuid)
        AND NOT EXISTS (
          SELECT FROM ledger.projection r JOIN ledger.entry reviewed ON reviewed.id = r.entry_id
          WHERE r.kind = 'emergency.reviewed'
            AND r.answers = CASE p.kind WHEN 'emergency.bypassed' THEN p.entry_id ELSE p.answers END
            AND ledger.content_of(reviewed.canonical) ->> 'kind' = 'emergency.reviewed'
            AND ledger.content_of(reviewed.canonical) ->> 'answers' =
              CASE ledger.content_of(e.canonical) ->> 'kind' WHEN 'emergency.bypassed' THEN e.id::text
                ELSE ledger.content_of(e.canonical) ->> 'answers' END)
      ORDER BY p.entry_id LIMIT ${PAGE}`.execute(db);
    const ids = rows.map(({ id }) => id);
    if (ids.length > 0) yield await listEntries(db, { ids, limit: ids.length });
    if (ids.length < PAGE) return;
    after = ids.at(-1) ?? null;
  }
}

/** What awaits a review, by the `emergency.used` or `emergency.bypassed` that opened it. */
export async function openReviewOf(db: Reader, entry: ReadEntry): Promise<OpenReview> {
  const { content, id } = entry;
  const isBypass = content.kind === 'emergency.bypassed';
  const said = await sealed(db, entry);
  return {
    entry: isBypass ? id : (content.answers ?? id),
    kind: isBypass ? 'bypass' : 'emergency',
    commit: content.commit ?? '',
    environment: content.environment ?? '',
    at: content.occurred,
    // Whoever erases when it is due makes it due at once.
    dueAt: said === null ? content.occurred : parsed(opening, said, entry).dueAt,
  };
}
