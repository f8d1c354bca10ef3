/** What must not stand in an entry's bytes, and a search for it. */
import type { Kysely } from 'kysely';
import type { Database } from '../../src/db/database.ts';

/** The bytes of every entry, as text. */
export async function allEntries(db: Kysely<Database>): Promise<string[]> {
  const rows = await db.selectFrom('ledger.entry').select('canonical').orderBy('id').execute();
  return rows.map(({ canonical }) => canonical.toString('utf8'));
}

/**
 * Each of `words` that stands in an entry, with what stands around it. As whole words, since a reference is 43 letters in which three can
 * be anybody's name; none of ours is bounded by a letter, a digit, `-` or `_`.
 */
export function wordsIn(entries: readonly string[], words: readonly string[]): string[] {
  return words.flatMap((word) => {
    const literal = word.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
    const pattern = new RegExp(`.{0,20}(?<![\\p{L}\\p{N}_\\-])${literal}(?![\\p{L}\\p{N}_\\-]).{0,20}`, 'iu');
    return entries.flatMap((entry) => {
      const found = pattern.exec(entry);
      return found === null ? [] : [`${word}: ${found[0]}`];
    });
  });
}
