/**
 * Gives recorded entries their index and signs checkpoints. Any number of processes may run one: an advisory lock on each
 * one's own connection lets a single one work, and it falls free with the connection, however the process dies. The
 * compare-and-swap on the head is the net beneath.
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { Client, DatabaseError } from 'pg';
import { openDatabase } from '../../db/open-database.ts';
import { CodedError } from '../../domain/coded-error.ts';
import { newEntryId } from '../format/entry-id.ts';
import { dropDoubles, integrate, occupied, signHead } from './integrate.ts';
import { SEQUENCER_APPLICATION } from './lock-holder.ts';
import type { OpenLog } from './log.ts';
import { identifyLog, openLog } from './log.ts';
import type { Query } from '../store/query.ts';
import { queryOfClient } from '../store/query.ts';
import { ASLEEP, LEDGER_LOCKS, RECORDED_CHANNEL } from '../store/record.ts';
import { rotateKey } from './rotate-key.ts';
import { SequencerTrouble } from './sequencer-trouble.ts';
import type { LedgerSigner } from './signer.ts';

export interface SequencerOptions {
  /** The writer's; not through a pooler in transaction mode, where a session's lock would be anybody's. */
  readonly url: string;
  readonly signer: LedgerSigner;
  readonly log?: SequencerLog;
  /** Entries in one batch. */
  readonly batch?: number;
  /** A busy log is signed this often; a quiet one at once. */
  readonly signEveryMs?: number;
  /** How long the longest pause between two looks is, where no notification comes. */
  readonly pollMs?: number;
}

export interface SequencerLog {
  info(details: object, message: string): void;
  error(details: object, message: string): void;
}

export interface Sequencer {
  /** `refusing`: the ledger and its signatures, or a witness, disagree; nothing is appended until somebody has looked. */
  readonly state: 'integrating' | 'standing by' | 'refusing' | 'disconnected' | 'stopped';
  /** Why entries get no index, in a sentence with the mend; null where they do, here or in another process. */
  readonly problem: string | null;
  /** Looks now, without waiting for a notification. */
  wake(): void;
  /** Appends nothing from the next batch on, for good: what a witness holds can't be undone by trying again. */
  refuse(reason: CodedError): void;
  /** Integrates and signs what is committed by now, and lets go of the lock. */
  stop(): Promise<void>;
}

/** Between batches of a busy log: small batches cost callers more than they gain. */
const BETWEEN_BATCHES_MS = 10;
const QUIET: SequencerLog = { info: () => undefined, error: () => undefined };

/** Rejects where the log can't be taken up at all: `ledger_key_mismatch`, `ledger_altered`, no connection. */
export async function startSequencer(options: SequencerOptions): Promise<Sequencer> {
  const sequencer = new RunningSequencer(options);
  await sequencer.start();
  return sequencer;
}

class RunningSequencer implements Sequencer {
  readonly #options: Required<SequencerOptions>;
  #state: Sequencer['state'] = 'disconnected';
  #stopping = false;
  #running: Promise<void> = Promise.resolve();
  readonly #trouble: SequencerTrouble;
  #refused: CodedError | null = null;
  #rung = false;
  #ring: (() => void) | null = null;

  constructor(options: SequencerOptions) {
    this.#options = { log: QUIET, batch: 2048, signEveryMs: 50, pollMs: 1000, ...options };
    this.#trouble = new SequencerTrouble(this.#options.log);
  }

  get state(): Sequencer['state'] {
    return this.#state;
  }

  get problem(): string | null {
    return this.#trouble.problem;
  }

  wake(): void {
    this.#rung = true;
    this.#ring?.();
  }

  refuse(reason: CodedError): void {
    this.#refused ??= reason;
    this.wake();
  }

  #assertNotRefused(): void {
    if (this.#refused !== null) throw this.#refused;
  }

  async start(): Promise<void> {
    const session = await this.#connect();
    try {
      // Whatever is wrong from the start is thrown at who starts us; what goes wrong later is told to the log.
      await this.#open(session, await identifyLog(session.query, this.#options.signer));
      this.#running = this.#run(session);
    } catch (error) {
      await session.end();
      throw error;
    }
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    this.wake();
    await this.#running;
    this.#state = 'stopped';
  }

  async #run(first: Session): Promise<void> {
    for (let session: Session | null = first; ; session = null) {
      try {
        this.#assertNotRefused();
        session ??= await this.#connect();
        await this.#stand(session);
        return;
      } catch (error) {
        const coded = error instanceof CodedError && error.code !== 'head_moved';
        this.#state = coded ? 'refusing' : 'disconnected';
        this.#trouble.tell(error);
        if (this.#stopping) return;
        await this.#pause(this.#options.pollMs);
      } finally {
        // Ends the session's lock, if it had it.
        await session?.end();
      }
    }
  }

  /** Waits for the lock, then works until it is stopped. */
  async #stand(session: Session): Promise<void> {
    const { signer } = this.#options;
    for (;;) {
      this.#assertNotRefused();
      // Each time, for its key may have been rotated by who had the lock.
      const logId = await identifyLog(session.query, signer);
      // Not the waiting form of the lock: a query that waits holds back vacuum for as long.
      const [lock] = await session.query<{ got: boolean }>('SELECT pg_try_advisory_lock($1, $2) AS got', [
        LEDGER_LOCKS,
        logId,
      ]);
      if (lock?.got === true) return await this.#work(session, logId);
      this.#state = 'standing by';
      if (this.#stopping) return;
      await this.#trouble.lookAtHolder(session.query, logId, new Date());
      await this.#pause(this.#options.pollMs / 2);
    }
  }

  /** With the lock: what is identified now stays so. */
  async #work(session: Session, identified: number): Promise<void> {
    await session.query(`LISTEN ${RECORDED_CHANNEL}`);
    const { signer } = this.#options;
    const logId = await identifyLog(session.query, signer);
    if (logId !== identified) throw new CodedError('head_moved', 'another log was begun meanwhile.');
    await this.#rotate(logId);
    const log = await this.#open(session, logId);
    this.#state = 'integrating';
    this.#options.log.info({ logId, size: log.tree.size }, 'this process integrates the ledger now');
    await this.#integrate(session, log);
  }

  /** On a connection of its own, since it records as everybody does. */
  async #rotate(logId: number): Promise<void> {
    const { url, signer, log } = this.#options;
    if (signer.previousVkey === null) return;
    const db = openDatabase(url, { max: 1, applicationName: SEQUENCER_APPLICATION });
    try {
      const now = new Date().toISOString();
      const at = { id: newEntryId(now, randomBytes), now, random: randomBytes };
      if (await rotateKey(db, logId, signer, at))
        log.info({ logId, from: signer.previousVkey, to: signer.vkey }, "the ledger's key was rotated");
    } finally {
      await db.destroy();
    }
  }

  /** From one snapshot: without the lock, another process may be moving the log on meanwhile. */
  async #open(session: Session, logId: number): Promise<OpenLog> {
    await session.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    const log = await openLog(session.query, logId, this.#options.signer);
    await session.query('COMMIT');
    return log;
  }

  async #integrate(session: Session, opened: OpenLog): Promise<void> {
    const { batch, signEveryMs, pollMs, signer } = this.#options;
    let log = opened;
    let signedAt = -Infinity;
    for (let asleep = false; ;) {
      this.#assertNotRefused();
      const stopping = this.#stopping;
      const integrated = await this.#batch(session.query, log, batch);
      // Not before: what is in the way of the next entries shows only with them.
      this.#trouble.over();
      if (asleep && integrated > 0) asleep = !(await wakeUp(session.query));
      // A batch that began after stop() and isn't full was the last of what stop() promises.
      const last = stopping && integrated < batch;
      const due = signedAt + signEveryMs - performance.now();
      if (log.signed < log.tree.size && (due <= 0 || last)) {
        log = await signHead(session.query, log, signer);
        signedAt = performance.now();
      }
      if (last) return;
      if (integrated === batch) continue;
      const idle = integrated === 0 && log.signed === log.tree.size;
      if (idle && !asleep) {
        asleep = await fallAsleep(session.query);
        // Once more, for whoever committed just before.
        if (asleep) continue;
      }
      await this.#pause(asleep ? pollMs : BETWEEN_BATCHES_MS);
    }
  }

  async #batch(query: Query, log: OpenLog, most: number): Promise<number> {
    try {
      return await integrate(query, log, most, {
        refused: (entryId, why) =>
          this.#options.log.error(
            { entryId },
            `the entry ${entryId} gets no index, and is never signed: it ${why}. Whoever recorded it can write here: change the password of the writer’s login`,
          ),
      });
    } catch (error) {
      const row = occupied(error);
      if (row !== null) throw row;
      // An entry that waits twice. The tree in memory is spent: the next round opens the log again.
      if (error instanceof DatabaseError && error.code === '23505') await dropDoubles(query);
      throw error;
    }
  }

  async #connect(): Promise<Session> {
    const client = new Client({
      connectionString: this.#options.url,
      application_name: SEQUENCER_APPLICATION,
      keepAlive: true,
      connectionTimeoutMillis: 10_000,
      statement_timeout: 60_000,
    });
    // Queries reject by themselves when the connection breaks; this is for breaking between them.
    client.on('error', () => this.wake());
    client.on('notification', () => this.wake());
    await client.connect();
    // A checkpoint must never be over entries that a crash of the server can lose.
    await client.query('SET synchronous_commit = on');
    return { query: queryOfClient(client), end: () => client.end().catch(() => undefined) };
  }

  async #pause(milliseconds: number): Promise<void> {
    if (this.#rung || milliseconds <= 0) {
      this.#rung = false;
      return;
    }
    const done = new AbortController();
    this.#ring = () => done.abort();
    try {
      await wait(milliseconds, undefined, { signal: done.signal });
    } catch {
      // Rung.
    } finally {
      this.#ring = null;
      this.#rung = false;
    }
  }
}

/** False while somebody who didn't ring is about to commit. */
async function fallAsleep(query: Query): Promise<boolean> {
  const [lock] = await query<{ got: boolean }>('SELECT pg_try_advisory_lock($1, $2) AS got', [
    LEDGER_LOCKS,
    ASLEEP,
  ]);
  return lock?.got === true;
}

async function wakeUp(query: Query): Promise<boolean> {
  const [lock] = await query<{ free: boolean }>('SELECT pg_advisory_unlock($1, $2) AS free', [
    LEDGER_LOCKS,
    ASLEEP,
  ]);
  return lock?.free === true;
}

interface Session {
  readonly query: Query;
  end(): Promise<void>;
}
