/**
 * A process that records and integrates, as `start` does: `node recording-process.ts URL KEY_FILE CALLERS ENTRIES`. It says `ready`,
 * records when it is told to on its standard input, and goes on integrating until that ends.
 */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { openDatabase } from '../../src/db/open-database.ts';
import { startSequencer } from '../../src/ledger/sequence/sequencer.ts';
import { createSigner } from '../../src/ledger/sequence/signer.ts';
import { CONNECTIONS, ORIGIN, calling, recordOne } from './workload.ts';

const [url = '', keyFile = '', callers = '', entries = ''] = process.argv.slice(2);
const signer = createSigner({ origin: ORIGIN, privateKey: readFileSync(keyFile, 'utf8') });
const db = openDatabase(url, { max: CONNECTIONS });
const sequencer = await startSequencer({ url, signer });
await calling(CONNECTIONS, () => recordOne(db), CONNECTIONS);
process.stdout.write('ready\n');
await once(process.stdin, 'data');
await calling(Number(entries), () => recordOne(db), Number(callers));
process.stdin.resume();
await once(process.stdin, 'end');
await sequencer.stop();
await db.destroy();
