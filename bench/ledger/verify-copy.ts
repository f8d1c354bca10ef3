/**
 * Verifies an export in a process of its own: `node verify-copy.ts DIRECTORY [CLONE]`, with all that a witness has of it where a clone is
 * named, prints milliseconds, those of all cores, and peak memory as JSON.
 */
import { verifyDirectory } from '../../src/ledger/verify/verify-directory.ts';
import { openClone } from '../../src/witness/open-clone.ts';

const before = performance.now();
const processor = process.cpuUsage();
const [directory, clone] = process.argv.slice(2);
const elsewhere = clone === undefined ? [] : [await openClone(clone)];
const report = await verifyDirectory(String(directory), { elsewhere });
const milliseconds = performance.now() - before;
const { user, system } = process.cpuUsage(processor);
if (report.found > 0) throw new Error(`the export does not hold: ${report.findings[0]?.sentence}`);
console.log(
  JSON.stringify({
    milliseconds,
    processor: (user + system) / 1000,
    megabytes: process.resourceUsage().maxRSS / 1024,
    witnessed: report.witnessed.reduce((all, { checkpoints }) => all + checkpoints, 0),
  }),
);
