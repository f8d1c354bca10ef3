import * as fs from 'node:fs/promises';
import * as os from 'node:os';
import * as path from 'node:path';
import type { EmbeddedPostgresUrls } from '../src/db/embedded-postgres.ts';
import { removeEmbeddedPostgres, startEmbeddedPostgres } from '../src/db/embedded-postgres.ts';
import { migrate } from '../src/db/migrate.ts';

/** Runs `work` on an empty ledger in a PostgreSQL of its own, with a directory for whatever else it writes. */
export async function withPostgres<T>(
  work: (urls: EmbeddedPostgresUrls, directory: string) => Promise<T>,
): Promise<T> {
  const dataDir = await fs.mkdtemp(path.join(os.tmpdir(), 'countersign-bench-'));
  await fs.chmod(dataDir, 0o755);
  const postgres = await startEmbeddedPostgres({ dataDir, log: () => undefined });
  try {
    await migrate(postgres.ownerUrl);
    return await work(postgres, dataDir);
  } finally {
    await postgres.stop();
    await removeEmbeddedPostgres(dataDir);
    await fs.rm(dataDir, { recursive: true, force: true });
  }
}
