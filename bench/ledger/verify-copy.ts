/** Verifies an export in a process of its own: `node verify-copy.ts DIRECTORY` prints milliseconds, entries and peak memory as JSON. */
import { verifyDirectory } from '../../src/ledger/verify-directory.ts';

const before = performance.now();
const report = await verifyDirectory(String(process.argv[2]));
const milliseconds = performance.now() - before;
if (report.found > 0) throw new Error(`the export does not hold: ${report.findings[0]?.sentence}`);
console.log(
  JSON.stringify({ milliseconds, entries: report.size, megabytes: process.resourceUsage().maxRSS / 1024 }),
);
