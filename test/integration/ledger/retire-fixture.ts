/** A log over two years, and what it takes to retire the first. */
import { randomBytes } from 'node:crypto';
import { openDatabase } from '../../../src/db/open-database.ts';
import type { NewEntry } from '../../../src/domain/entry.ts';
import { newEntryId } from '../../../src/ledger/format/entry-id.ts';
import { proofAtIndex } from '../../../src/ledger/prove/entry-proof.ts';
import { leafHash } from '../../../src/ledger/format/hash.ts';
import { parseProof, verifyProof } from '../../../src/ledger/format/proof.ts';
import type { RetireOptions, Retirement } from '../../../src/ledger/retire/retire-year.ts';
import { retireYear } from '../../../src/ledger/retire/retire-year.ts';
import { startSequencer } from '../../../src/ledger/sequence/sequencer.ts';
import type { LedgerSigner } from '../../../src/ledger/sequence/signer.ts';
import { entriesInUse } from '../../../src/pipeline/entries-in-use.ts';
import type { TestDatabase } from '../../support/database.ts';
import { act, makeEntry, recordOne } from './ledger-fixture.ts';

export const NOW = '2028-02-01T12:00:00.000Z';
/** The last entry that is alone with its year, and the first from which all are of the next. */
export const [MIXED_FROM, MIXED_TO, SIZE] = [590, 610, 800] as const;
/** 512: the last whole bundle before the first entry of 2027, which is number 591. */
export const MINIMUM = 512;

/** An id of that year. */
export function idIn(year: number): string {
  return newEntryId(`${year}-06-01T00:00:00.000Z`, randomBytes);
}

/** 2026, then both years in turn, then 2027. */
export function yearOf(number: number): number {
  if (number < MIXED_FROM) return 2026;
  return number < MIXED_TO && number % 2 === 0 ? 2026 : 2027;
}

export async function recordIn(
  database: TestDatabase,
  year: number,
  number: number,
  changes: Partial<NewEntry> = {},
): Promise<string> {
  return await recordOne(
    database.db,
    makeEntry(number, number % 10 === 3 ? changes : { documents: [], ...changes }),
    idIn(year),
  );
}

/** The entry of a retirement that nobody carries out. Without `asOwner`, as the writer's login may record it. */
export async function claimRetirement(
  database: TestDatabase,
  fact: { readonly minimum: number; readonly kept?: string; readonly archive: string },
  how: { readonly asOwner: boolean },
): Promise<string> {
  const id = await recordIn(database, 2028, 5, {
    kind: 'ledger.pruned',
    repository: null,
    environment: null,
    documents: [],
    ledger: { act: 'pruned', kept: '', ...fact },
  });
  const note = `INSERT INTO ledger.retirement (entry_id) VALUES ('${id}')`;
  if (how.asOwner) await act(database.ownerUrl, 'SET ROLE countersign_owner', note);
  return id;
}

/** What a `countersign retire` does, while a Countersign is at work unless `signer` is null. */
export async function retire(
  database: TestDatabase,
  signer: LedgerSigner | null,
  options: { readonly archive: string } & Partial<RetireOptions> & { readonly url?: string },
): Promise<Retirement> {
  const sequencer =
    signer === null ? null : await startSequencer({ url: database.writerUrl, signer, pollMs: 50 });
  const db = openDatabase(options.url ?? database.ownerUrl, { max: 2 });
  try {
    return await retireYear(db, {
      year: 2026,
      vkey: null,
      at: { id: newEntryId(NOW, randomBytes), now: NOW, random: randomBytes },
      inUse: entriesInUse,
      reason: 'Entries are kept here for two years.',
      patienceMs: { sequencer: signer === null ? 200 : 20_000, readers: 20_000 },
      tell: () => undefined,
      progress: () => undefined,
      ...options,
    });
  } finally {
    await db.destroy();
    await sequencer?.stop();
  }
}

export interface SavedProof {
  readonly index: number;
  readonly text: string;
  readonly entry: Uint8Array;
}

/** As they stand in check runs: with the entry in them. */
export async function saveProofs(database: TestDatabase, indices: readonly number[]): Promise<SavedProof[]> {
  const saved: SavedProof[] = [];
  for (const index of indices) {
    const text = (await proofAtIndex(database.db, index, true))?.proof ?? '';
    saved.push({ index, text, entry: parseProof(text).extra ?? new Uint8Array() });
  }
  return saved;
}

/** That a saved proof holds, and one that is made now, of the same entry. */
export async function proveAnew(database: TestDatabase, saved: SavedProof, vkey: string): Promise<number> {
  verifyProof(saved.text, leafHash(saved.entry), vkey);
  const now = await proofAtIndex(database.db, saved.index, true);
  return verifyProof(now?.proof ?? '', leafHash(saved.entry), vkey).checkpoint.size;
}
