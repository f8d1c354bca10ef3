/** Verifies an export in a process of its own: `node verify-copy.ts DIRECTORY` prints milliseconds, those of all cores, and peak memory as JSON. */
import { verifyDirectory } from '../../src/ledger/verify-directory.ts';

const before = performance.now();
const processor = process.cpuUsage();
const report = await verifyDirectory(String(process.argv[2]));
const milliseconds = performance.now() - before;
const { user, system } = process.cpuUsage(processor);
if (report.found > 0) throw new Error(`the export does not hold: ${report.findings[0]?.sentence}`);
console.log(
  JSON.stringify({
    milliseconds,
    processor: (user + system) / 1000,
    megabytes: process.resourceUsage().maxRSS / 1024,
  }),
);
