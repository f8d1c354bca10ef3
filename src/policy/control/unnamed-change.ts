import type { KeptControls } from '../../domain/control-facts.ts';

/** A change that was found by no delivery that names it: some delivery that comes now may be about it. */
export interface UnnamedChange {
  /** When it was found, RFC 3339. */
  readonly at: string;
  /** The deliveries whose senders are recorded with it, so that none is recorded twice. */
  readonly told: readonly string[];
}

/** Within this of the look that found it a delivery may be about it; GitHub sends them within seconds. */
const OPEN_FOR_MS = 10 * 60_000;

/** The last change of what is kept, while it is open at `now` (RFC 3339); null where nothing is. */
export function unnamedChange(kept: KeptControls | null, now: string): UnnamedChange | null {
  const { unnamedAt: at, unnamedTold: told = [] } = kept ?? {};
  if (at === undefined || Date.parse(now) - Date.parse(at) > OPEN_FOR_MS) return null;
  return { at, told };
}
