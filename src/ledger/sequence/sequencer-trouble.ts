/** What keeps a sequencer from its work, told once to the log and shown for as long as it lasts. */
import { CodedError } from '../../domain/coded-error.ts';
import { lockProblem, readLockHolder } from './lock-holder.ts';
import type { Query } from '../store/query.ts';

export interface TroubleLog {
  error(details: object, message: string): void;
}

export class SequencerTrouble {
  readonly #log: TroubleLog;
  #told: string | null = null;
  #problem: string | null = null;
  /** Who held the lock when this process last looked, and since when it has seen it there. */
  #holder: { readonly pid: number; readonly seen: Date } | null = null;

  constructor(log: TroubleLog) {
    this.#log = log;
  }

  /** In a sentence, with the mend; null where all is well. */
  get problem(): string | null {
    return this.#problem;
  }

  /** Once, not every second for as long as it lasts. */
  tell(error: unknown): void {
    const known = error instanceof CodedError && error.code !== 'head_moved';
    const sentence = known ? error.message : 'the sequencer lost its connection, and keeps trying';
    this.#problem = sentence;
    const what = String(error);
    if (what === this.#told) return;
    this.#told = what;
    this.#log.error({ err: error }, known ? `nothing is appended to the ledger: ${sentence}` : sentence);
  }

  over(): void {
    this.#told = null;
    this.#problem = null;
  }

  /** Whether the one who has the lock is, or may be, a process that works. `now`: the time of this look. */
  async lookAtHolder(query: Query, logId: number, now: Date): Promise<void> {
    const holder = await readLockHolder(query, logId);
    if (holder === null) return;
    if (this.#holder?.pid !== holder.pid) this.#holder = { pid: holder.pid, seen: now };
    const problem = lockProblem(holder, this.#holder.seen);
    if (problem === null) this.over();
    else this.tell(new CodedError('ledger_lock_held', problem));
  }
}
