/** What follows when a branch moves, whoever moved it: activity, the push event, and pull requests that follow it. */
import { announce } from '../announce.ts';
import {
  branchTip,
  touchedBy,
  type GitCommit,
  type Touched,
  isAncestor,
  listCommits,
  readCommit,
} from '../git/commits.ts';
import { accountOfEmail } from '../find.ts';
import { repositoryShape, repositoryWeb } from '../shapes/repository.ts';
import { suiteEvent } from '../shapes/checks.ts';
import type { Activity, Actor, Pull, Repository } from '../state.ts';
import type { World } from '../world.ts';
import { permits } from '../rules/roles.ts';
import { covers } from '../find.ts';
import { suiteFor } from './checking.ts';
import { announcePull, closePull, synchronizePull } from './pull-requests.ts';

const ZERO = '0'.repeat(40);

export interface RefChange {
  readonly ref: string;
  /** Null: it was not there. */
  readonly before: string | null;
  /** Null: it is gone. */
  readonly after: string | null;
  readonly actor: Actor;
  /** By a merge of a pull request. */
  readonly merge?: boolean;
  /** And that by a merge queue. */
  readonly queue?: boolean;
}

function pushedCommit(
  world: World,
  repository: Repository,
  commit: GitCommit,
  touched: Touched | undefined,
): Record<string, unknown> {
  const person = (name: string, email: string): Record<string, unknown> => {
    const account = accountOfEmail(world, email);
    return { name, email, ...(account === null ? {} : { username: account.login }) };
  };
  return {
    id: commit.sha,
    tree_id: commit.tree,
    distinct: true,
    message: commit.message,
    timestamp: commit.committer.date,
    url: `${repositoryWeb(world, repository)}/commit/${commit.sha}`,
    author: person(commit.author.name, commit.author.email),
    committer: person(commit.committer.name, commit.committer.email),
    added: touched?.added ?? [],
    removed: touched?.removed ?? [],
    modified: touched?.modified ?? [],
  };
}

async function announcePush(
  world: World,
  repository: Repository,
  change: RefChange,
  forced: boolean,
): Promise<void> {
  const { before, after, actor } = change;
  const range = after === null ? [] : before === null ? ['-20', after] : [`${before}..${after}`];
  const commits =
    range.length === 0
      ? []
      : await listCommits(repository.directory, ['--reverse', '--topo-order', '--max-count=2048', ...range]);
  const tip = after === null ? null : await readCommit(repository.directory, after);
  const all = tip === null ? commits : [...commits, tip];
  const touched = await touchedBy(
    repository.directory,
    all.map((commit) => commit.sha),
  );
  const shown = (commit: GitCommit): Record<string, unknown> =>
    pushedCommit(world, repository, commit, touched.get(commit.sha));
  const pushed = commits.map(shown);
  const head = tip === null ? null : shown(tip);
  const shape = repositoryShape(world, repository);
  const seconds = (iso: string): number => Math.floor(Date.parse(iso) / 1000);
  announce(world, repository, {
    event: 'push',
    action: null,
    sender: actor,
    payload: {
      ref: change.ref,
      before: before ?? ZERO,
      after: after ?? ZERO,
      repository: {
        ...shape,
        owner: { ...(shape['owner'] as object), name: repository.owner.login, email: null },
        created_at: seconds(repository.createdAt),
        pushed_at: seconds(repository.pushedAt),
        stargazers: 0,
        master_branch: repository.defaultBranch,
      },
      pusher: { name: actor.login, email: actor.kind === 'User' ? actor.email : null },
      created: before === null,
      deleted: after === null,
      forced,
      base_ref: null,
      compare: `${repositoryWeb(world, repository)}/compare/${(before ?? ZERO).slice(0, 12)}...${(after ?? ZERO).slice(0, 12)}`,
      commits: pushed,
      head_commit: head,
    },
  });
}

/** GitHub opens a check suite for each App that may write checks, and asks those that subscribed. */
async function requestSuites(world: World, repository: Repository, sha: string, actor: Actor): Promise<void> {
  const commit = await readCommit(repository.directory, sha);
  for (const installation of world.state.installations.values()) {
    if (!covers(installation, repository) || !permits(installation.permissions, 'checks:write')) continue;
    const known = repository.suites.some(
      (suite) => suite.headSha === sha && suite.app?.id === installation.app.id,
    );
    const suite = suiteFor(world, repository, installation.app, sha);
    if (known) continue;
    announce(world, repository, {
      event: 'check_suite',
      action: 'requested',
      sender: actor,
      payload: { check_suite: suiteEvent(world, repository, suite, commit) },
      only: installation.app,
    });
  }
}

const basedOn = (repository: Repository, branch: string): Pull[] =>
  [...repository.pulls.values()].filter((pull) => pull.state === 'open' && pull.baseRef === branch);

/** The base moved past open pull requests: those it now contains count as merged. */
async function afterBaseMoved(
  world: World,
  repository: Repository,
  branch: string,
  after: string,
  { before, actor, forced }: { before: string | null; actor: Actor; forced: boolean },
): Promise<void> {
  for (const pull of basedOn(repository, branch)) {
    if (forced) {
      const [id, at] = [world.id(), world.timestamp()];
      pull.events.push({
        type: 'BaseRefForcePushedEvent',
        id,
        at,
        actor,
        before: before ?? ZERO,
        after,
        review: null,
      });
    }
    pull.mergeable = null;
    if (await isAncestor(repository.directory, pull.headSha, after)) {
      const at = world.timestamp();
      pull.merge = { at, by: actor, sha: world.state.mergeOfPushedHead === 'tip' ? after : pull.headSha };
      pull.state = 'closed';
      pull.closedAt = at;
      pull.updatedAt = at;
      await announcePull(world, pull, 'closed', actor);
    } else {
      pull.baseSha = after;
    }
  }
}

/** Its pull requests are closed with a base that is deleted. */
async function afterBaseDeleted(
  world: World,
  repository: Repository,
  branch: string,
  actor: Actor,
): Promise<void> {
  for (const pull of basedOn(repository, branch)) {
    const [id, at] = [world.id(), world.timestamp()];
    pull.events.push({ type: 'BaseRefDeletedEvent', id, at, actor, before: branch, after: '', review: null });
    await closePull(world, pull, actor);
  }
}

async function afterHeadMoved(
  world: World,
  repository: Repository,
  branch: string,
  change: RefChange,
): Promise<void> {
  for (const other of world.state.repositories.values()) {
    for (const pull of other.pulls.values()) {
      if (pull.state !== 'open' || pull.headRepository.id !== repository.id || pull.headRef !== branch)
        continue;
      if (change.after === null) await closePull(world, pull, change.actor);
      else if (change.after !== pull.headSha) await synchronizePull(world, pull, change.after, change.actor);
    }
  }
}

function activityType(change: RefChange, forced: boolean): Activity['type'] {
  if (change.after === null) return 'branch_deletion';
  if (change.before === null) return 'branch_creation';
  if (change.queue === true) return 'merge_queue_merge';
  if (change.merge === true) return 'pr_merge';
  return forced ? 'force_push' : 'push';
}

/** Everything that a moved ref sets off. Call it with the repository's turn taken (`exclusive`). */
export async function refMoved(world: World, repository: Repository, change: RefChange): Promise<void> {
  const forced =
    change.before !== null &&
    change.after !== null &&
    !(await isAncestor(repository.directory, change.before, change.after));
  repository.pushedAt = world.timestamp();
  const branch = change.ref.startsWith('refs/heads/') ? change.ref.slice('refs/heads/'.length) : null;
  if (branch !== null) {
    repository.activities.unshift({
      id: world.id(),
      ref: change.ref,
      before: change.before ?? ZERO,
      after: change.after ?? ZERO,
      type: activityType(change, forced),
      actor: change.actor,
      at: world.timestamp(),
    });
  }
  await announcePush(world, repository, change, forced);
  if (branch === null) return;
  if (change.after !== null) await requestSuites(world, repository, change.after, change.actor);
  await afterHeadMoved(world, repository, branch, change);
  const tip = await branchTip(repository.directory, branch);
  if (tip === null) await afterBaseDeleted(world, repository, branch, change.actor);
  else if (change.merge !== true) await afterBaseMoved(world, repository, branch, tip, { ...change, forced });
  else {
    for (const pull of basedOn(repository, branch)) Object.assign(pull, { baseSha: tip, mergeable: null });
  }
}
