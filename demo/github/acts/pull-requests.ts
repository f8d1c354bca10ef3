/** A pull request's life apart from its merge: opened, pushed to, edited, closed, reviewed. */
import { announce } from '../announce.ts';
import { invalid, type HttpError } from '../http.ts';
import { branchTip, isAncestor, listCommits, mergeBase } from '../git/commits.ts';
import { mergedTree } from '../git/merge.ts';
import { git } from '../git/run-git.ts';
import { latestCheckRuns } from '../rules/checks.ts';
import { demandsOn, mergeBlockers } from '../rules/demands.ts';
import { simpleUser } from '../shapes/accounts.ts';
import { fullPull, labelShape, reviewShape, simplePull } from '../shapes/pulls.ts';
import type { Actor, Label, Pull, PullEvent, Repository, Review, ReviewState, User } from '../state.ts';
import type { World } from '../world.ts';

/** GitHub's one word on whether it could be merged now. */
export async function mergeableState(world: World, pull: Pull): Promise<string> {
  if (pull.merge !== null || pull.mergeable === null) return 'unknown';
  if (pull.draft) return 'draft';
  if (!pull.mergeable) return 'dirty';
  const blockers = await mergeBlockers(world, pull, world.webFlow, 'squash');
  if (blockers.length > 0) return 'blocked';
  const runs = latestCheckRuns(pull.repository, pull.headSha);
  return runs.some(
    (run) => run.conclusion !== 'success' && run.conclusion !== 'neutral' && run.conclusion !== 'skipped',
  )
    ? 'unstable'
    : 'clean';
}

/** Finds out whether it merges cleanly; GitHub does so in the background, after somebody asked. */
export async function settleMergeability(pull: Pull): Promise<void> {
  const tip = await branchTip(pull.repository.directory, pull.baseRef);
  pull.mergeable = tip !== null && (await mergedTree(pull.repository.directory, tip, pull.headSha)) !== null;
}

/** The pull request as one GET answers it. */
export async function readPull(world: World, pull: Pull): Promise<Record<string, unknown>> {
  const shape = await fullPull(world, pull, await mergeableState(world, pull));
  if (pull.mergeable === null && pull.state === 'open') await settleMergeability(pull);
  return shape;
}

export async function announcePull(
  world: World,
  pull: Pull,
  action: string,
  sender: Actor,
  extra: Readonly<Record<string, unknown>> = {},
): Promise<void> {
  announce(world, pull.repository, {
    event: 'pull_request',
    action,
    sender,
    payload: { number: pull.number, pull_request: await fullPull(world, pull, 'unknown'), ...extra },
  });
}

/** Keeps the head's commits where the base repository has them, as GitHub does under `refs/pull/`. */
export async function trackHead(pull: Pull): Promise<void> {
  const target = `refs/pull/${pull.number}/head`;
  if (pull.headRepository.id === pull.repository.id) {
    await git(pull.repository.directory, ['update-ref', target, pull.headSha]);
  } else {
    await git(pull.repository.directory, [
      'fetch',
      '--quiet',
      '--no-tags',
      pull.headRepository.directory,
      `+refs/heads/${pull.headRef}:${target}`,
    ]);
  }
}

export interface NewPull {
  readonly title: string;
  readonly body: string | null;
  readonly baseRef: string;
  readonly headRepository: Repository;
  readonly headRef: string;
  readonly draft: boolean;
}

export async function openPull(
  world: World,
  repository: Repository,
  author: Actor,
  wanted: NewPull,
): Promise<Pull> {
  const headSha = await branchTip(wanted.headRepository.directory, wanted.headRef);
  const baseSha = await branchTip(repository.directory, wanted.baseRef);
  const failed = (field: string, message: string): HttpError =>
    invalid('Validation Failed', [{ resource: 'PullRequest', field, code: 'invalid', message }]);
  if (headSha === null) throw failed('head', 'head does not exist');
  if (baseSha === null) throw failed('base', 'base does not exist');
  const twin = [...repository.pulls.values()].find(
    (pull) =>
      pull.state === 'open' &&
      pull.headRef === wanted.headRef &&
      pull.baseRef === wanted.baseRef &&
      pull.headRepository === wanted.headRepository,
  );
  if (twin !== undefined)
    throw failed(
      'head',
      `A pull request already exists for ${wanted.headRepository.owner.login}:${wanted.headRef}.`,
    );
  const at = world.timestamp();
  const pull: Pull = {
    id: world.id(),
    number: repository.nextNumber,
    repository,
    author,
    headRepository: wanted.headRepository,
    headRef: wanted.headRef,
    baseRef: wanted.baseRef,
    headSha,
    baseSha,
    title: wanted.title,
    body: wanted.body,
    draft: wanted.draft,
    state: 'open',
    createdAt: at,
    updatedAt: at,
    closedAt: null,
    merge: null,
    landsAs: null,
    requestedReviewers: new Set(),
    mergeable: null,
    reviews: [],
    labels: [],
    events: [],
    lastPusher: author,
  };
  await trackHead(pull);
  if ((await listCommits(repository.directory, ['-1', `${baseSha}..${headSha}`])).length === 0)
    throw failed('head', `No commits between ${wanted.baseRef} and ${wanted.headRef}`);
  repository.nextNumber += 1;
  repository.pulls.set(pull.number, pull);
  await announcePull(world, pull, 'opened', author);
  return pull;
}

/** The head branch moved: the pull request follows, and reviews keep the commit they were given on. */
export async function synchronizePull(world: World, pull: Pull, after: string, sender: Actor): Promise<void> {
  const before = pull.headSha;
  pull.headSha = after;
  pull.lastPusher = sender;
  pull.updatedAt = world.timestamp();
  pull.mergeable = null;
  await trackHead(pull);
  pull.baseSha = (await branchTip(pull.repository.directory, pull.baseRef)) ?? pull.baseSha;
  if (!(await isAncestor(pull.repository.directory, before, after))) {
    pull.events.push({
      type: 'HeadRefForcePushedEvent',
      id: world.id(),
      at: world.timestamp(),
      actor: sender,
      before,
      after,
      review: null,
    });
  }
  await announcePull(world, pull, 'synchronize', sender, { before, after });
  if (!demandsOn(world, pull.repository, pull.baseRef).some((demand) => demand.dismissStale)) return;
  for (const review of pull.reviews)
    if (review.state === 'APPROVED') dismissReview(world, pull, review, sender);
}

export async function closePull(world: World, pull: Pull, sender: Actor): Promise<void> {
  pull.state = 'closed';
  pull.closedAt = world.timestamp();
  pull.updatedAt = pull.closedAt;
  await announcePull(world, pull, 'closed', sender);
}

/** Changes that PATCH can make. */
export async function editPull(
  world: World,
  pull: Pull,
  sender: Actor,
  change: {
    readonly title: string | null;
    readonly body: string | null;
    readonly base: string | null;
    readonly state: string | null;
  },
): Promise<void> {
  const changes: Record<string, unknown> = {};
  if (change.title !== null && change.title !== pull.title) {
    changes['title'] = { from: pull.title };
    happened(world, pull, 'RenamedTitleEvent', sender, pull.title, change.title);
    pull.title = change.title;
  }
  if (change.body !== null && change.body !== pull.body) {
    changes['body'] = { from: pull.body };
    pull.body = change.body;
  }
  if (change.base !== null && change.base !== pull.baseRef) {
    const tip = await branchTip(pull.repository.directory, change.base);
    if (tip === null)
      throw invalid('Validation Failed', [{ resource: 'PullRequest', field: 'base', code: 'invalid' }]);
    changes['base'] = { ref: { from: pull.baseRef }, sha: { from: pull.baseSha } };
    pull.events.push({
      type: 'BaseRefChangedEvent',
      id: world.id(),
      at: world.timestamp(),
      actor: sender,
      before: pull.baseRef,
      after: change.base,
      review: null,
    });
    pull.baseRef = change.base;
    pull.baseSha = tip;
    pull.mergeable = null;
  }
  pull.updatedAt = world.timestamp();
  if (Object.keys(changes).length > 0) await announcePull(world, pull, 'edited', sender, { changes });
  if (change.state === 'closed' && pull.state === 'open') await closePull(world, pull, sender);
  if (change.state === 'open' && pull.state === 'closed') {
    if (pull.merge !== null)
      throw invalid('Validation Failed', [{ resource: 'PullRequest', field: 'state', code: 'invalid' }]);
    pull.state = 'open';
    pull.closedAt = null;
    await announcePull(world, pull, 'reopened', sender);
  }
}

/** Adds those labels that it doesn't have yet, each with its own delivery. GitHub takes a name in any case as the same label. */
export async function addLabels(
  world: World,
  pull: Pull,
  sender: Actor,
  names: readonly string[],
): Promise<void> {
  for (const name of names) {
    if (labelOf(pull, name) !== undefined) continue;
    const label = { id: world.id(), name };
    pull.labels.push(label);
    happened(world, pull, 'LabeledEvent', sender, '', name);
    pull.updatedAt = world.timestamp();
    await announcePull(world, pull, 'labeled', sender, { label: labelShape(world, pull.repository, label) });
  }
}

/** Takes one label off. False: it has no such label. */
export async function removeLabel(world: World, pull: Pull, sender: Actor, name: string): Promise<boolean> {
  const label = labelOf(pull, name);
  if (label === undefined) return false;
  pull.labels.splice(pull.labels.indexOf(label), 1);
  happened(world, pull, 'UnlabeledEvent', sender, label.name, '');
  pull.updatedAt = world.timestamp();
  await announcePull(world, pull, 'unlabeled', sender, { label: labelShape(world, pull.repository, label) });
  return true;
}

function happened(
  world: World,
  pull: Pull,
  type: PullEvent['type'],
  actor: Actor,
  before: string,
  after: string,
): void {
  pull.events.push({ type, id: world.id(), at: world.timestamp(), actor, before, after, review: null });
}

const labelOf = (pull: Pull, name: string): Label | undefined =>
  pull.labels.find((label) => label.name.toLowerCase() === name.toLowerCase());

/** A draft is ready, or goes back to being one. */
export async function setDraft(world: World, pull: Pull, draft: boolean, sender: Actor): Promise<void> {
  if (pull.draft === draft) return;
  pull.draft = draft;
  await announcePull(world, pull, draft ? 'converted_to_draft' : 'ready_for_review', sender);
}

const STATES: Readonly<Record<string, ReviewState>> = {
  APPROVE: 'APPROVED',
  REQUEST_CHANGES: 'CHANGES_REQUESTED',
  COMMENT: 'COMMENTED',
};

function announceReview(world: World, pull: Pull, review: Review, action: string, sender: Actor): void {
  announce(world, pull.repository, {
    event: 'pull_request_review',
    action,
    sender,
    payload: { review: reviewShape(world, pull, review, true), pull_request: simplePull(world, pull) },
  });
}

/** Somebody's review. Nobody reviews their own pull request but by a comment. */
export async function submitReview(
  world: World,
  pull: Pull,
  author: Actor,
  wanted: { readonly event: string | null; readonly body: string; readonly commit: string | null },
): Promise<Review> {
  const state = wanted.event === null ? 'PENDING' : STATES[wanted.event];
  if (state === undefined) throw invalid('Unprocessable Entity', ['Could not resolve to event']);
  if (author.id === pull.author.id && state === 'APPROVED')
    throw invalid('Unprocessable Entity', ['Can not approve your own pull request']);
  if (author.id === pull.author.id && state === 'CHANGES_REQUESTED')
    throw invalid('Unprocessable Entity', ['Can not request changes on your own pull request']);
  if (wanted.body === '' && (state === 'COMMENTED' || state === 'CHANGES_REQUESTED'))
    throw invalid('Unprocessable Entity', ['Pull request review body is required']);
  const commit = wanted.commit ?? pull.headSha;
  if (commit !== pull.headSha) {
    const base = await mergeBase(pull.repository.directory, pull.baseSha, pull.headSha);
    const commits = await listCommits(pull.repository.directory, [
      `${base ?? pull.baseSha}..${pull.headSha}`,
    ]);
    if (!commits.some((one) => one.sha === commit))
      throw invalid('Unprocessable Entity', ['commit_id is not part of the pull request']);
  }
  const review: Review = {
    id: world.id(),
    author,
    body: wanted.body,
    commit,
    state,
    submittedAt: state === 'PENDING' ? null : world.timestamp(),
  };
  pull.reviews.push(review);
  if (state !== 'PENDING' && author.kind === 'User') pull.requestedReviewers.delete(author);
  if (state !== 'PENDING') announceReview(world, pull, review, 'submitted', author);
  return review;
}

/** Asks for a review, also of somebody who has given one: what they said stays as it is. One delivery each. */
export async function requestReviews(
  world: World,
  pull: Pull,
  sender: Actor,
  reviewers: readonly User[],
): Promise<void> {
  for (const reviewer of reviewers) {
    if (reviewer.id === pull.author.id)
      throw invalid('Unprocessable Entity', ['Review cannot be requested from pull request author.']);
    if (pull.requestedReviewers.has(reviewer)) continue;
    pull.requestedReviewers.add(reviewer);
    pull.updatedAt = world.timestamp();
    await announcePull(world, pull, 'review_requested', sender, {
      requested_reviewer: simpleUser(world, reviewer),
    });
  }
}

export function dismissReview(world: World, pull: Pull, review: Review, sender: Actor): void {
  const before = review.state;
  review.state = 'DISMISSED';
  pull.events.push({
    type: 'ReviewDismissedEvent',
    id: world.id(),
    at: world.timestamp(),
    actor: sender,
    before,
    after: 'DISMISSED',
    review,
  });
  announceReview(world, pull, review, 'dismissed', sender);
}
