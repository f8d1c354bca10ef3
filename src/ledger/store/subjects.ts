/**
 * Who a keyed reference stands for. Owns the rows that can be erased, people and the logins they had; what stands in
 * entries stays valid without them and then names nobody.
 */
import { sql } from 'kysely';
import type { Kysely } from 'kysely';
import type { Database } from '../../db/database.ts';
import type { Actor } from '../../domain/actor.ts';
import { CodedError } from '../../domain/coded-error.ts';
import type { PersonReference } from '../format/entry.ts';
import { SECRET_SIZE, actorReference, loginReference } from '../format/seal.ts';

interface Subject {
  readonly githubId: number;
  readonly secret: Buffer;
  readonly logins: readonly string[];
}

interface NewLogin {
  readonly ref: Buffer;
  readonly subject: Buffer;
  readonly login: string;
}

/** The references of all `actors`, in their order; whoever is new gets the rows that resolve them. */
export async function introduce(
  tx: Kysely<Database>,
  actors: readonly Actor[],
  random: (size: number) => Uint8Array,
): Promise<PersonReference[]> {
  const subjects = await ensureSubjects(tx, actors, random);
  const logins = newLogins(subjects, actors);
  if (logins.length > 0) {
    await tx
      .insertInto('ledger.subject_login')
      .values(logins)
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }
  return actors.map(({ id, login }) => {
    const { secret } = subjectOf(subjects, id);
    return {
      actor: actorReference(secret, id).toString('base64url'),
      login: loginReference(secret, login).toString('base64url'),
    };
  });
}

/**
 * The subjects of all `actors`, made where they are new. A new one makes other transactions that name the same
 * newcomer wait for this one; that happens once per person.
 */
async function ensureSubjects(
  tx: Kysely<Database>,
  actors: readonly Actor[],
  random: (size: number) => Uint8Array,
): Promise<ReadonlyMap<number, Subject>> {
  const ids = [...new Set(actors.map((actor) => actor.id))].sort((a, b) => a - b);
  if (ids.length === 0) return new Map();
  const found = await readSubjects(tx, ids);
  const missing = ids.filter((id) => !found.has(id));
  if (missing.length === 0) return found;
  // By rising id, so that two transactions that both name two newcomers can't wait for each other.
  const rows = missing.map((id) => {
    const secret = Buffer.from(random(SECRET_SIZE));
    return { ref: actorReference(secret, id), github_id: id, secret };
  });
  await tx
    .insertInto('ledger.subject')
    .values(rows)
    .onConflict((conflict) => conflict.column('github_id').doNothing())
    .execute();
  const made = await readSubjects(tx, missing);
  if (made.size !== missing.length) {
    throw new CodedError(
      'subject_unreadable',
      'somebody new was recorded by two transactions at once, and this one can not see the other yet: it must be tried again.',
    );
  }
  return new Map([...found, ...made]);
}

/** Logins in `actors` that aren't stored yet. */
function newLogins(subjects: ReadonlyMap<number, Subject>, actors: readonly Actor[]): NewLogin[] {
  const logins = new Map<string, NewLogin>();
  for (const { id, login } of actors) {
    const subject = subjects.get(id);
    if (subject === undefined || subject.logins.includes(login)) continue;
    const ref = loginReference(subject.secret, login);
    logins.set(ref.toString('hex'), { ref, subject: actorReference(subject.secret, id), login });
  }
  return [...logins.values()].sort((a, b) => Buffer.compare(a.ref, b.ref));
}

async function readSubjects(tx: Kysely<Database>, ids: readonly number[]): Promise<Map<number, Subject>> {
  const { rows } = await sql<{ github_id: number; secret: Buffer; logins: string[] }>`
    SELECT s.github_id, s.secret, ARRAY(SELECT l.login FROM ledger.subject_login l WHERE l.subject = s.ref) AS logins
    FROM ledger.subject s WHERE s.github_id = ANY(${ids}::bigint[])`.execute(tx);
  return new Map(
    rows.map((row) => [row.github_id, { githubId: row.github_id, secret: row.secret, logins: row.logins }]),
  );
}

function subjectOf(subjects: ReadonlyMap<number, Subject>, id: number): Subject {
  const subject = subjects.get(id);
  if (subject === undefined) throw new RangeError(`no subject for actor ${id}`);
  return subject;
}
