/**
 * What a branch demands now, from classic protection and from rulesets alike, and who may pass regardless. Enforced on
 * merges and on pushes: a gate whose check is required is a gate only if this refuses.
 */
import { branchTip, changedFiles, isAncestor, mergeBase } from '../git/commits.ts';
import type { Actor, Allowances, Protection, Pull, Repository, RequiredCheck, Ruleset } from '../state.ts';
import type { World } from '../world.ts';
import { checkPassed } from './checks.ts';
import { unownedFiles } from './code-owners.ts';
import { atLeast, roleOf } from './roles.ts';

export interface Demand {
  readonly checks: readonly RequiredCheck[];
  readonly strict: boolean;
  readonly pullRequest: boolean;
  readonly approvals: number;
  readonly dismissStale: boolean;
  readonly lastPush: boolean;
  readonly codeOwners: boolean;
  readonly linear: boolean;
  readonly methods: readonly string[] | null;
  readonly forcePushBlocked: boolean;
  readonly deletionBlocked: boolean;
  /** Needs no pull request and no approval. */
  reviewsBypassedBy(actor: Actor): boolean;
  /** Passes what can be bypassed. */
  bypassedBy(actor: Actor): boolean;
  /** Whether a bypass reaches force pushes and deletion too. */
  readonly bypassReachesHistory: boolean;
}

/** Whether somebody is on a list of classic protection. */
function listed(world: World, repository: Repository, list: Allowances | null, actor: Actor): boolean {
  if (list === null) return false;
  const { owner } = repository;
  const inTeam = (slug: string): boolean =>
    owner.kind === 'Organization' &&
    owner.teams.some((team) => team.slug === slug && team.members.has(actor.id));
  const app = [...world.state.apps.values()].find((one) => one.bot.id === actor.id);
  return (
    list.users.includes(actor.login) ||
    list.teams.some(inTeam) ||
    (app !== undefined && list.apps.includes(app.slug))
  );
}

function fromClassic(world: World, repository: Repository, protection: Protection): Demand {
  return {
    checks: protection.requiredChecks?.checks ?? [],
    strict: protection.requiredChecks?.strict ?? false,
    pullRequest: protection.reviews !== null,
    approvals: protection.reviews?.count ?? 0,
    dismissStale: protection.reviews?.dismissStale ?? false,
    lastPush: protection.reviews?.lastPush ?? false,
    codeOwners: protection.reviews?.codeOwners ?? false,
    linear: protection.linearHistory,
    methods: null,
    forcePushBlocked: !protection.allowForcePushes,
    deletionBlocked: !protection.allowDeletions,
    reviewsBypassedBy: (actor) => listed(world, repository, protection.reviews?.bypass ?? null, actor),
    bypassedBy: (actor) => !protection.enforceAdmins && roleOf(world, actor, repository) === 'admin',
    bypassReachesHistory: false,
  };
}

/** GitHub's `fnmatch` on full ref names: `*` stops at a slash, `**` doesn't. */
export function refMatches(repository: Repository, pattern: string, ref: string): boolean {
  if (pattern === '~ALL') return true;
  if (pattern === '~DEFAULT_BRANCH') return ref === `refs/heads/${repository.defaultBranch}`;
  const source = pattern
    .replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('**', '\0')
    .replaceAll('*', '[^/]*')
    .replaceAll('?', '[^/]')
    .replaceAll('\0', '.*');
  return new RegExp(`^${source}$`).test(ref);
}

/** Its organisation's rulesets that are for this repository. */
export function parentRulesets({ owner, name }: Repository): readonly Ruleset[] {
  if (owner.kind !== 'Organization') return [];
  return [...owner.rulesets.values()].filter(
    ({ repositories }) => repositories.includes('~ALL') || repositories.includes(name),
  );
}

/** Active rulesets that apply to a branch, the organisation's too. */
export function rulesetsOn(repository: Repository, branch: string): Ruleset[] {
  const ref = `refs/heads/${branch}`;
  return [...repository.rulesets.values(), ...parentRulesets(repository)].filter(
    (ruleset) =>
      ruleset.enforcement === 'active' &&
      ruleset.include.some((pattern) => refMatches(repository, pattern, ref)) &&
      !ruleset.exclude.some((pattern) => refMatches(repository, pattern, ref)),
  );
}

const ROLE_IDS: Readonly<Record<number, 'maintain' | 'write' | 'admin'>> = {
  2: 'maintain',
  4: 'write',
  5: 'admin',
};

function rulesetBypass(world: World, repository: Repository, ruleset: Ruleset, actor: Actor): boolean {
  return ruleset.bypassActors.some(({ id, type }) => {
    if (type === 'User') return id === actor.id;
    if (type === 'RepositoryRole') {
      const role = ROLE_IDS[id ?? 0];
      return role !== undefined && atLeast(roleOf(world, actor, repository), role);
    }
    if (repository.owner.kind !== 'Organization') return false;
    if (type === 'OrganizationAdmin') return repository.owner.members.get(actor.id) === 'admin';
    if (type === 'Team')
      return repository.owner.teams.some((team) => team.id === id && team.members.has(actor.id));
    if (type === 'Integration') return world.state.apps.get(id ?? 0)?.bot.id === actor.id;
    return false;
  });
}

function fromRuleset(world: World, repository: Repository, ruleset: Ruleset): Demand {
  const rule = (type: string): Readonly<Record<string, unknown>> | null => {
    const found = ruleset.rules.find((one) => one.type === type);
    return found === undefined ? null : (found.parameters ?? {});
  };
  const pull = rule('pull_request');
  const checks = rule('required_status_checks');
  const listed = checks?.['required_status_checks'];
  const required = (Array.isArray(listed) ? listed : []).map(
    (one: { context: string; integration_id?: number | null }) => ({
      context: one.context,
      appId: one.integration_id ?? null,
    }),
  );
  const methods = pull?.['allowed_merge_methods'];
  return {
    checks: required,
    strict: checks?.['strict_required_status_checks_policy'] === true,
    pullRequest: pull !== null,
    approvals: Number(pull?.['required_approving_review_count'] ?? 0),
    dismissStale: pull?.['dismiss_stale_reviews_on_push'] === true,
    lastPush: pull?.['require_last_push_approval'] === true,
    codeOwners: pull?.['require_code_owner_review'] === true,
    linear: rule('required_linear_history') !== null,
    methods: Array.isArray(methods) ? methods.map(String) : null,
    forcePushBlocked: rule('non_fast_forward') !== null,
    deletionBlocked: rule('deletion') !== null,
    reviewsBypassedBy: () => false,
    bypassedBy: (actor) => rulesetBypass(world, repository, ruleset, actor),
    bypassReachesHistory: true,
  };
}

/** Everything that the branch demands, each source on its own. */
export function demandsOn(world: World, repository: Repository, branch: string): Demand[] {
  const classic = repository.protections.get(branch);
  return [
    ...(classic === undefined ? [] : [fromClassic(world, repository, classic)]),
    ...rulesetsOn(repository, branch).map((ruleset) => fromRuleset(world, repository, ruleset)),
  ];
}

export const isProtected = (repository: Repository, branch: string): boolean =>
  repository.protections.has(branch) || rulesetsOn(repository, branch).length > 0;

/** Each writer's standing opinion. */
export function standingReviews(world: World, pull: Pull): { approvals: Actor[]; refusals: Actor[] } {
  const latest = new Map<number, { readonly actor: Actor; readonly state: string }>();
  for (const review of pull.reviews) {
    if (review.state === 'COMMENTED' || review.state === 'PENDING') continue;
    latest.set(review.author.id, { actor: review.author, state: review.state });
  }
  const counted = [...latest.values()].filter(({ actor }) =>
    atLeast(roleOf(world, actor, pull.repository), 'write'),
  );
  return {
    approvals: counted.filter(({ state }) => state === 'APPROVED').map(({ actor }) => actor),
    refusals: counted.filter(({ state }) => state === 'CHANGES_REQUESTED').map(({ actor }) => actor),
  };
}

const plural = (count: number, one: string): string => `${count} ${one}${count === 1 ? '' : 's'}`;

async function reviewsAgainst(world: World, pull: Pull, demand: Demand): Promise<string[]> {
  const found: string[] = [];
  const { approvals, refusals } = standingReviews(world, pull);
  if (demand.pullRequest && refusals.length > 0) found.push('Changes have been requested.');
  if (approvals.length < demand.approvals)
    found.push(
      `At least ${plural(demand.approvals, 'approving review')} is required by reviewers with write access.`,
    );
  if (demand.lastPush && !approvals.some((actor) => actor.id !== pull.lastPusher.id))
    found.push('New changes require approval from someone other than the last pusher.');
  if (!demand.codeOwners) return found;
  const { directory } = pull.repository;
  const base = await mergeBase(directory, pull.baseSha, pull.headSha);
  const files = (await changedFiles(directory, base, pull.headSha)).map((file) => file.filename);
  const unowned = await unownedFiles(world, pull.repository, pull.baseSha, files, approvals);
  return unowned.length === 0 ? found : [...found, 'Waiting on code owner review.'];
}

async function against(
  world: World,
  pull: Pull,
  actor: Actor,
  demand: Demand,
  method: string,
): Promise<string[]> {
  const { repository } = pull;
  const found: string[] = [];
  const missing = demand.checks.filter((check) => !checkPassed(repository, pull.headSha, check));
  if (missing.length === 1) found.push(`Required status check "${missing[0]?.context ?? ''}" is expected.`);
  if (missing.length > 1)
    found.push(`${missing.length} of ${demand.checks.length} required status checks are expected.`);
  const tip = await branchTip(repository.directory, pull.baseRef);
  if (demand.strict && tip !== null && !(await isAncestor(repository.directory, tip, pull.headSha)))
    found.push('The head branch is not up to date with the base branch.');
  if (!demand.reviewsBypassedBy(actor)) found.push(...(await reviewsAgainst(world, pull, demand)));
  if (demand.linear && method === 'merge') found.push('This branch must not contain merge commits.');
  if (demand.methods !== null && !demand.methods.includes(method))
    found.push(`The merge method ${method} is not allowed here.`);
  return found;
}

/** Why this pull request may not be merged by this actor; empty where it may. */
export async function mergeBlockers(
  world: World,
  pull: Pull,
  actor: Actor,
  method: string,
): Promise<string[]> {
  const demands = demandsOn(world, pull.repository, pull.baseRef).filter(
    (demand) => !demand.bypassedBy(actor),
  );
  return (await Promise.all(demands.map((demand) => against(world, pull, actor, demand, method)))).flat();
}

export interface PushVerdict {
  readonly refusals: readonly string[];
  /** Refused only if it turns out not to be a fast-forward. */
  readonly fastForwardOnly: boolean;
}

/** What stands against moving a branch to a commit by a push. */
export function pushVerdict(
  world: World,
  repository: Repository,
  branch: string,
  after: string | null,
  actor: Actor,
): PushVerdict {
  const demands = demandsOn(world, repository, branch);
  const refusals: string[] = [];
  let fastForwardOnly = false;
  if (branch.startsWith('gh-readonly-queue/')) refusals.push('Cannot update this protected ref.');
  for (const demand of demands) {
    const bypass = demand.bypassedBy(actor);
    const history = bypass && demand.bypassReachesHistory;
    if (after === null) {
      if (demand.deletionBlocked && !history) refusals.push('Cannot delete this protected branch');
      continue;
    }
    if (demand.forcePushBlocked && !history) fastForwardOnly = true;
    if (bypass) continue;
    if (demand.pullRequest && !demand.reviewsBypassedBy(actor))
      refusals.push('Changes must be made through a pull request.');
    const missing = demand.checks.filter((check) => !checkPassed(repository, after, check));
    if (missing.length > 0) refusals.push(`${plural(missing.length, 'required status check')} expected.`);
  }
  return { refusals, fastForwardOnly };
}
