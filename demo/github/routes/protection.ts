/** Classic branch protection and rulesets: read by Apps, set by admins. */
import { announce } from '../announce.ts';
import { branchTip } from '../git/commits.ts';
import { created, HttpError, invalid, notFound, ok, paged, type Body, type Call } from '../http.ts';
import { isProtected, rulesetsOn } from '../rules/demands.ts';
import { actorOf, permits, roleOf } from '../rules/roles.ts';
import { nodeId } from '../shapes/accounts.ts';
import { repositoryApi, repositoryName, repositoryWeb } from '../shapes/repository.ts';
import type { Protection, Repository, Rule, Ruleset } from '../state.ts';
import type { World } from '../world.ts';
import { repositoryRoute, type Route } from './route.ts';

const branchApi = (world: World, repository: Repository, branch: string): string =>
  `${repositoryApi(world, repository)}/branches/${encodeURIComponent(branch)}`;

function allowances(list: {
  readonly users: readonly string[];
  readonly teams: readonly string[];
  readonly apps: readonly string[];
}): unknown {
  if (list.users.length + list.teams.length + list.apps.length > 0)
    throw new Error('The stand-in lists no people in branch protection');
  return { users: [], teams: [], apps: [] };
}

function reviewsShape(api: string, protection: Protection): Record<string, unknown> {
  if (protection.reviews === null) return {};
  const { reviews } = protection;
  return {
    required_pull_request_reviews: {
      url: `${api}/protection/required_pull_request_reviews`,
      dismiss_stale_reviews: reviews.dismissStale,
      require_code_owner_reviews: reviews.codeOwners,
      required_approving_review_count: reviews.count,
      require_last_push_approval: reviews.lastPush,
      ...(reviews.bypass === null ? {} : { bypass_pull_request_allowances: allowances(reviews.bypass) }),
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
    ...reviewsShape(api, protection),
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

function listOf(
  body: Body | null,
): { users: readonly string[]; teams: readonly string[]; apps: readonly string[] } | null {
  return body === null
    ? null
    : { users: body.texts('users'), teams: body.texts('teams'), apps: body.texts('apps') };
}

/** Whatever the stand-in would accept and then not enforce is refused instead. */
const UNMODELLED = ['required_conversation_resolution', 'lock_branch', 'block_creations', 'restrictions'];

function protectionFrom(world: World, branch: string, body: Body): Protection {
  const checks = body.object('required_status_checks');
  const reviews = body.object('required_pull_request_reviews');
  for (const key of UNMODELLED) {
    if (body.flag(key, false) || body.object(key) !== null)
      throw new Error(`The stand-in does not model ${key}`);
  }
  const named =
    checks
      ?.objects('checks')
      .map((check) => ({ context: check.needText('context'), appId: appId(check.number('app_id')) })) ?? [];
  const bare = (checks?.texts('contexts') ?? []).filter(
    (context) => !named.some((check) => check.context === context),
  );
  return {
    id: world.id(),
    branch,
    requiredChecks:
      checks === null
        ? null
        : {
            strict: checks.flag('strict', false),
            checks: [...named, ...bare.map((context) => ({ context, appId: null }))],
          },
    reviews:
      reviews === null
        ? null
        : {
            count: reviews.number('required_approving_review_count') ?? 1,
            dismissStale: reviews.flag('dismiss_stale_reviews', false),
            codeOwners: reviews.flag('require_code_owner_reviews', false),
            lastPush: reviews.flag('require_last_push_approval', false),
            bypass: listOf(reviews.object('bypass_pull_request_allowances')),
          },
    enforceAdmins: body.flag('enforce_admins', false),
    linearHistory: body.flag('required_linear_history', false),
    allowForcePushes: body.flag('allow_force_pushes', false),
    allowDeletions: body.flag('allow_deletions', false),
    restrictions: null,
  };
}

/** -1 means: any App. */
const appId = (id: number | null): number | null => (id === -1 ? null : id);

function ruleEvent(repository: Repository, protection: Protection): Record<string, unknown> {
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

function canWriteRulesets(world: World, call: Call, repository: Repository): boolean {
  if (call.caller.kind === 'installation')
    return permits(call.caller.token.permissions, 'administration:write');
  return call.caller.kind === 'user' && roleOf(world, call.caller.user, repository) === 'admin';
}

/** Bypass actors are shown only to those who may change them. */
function rulesetShape(
  world: World,
  repository: Repository,
  ruleset: Ruleset,
  options: { readonly whole: boolean; readonly bypass: boolean },
): Record<string, unknown> {
  return {
    id: ruleset.id,
    name: ruleset.name,
    target: 'branch',
    source_type: 'Repository',
    source: repositoryName(repository),
    enforcement: ruleset.enforcement,
    node_id: nodeId('RepositoryRuleset', ruleset.id),
    _links: {
      self: { href: `${repositoryApi(world, repository)}/rulesets/${ruleset.id}` },
      html: { href: `${repositoryWeb(world, repository)}/rules/${ruleset.id}` },
    },
    created_at: ruleset.createdAt,
    updated_at: ruleset.updatedAt,
    ...(options.whole
      ? {
          conditions: { ref_name: { include: ruleset.include, exclude: ruleset.exclude } },
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

const ruleShape = (rule: Rule): Record<string, unknown> => ({
  type: rule.type,
  ...(rule.parameters === null ? {} : { parameters: rule.parameters }),
});

const MODELLED_RULES = new Set([
  'pull_request',
  'required_status_checks',
  'non_fast_forward',
  'deletion',
  'required_linear_history',
]);

function rulesetFrom(world: World, body: Body, known: Ruleset | null): Ruleset {
  const enforcement = body.text('enforcement') ?? known?.enforcement ?? 'active';
  if (enforcement !== 'active' && enforcement !== 'disabled' && enforcement !== 'evaluate')
    throw invalid('Validation Failed');
  const names = body.object('conditions')?.object('ref_name') ?? null;
  const rules = body
    .objects('rules')
    .map((rule) => ({ type: rule.needText('type'), parameters: rule.object('parameters')?.raw ?? null }));
  for (const { type } of rules)
    if (!MODELLED_RULES.has(type)) throw new Error(`The stand-in does not model the rule ${type}`);
  const at = world.timestamp();
  return {
    id: known?.id ?? world.id(),
    name: body.text('name') ?? known?.name ?? '',
    enforcement,
    include: names?.texts('include') ?? known?.include ?? [],
    exclude: names?.texts('exclude') ?? known?.exclude ?? [],
    rules: body.has('rules') ? rules : (known?.rules ?? []),
    bypassActors: body.has('bypass_actors')
      ? body.objects('bypass_actors').map((actor) => ({
          id: actor.number('actor_id'),
          type: actor.needText('actor_type'),
          mode: actor.text('bypass_mode') ?? 'always',
        }))
      : (known?.bypassActors ?? []),
    createdAt: known?.createdAt ?? at,
    updatedAt: at,
  };
}

function needRuleset(repository: Repository, call: Call): Ruleset {
  const found = repository.rulesets.get(Number(call.params['ruleset_id']));
  if (found === undefined) throw notFound();
  return found;
}

function announceRuleset(
  world: World,
  call: Call,
  repository: Repository,
  ruleset: Ruleset,
  action: string,
): void {
  announce(world, repository, {
    event: 'repository_ruleset',
    action,
    sender: actorOf(world, call.caller),
    payload: { repository_ruleset: rulesetShape(world, repository, ruleset, { whole: true, bypass: false }) },
  });
}

const admin = { app: 'administration:write', user: 'admin', hide: true } as const;
const metadata = { app: 'metadata:read', user: 'read' } as const;

export const protectionRoutes: readonly Route[] = [
  repositoryRoute(
    'GET /repos/{owner}/{repo}/branches/{branch}/protection',
    { app: 'administration:read', user: 'admin', hide: true },
    async (world, call, repository) => {
      const branch = call.params['branch'] ?? '';
      if ((await branchTip(repository.directory, branch)) === null)
        throw new HttpError(404, 'Branch not found');
      return ok(protectionShape(world, repository, branch, false));
    },
  ),
  repositoryRoute(
    'PUT /repos/{owner}/{repo}/branches/{branch}/protection',
    admin,
    async (world, call, repository) => {
      const branch = call.params['branch'] ?? '';
      if ((await branchTip(repository.directory, branch)) === null)
        throw new HttpError(404, 'Branch not found');
      const action = repository.protections.has(branch) ? 'edited' : 'created';
      const protection = protectionFrom(world, branch, call.body);
      repository.protections.set(branch, protection);
      announce(world, repository, {
        event: 'branch_protection_rule',
        action,
        sender: actorOf(world, call.caller),
        payload: { rule: ruleEvent(repository, protection), ...(action === 'edited' ? { changes: {} } : {}) },
      });
      return ok(protectionShape(world, repository, branch, false));
    },
  ),
  repositoryRoute(
    'DELETE /repos/{owner}/{repo}/branches/{branch}/protection',
    admin,
    (world, call, repository) => {
      const protection = repository.protections.get(call.params['branch'] ?? '');
      if (protection === undefined) throw new HttpError(404, 'Branch not protected');
      repository.protections.delete(protection.branch);
      announce(world, repository, {
        event: 'branch_protection_rule',
        action: 'deleted',
        sender: actorOf(world, call.caller),
        payload: { rule: ruleEvent(repository, protection) },
      });
      return { status: 204 };
    },
  ),
  repositoryRoute('GET /repos/{owner}/{repo}/rules/branches/{branch}', metadata, (_world, call, repository) =>
    paged(
      call,
      rulesetsOn(repository, call.params['branch'] ?? '').flatMap((ruleset) =>
        ruleset.rules.map((rule) => ({ ruleset, rule })),
      ),
      ({ ruleset, rule }) => ({
        ...ruleShape(rule),
        ruleset_source_type: 'Repository',
        ruleset_source: repositoryName(repository),
        ruleset_id: ruleset.id,
      }),
    ),
  ),
  repositoryRoute('GET /repos/{owner}/{repo}/rulesets', metadata, (world, call, repository) =>
    paged(call, [...repository.rulesets.values()], (ruleset) =>
      rulesetShape(world, repository, ruleset, { whole: false, bypass: false }),
    ),
  ),
  repositoryRoute('POST /repos/{owner}/{repo}/rulesets', admin, (world, call, repository) => {
    const ruleset = rulesetFrom(world, call.body, null);
    repository.rulesets.set(ruleset.id, ruleset);
    announceRuleset(world, call, repository, ruleset, 'created');
    return created(rulesetShape(world, repository, ruleset, { whole: true, bypass: true }));
  }),
  repositoryRoute('GET /repos/{owner}/{repo}/rulesets/{ruleset_id}', metadata, (world, call, repository) =>
    ok(
      rulesetShape(world, repository, needRuleset(repository, call), {
        whole: true,
        bypass: canWriteRulesets(world, call, repository),
      }),
    ),
  ),
  repositoryRoute('PUT /repos/{owner}/{repo}/rulesets/{ruleset_id}', admin, (world, call, repository) => {
    const ruleset = rulesetFrom(world, call.body, needRuleset(repository, call));
    repository.rulesets.set(ruleset.id, ruleset);
    announceRuleset(world, call, repository, ruleset, 'edited');
    return ok(rulesetShape(world, repository, ruleset, { whole: true, bypass: true }));
  }),
  repositoryRoute('DELETE /repos/{owner}/{repo}/rulesets/{ruleset_id}', admin, (world, call, repository) => {
    const ruleset = needRuleset(repository, call);
    repository.rulesets.delete(ruleset.id);
    announceRuleset(world, call, repository, ruleset, 'deleted');
    return { status: 204 };
  }),
];
