/** Branch protection and rulesets as GitHub's REST API and webhooks write them. */
import { needUser } from '../find.ts';
import { HttpError } from '../http.ts';
import { isProtected } from '../rules/demands.ts';
import type { Allowances, Organization, Protection, Repository, Rule, Ruleset } from '../state.ts';
import type { World } from '../world.ts';
import { fullTeam, nodeId, simpleUser } from './accounts.ts';
import { appShape } from './apps.ts';
import { repositoryApi, repositoryName, repositoryWeb } from './repository.ts';

const branchApi = (world: World, repository: Repository, branch: string): string =>
  `${repositoryApi(world, repository)}/branches/${encodeURIComponent(branch)}`;

function allowances(world: World, repository: Repository, list: Allowances): Record<string, unknown> {
  const { owner } = repository;
  const teams =
    owner.kind === 'Organization' ? owner.teams.filter((team) => list.teams.includes(team.slug)) : [];
  const apps = [...world.state.apps.values()].filter((app) => list.apps.includes(app.slug));
  return {
    users: list.users.map((login) => simpleUser(world, needUser(world, login))),
    teams: teams.map((team) => fullTeam(world, team)),
    apps: apps.map((app) => appShape(world, app)),
  };
}

function reviewsShape(
  world: World,
  repository: Repository,
  api: string,
  protection: Protection,
): Record<string, unknown> {
  if (protection.reviews === null) return {};
  const { reviews } = protection;
  return {
    required_pull_request_reviews: {
      url: `${api}/protection/required_pull_request_reviews`,
      dismiss_stale_reviews: reviews.dismissStale,
      require_code_owner_reviews: reviews.codeOwners,
      required_approving_review_count: reviews.count,
      require_last_push_approval: reviews.lastPush,
      ...(reviews.bypass === null
        ? {}
        : { bypass_pull_request_allowances: allowances(world, repository, reviews.bypass) }),
    },
  };
}

/** `brief`: as inside a branch, where it says little more than whether checks are required. */
export function protectionShape(
  world: World,
  repository: Repository,
  branch: string,
  brief: boolean,
): Record<string, unknown> {
  const protection = repository.protections.get(branch);
  const api = branchApi(world, repository, branch);
  const checks = protection?.requiredChecks ?? null;
  const listed = {
    contexts: checks?.checks.map((check) => check.context) ?? [],
    checks: checks?.checks.map((check) => ({ context: check.context, app_id: check.appId })) ?? [],
  };
  if (brief) {
    const level = checks === null ? 'off' : protection?.enforceAdmins === true ? 'everyone' : 'non_admins';
    return {
      enabled: isProtected(repository, branch),
      required_status_checks: { enforcement_level: level, ...listed },
    };
  }
  if (protection === undefined) throw new HttpError(404, 'Branch not protected');
  return {
    url: `${api}/protection`,
    ...(checks === null
      ? {}
      : {
          required_status_checks: {
            url: `${api}/protection/required_status_checks`,
            strict: checks.strict,
            ...listed,
            contexts_url: `${api}/protection/required_status_checks/contexts`,
          },
        }),
    ...reviewsShape(world, repository, api, protection),
    required_signatures: { url: `${api}/protection/required_signatures`, enabled: false },
    enforce_admins: { url: `${api}/protection/enforce_admins`, enabled: protection.enforceAdmins },
    required_linear_history: { enabled: protection.linearHistory },
    allow_force_pushes: { enabled: protection.allowForcePushes },
    allow_deletions: { enabled: protection.allowDeletions },
    block_creations: { enabled: false },
    required_conversation_resolution: { enabled: false },
    lock_branch: { enabled: false },
    allow_fork_syncing: { enabled: false },
  };
}

/** A classic rule as its webhook carries it. */
export function ruleEvent(repository: Repository, protection: Protection): Record<string, unknown> {
  return {
    id: protection.id,
    repository_id: repository.id,
    name: protection.branch,
    created_at: repository.createdAt,
    updated_at: repository.createdAt,
    pull_request_reviews_enforcement_level: protection.reviews === null ? 'off' : 'everyone',
    required_approving_review_count: protection.reviews?.count ?? 0,
    dismiss_stale_reviews_on_push: protection.reviews?.dismissStale ?? false,
    require_code_owner_review: protection.reviews?.codeOwners ?? false,
    authorized_dismissal_actors_only: false,
    ignore_approvals_from_contributors: false,
    required_status_checks: protection.requiredChecks?.checks.map((check) => check.context) ?? [],
    required_status_checks_enforcement_level: protection.requiredChecks === null ? 'off' : 'everyone',
    strict_required_status_checks_policy: protection.requiredChecks?.strict ?? false,
    signature_requirement_enforcement_level: 'off',
    linear_history_requirement_enforcement_level: protection.linearHistory ? 'everyone' : 'off',
    admin_enforced: protection.enforceAdmins,
    allow_force_pushes_enforcement_level: protection.allowForcePushes ? 'everyone' : 'off',
    allow_deletions_enforcement_level: protection.allowDeletions ? 'everyone' : 'off',
    merge_queue_enforcement_level: 'off',
    required_deployments_enforcement_level: 'off',
    required_conversation_resolution_level: 'off',
    lock_branch_enforcement_level: 'off',
    authorized_actors_only: false,
    authorized_actor_names: [],
  };
}

interface RulesetOptions {
  readonly whole: boolean;
  readonly bypass: boolean;
}

/** Whose a ruleset that holds in a repository is, as a rule of it says. */
export function sourceOf(repository: Repository, { id }: Ruleset): Record<string, unknown> {
  return repository.rulesets.has(id)
    ? { ruleset_source_type: 'Repository', ruleset_source: repositoryName(repository) }
    : { ruleset_source_type: 'Organization', ruleset_source: repository.owner.login };
}

/** A ruleset that holds in a repository, its own or its organisation's. */
export function rulesetShape(
  world: World,
  repository: Repository,
  ruleset: Ruleset,
  options: RulesetOptions,
): Record<string, unknown> {
  const { owner } = repository;
  if (!repository.rulesets.has(ruleset.id) && owner.kind === 'Organization')
    return organizationRulesetShape(world, owner, ruleset, options);
  return {
    source_type: 'Repository',
    source: repositoryName(repository),
    _links: {
      self: { href: `${repositoryApi(world, repository)}/rulesets/${ruleset.id}` },
      html: { href: `${repositoryWeb(world, repository)}/rules/${ruleset.id}` },
    },
    ...commonShape(ruleset, options, {}),
  };
}

export function organizationRulesetShape(
  world: World,
  { login }: Organization,
  ruleset: Ruleset,
  options: RulesetOptions,
): Record<string, unknown> {
  return {
    source_type: 'Organization',
    source: login,
    _links: {
      self: { href: `${world.apiUrl}/orgs/${login}/rulesets/${ruleset.id}` },
      html: { href: `${world.url}/organizations/${login}/settings/rules/${ruleset.id}` },
    },
    ...commonShape(ruleset, options, {
      repository_name: { include: ruleset.repositories, exclude: [], protected: false },
    }),
  };
}

/** Bypass actors are shown only to those who may change them. */
function commonShape(
  ruleset: Ruleset,
  options: RulesetOptions,
  conditions: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  return {
    id: ruleset.id,
    name: ruleset.name,
    target: 'branch',
    enforcement: ruleset.enforcement,
    node_id: nodeId('RepositoryRuleset', ruleset.id),
    created_at: ruleset.createdAt,
    updated_at: ruleset.updatedAt,
    ...(options.whole
      ? {
          conditions: { ref_name: { include: ruleset.include, exclude: ruleset.exclude }, ...conditions },
          rules: ruleset.rules.map(ruleShape),
        }
      : {}),
    ...(options.whole && options.bypass
      ? {
          bypass_actors: ruleset.bypassActors.map(({ id, type, mode }) => ({
            actor_id: id,
            actor_type: type,
            bypass_mode: mode,
          })),
        }
      : {}),
  };
}

/** One rule, as it was set. */
export const ruleShape = (rule: Rule): Record<string, unknown> => ({
  type: rule.type,
  ...(rule.parameters === null ? {} : { parameters: rule.parameters }),
});
