/** Classic branch protection and rulesets: read by Apps, set by admins. */
import { announce } from '../announce.ts';
import { branchTip } from '../git/commits.ts';
import { created, HttpError, invalid, notFound, ok, paged, type Body, type Call } from '../http.ts';
import { parentRulesets, rulesetsOn } from '../rules/demands.ts';
import { actorOf, permits, roleOf } from '../rules/roles.ts';
import { protectionShape, ruleEvent, rulesetShape, ruleShape, sourceOf } from '../shapes/protection.ts';
import type { Allowances, Protection, Repository, Ruleset } from '../state.ts';
import type { World } from '../world.ts';
import { repositoryRoute, type Route } from './route.ts';

function listOf(body: Body | null): Allowances | null {
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
  };
}

/** -1 means: any App. */
const appId = (id: number | null): number | null => (id === -1 ? null : id);

function canWriteRulesets(world: World, call: Call, repository: Repository): boolean {
  if (call.caller.kind === 'installation')
    return permits(call.caller.token.permissions, 'administration:write');
  return call.caller.kind === 'user' && roleOf(world, call.caller.user, repository) === 'admin';
}

const isOrganizationOwner = ({ caller }: Call, { owner }: Repository): boolean =>
  caller.kind === 'user' && owner.kind === 'Organization' && owner.members.get(caller.user.id) === 'admin';

const MODELLED_RULES = new Set([
  'pull_request',
  'required_status_checks',
  'non_fast_forward',
  'deletion',
  'required_linear_history',
]);

export function rulesetFrom(world: World, body: Body, known: Ruleset | null): Ruleset {
  const enforcement = body.text('enforcement') ?? known?.enforcement ?? 'active';
  if (enforcement !== 'active' && enforcement !== 'disabled' && enforcement !== 'evaluate')
    throw invalid('Validation Failed');
  const conditions = body.object('conditions');
  const names = conditions?.object('ref_name') ?? null;
  const repositories = conditions?.object('repository_name') ?? null;
  if ((repositories?.texts('exclude').length ?? 0) > 0)
    throw new Error('The stand-in does not model excluded repositories');
  const rules = body
    .objects('rules')
    .map((rule) => ({ type: rule.needText('type'), parameters: rule.object('parameters')?.raw ?? null }));
  for (const { type, parameters } of rules) {
    if (parameters?.['required_review_thread_resolution'] === true)
      throw new Error('The stand-in does not model conversations on lines');
    if (!MODELLED_RULES.has(type)) throw new Error(`The stand-in does not model the rule ${type}`);
  }
  const at = world.timestamp();
  return {
    id: known?.id ?? world.id(),
    name: body.text('name') ?? known?.name ?? '',
    enforcement,
    include: names?.texts('include') ?? known?.include ?? [],
    exclude: names?.texts('exclude') ?? known?.exclude ?? [],
    repositories: repositories?.texts('include') ?? known?.repositories ?? [],
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

/** Its own, and its organisation's unless the caller wants them left out. */
function listedRulesets(repository: Repository, call: Call): readonly Ruleset[] {
  const own = [...repository.rulesets.values()];
  return call.query.get('includes_parents') === 'false' ? own : [...own, ...parentRulesets(repository)];
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
        ...sourceOf(repository, ruleset),
        ruleset_id: ruleset.id,
      }),
    ),
  ),
  repositoryRoute('GET /repos/{owner}/{repo}/rulesets', metadata, (world, call, repository) =>
    paged(call, listedRulesets(repository, call), (ruleset) =>
      rulesetShape(world, repository, ruleset, { whole: false, bypass: false }),
    ),
  ),
  repositoryRoute('POST /repos/{owner}/{repo}/rulesets', admin, (world, call, repository) => {
    const ruleset = rulesetFrom(world, call.body, null);
    repository.rulesets.set(ruleset.id, ruleset);
    announceRuleset(world, call, repository, ruleset, 'created');
    return created(rulesetShape(world, repository, ruleset, { whole: true, bypass: true }));
  }),
  repositoryRoute('GET /repos/{owner}/{repo}/rulesets/{ruleset_id}', metadata, (world, call, repository) => {
    const id = Number(call.params['ruleset_id']);
    const ruleset = listedRulesets(repository, call).find((each) => each.id === id);
    if (ruleset === undefined) throw notFound();
    // Who may pass an organisation's is shown to its owners alone.
    const bypass = repository.rulesets.has(id)
      ? canWriteRulesets(world, call, repository)
      : isOrganizationOwner(call, repository);
    return ok(rulesetShape(world, repository, ruleset, { whole: true, bypass }));
  }),
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
