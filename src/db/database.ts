import type { LedgerTables } from './ledger-tables.ts';
import type { OperationTables } from './operation-tables.ts';

/** Every table, as kysely sees it. The ledger's columns can't be updated by type; its rows can't by grant and trigger. */
export interface Database extends LedgerTables, OperationTables {}
