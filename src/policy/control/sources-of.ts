import type { ControlChange, KeptControls } from '../../domain/control-facts.ts';

type Parts = KeptControls['parts'] | null;

/**
 * Whose each ruleset is that changes are about, by its id (`1087` to `Organization acme`): a setting that changed has the ruleset's id
 * alone, and who may change it back depends on whose it is. Of two looks, since a ruleset may be gone from the newer one.
 */
export function sourcesOf(
  changes: readonly ControlChange[],
  looks: readonly Parts[],
): Readonly<Record<string, string>> {
  const ids = new Set(changes.flatMap(({ setting }) => /: ruleset (\d+)[ .]/.exec(setting)?.[1] ?? []));
  const settings = looks.flatMap((parts) =>
    Object.values(parts ?? {}).flatMap((part) => Object.entries(part.settings ?? {})),
  );
  return Object.fromEntries(
    [...ids]
      .toSorted((a, b) => Number(a) - Number(b))
      .flatMap((id) => {
        // Of one rule, and of the ruleset itself.
        const value = (key: string): string | null =>
          textOf(
            settings.find(
              ([path]) =>
                path === `ruleset ${id}.${key}` ||
                (path.startsWith(`ruleset ${id} `) && path.endsWith(`.ruleset_${key}`)),
            )?.[1],
          );
        const [type, source] = [value('source_type'), value('source')];
        return type === null || source === null ? [] : [[id, `${type} ${source}`]];
      }),
  );
}

/** Settings are kept as JSON. */
function textOf(json: string | undefined): string | null {
  if (json === undefined) return null;
  const value: unknown = JSON.parse(json);
  return typeof value === 'string' ? value : null;
}
