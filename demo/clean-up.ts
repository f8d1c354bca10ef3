/** The demo was told to stop. */
export class Interrupted extends Error {}

export interface CleanUp {
  /** Rejects with {@link Interrupted} when a signal comes, or when whoever started us is gone. */
  readonly interrupted: Promise<never>;
  /** Makes something that has to be cleaned up. Not begun once interrupted, and never left half made. */
  acquire<T>(make: () => Promise<T>, release: (made: T) => Promise<unknown>): Promise<T>;
  /** Waits for what is being made, then releases everything, the newest first. */
  close(): Promise<void>;
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Watches for interruption until it is closed. */
export function openCleanUp(): CleanUp {
  const { promise, reject } = Promise.withResolvers<never>();
  // Nobody may be waiting for it when it comes.
  promise.catch(() => undefined);
  let stopped = false;
  const interrupt = (): void => {
    stopped = true;
    reject(new Interrupted());
  };
  for (const signal of SIGNALS) process.on(signal, interrupt);
  // npm passes no SIGTERM on: when it is gone, so is whoever wanted this.
  const parent = process.ppid;
  const orphaned = setInterval(() => {
    if (process.ppid !== parent) interrupt();
  }, 250);
  orphaned.unref();

  const releases: (() => Promise<unknown>)[] = [];
  let making: Promise<unknown> = Promise.resolve();
  return {
    interrupted: promise,
    acquire: async (make, release) => {
      if (stopped) throw new Interrupted();
      const made = make();
      making = made.then(
        (thing) => releases.push(() => release(thing)),
        () => undefined,
      );
      const result = await made;
      await making;
      return result;
    },
    close: async () => {
      stopped = true;
      await making;
      for (const release of releases.splice(0).reverse()) {
        await release().catch((error: unknown) => {
          process.stderr.write(`while cleaning up: ${String(error)}\n`);
        });
      }
      clearInterval(orphaned);
      for (const signal of SIGNALS) process.off(signal, interrupt);
    },
  };
}
