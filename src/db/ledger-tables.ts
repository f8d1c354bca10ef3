/** The tables of `migrations/0002_ledger.sql`. */
export interface LedgerTables {}
