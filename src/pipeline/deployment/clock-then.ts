import type { Kysely } from 'kysely';
import { z } from 'zod';
import type { Database } from '../../db/database.ts';
import { readDocument, type ReadEntry } from '../../ledger/store/read.ts';

/** How far GitHub's clock was from ours when an entry was written: the sealed document of an end. */
export const CLOCK = 'clock';

const Ahead = z.union([
  z.object({ known: z.literal(true), value: z.number() }),
  z.object({ known: z.literal(false), why: z.string() }),
]);
const Facts = z.object({ githubAhead: Ahead.optional() });

/**
 * When an entry happened by both clocks, as it holds them: of an end by a document of its own, of a start by the facts that it rests on.
 * Where it holds none, both are ours.
 */
export async function clocksThen(
  db: Kysely<Database>,
  { content }: ReadEntry,
): Promise<{ readonly earlier: string; readonly later: string }> {
  const read = async (name: string): Promise<unknown> => {
    const sealed = content.documents.find((each) => each.name === name);
    const body = sealed === undefined ? null : await readDocument(db, sealed.commitment);
    return body === null ? null : JSON.parse(body.toString('utf8'));
  };
  const own = Ahead.safeParse(await read(CLOCK)).data;
  const ahead = own ?? Facts.safeParse(await read('facts')).data?.githubAhead;
  const ours = Date.parse(content.occurred);
  const githubs = ahead?.known === true ? ours + ahead.value : ours;
  return {
    earlier: new Date(Math.min(ours, githubs)).toISOString(),
    later: new Date(Math.max(ours, githubs)).toISOString(),
  };
}
