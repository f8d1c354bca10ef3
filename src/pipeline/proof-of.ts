import { CodedError } from '../domain/coded-error.ts';
import { waitForEntryProof } from '../ledger/prove/entry-proof.ts';
import type { Pipeline } from './pipeline.ts';

/**
 * The proof of an entry that was just recorded: the sequencer integrates it within milliseconds. Where it doesn't (none
 * runs, or the database is slow), the caller's job fails and is done again: a check run isn't finished without its proof.
 */
export async function proofOf(pipeline: Pick<Pipeline, 'db'>, entryId: string) {
  const proof = await waitForEntryProof(pipeline.db, entryId, 5_000);
  if (proof !== null) return { ...proof, entryId };
  throw new CodedError(
    'entry_not_integrated',
    `entry ${entryId} is recorded but was not integrated within 5 s: is a process running that has the ledger's key?`,
  );
}
