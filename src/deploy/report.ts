import { printable } from './refuse-paths.ts';

/** What one of our scripts reported: only lines that carry the run's nonce count, whatever else the host printed. */
export interface Report {
  /** The last value said for a key; undefined where nothing was said. */
  value(key: string): string | undefined;
  /** Every value said for a key, in order. */
  values(key: string): readonly string[];
  /** Why the script refused, where it did. */
  readonly refusal: Refusal | null;
}

export interface Refusal {
  readonly reason: string;
  readonly about: string;
}

/** Reads a script's output. Values are the host's own words: compare them, never run or trust them. */
export function parseReport(stdout: string, nonce: string): Report {
  const said = new Map<string, string[]>();
  for (const line of stdout.split('\n')) {
    if (!line.startsWith(`${nonce} `)) continue;
    const rest = line.slice(nonce.length + 1);
    const space = rest.indexOf(' ');
    if (space === -1) continue;
    const key = rest.slice(0, space);
    const value = rest.slice(space + 1);
    const values = said.get(key);
    if (values === undefined) said.set(key, [value]);
    else values.push(value);
  }
  const refused = said.get('refused')?.at(-1);
  const space = refused?.indexOf(' ') ?? -1;
  return {
    value: (key) => said.get(key)?.at(-1),
    values: (key) => said.get(key) ?? [],
    refusal:
      refused === undefined
        ? null
        : { reason: refused.slice(0, space), about: printable(refused.slice(space + 1)) },
  };
}
