/**
 * Brings each new checkpoint to the witnesses, apart from recording and integrating: what is slow or down outside never holds
 * up what happens here. Any number of processes may do it; for each witness one at a time does, by an advisory lock on a
 * connection of its own that falls free with the process.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { Client } from 'pg';
import type { CodedError } from '../domain/coded-error.ts';
import type { Query } from '../ledger/store/query.ts';
import { queryOfClient } from '../ledger/store/query.ts';
import type { LogIdentity } from './compare-with-witness.ts';
import { compareWithWitness } from './compare-with-witness.ts';
import { offerCheckpoint, standingOf } from './offer-checkpoint.ts';
import type { Witness } from './witness.ts';
import { contradictionError, isContradiction } from './witness.ts';

/** The first key of the advisory locks, "witn"; the second is a hash of the witness's name. */
const WITNESS_LOCKS = 0x77_69_74_6e;
/** An outage is looked at again this often at the longest. */
const LONGEST_PAUSE_SECONDS = 60;

export interface WitnessingOptions {
  /** The writer's; not through a pooler in transaction mode. */
  readonly url: string;
  readonly log: {
    info(details: object, message: string): void;
    error(details: object, message: string): void;
  };
  readonly identity: LogIdentity;
  readonly witnesses: readonly Witness[];
  /** Called once for each witness that contradicts the ledger. */
  readonly alarm: (contradiction: CodedError) => void;
}

/** How this process last found a witness. `standing by`: another process looks after it. */
export interface WitnessState {
  readonly witness: string;
  readonly state: 'current' | 'unreachable' | 'contradicts' | 'standing by';
}

export interface Witnessing {
  readonly states: () => readonly WitnessState[];
  /** Brings what is newest by now to the witnesses that can be reached, once, and ends. */
  stop(): Promise<void>;
}

export function startWitnessing(options: WitnessingOptions): Witnessing {
  const stopping = new AbortController();
  const rounds = options.witnesses.map((witness) => new Rounds(witness, options, stopping.signal));
  const running = rounds.map((each) => each.run());
  return {
    states: () => rounds.map(({ state, witness }) => ({ witness: witness.name, state })),
    stop: async () => {
      stopping.abort();
      await Promise.all(running);
    },
  };
}

class Rounds {
  readonly witness: Witness;
  state: WitnessState['state'] = 'standing by';
  readonly #options: WitnessingOptions;
  readonly #stopping: AbortSignal;
  #client: Client | null = null;
  /** On this client: it holds the lock; and what the witness holds was compared since it got it. */
  #holds = false;
  #compared = false;
  #told: string | null = null;
  #failures = 0;

  constructor(witness: Witness, options: WitnessingOptions, stopping: AbortSignal) {
    this.witness = witness;
    this.#options = options;
    this.#stopping = stopping;
  }

  async run(): Promise<void> {
    for (let last = false; !last;) {
      last = this.#stopping.aborted;
      // Whoever stops doesn't wait for what was down before.
      if (last && this.state === 'unreachable') break;
      try {
        await this.#once();
        this.#recovered();
      } catch (error) {
        if (isContradiction(error)) {
          this.state = 'contradicts';
          this.#options.log.error(
            { witness: this.witness.name, err: error },
            'a witness contradicts this ledger',
          );
          this.#options.alarm(error);
          // Letting go of the lock, so that each other process sees it too and stops.
          break;
        }
        this.#failed(error);
      }
      if (!last) await this.#pause();
    }
    await this.#disconnect();
  }

  async #once(): Promise<void> {
    const query = await this.#connect();
    const { identity } = this.#options;
    if (!this.#holds) {
      const [lock] = await query<{ got: boolean }>('SELECT pg_try_advisory_lock($1, hashtext($2)) AS got', [
        WITNESS_LOCKS,
        this.witness.name,
      ]);
      this.state = 'standing by';
      if (lock?.got !== true) return;
      this.#holds = true;
    }
    if (!this.#compared) {
      // Another database may be under this address since we last looked, with nothing new in it yet to be refused.
      const { contradiction } = await compareWithWitness(query, this.witness, identity);
      if (contradiction !== null) throw contradictionError(contradiction);
      this.#compared = true;
    }
    const standing = await standingOf(query, this.witness.name, identity.origin);
    if (standing !== null && standing.size > standing.witnessed) {
      await offerCheckpoint(query, this.witness, standing, identity);
    }
    this.state = 'current';
  }

  #recovered(): void {
    this.#failures = 0;
    // Another process looks after it: whether it is reached, this one doesn't know.
    if (this.#told === null || this.state !== 'current') return;
    this.#told = null;
    this.#options.log.info({ witness: this.witness.name }, 'the witness is reached again');
  }

  /** An outage is told when it begins and when it becomes another one, not every time it is looked at. */
  #failed(error: unknown): void {
    this.state = 'unreachable';
    this.#failures += 1;
    const what =
      typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : String(error);
    if (what === this.#told) return;
    this.#told = what;
    this.#options.log.error(
      { witness: this.witness.name, err: error },
      'a checkpoint can’t be brought to a witness; it is tried again, and nothing waits for it',
    );
  }

  async #connect(): Promise<Query> {
    if (this.#client === null) {
      const client = new Client({
        connectionString: this.#options.url,
        application_name: 'countersign witness',
        keepAlive: true,
        connectionTimeoutMillis: 10_000,
        statement_timeout: 60_000,
      });
      // Between queries: the next round connects anew, and the lock is anybody's meanwhile.
      const lost = (): void => {
        if (this.#client === client) this.#client = null;
      };
      client.on('error', lost);
      client.on('end', lost);
      await client.connect();
      [this.#client, this.#holds, this.#compared] = [client, false, false];
    }
    return queryOfClient(this.#client);
  }

  async #disconnect(): Promise<void> {
    const client = this.#client;
    this.#client = null;
    await client?.end().catch(() => undefined);
  }

  async #pause(): Promise<void> {
    const { everySeconds } = this.witness;
    const longer = Math.max(everySeconds, LONGEST_PAUSE_SECONDS);
    const seconds = Math.min(everySeconds * 2 ** Math.min(this.#failures, 10), longer);
    await wait(seconds * 1000, undefined, { signal: this.#stopping }).catch(() => undefined);
  }
}
