/**
 * The references of people this process named before, so that most entries need not ask who anybody is. A guess, not a
 * fact: the statement that records looks whether the rows still stand, and whoever was erased is looked up anew.
 */
import type { Kysely } from 'kysely';
import type { Database } from '../../db/database.ts';
import type { Actor } from '../../domain/actor.ts';
import type { PersonReference } from '../format/entry.ts';

const MOST = 10_000;
/** Of an RFC 3339 time, up to the hour. */
const HOUR = 13;

export class KnownPeople {
  static readonly #byDatabase = new WeakMap<object, KnownPeople>();
  readonly #references = new Map<string, PersonReference>();
  #hour = '';

  /** Those of the database that `db` is, or is a transaction of: all of them share one adapter. */
  static of(db: Kysely<Database>): KnownPeople {
    const { adapter } = db.getExecutor();
    const found = KnownPeople.#byDatabase.get(adapter) ?? new KnownPeople();
    KnownPeople.#byDatabase.set(adapter, found);
    return found;
  }

  /** One for each actor, in their order; null where one of them isn't known. */
  find(actors: readonly Actor[], now: string): PersonReference[] | null {
    this.#forgetWithTheHour(now);
    const found: PersonReference[] = [];
    for (const actor of actors) {
      const reference = this.#references.get(keyOf(actor));
      if (reference === undefined) return null;
      found.push(reference);
    }
    return found;
  }

  keep(actors: readonly Actor[], references: readonly PersonReference[], now: string): void {
    this.#forgetWithTheHour(now);
    if (this.#references.size + actors.length > MOST) this.#references.clear();
    for (const [at, actor] of actors.entries()) {
      const reference = references[at];
      if (reference !== undefined) this.#references.set(keyOf(actor), reference);
    }
  }

  forget(actors: readonly Actor[]): void {
    for (const actor of actors) this.#references.delete(keyOf(actor));
  }

  /** What ties an erased person to their entries must not outlast the erasure here for long. */
  #forgetWithTheHour(now: string): void {
    const hour = now.slice(0, HOUR);
    if (hour === this.#hour) return;
    this.#references.clear();
    this.#hour = hour;
  }
}

/** A login has no blank. */
function keyOf({ id, login }: Actor): string {
  return `${id} ${login}`;
}
