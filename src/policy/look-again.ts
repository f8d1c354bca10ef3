import type { GateResult } from '../domain/decision.ts';

/** The earliest instant at which time alone changes what a gate says. */
export interface LookAgain {
  /** RFC 3339 in UTC. */
  readonly at: string;
  /** As people read it, in the time zone of what it waits for. */
  readonly shown: string;
}

/** When a held decision is worth another look though nothing happened; null where no gate waits for time. */
export function lookAgainOf(gates: readonly GateResult[]): LookAgain | null {
  const moments = gates
    .filter(({ outcome }) => outcome === 'pending')
    .flatMap(({ reasons }) =>
      reasons.flatMap(({ code, about }): LookAgain[] =>
        (code === 'freeze_lasting' || code === 'soak_running') && typeof about['until'] === 'string'
          ? [{ at: about['until'], shown: String(about['shown']) }]
          : [],
      ),
    );
  return (
    moments.toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at) || (a.shown < b.shown ? -1 : 1))[0] ?? null
  );
}
