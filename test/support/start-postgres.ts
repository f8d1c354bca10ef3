import * as fs from 'node:fs/promises';
import * as os from 'node:os';
import * as path from 'node:path';
import { removeEmbeddedPostgres, startEmbeddedPostgres } from '../../src/db/embedded-postgres.ts';
import { migrate } from '../../src/db/migrate.ts';
import { CLUSTER_VARIABLE, keepCluster, runningCluster } from './test-cluster.ts';

const PREFIX = 'countersign-test-';

/**
 * Jest's globalSetup: one PostgreSQL for the whole run, with one migrated database that every test file copies. What
 * is lost when the machine dies is worth nothing, so nothing is synced to disk.
 */
export default async function startPostgres(): Promise<void> {
  if (runningCluster() !== null) return;
  await removeLeftovers();
  const dataDir = await fs.mkdtemp(path.join(os.tmpdir(), PREFIX));
  await fs.chmod(dataDir, 0o755);
  const lines: string[] = [];
  try {
    const cluster = await startEmbeddedPostgres({
      dataDir,
      log: (line) => lines.push(line),
      settings: {
        fsync: 'off',
        synchronous_commit: 'off',
        full_page_writes: 'off',
        max_connections: '200',
        shared_buffers: '64MB',
        wal_level: 'minimal',
        max_wal_senders: '0',
        log_statement: 'none',
      },
    });
    keepCluster(cluster, dataDir);
    await migrate(cluster.ownerUrl);
    const { ownerUrl, writerUrl, readerUrl, eraserUrl, superuserUrl } = cluster;
    process.env[CLUSTER_VARIABLE] = JSON.stringify({
      ownerUrl,
      writerUrl,
      readerUrl,
      eraserUrl,
      superuserUrl,
    });
  } catch (error) {
    console.error(lines.slice(-30).join('\n'));
    const { default: stopPostgres } = await import('./stop-postgres.ts');
    await stopPostgres();
    throw error;
  }
}

/** A run that was killed leaves its directory; its PostgreSQL ended with it. */
async function removeLeftovers(): Promise<void> {
  for (const name of await fs.readdir(os.tmpdir())) {
    if (!name.startsWith(PREFIX)) continue;
    const directory = path.join(os.tmpdir(), name);
    const starter = await fs
      .readFile(path.join(directory, 'postgresql-starter.json'), 'utf8')
      .catch(() => '');
    const pid = /"pid":(\d+)/.exec(starter)?.[1];
    const alive =
      pid !== undefined &&
      (await fs.access(`/proc/${pid}`).then(
        () => true,
        () => false,
      ));
    if (pid === undefined || alive) continue;
    await removeEmbeddedPostgres(directory);
    await fs.rm(directory, { recursive: true, force: true });
  }
}
