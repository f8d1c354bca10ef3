/** The order in which a target's hosts are switched, and which of them are switched back where one isn't well. Pure. */
import type { Rollout } from '../domain/deploy.ts';

/** What a target that says nothing of it gets. */
export const ONE_BY_ONE: Rollout = {
  canary: 0,
  batch: 1,
  pause: 0,
  parallel: 8,
  onFailure: 'roll_back_all',
};

/** As many as one deployment speaks to at a time, however many it goes to. */
export const MOST_PARALLEL = 100;

/** What a host's place in a rollout is decided by. */
export interface HostState {
  /** `current` points at the new release there, or may do so. */
  readonly switched: boolean;
  readonly failed: boolean;
}

/** The hosts in batches, in their order, the canaries first. No batch is empty, and each host is in one. */
export function batchesOf<T>(hosts: readonly T[], rollout: Rollout): readonly (readonly T[])[] {
  const size = batchSize(hosts.length, rollout.batch);
  const canaries = Math.min(rollout.canary, hosts.length);
  const batches: (readonly T[])[] = canaries === 0 ? [] : [hosts.slice(0, canaries)];
  for (let at = canaries; at < hosts.length; at += size) batches.push(hosts.slice(at, at + size));
  return batches;
}

function batchSize(hosts: number, batch: Rollout['batch']): number {
  if (batch === 'all') return Math.max(1, hosts);
  const size = typeof batch === 'number' ? batch : Math.ceil((hosts * batch.percent) / 100);
  return Math.max(1, size);
}

/**
 * Which hosts are switched back after a failure: batch after batch, the newest first, and within one the last first. `cancelled`:
 * somebody took the whole deployment back, so all of them are, whatever the target says of failures.
 */
export function restoringOrder<T extends HostState>(
  batches: readonly (readonly T[])[],
  { onFailure }: Pick<Rollout, 'onFailure'>,
  cancelled: boolean,
): readonly (readonly T[])[] {
  const goesBack = ({ switched, failed }: HostState): boolean => {
    if (!switched) return false;
    if (cancelled || onFailure === 'roll_back_all') return true;
    return onFailure === 'roll_back_failed' && failed;
  };
  return batches
    .map((batch) => batch.filter(goesBack).toReversed())
    .toReversed()
    .filter((batch) => batch.length > 0);
}
