import type { ChangeFacts } from '../../domain/change-facts.ts';
import type { ControlsFact, ControlSubject } from '../../domain/control-facts.ts';
import type { DeploymentFacts } from '../../domain/deployment-facts.ts';
import { known } from '../../domain/known.ts';
import type { ProtectionFacts, ProtectionRules } from '../../domain/protection-facts.ts';
import type { RepositoryRef } from '../../domain/repository.ts';
import { classicByRule } from '../../facts/classic-by-rule.ts';
import type { ChangeReading } from '../../facts/read-change.ts';
import { CLASSIC, rulesetNames, RULESETS } from '../../facts/read-branch-controls.ts';
import { controlsOf } from './note-controls.ts';
import type { Pipeline } from '../pipeline.ts';

/** A change's facts with how the controls of its base stood at the last look, and its rulesets by the names seen then. */
export async function withControlsSeen(
  pipeline: Pick<Pipeline, 'db'>,
  facts: ChangeFacts,
): Promise<ChangeFacts> {
  const subject: ControlSubject = { kind: 'branch', name: facts.pullRequest.baseRef };
  const [seen] = await controlsOf(pipeline, facts.repository, [subject]);
  if (seen === undefined) return facts;
  const { parts, ...controls } = seen;
  const names = rulesetNames(parts[RULESETS]?.settings ?? {});
  return { ...facts, controls, protection: named(facts.protection, names) };
}

/** The classic protection that came with a pull request, where the last look at its base bears it out; null: REST is to be asked. */
export async function classicSeen(
  pipeline: Pick<Pipeline, 'db'>,
  repository: RepositoryRef,
  { name, rule }: ChangeReading['base'],
): Promise<ProtectionRules | null> {
  if (rule === null) return null;
  const [seen] = await controlsOf(pipeline, repository, [{ kind: 'branch', name }]);
  const look = seen?.parts[CLASSIC];
  return classicByRule(rule, look?.known === true ? look.settings : null);
}

function named(protection: ProtectionFacts, names: ReadonlyMap<number, string>): ProtectionFacts {
  const { rulesets } = protection;
  if (!rulesets.known) return protection;
  const value = rulesets.value.map((ruleset) => {
    const name = names.get(ruleset.id);
    return name === undefined ? ruleset : { ...ruleset, name };
  });
  return { ...protection, rulesets: known(value) };
}

/** How the controls stood, at the last look, that a deployment rests on. */
export async function deploymentControls(
  pipeline: Pick<Pipeline, 'db'>,
  { repository, request, branches }: DeploymentFacts,
): Promise<readonly ControlsFact[]> {
  const names = branches.known ? branches.value.map(({ name }) => name) : [];
  const subjects: readonly ControlSubject[] = [
    { kind: 'environment', name: request.environment },
    { kind: 'hosts', name: request.environment },
    ...names.map((name): ControlSubject => ({ kind: 'branch', name })),
  ];
  const seen = await controlsOf(pipeline, repository, subjects);
  return seen.map((each) => {
    const { parts: _, ...controls } = each;
    return controls;
  });
}
