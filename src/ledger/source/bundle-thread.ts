/** A thread that judges bundles of an exported directory, one range after another: see `bundle-threads.ts`. */
import { parentPort, workerData } from 'node:worker_threads';
import type { BundleRange } from './judge-bundle.ts';
import { BundleJudge } from './judge-bundle.ts';

const { directory, key } = workerData as { directory: string; key: string };
const judge = new BundleJudge(directory, key);
parentPort?.on('message', ({ from, until }: BundleRange) => {
  const run = Array.from({ length: until - from }, (_, at) => judge.judge(from + at));
  parentPort?.postMessage(run, []);
});
