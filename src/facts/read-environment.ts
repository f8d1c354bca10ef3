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

const environmentAnswer = z.object({
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
  const { owner, name } = repository;
  const parameters = { owner, repo: name, environment_name: environment };
  const doing = `reading ${owner}/${name}'s environment ${environment}`;
  try {
    const route = 'GET /repos/{owner}/{repo}/environments/{environment_name}';
    const [wire, guardedByUs] = await Promise.all([
      askRest(github, route, parameters, environmentAnswer, doing),
      readGuarded(github, parameters, appId),
    ]);
    return known({
      name: wire.name,
      reviewers: reviewersOf(wire),
      adminsCanBypass: wire.can_admins_bypass ?? null,
      guardedByUs,
    });
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

const rulesAnswer = z.object({
  custom_deployment_protection_rules: z
    .array(z.object({ enabled: z.boolean(), app: z.object({ id: z.int() }) }))
    .nullish(),
});

async function readGuarded(
  github: GitHubReader,
  parameters: { readonly owner: string; readonly repo: string; readonly environment_name: string },
  appId: number,
): Promise<Known<boolean>> {
  const doing = `reading the deployment protection rules of ${parameters.owner}/${parameters.repo}'s ${parameters.environment_name}`;
  try {
    const route = 'GET /repos/{owner}/{repo}/environments/{environment_name}/deployment_protection_rules';
    const { custom_deployment_protection_rules: rules } = await askRest(
      github,
      route,
      parameters,
      rulesAnswer,
      doing,
    );
    return known((rules ?? []).some((rule) => rule.enabled && rule.app.id === appId));
  } catch (error) {
    if (isRefusal(error)) return unknown(error.message);
    throw error;
  }
}
