/** What goes wrong in one run, and when: all of it from one seed, so that a run can be had again. */
import type { ChaosHost } from './chaos-hosts.ts';

/** Numbers from 0 to 1 (mulberry32). */
export type Chance = () => number;

export function chanceFrom(seed: number): Chance {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export interface Fault {
  readonly kind: 'kill' | 'cut' | 'dead' | 'full' | 'kill and cut' | 'kill and full';
  /** It comes once so many steps were begun or ended, on whichever host. */
  readonly afterSteps: number;
  /** And so much later, into the middle of a step. */
  readonly delayMilliseconds: number;
  /** Whom it hits, where it isn't the worker. */
  readonly hosts: readonly number[];
  /** Until the host is as it was. */
  readonly lastsMilliseconds: number;
  /** Bytes a second that all ways carry meanwhile; null: any. */
  readonly rate: number | null;
}

/** Three hosts, each with up to 20 beginnings and ends of steps. */
const MOST_STEPS = 56;

export function chooseFault(chance: Chance, hosts: readonly ChaosHost[]): Fault {
  const disks = hosts.every(({ fill }) => fill !== null);
  const kinds: Fault['kind'][] = ['kill', 'kill', 'cut', 'dead', 'kill and cut'];
  if (disks) kinds.push('full', 'kill and full');
  const pick = (most: number): number => Math.floor(chance() * most);
  const kind = kinds[pick(kinds.length)] ?? 'kill';
  const hit = hosts.map((_, index) => index).filter(() => chance() < 0.5);
  return {
    kind,
    afterSteps: 1 + pick(MOST_STEPS),
    delayMilliseconds: pick(60),
    hosts: hit.length === 0 ? [pick(hosts.length)] : hit,
    lastsMilliseconds: 100 + pick(5_000),
    rate: chance() < 0.3 ? 400_000 : null,
  };
}

export function describeFault({ kind, afterSteps, hosts, lastsMilliseconds, rate }: Fault): string {
  const where =
    kind === 'kill' ? '' : ` on host ${hosts.map((host) => host + 1).join(', ')} for ${lastsMilliseconds} ms`;
  return `${kind}${where} after ${afterSteps} steps${rate === null ? '' : ', slow network'}`;
}
