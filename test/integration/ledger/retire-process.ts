/** A retirement that can be killed: `node retire-process.ts OWNER_URL ARCHIVE`. Says each step when it is done. */
import { randomBytes } from 'node:crypto';
import { openDatabase } from '../../../src/db/open-database.ts';
import { newEntryId } from '../../../src/ledger/format/entry-id.ts';
import { retireYear } from '../../../src/ledger/retire/retire-year.ts';
import { entriesInUse } from '../../../src/pipeline/entries-in-use.ts';
import { NOW } from './retire-fixture.ts';

const [url = '', archive = ''] = process.argv.slice(2);
const db = openDatabase(url, { max: 2 });
await retireYear(db, {
  year: 2026,
  archive,
  vkey: null,
  at: { id: newEntryId(NOW, randomBytes), now: NOW, random: randomBytes },
  inUse: entriesInUse,
  reason: 'a test',
  patienceMs: { sequencer: 60_000, readers: 60_000 },
  tell: (step) => process.stdout.write(`done: ${step}\n`),
  progress: (step, done) => process.stdout.write(`${step} ${done}\n`),
});
process.stdout.write('done: drop\n');
await db.destroy();
