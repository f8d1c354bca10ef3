import type { EmbeddedPostgres, EmbeddedPostgresUrls } from '../../src/db/embedded-postgres.ts';

/** Hands the cluster's addresses from globalSetup to the test processes. */
export const CLUSTER_VARIABLE = 'COUNTERSIGN_TEST_POSTGRES';

interface Kept {
  readonly cluster: EmbeddedPostgres;
  readonly dataDir: string;
}

// Setup and teardown may be loaded as two copies of this module; the process is one.
const keeper: typeof globalThis & { countersignTestCluster?: Kept | null } = globalThis;

/** Remembers what teardown has to stop. */
export function keepCluster(cluster: EmbeddedPostgres, dataDir: string): void {
  keeper.countersignTestCluster = { cluster, dataDir };
}

/** What `keepCluster` was given, once. */
export function forgetCluster(): Kept | null {
  const kept = keeper.countersignTestCluster ?? null;
  keeper.countersignTestCluster = null;
  return kept;
}

/** The addresses of this run's cluster; null where none was started. */
export function runningCluster(): EmbeddedPostgresUrls | null {
  const text = process.env[CLUSTER_VARIABLE];
  return text === undefined ? null : (JSON.parse(text) as EmbeddedPostgresUrls);
}
