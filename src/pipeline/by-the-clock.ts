import type { Pipeline } from './pipeline.ts';

/**
 * Does `work` every so many milliseconds, and leaves a turn out while the one before still goes on: turns that pile up would be
 * connections that pile up. What fails is told to the log as `failed`, and tried again at the next turn. Answers what ends it; a turn
 * that goes on then is broken off by the process's end.
 */
export function byTheClock(
  { log }: Pick<Pipeline, 'log'>,
  { every, failed }: { readonly every: number; readonly failed: string },
  work: () => Promise<void>,
): () => void {
  let working = false;
  const timer = setInterval(() => {
    if (working) return;
    working = true;
    work()
      .catch((error: unknown) => log.error({ err: error }, failed))
      .finally(() => {
        working = false;
      });
  }, every);
  timer.unref();
  return () => clearInterval(timer);
}
