/**
 * The queues, and how each treats jobs that belong together (`key`):
 * - `coalesced`: a job that still waits stands for all later ones with its key, since it reads the newest state when
 *   it runs; one at a time per key.
 * - `ordered`: every job runs, in order and one at a time per key; a job that is to be retried holds back the ones
 *   behind it. `key` is required.
 * - `plain`: every job runs, in any order, many at a time.
 */
export type QueueKind = 'coalesced' | 'ordered' | 'plain';

export interface QueueSettings {
  readonly kind: QueueKind;
  /**
   * Retries after the first attempt; 1 s, doubling up to five minutes, or when a rate limit ends. Then the job goes to the
   * `dead` queue.
   */
  readonly retries: number;
  /** An attempt that takes longer is aborted and counts as failed. */
  readonly expireSeconds: number;
}

const HOUR = 3600;

/** How every job is retried: after a second, doubling. A fixed delay marks a job that was told when to come again. */
export const RETRY = { retryDelay: 1, retryBackoff: true, retryDelayMax: 300 } as const;

/** A hundred retries last for about six hours: longer than GitHub has been down in one piece. */
export const QUEUES = {
  /** A stored delivery that waits to be handed to the app. */
  delivery: { kind: 'plain', retries: 100, expireSeconds: 300 },
  /** A pull request to be judged. */
  change: { kind: 'coalesced', retries: 100, expireSeconds: 300 },
  /** A merge group of a queue to be judged. */
  merge_group: { kind: 'coalesced', retries: 100, expireSeconds: 300 },
  /** A merge to be recorded. */
  merge: { kind: 'ordered', retries: 100, expireSeconds: 300 },
  /** A push to a guarded branch to be looked at. */
  push: { kind: 'ordered', retries: 100, expireSeconds: 300 },
  /** A wanted deployment to be judged. */
  deployment: { kind: 'coalesced', retries: 100, expireSeconds: 300 },
  /** A job of Actions that our rule should ask us about, looked at a little later. */
  watch: { kind: 'plain', retries: 100, expireSeconds: 300 },
  /** A command in a comment to be answered: those of one pull request one after the other. */
  command: { kind: 'ordered', retries: 100, expireSeconds: 300 },
  /** What is due about an emergency: its end, the end of its review's time. */
  emergency: { kind: 'plain', retries: 100, expireSeconds: 300 },
  /** Somebody's word that they deployed what we hold. */
  claim: { kind: 'coalesced', retries: 100, expireSeconds: 300 },
  /** A planned write. */
  effect: { kind: 'ordered', retries: 100, expireSeconds: 300 },
  /** A deployment to be carried out. A worker that dies is found by its missing heartbeat; the next one goes on. */
  deploy: { kind: 'ordered', retries: 20, expireSeconds: 6 * HOUR },
  /** What GitHub enforces, to be looked at. */
  control: { kind: 'coalesced', retries: 20, expireSeconds: 600 },
  /** What is looked at by the clock. */
  sweep: { kind: 'coalesced', retries: 10, expireSeconds: HOUR },
} as const satisfies Readonly<Record<string, QueueSettings>>;

export type QueueName = keyof typeof QUEUES;

export const QUEUE_NAMES: readonly QueueName[] = [
  'delivery',
  'change',
  'merge_group',
  'merge',
  'push',
  'deployment',
  'watch',
  'command',
  'emergency',
  'claim',
  'effect',
  'deploy',
  'control',
  'sweep',
];

/** Where a job goes when its retries are used up. Nothing works this queue: a person redrives it. */
export const DEAD_QUEUE = 'dead';
