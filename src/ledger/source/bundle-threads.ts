/**
 * Judges the full bundles of an exported directory ahead of whoever walks through them, on the machine's other cores. The walk
 * stays the authority: it takes them in their order. Where there are no threads, or one breaks, it judges them itself.
 */
import { randomBytes } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { BundleRange, JudgedBundle } from './judge-bundle.ts';
import { BundleJudge } from './judge-bundle.ts';

/** A thread costs some fifty milliseconds and fifteen megabytes: a log of fewer bundles is read through by then. */
const WORTH_THREADS = 16;
const MOST_THREADS = 4;
/** Bundles that a thread is asked for at once: waking it costs as much as a tenth of a bundle. */
const RUN = 8;
/** Runs a thread is ahead, so that it never waits for the walk or for another. */
const AHEAD = 3;

type Run = readonly (JudgedBundle | null)[];

export class BundleThreads {
  /** By which they fingerprint documents: nobody who made the directory could know it. */
  readonly key = randomBytes(16).toString('hex');
  readonly #bundles: number;
  readonly #judge: BundleJudge;
  readonly #threads: Thread[];
  /** By their number, the runs that were asked for and not yet taken. */
  readonly #asked = new Map<number, Promise<Run>>();
  #taken: { readonly number: number; readonly run: Run | null } = { number: -1, run: null };
  #next = 0;

  /** `bundles`: how many full ones there are. */
  constructor(directory: string, bundles: number, threads = threadsFor(bundles)) {
    this.#bundles = bundles;
    this.#judge = new BundleJudge(directory, this.key);
    this.#threads = Array.from({ length: threads }, () => new Thread(directory, this.key));
  }

  /** By rising index. Null where the bundle needs a closer look. */
  async take(index: number): Promise<JudgedBundle | null> {
    const number = Math.floor(index / RUN);
    if (this.#taken.number !== number) this.#taken = { number, run: await this.#run(number) };
    const judged = this.#taken.run?.[index % RUN];
    return judged === undefined ? this.#judge.judge(index) : judged;
  }

  async close(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.end()));
  }

  /** Null where no thread could judge it: there is none, or the system has no more memory for it. */
  async #run(number: number): Promise<Run | null> {
    this.#ask(number + this.#threads.length * AHEAD);
    const asked = this.#asked.get(number);
    this.#asked.delete(number);
    try {
      return (await asked) ?? null;
    } catch {
      return null;
    }
  }

  #ask(until: number): void {
    for (; this.#next < until && this.#next * RUN < this.#bundles; this.#next += 1) {
      const thread = this.#threads.toSorted((a, b) => a.asked - b.asked)[0];
      if (thread === undefined) return;
      const from = this.#next * RUN;
      const asked = thread.ask({ from, until: Math.min(from + RUN, this.#bundles) });
      // Heard by whoever takes it, if anybody does.
      asked.catch(() => undefined);
      this.#asked.set(this.#next, asked);
    }
  }
}

function threadsFor(bundles: number): number {
  return bundles < WORTH_THREADS ? 0 : Math.min(availableParallelism(), MOST_THREADS);
}

/** Answers in the order in which it is asked. */
class Thread {
  readonly #worker: Worker;
  readonly #waiting: PromiseWithResolvers<Run>[] = [];
  #broken: Error | null = null;

  constructor(directory: string, key: string) {
    this.#worker = new Worker(new URL('./bundle-thread.ts', import.meta.url), {
      workerData: { directory, key },
      // What it makes is short-lived. More room is memory that a longer log takes.
      resourceLimits: { maxYoungGenerationSizeMb: 4 },
    });
    this.#worker.unref();
    this.#worker.on('message', (run: Run) => this.#waiting.shift()?.resolve(run));
    this.#worker.on('error', (error: Error) => this.#break(error));
    this.#worker.on('exit', () => this.#break(new Error('the thread has ended')));
  }

  /** Runs it hasn't answered. */
  get asked(): number {
    return this.#waiting.length;
  }

  ask(range: BundleRange): Promise<Run> {
    if (this.#broken !== null) return Promise.reject(this.#broken);
    const asked = Promise.withResolvers<Run>();
    this.#waiting.push(asked);
    this.#worker.postMessage(range, []);
    return asked.promise;
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }

  #break(error: unknown): void {
    this.#broken ??= error instanceof Error ? error : new Error(String(error));
    for (const { reject } of this.#waiting.splice(0)) reject(this.#broken);
  }
}
