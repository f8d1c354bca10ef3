/** How long something lasts, as a policy writes it: `45m`, `2h`, `3d`. A day is 24 hours here, whatever the clocks do. */
const FORM = /^([1-9]\d{0,4})([mhd])$/;
const MINUTE = 60_000;
const UNITS: Readonly<Record<string, number>> = { m: MINUTE, h: 60 * MINUTE, d: 24 * 60 * MINUTE };

/** What is wrong with it; null where nothing is. */
export function durationProblem(text: string, longest = '30d'): string | null {
  const length = FORM.test(text) ? millisecondsOf(text) : null;
  if (length === null) return 'is no length of time; write minutes, hours or days, as 45m, 2h or 3d';
  return length > millisecondsOf(longest) ? `is too long; it may be ${longest} at most` : null;
}

/** In milliseconds; 0 where it is none, which the schema doesn't let through. */
export function millisecondsOf(text: string): number {
  const [, count = '0', unit = 'm'] = FORM.exec(text) ?? [];
  return Number(count) * (UNITS[unit] ?? 0);
}
