/** The columns of `ledger.projection`: what people search by. Always derived from an entry's bytes, and never trusted. */
import type { EntryContent } from './entry.ts';
import { timeText } from './time-text.ts';

export interface Projection {
  readonly kind: string;
  readonly repository_id: number | null;
  readonly environment: string | null;
  readonly commit: string | null;
  readonly pull_request: number | null;
  readonly outcome: string;
  readonly occurred_at: Date;
  readonly recorded_at: Date;
  readonly delivery: string | null;
  readonly answers: string | null;
}

export function projectionOf(content: EntryContent): Projection {
  return {
    kind: content.kind,
    repository_id: content.repository === undefined ? null : Number(content.repository.id),
    environment: content.environment ?? null,
    commit: content.commit ?? null,
    pull_request: content.pullRequest ?? null,
    outcome: content.outcome,
    occurred_at: new Date(content.occurred),
    recorded_at: new Date(content.recorded),
    delivery: content.delivery ?? null,
    answers: content.answers ?? null,
  };
}

/** The names of the columns that don't say what the bytes say. */
export function projectionDifferences(stored: Projection, derived: Projection): string[] {
  const columns = Object.keys(derived) as (keyof Projection)[];
  return columns.filter((column) => plain(stored[column]) !== plain(derived[column]));
}

function plain(value: Date | string | number | null): string | number | null {
  // What is no time to us isn't the one in the bytes either.
  if (value instanceof Date) return timeText(value) ?? 'no time';
  return value;
}
