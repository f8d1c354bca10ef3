import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';

/** What the numbers are read from, each time they are asked for. */
export interface Measured {
  /** Whether this process knows why entries get no index. */
  readonly stopped: boolean;
  /** Entries that are in the tree. */
  readonly integrated: number;
  /** Entries recorded that no sequencer has taken up, and since when the oldest waits; null where none does. */
  readonly pending: number;
  readonly oldestPendingAt: Date | null;
  readonly checkpointAt: Date | null;
  /** By witness, the newest checkpoint that it has, and when it got it. */
  readonly witnessed: readonly { readonly witness: string; readonly size: number; readonly at: Date }[];
  /** How this process last found each. */
  readonly witnesses: readonly { readonly witness: string; readonly state: string }[];
  readonly deployments: Readonly<Record<string, number>>;
  /** Planned writes to GitHub that aren't done: `planned`, `failed`. */
  readonly unfinishedEffects: Readonly<Record<string, number>>;
}

/** Prometheus' text about this process and about what is recorded. Counts are true at the moment of asking. */
export function createMetrics(
  measure: () => Promise<Measured>,
  now: () => Date,
): { text(): Promise<string> } {
  const register = new Registry();
  collectDefaultMetrics({ register });
  const gauge = <Label extends string>(name: string, help: string, labelNames: readonly Label[] = []) =>
    new Gauge({ name: `countersign_${name}`, help, labelNames: [...labelNames], registers: [register] });
  const entries = gauge(
    'ledger_entries',
    'Ledger entries: integrated into the tree, or recorded and still waiting for it.',
    ['state'],
  );
  const waiting = gauge(
    'ledger_oldest_pending_seconds',
    'How long the oldest entry has been waiting for a sequencer; 0 when none does.',
  );
  const stopped = gauge(
    'ledger_stopped',
    '1 where entries get no index, and /healthz and the log say why and what to do; else 0.',
  );
  const checkpoint = gauge('ledger_checkpoint_timestamp_seconds', 'When the newest checkpoint was signed.');
  const witnessedSize = gauge('ledger_witnessed_size', 'Size of the newest checkpoint that a witness has.', [
    'witness',
  ]);
  const witnessedAt = gauge(
    'ledger_witnessed_timestamp_seconds',
    'When a witness got the newest checkpoint that it has.',
    ['witness'],
  );
  const reachable = gauge(
    'ledger_witness_reachable',
    '0 where this process can’t bring a witness the newest checkpoint; no value where another process does.',
    ['witness'],
  );
  const alarm = gauge(
    'ledger_witness_alarm',
    '1 where a witness contradicts the ledger, so that nothing is appended any more: act now.',
    ['witness'],
  );
  const deployments = gauge('deployments', 'Deployments that were asked for, by where they stand.', [
    'state',
  ]);
  const effects = gauge('unfinished_effects', 'Planned writes to GitHub that are not done, by state.', [
    'state',
  ]);
  return {
    text: async () => {
      const measured = await measure();
      entries.set({ state: 'integrated' }, measured.integrated);
      entries.set({ state: 'pending' }, measured.pending);
      stopped.set(measured.stopped ? 1 : 0);
      const { oldestPendingAt, checkpointAt } = measured;
      waiting.set(
        oldestPendingAt === null ? 0 : Math.max(0, (now().getTime() - oldestPendingAt.getTime()) / 1000),
      );
      if (checkpointAt !== null) checkpoint.set(checkpointAt.getTime() / 1000);
      for (const each of [witnessedSize, witnessedAt, reachable, alarm]) each.reset();
      for (const { witness, size, at } of measured.witnessed) {
        witnessedSize.set({ witness }, size);
        witnessedAt.set({ witness }, at.getTime() / 1000);
      }
      for (const { witness, state } of measured.witnesses) {
        if (state !== 'standing by') reachable.set({ witness }, state === 'unreachable' ? 0 : 1);
        alarm.set({ witness }, state === 'contradicts' ? 1 : 0);
      }
      deployments.reset();
      for (const [state, count] of Object.entries(measured.deployments)) deployments.set({ state }, count);
      effects.reset();
      for (const [state, count] of Object.entries(measured.unfinishedEffects)) effects.set({ state }, count);
      return register.metrics();
    },
  };
}
