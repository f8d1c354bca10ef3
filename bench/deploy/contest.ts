/** Contenders that do the same work, one after the other, in an order that turns around with every round. */
export interface Contender {
  readonly name: string;
  /** What it does and what it doesn't, for the table. */
  readonly does: string;
  /** Untimed: the way things stand before each of its turns. */
  readonly before: (round: number) => Promise<void>;
  /** Milliseconds it took; undefined: as long as the call took. */
  readonly turn: (round: number) => Promise<number | undefined>;
}

export interface Standing {
  readonly name: string;
  readonly does: string;
  readonly milliseconds: readonly number[];
  readonly median: number;
}

/** One round to warm up, which doesn't count, and then `rounds`. */
export async function hold(contenders: readonly Contender[], rounds: number): Promise<readonly Standing[]> {
  const times = new Map<Contender, number[]>(contenders.map((contender) => [contender, []]));
  for (let round = 0; round <= rounds; round += 1) {
    for (const contender of round % 2 === 0 ? contenders : contenders.toReversed()) {
      await contender.before(round);
      const started = performance.now();
      const took = (await contender.turn(round)) ?? performance.now() - started;
      if (round > 0) times.get(contender)?.push(took);
    }
  }
  return [...times].map(([{ name, does }, milliseconds]) => ({
    name,
    does,
    milliseconds,
    median: median(milliseconds),
  }));
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}
