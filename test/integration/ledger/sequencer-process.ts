/** A process that records and integrates until it is killed: `node sequencer-process.ts URL KEY_FILE FIRST`. */
import { readFileSync } from 'node:fs';
import { openDatabase } from '../../../src/db/open-database.ts';
import { startSequencer } from '../../../src/ledger/sequence/sequencer.ts';
import { createSigner } from '../../../src/ledger/sequence/signer.ts';
import { ORIGIN, makeEntry, recordOne } from './ledger-fixture.ts';

const [url = '', keyFile = '', first = '0'] = process.argv.slice(2);
const signer = createSigner({ origin: ORIGIN, privateKey: readFileSync(keyFile, 'utf8') });
const db = openDatabase(url, { max: 4 });
const sequencer = await startSequencer({ url, signer, batch: 7, signEveryMs: 5, pollMs: 100 });
process.stdout.write('started\n');

const stopping = new AbortController();
process.on('SIGTERM', () => stopping.abort());
const caller = async (number: number): Promise<void> => {
  for (let n = number; !stopping.signal.aborted; n += 4)
    process.stdout.write(`${await recordOne(db, makeEntry(n))}\n`);
};
await Promise.all([0, 1, 2, 3].map((offset) => caller(Number(first) + offset)));
await sequencer.stop();
await db.destroy();
