/** Finds the one person that somebody wants erased. */
import { sql } from 'kysely';
import type { Kysely } from 'kysely';
import type { Database } from '../../db/database.ts';
import { CodedError } from '../../domain/coded-error.ts';
import { readErasures } from './read-erasures.ts';

export interface FoundPerson {
  /** Base64url, as entries have it. */
  readonly reference: string;
  readonly githubId: number;
  /** Every login they were recorded by. */
  readonly logins: readonly string[];
}

/** Longer than any login may be. */
const REFERENCE = /^[A-Za-z0-9_-]{43}$/;

/** By a login (any they had, in any case), GitHub's id, or an entry's reference. Throws `person_unknown` or `person_ambiguous`. */
export async function findPerson(db: Kysely<Database>, who: string): Promise<FoundPerson> {
  const id = /^\d{1,15}$/.test(who) ? Number(who) : null;
  const reference = REFERENCE.test(who) ? Buffer.from(who, 'base64url') : null;
  const { rows } = await sql<{ ref: Buffer; github_id: number; logins: string[] }>`
    SELECT s.ref, s.github_id,
      ARRAY(SELECT l.login FROM ledger.subject_login l WHERE l.subject = s.ref ORDER BY l.login) AS logins
    FROM ledger.subject s
    WHERE s.github_id = ${id} OR s.ref = ${reference}
      OR EXISTS (SELECT FROM ledger.subject_login l WHERE l.subject = s.ref AND lower(l.login) = lower(${who}))
    ORDER BY s.github_id`.execute(db);
  const [found, another] = rows;
  if (found === undefined) throw await unknown(db, who);
  if (another !== undefined) {
    throw new CodedError(
      'person_ambiguous',
      `${who} stands for ${rows.length} people, with the GitHub ids ${rows.map((row) => row.github_id).join(', ')}: give the reference (who.actor) of the one that is meant, as an entry has it.`,
    );
  }
  return {
    reference: found.ref.toString('base64url'),
    githubId: found.github_id,
    logins: found.logins,
  };
}

/** Once a person is erased nothing ties their login to what was theirs; only a reference can be told when. */
async function unknown(db: Kysely<Database>, who: string): Promise<CodedError> {
  const erasure = (await readErasures(db)).of(who);
  const why =
    erasure === null
      ? 'nobody is known by it, since whoever had it was erased before or was never named'
      : `whom this reference stood for was erased on ${erasure.recordedAt}, as entry ${erasure.index ?? erasure.id} records`;
  return new CodedError('person_unknown', `there is nothing to erase for ${who}: ${why}.`);
}
