import { main as countersign } from '../src/main.ts';
import type { EmbeddedPostgres } from '../src/db/embedded-postgres.ts';
import { alterRecord } from './alter-record.ts';
import type { Terminal } from './terminal.ts';

/**
 * The last scene: the ledger verifies; somebody with the owner's rights on the database alters one record; `verify` says which.
 * `exportTo` gets the log as it was before that.
 */
export async function tellTampering(
  database: Pick<EmbeddedPostgres, 'readerUrl' | 'ownerUrl'>,
  terminal: Terminal,
  exportTo: string,
): Promise<void> {
  terminal.scene('Nobody alters the record unseen');
  const quiet = { write: () => true };
  const io = { stdout: process.stdout, stderr: quiet, env: { DATABASE_URL: database.readerUrl } };
  await terminal.act('an auditor', 'runs countersign verify', () => Promise.resolve());
  await expectCode(0, countersign(['verify'], io));
  await expectCode(0, countersign(['export', '--out', exportTo], { ...io, stdout: quiet }));
  const altered = await terminal.act(
    'somebody',
    'with the owner’s rights on the database rewrites a record',
    () => alterRecord(database.ownerUrl),
  );
  terminal.shows(
    '',
    null,
    `(entry ${altered.index}, ${altered.kind}: guards off, bytes changed, guards on again)`,
  );
  await terminal.act('an auditor', 'runs countersign verify again', () => Promise.resolve());
  await expectCode(1, countersign(['verify'], io));
}

async function expectCode(expected: number, running: Promise<number>): Promise<void> {
  const code = await running;
  if (code !== expected) throw new Error(`the command answered ${code}, not ${expected}`);
}
