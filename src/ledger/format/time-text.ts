/**
 * A time of the database as RFC 3339 in UTC. Null for what isn't one to us: PostgreSQL takes `infinity` and years beyond
 * JavaScript's last, so whoever may insert a row could end every reading of it by a time that nobody can write down.
 */
export function timeText(value: unknown): string | null {
  return value instanceof Date && !Number.isNaN(value.getTime()) ? value.toISOString() : null;
}
