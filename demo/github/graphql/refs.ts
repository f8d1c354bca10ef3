/** Branches, and what protects them, as GraphQL objects. */
import { branchTip, readCommit } from '../git/commits.ts';
import { rulesetsOn } from '../rules/demands.ts';
import { nodeId } from '../shapes/accounts.ts';
import { repositoryName } from '../shapes/repository.ts';
import type { Protection, Repository, RequiredCheck, Rule, Ruleset } from '../state.ts';
import { connection, type ConnectionArguments } from './connection.ts';
import { need, type Asking } from './context.ts';

type Fields = Record<string, unknown>;

function requiredCheck(asking: Asking, check: RequiredCheck): Fields {
  const app = check.appId === null ? undefined : asking.world.state.apps.get(check.appId);
  return {
    __typename: 'RequiredStatusCheckDescription',
    context: check.context,
    app:
      app === undefined
        ? null
        : {
            __typename: 'App',
            databaseId: app.id,
            slug: app.slug,
            name: app.name,
            id: nodeId('App', app.id),
          },
  };
}

/** Whoever is on the list of classic protection, by name. */
const bypassing = (reviews: Protection['reviews']): readonly string[] =>
  Object.values(reviews?.bypass ?? {}).flat();

function protectionObject(asking: Asking, protection: Protection): Fields {
  const { reviews, requiredChecks } = protection;
  return {
    __typename: 'BranchProtectionRule',
    id: nodeId('BranchProtectionRule', protection.id),
    databaseId: protection.id,
    pattern: protection.branch,
    requiresApprovingReviews: reviews !== null,
    requiredApprovingReviewCount: reviews?.count ?? null,
    dismissesStaleReviews: reviews?.dismissStale ?? false,
    requiresCodeOwnerReviews: reviews?.codeOwners ?? false,
    requireLastPushApproval: reviews?.lastPush ?? false,
    // Its rules name branches outright, so no two match the same one.
    branchProtectionRuleConflicts: (args: ConnectionArguments) => connection([], args, (none) => none),
    bypassPullRequestAllowances: (args: ConnectionArguments) =>
      connection(bypassing(reviews), args, (actor) => ({
        __typename: 'BypassPullRequestAllowance',
        id: nodeId('BypassPullRequestAllowance', `${protection.id}:${actor}`),
      })),
    isAdminEnforced: protection.enforceAdmins,
    requiresStatusChecks: requiredChecks !== null,
    requiresStrictStatusChecks: requiredChecks?.strict ?? false,
    requiredStatusCheckContexts: requiredChecks?.checks.map((check) => check.context) ?? [],
    requiredStatusChecks: requiredChecks?.checks.map((check) => requiredCheck(asking, check)) ?? [],
    allowsForcePushes: protection.allowForcePushes,
    allowsDeletions: protection.allowDeletions,
    requiresLinearHistory: protection.linearHistory,
    requiresCommitSignatures: false,
    requiresConversationResolution: false,
    restrictsPushes: false,
    lockBranch: false,
  };
}

function parametersObject(rule: Rule): Fields | null {
  const given = rule.parameters ?? {};
  if (rule.type === 'pull_request') {
    return {
      __typename: 'PullRequestParameters',
      requiredApprovingReviewCount: given['required_approving_review_count'] ?? 0,
      dismissStaleReviewsOnPush: given['dismiss_stale_reviews_on_push'] === true,
      requireCodeOwnerReview: given['require_code_owner_review'] === true,
      requireLastPushApproval: given['require_last_push_approval'] === true,
      requiredReviewThreadResolution: given['required_review_thread_resolution'] === true,
      allowedMergeMethods: Array.isArray(given['allowed_merge_methods'])
        ? given['allowed_merge_methods'].map((one) => String(one).toUpperCase())
        : null,
    };
  }
  if (rule.type !== 'required_status_checks') return null;
  const checks = given['required_status_checks'];
  return {
    __typename: 'RequiredStatusChecksParameters',
    strictRequiredStatusChecksPolicy: given['strict_required_status_checks_policy'] === true,
    doNotEnforceOnCreate: given['do_not_enforce_on_create'] === true,
    requiredStatusChecks: (Array.isArray(checks) ? checks : []).map(
      (check: { context: string; integration_id?: number }) => ({
        __typename: 'StatusCheckConfiguration',
        context: check.context,
        integrationId: check.integration_id ?? null,
      }),
    ),
  };
}

function ruleObject(repository: Repository, ruleset: Ruleset, rule: Rule): Fields {
  return {
    __typename: 'RepositoryRule',
    id: nodeId('RepositoryRule', `${ruleset.id}:${rule.type}`),
    type: rule.type.toUpperCase(),
    parameters: parametersObject(rule),
    repositoryRuleset: {
      __typename: 'RepositoryRuleset',
      id: nodeId('RepositoryRuleset', ruleset.id),
      databaseId: ruleset.id,
      name: ruleset.name,
      enforcement: ruleset.enforcement.toUpperCase(),
      target: 'BRANCH',
      source: repository.rulesets.has(ruleset.id)
        ? { __typename: 'Repository', nameWithOwner: repositoryName(repository) }
        : { __typename: 'Organization', login: repository.owner.login },
    },
  };
}

export function refObject(asking: Asking, repository: Repository, branch: string): Fields {
  return {
    __typename: 'Ref',
    id: nodeId('Ref', `${repository.id}:${branch}`),
    name: branch,
    prefix: 'refs/heads/',
    target: async () => {
      const tip = await branchTip(repository.directory, branch);
      return tip === null
        ? null
        : asking.make.commit(asking, repository, await readCommit(repository.directory, tip));
    },
    branchProtectionRule: () => {
      need(asking, repository, 'administration:read', 'admin');
      const protection = repository.protections.get(branch);
      return protection === undefined ? null : protectionObject(asking, protection);
    },
    rules: (args: ConnectionArguments) =>
      connection(
        rulesetsOn(repository, branch).flatMap((ruleset) => ruleset.rules.map((rule) => ({ ruleset, rule }))),
        args,
        ({ ruleset, rule }) => ruleObject(repository, ruleset, rule),
      ),
  };
}
