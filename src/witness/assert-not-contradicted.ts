/** The comparison before anything is appended: what outsiders hold must be a beginning of what is here. */
import type { Query } from '../ledger/store/query.ts';
import type { LogIdentity } from './compare-with-witness.ts';
import { compareWithWitness } from './compare-with-witness.ts';
import { offerCheckpoint, standingOf } from './offer-checkpoint.ts';
import type { Witness } from './witness.ts';
import { contradictionError, isContradiction } from './witness.ts';

export interface ComparisonLog {
  info(details: object, message: string): void;
  error(details: object, message: string): void;
}

/**
 * Throws the first contradiction. A witness that can't be asked doesn't keep us from starting, since recording must not
 * hang on an outsider; it is told loudly, and compared again before the next checkpoint is brought to it.
 */
export async function assertNotContradicted(
  query: Query,
  witnesses: readonly Witness[],
  identity: LogIdentity,
  log: ComparisonLog,
): Promise<void> {
  const results = await Promise.allSettled(
    witnesses.map(async (witness) => {
      const { newest, contradiction } = await compareWithWitness(query, witness, identity);
      if (contradiction !== null) throw contradictionError(contradiction);
      // What can't be asked is offered what is newest here, and says no if it knows better.
      const standing = newest === 'unknown' ? await standingOf(query, witness.name, identity.origin) : null;
      if (standing !== null) await offerCheckpoint(query, witness, standing, identity);
    }),
  );
  for (const [index, result] of results.entries()) {
    const witness = witnesses[index]?.name;
    if (result.status === 'fulfilled') log.info({ witness }, 'what the witness holds is in this ledger');
    else if (isContradiction(result.reason)) throw result.reason;
    else
      log.error(
        { witness, err: result.reason },
        'a witness can’t be asked what it holds; starting without its word',
      );
  }
}
