/**
 * `npm run chaos deploy -- [--runs N] [--seed N]`: a line a run, and one JSON object as the last line. Exit code 1 where something was
 * half, double or lost.
 */
import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { run } from './deploy.ts';

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { runs: { type: 'string', default: '30' }, seed: { type: 'string' } },
});
const runs = Number(values.runs);
const seed = values.seed === undefined ? randomInt(2 ** 31) : Number(values.seed);
if (positionals.join(' ') !== 'deploy' || !Number.isInteger(runs) || runs < 1 || !Number.isInteger(seed)) {
  console.error('npm run chaos deploy -- [--runs N] [--seed N]');
  process.exit(2);
}
const summary = await run({ runs, seed, say: (line) => console.log(line) });
console.log(JSON.stringify(summary));
process.exit(summary.half + summary.double + summary.lost === 0 ? 0 : 1);
