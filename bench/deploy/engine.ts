import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Answer, Order } from './engine-process.ts';

export interface Engine {
  /** Carries one order out; throws where it didn't end well. */
  run(order: Order): Promise<Answer>;
  /** The most memory its process had resident so far, in MiB. */
  peakMiB(): number;
  stop(): void;
}

/** Starts the engine's own process, with what `npm start` tells Node. */
export function startEngine(): Engine {
  const child = fork(fileURLToPath(new URL('./engine-process.ts', import.meta.url)), {
    execArgv: optionsOfStart(),
  });
  let peak = 0;
  return {
    run: async (order) => {
      child.send(order);
      const [answer] = (await once(child, 'message')) as [Answer];
      peak = answer.peakMiB;
      if (answer.error !== null) throw new Error(`our engine: ${answer.error}`);
      return answer;
    },
    peakMiB: () => peak,
    stop: () => void child.kill(),
  };
}

function optionsOfStart(): string[] {
  const { scripts } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    scripts: { start: string };
  };
  return scripts.start.split(' ').filter((word) => word.startsWith('--'));
}
