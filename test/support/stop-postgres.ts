import * as fs from 'node:fs/promises';
import { removeEmbeddedPostgres } from '../../src/db/embedded-postgres.ts';
import { CLUSTER_VARIABLE, forgetCluster } from './test-cluster.ts';

/** Jest's globalTeardown: stops the run's PostgreSQL and removes its files. */
export default async function stopPostgres(): Promise<void> {
  const kept = forgetCluster();
  delete process.env[CLUSTER_VARIABLE];
  if (kept === null) return;
  await kept.cluster.stop();
  await removeEmbeddedPostgres(kept.dataDir);
  await fs.rm(kept.dataDir, { recursive: true, force: true });
}
