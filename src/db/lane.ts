import { createHash } from 'node:crypto';

/** What is in no lane: every worker of the queue takes it. */
export const NO_LANE = 0;

/**
 * The number of a lane. Workers of some lanes only take jobs whose priority lies in them, so a lane is a priority: from 1 to
 * 2³¹ - 1, by its name alone. Two names with one number are as good as impossible; a handler still has to look.
 */
export function laneOf(name: string): number {
  return (createHash('sha256').update(name).digest().readUInt32BE(0) >>> 1) | 1;
}
