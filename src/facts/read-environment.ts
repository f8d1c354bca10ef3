import { z } from 'zod';
import type { EnvironmentFacts, EnvironmentReviewers } from '../domain/deployment-facts.ts';
import { type Known, known, unknown } from '../domain/known.ts';
import type { RepositoryRef } from '../domain/repository.ts';
import { askRest } from './ask-github.ts';
import { isRefusal } from './github-error.ts';
import type { GitHubReader } from './github-reader.ts';
import { restActor } from './wire-actor.ts';

const reviewersRule = z.looseObject({
  type: z.literal('required_reviewers'),
  prevent_self_review: z.boolean().nullish(),
  reviewers: z.array(
    z.discriminatedUnion('type', [
      z.object({ type: z.literal('User'), reviewer: restActor }),
      z.object({ type: z.literal('Team'), reviewer: z.object({ slug: z.string() }) }),
    ]),
  ),
});
const otherRule = z.looseObject({ type: z.string().refine((type) => type !== 'required_reviewers') });

const environmentAnswer = z.looseObject({
  name: z.string(),
  can_admins_bypass: z.boolean().nullish(),
  protection_rules: z.array(z.union([reviewersRule, otherRule])).nullish(),
});

/** What GitHub knows of an environment: who must approve, who may pass by, and whether our own rule guards it. */
export async function readEnvironment(
  github: GitHubReader,
  repository: RepositoryRef,
  environment: string,
  appId: number,
): Promise<Known<EnvironmentFacts>> {
  return (await readWholeEnvironment(github, repository, environment, appId)).facts;
}

/** {@link readEnvironment}, with GitHub's own answers beside it. */
export interface WholeEnvironment {
  readonly facts: Known<EnvironmentFacts>;
  readonly environment: Known<unknown>;
  readonly rules: Known<unknown>;
}

export async function readWholeEnvironment(
  github: GitHubReader,
  repository: RepositoryRef,
  environment: string,
  appId: number,
): Promise<WholeEnvironment> {
  const { owner, name } = repository;
  const parameters = { owner, repo: name, environment_name: environment };
  const doing = `reading ${owner}/${name}'s environment ${environment}`;
  const [wire, rules] = await Promise.all([
    told(
      askRest(
        github,
        'GET /repos/{owner}/{repo}/environments/{environment_name}',
        parameters,
        environmentAnswer,
        doing,
      ),
    ),
    told(
      askRest(
        github,
        'GET /repos/{owner}/{repo}/environments/{environment_name}/deployment_protection_rules',
        parameters,
        rulesAnswer,
        `reading the deployment protection rules of ${owner}/${name}'s ${environment}`,
      ),
    ),
  ]);
  if (!wire.known) return { facts: wire, environment: wire, rules };
  const guardedByUs = rules.known
    ? known(
        (rules.value.custom_deployment_protection_rules ?? []).some(
          (rule) => rule.enabled && rule.app.id === appId,
        ),
      )
    : rules;
  const { name: called, can_admins_bypass: bypass } = wire.value;
  const facts = {
    name: called,
    reviewers: reviewersOf(wire.value),
    adminsCanBypass: bypass ?? null,
    guardedByUs,
  };
  return { facts: known(facts), environment: wire, rules };
}

async function told<T>(asked: Promise<T>): Promise<Known<T>> {
  try {
    return known(await asked);
  } catch (error) {
    if (isRefusal(error)) return unknown(error.message);
    throw error;
  }
}

function reviewersOf(wire: z.output<typeof environmentAnswer>): EnvironmentReviewers | null {
  const rules = (wire.protection_rules ?? []).flatMap((rule) => (isReviewersRule(rule) ? [rule] : []));
  if (rules.length === 0) return null;
  const named = rules.flatMap((rule) => rule.reviewers);
  return {
    users: named.flatMap((each) => (each.type === 'User' && each.reviewer !== null ? [each.reviewer] : [])),
    teams: named.flatMap((each) => (each.type === 'Team' ? [each.reviewer.slug] : [])),
    preventSelfReview: rules.some((rule) => rule.prevent_self_review === true),
  };
}

function isReviewersRule(
  rule: z.output<typeof reviewersRule> | z.output<typeof otherRule>,
): rule is z.output<typeof reviewersRule> {
  return rule.type === 'required_reviewers';
}

const rulesAnswer = z.looseObject({
  custom_deployment_protection_rules: z
    .array(z.looseObject({ enabled: z.boolean(), app: z.looseObject({ id: z.int() }) }))
    .nullish(),
});
