/**
 * `npm run bench [NAME …] [-- --entries N]`: each benchmark prints a table, and the last line is one JSON object with its ratios. Every
 * figure is against a base measured in the same run, since machines differ; nothing here fails on time.
 */
import { parseArgs } from 'node:util';
import type { Benchmark, BenchmarkOptions } from './benchmark.ts';

const BENCHMARKS: Readonly<
  Record<string, () => Promise<{ run(options: BenchmarkOptions): Promise<Benchmark> }>>
> = {
  webhook: () => import('./webhook.ts'),
  evaluate: () => import('./evaluate.ts'),
  ledger: () => import('./ledger.ts'),
  gates: () => import('./gates.ts'),
  deploy: () => import('./deploy.ts'),
};

const { positionals: wanted, values } = parseArgs({
  allowPositionals: true,
  options: { entries: { type: 'string' } },
});
const options = values.entries === undefined ? {} : { entries: Number(values.entries) };
const unknown = wanted.filter((name) => !Object.hasOwn(BENCHMARKS, name));
if (unknown.length > 0) {
  console.error(
    `there is no benchmark ${unknown.join(', ')}; there are ${Object.keys(BENCHMARKS).join(', ')}`,
  );
  process.exit(2);
}

const ratios: Record<string, number> = {};
for (const [name, load] of Object.entries(BENCHMARKS)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  console.error(`${name} …`);
  const result = await (await load()).run(options);
  console.log(`\n${name}`);
  console.table(result.rows);
  Object.assign(ratios, result.ratios);
}
console.log(JSON.stringify(ratios));
