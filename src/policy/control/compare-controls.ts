import type { ControlChange, ControlLook, KeptControls } from '../../domain/control-facts.ts';

export interface ComparedControls {
  readonly parts: KeptControls['parts'];
  /** What is another than when it was last known, however long ago that was. */
  readonly changes: readonly ControlChange[];
  /** Parts that were seen for the first time. */
  readonly first: readonly string[];
  /** Parts that can't be seen any more, or never could. */
  readonly lost: readonly string[];
  /** Parts that can be seen again. */
  readonly found: readonly string[];
}

/**
 * What a look shows that the ones before it didn't. What can't be read leaves what was known last in its place: so it is
 * told once, no change is made of it, and a difference over the time nobody could see is found when it can be seen again.
 */
export function compareControls(
  before: KeptControls['parts'] | null,
  { parts: seen }: ControlLook,
): ComparedControls {
  const parts: Record<string, KeptControls['parts'][string]> = { ...before };
  const [changes, first, lost, found]: [ControlChange[], string[], string[], string[]] = [[], [], [], []];
  for (const [name, now] of Object.entries(seen).toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const last = before?.[name];
    if (!now.known) {
      if (last === undefined || last.known) lost.push(name);
      parts[name] = { settings: last?.settings ?? null, known: false };
      continue;
    }
    parts[name] = { settings: now.value, known: true };
    if (last?.known === false) found.push(name);
    if (last === undefined || last.settings === null) {
      first.push(name);
      continue;
    }
    const settings = new Set([...Object.keys(last.settings), ...Object.keys(now.value)]);
    for (const setting of [...settings].toSorted()) {
      const change = { before: last.settings[setting] ?? null, after: now.value[setting] ?? null };
      if (change.before !== change.after) changes.push({ setting: `${name}: ${setting}`, ...change });
    }
  }
  return { parts, changes, first, lost, found };
}
