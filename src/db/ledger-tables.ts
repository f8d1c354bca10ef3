import type { ColumnType, GeneratedAlways } from 'kysely';

/** A column that is set once: evidence can't be updated by type, as it can't by grant and by trigger. */
type Fixed<T> = ColumnType<T, T, never>;
/** A column that the database sets. */
type Given<T> = ColumnType<T, never, never>;

/** The tables of `migrations/0002_ledger.sql`, `0004_ledger_care.sql` and `0011_writer_bounds.sql`. */
export interface LedgerTables {
  'ledger.entry': {
    id: Fixed<string>;
    canonical: Fixed<Buffer>;
    leaf_hash: Given<Buffer>;
    recorded_at: Given<Date>;
  };
  'ledger.log': {
    log_id: Fixed<number>;
    origin: Fixed<string>;
    vkey: Fixed<string>;
    created_at: Given<Date>;
    predecessor: Fixed<number | null>;
    predecessor_checkpoint: Fixed<string | null>;
  };
  'ledger.integration': {
    log_id: Fixed<number>;
    index: Fixed<number>;
    entry_id: Fixed<string>;
    leaf_hash: Fixed<Buffer>;
  };
  'ledger.tile': {
    log_id: Fixed<number>;
    level: Fixed<number>;
    index: Fixed<number>;
    hashes: Fixed<Buffer>;
    root: Fixed<Buffer>;
  };
  'ledger.head': { log_id: Fixed<number>; size: number; root: Buffer };
  'ledger.checkpoint': {
    log_id: Fixed<number>;
    size: Fixed<number>;
    root: Fixed<Buffer>;
    note: Fixed<string>;
    signed_at: Given<Date>;
  };
  'ledger.witness': {
    log_id: Fixed<number>;
    witness: Fixed<string>;
    size: Fixed<number>;
    evidence: Fixed<string>;
    seen_at: Given<Date>;
  };
  'ledger.log_key': {
    log_id: Fixed<number>;
    number: Fixed<number>;
    vkey: Fixed<string>;
    entry_id: Fixed<string>;
  };
  'ledger.subject': { ref: Fixed<Buffer>; github_id: Fixed<number>; secret: Fixed<Buffer> };
  'ledger.subject_login': { ref: Fixed<Buffer>; subject: Fixed<Buffer>; login: Fixed<string> };
  'ledger.document': { commitment: Fixed<Buffer>; salt: Fixed<Buffer>; body: Fixed<Buffer> };
  'ledger.projection': {
    entry_id: Fixed<string>;
    kind: Fixed<string>;
    repository_id: Fixed<number | null>;
    environment: Fixed<string | null>;
    commit: Fixed<string | null>;
    pull_request: Fixed<number | null>;
    outcome: Fixed<string>;
    occurred_at: Fixed<Date>;
    recorded_at: Fixed<Date>;
    delivery: Fixed<string | null>;
    answers: Fixed<string | null>;
  };
  'ledger.retirement': { entry_id: Fixed<string> };
  'ledger.pending': { position: GeneratedAlways<number>; entry_id: Fixed<string> };
}
