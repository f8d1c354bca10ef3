import { z } from 'zod';
import type { ControlLook, ControlSettings } from '../domain/control-facts.ts';
import { type Known, known, unknown } from '../domain/known.ts';
import type { ProtectionFacts } from '../domain/protection-facts.ts';
import { fullName, type RepositoryRef } from '../domain/repository.ts';
import { askRest, askRestPages } from './ask-github.ts';
import { controlSettings } from './control-settings.ts';
import { isRefusal } from './github-error.ts';
import type { GitHubReader } from './github-reader.ts';
import { inParallel } from './in-parallel.ts';

/** The part of a look that has classic protection. */
export const CLASSIC = 'branch protection';

/** The part of a look that has the rulesets themselves, with their names. */
export const RULESETS = 'rulesets';

/** What is enforced on a branch, from a reading of its protection: no request more. */
export function enforcedOn({ branch, classic, rulesets }: ProtectionFacts): ControlLook {
  return {
    subject: { kind: 'branch', name: branch },
    parts: {
      [CLASSIC]: classic.known
        ? known(controlSettings(classic.value === null ? { enabled: false } : classic.value.raw))
        : classic,
      rules: rulesets.known ? known(rulesSettings(rulesets.value)) : rulesets,
    },
  };
}

/** Each rule by its kind and ruleset, since a branch may have the same rule twice. */
function rulesSettings(rulesets: readonly { readonly id: number; readonly raw: unknown }[]): ControlSettings {
  const byRule: Record<string, unknown> = {};
  for (const { id, raw } of rulesets) {
    for (const rule of z.array(z.looseObject({ type: z.string() })).parse(raw)) {
      const { type, ...rest } = rule;
      byRule[`ruleset ${id} ${type}`] = rest;
    }
  }
  return controlSettings(byRule);
}

const LISTED_AT_MOST = 200;
const PAGES = 2;
const listed = z.array(z.looseObject({ id: z.int(), name: z.string(), target: z.string().nullish() }));
const detail = z.looseObject({
  id: z.int(),
  name: z.string(),
  bypass_actors: z.array(z.unknown()).nullish(),
});

/**
 * Every ruleset that a repository is under, its own, its organisation's and those that only evaluate, as GitHub shows it: with who may bypass it, which
 * it shows only to those who may edit it (`unknown` then, never "none").
 */
export async function readRulesets(
  github: GitHubReader,
  repository: RepositoryRef,
): Promise<Known<ControlSettings>> {
  const { owner, name } = repository;
  const at = { owner, repo: name, includes_parents: true };
  const doing = `reading the rulesets of ${fullName(repository)}`;
  try {
    const { complete, items } = await askRestPages(
      github,
      'GET /repos/{owner}/{repo}/rulesets',
      at,
      listed,
      (page) => page,
      { doing, limit: PAGES },
    );
    if (!complete) return unknown(`${fullName(repository)} is under more than ${LISTED_AT_MOST} rulesets`);
    const whole = await inParallel(
      items.filter(({ target }) => target === undefined || target === null || target === 'branch'),
      ({ id }) =>
        askRest(
          github,
          'GET /repos/{owner}/{repo}/rulesets/{ruleset_id}',
          { ...at, ruleset_id: id },
          detail,
          doing,
        ),
    );
    return known(
      controlSettings(
        Object.fromEntries(
          whole.map(({ id, bypass_actors: bypass, ...rest }) => [
            `ruleset ${id}`,
            { ...rest, bypass_actors: bypass ?? 'unknown' },
          ]),
        ),
      ),
    );
  } catch (error) {
    if (isRefusal(error)) return unknown(error.message);
    throw error;
  }
}

/** The rulesets' names by their ids, from what {@link readRulesets} read. */
export function rulesetNames(settings: ControlSettings): ReadonlyMap<number, string> {
  const names = new Map<number, string>();
  for (const [path, value] of Object.entries(settings)) {
    const id = /^ruleset (\d+)\.name$/.exec(path)?.[1];
    if (id !== undefined) names.set(Number(id), z.string().parse(JSON.parse(value)));
  }
  return names;
}
