import type { Actor } from '../domain/actor.ts';
import { type Known, known, unknown } from '../domain/known.ts';
import type { Listed } from '../domain/listed.ts';

/** A push to a pull request's head that a webhook told us of: all there is for a branch whose activity GitHub doesn't show. */
export interface SeenPush {
  readonly sha: string;
  /** Where the branch was before; null: the pull request was opened with it, and nobody told who had pushed it. */
  readonly before: string | null;
  /** The newest commit that both have, where it was asked for: what a force push carried on. */
  readonly common?: string | null;
  readonly pusher: Actor;
}

/** One move of a branch, from GitHub's activity of the repository. */
export interface BranchActivity {
  readonly kind: string;
  readonly before: string;
  readonly after: string;
  readonly actor: Actor | null;
  /** RFC 3339. */
  readonly at: string;
}

interface Head {
  readonly sha: string;
  /** The pull request's own commits. */
  readonly commits: Listed<string>;
}

/**
 * Everyone who pushed what the head holds: those we were told of, and those whom the branch's activity names. Unknown as
 * soon as one push that could have brought something in has nobody to it; for who pushed it might be who approves it.
 * `activity` is newest first, or null where GitHub shows us none (a private fork's branch).
 */
export function pushersOf(
  head: Head,
  seen: readonly SeenPush[],
  activity: Listed<BranchActivity> | null,
): Known<readonly Actor[]> {
  const pushers = seen.map((push) => push.pusher);
  const traced = activity === null ? null : trace(head, activity);
  if (traced === null) {
    const gap = gapIn(head, seen, activity);
    return gap === null || gap.known ? known(eachOnce([...pushers, ...(gap?.value ?? [])])) : gap;
  }
  if (!traced.known) return traced;
  return known(eachOnce([...pushers, ...traced.value]));
}

/**
 * Follows what webhooks told, from the head back to before the pull request's first own commit: null where nothing is
 * missing. Where the branch's activity has a commit on the way (it comes a little late), it tells the rest.
 */
function gapIn(
  head: Head,
  seen: readonly SeenPush[],
  activity: Listed<BranchActivity> | null,
): Known<readonly Actor[]> | null {
  const own = new Set(head.commits.items);
  const open = [head.sha];
  const found = new Set<string>();
  const actors: Actor[] = [];
  for (let sha = open.pop(); sha !== undefined; sha = open.pop()) {
    if (found.has(sha)) continue;
    found.add(sha);
    const rest = activity === null || sha === head.sha ? null : trace({ ...head, sha }, activity);
    if (rest !== null) {
      if (!rest.known) return rest;
      actors.push(...rest.value);
      continue;
    }
    const pushes = seen.filter((push) => push.sha === sha);
    if (pushes.length === 0)
      return unknown(`neither a webhook nor the branch's activity says who pushed ${sha.slice(0, 12)}`);
    for (const { before, common } of pushes) {
      if (before === null) {
        return unknown(
          `${sha.slice(0, 12)} was there when the pull request was opened, and GitHub doesn't show who pushed it: push once more, with every commit made anew (git rebase --force-rebase, then git push --force)`,
        );
      }
      const carriedOn = own.has(before) ? before : (common ?? null);
      // Nothing of the pull request's own was there before: all of it came with this push.
      if (head.commits.complete && carriedOn !== null && !own.has(carriedOn)) continue;
      open.push(before);
    }
  }
  return actors.length === 0 ? null : known(actors);
}

/** Whether enough of a branch's activity was read, newest first, to know who pushed the head: then reading can stop. */
export function reachesBack(head: Head, items: readonly BranchActivity[]): boolean {
  const steps = stepsFrom(head, items);
  return steps !== null && steps.ended;
}

/**
 * Whether the moves that brought the head where it is follow on one another without a gap, from it back to where they end: a move
 * that GitHub shows later than others can't be among them.
 */
export function isWhole(head: Head, items: readonly BranchActivity[]): boolean {
  const steps = stepsFrom(head, items);
  if (steps?.ended !== true) return false;
  const first = steps.taken[0];
  return (
    first?.after === head.sha &&
    steps.taken.every((move, index) => {
      const older = steps.taken[index + 1];
      // A branch that was restored begins with what was deleted.
      return older === undefined || (isCreation(move) ? move.after : move.before) === older.after;
    })
  );
}

function trace(head: Head, activity: Listed<BranchActivity>): Known<readonly Actor[]> | null {
  const steps = stepsFrom(head, activity.items);
  if (steps === null) return null;
  const actors: Actor[] = [];
  for (const { after, actor } of steps.taken) {
    if (actor === null) return unknown(`GitHub does not say who pushed ${after.slice(0, 12)}`);
    actors.push(actor);
  }
  if (steps.ended) return known(actors);
  const oldest = steps.taken.at(-1)?.before.slice(0, 12) ?? '';
  return unknown(`the branch's activity does not reach back to who pushed ${oldest}`);
}

/**
 * The moves that brought the head where it is, newest first, back to the one before which nothing of this pull request
 * was there: the branch's creation, or a plain push onto a commit that isn't the pull request's own (all before it is in
 * the base already). A force push replaces what was there, and may carry it on rewritten: the ones before it count too.
 */
function stepsFrom(
  head: Head,
  items: readonly BranchActivity[],
): { readonly taken: readonly BranchActivity[]; readonly ended: boolean } | null {
  const start = items.findIndex((move) => move.after === head.sha);
  if (start < 0) return null;
  const own = new Set(head.commits.items);
  const taken: BranchActivity[] = [];
  for (const [index, move] of items.entries()) {
    if (index < start || move.kind === 'branch_deletion') continue;
    taken.push(move);
    const older = items[index + 1];
    if (isCreation(move)) {
      // "Restore branch" creates it anew with what was deleted: whoever pushed that is further back.
      const restored = older?.kind === 'branch_deletion' && older.before === move.after;
      if (!restored) return { taken, ended: true };
    } else if (
      move.kind !== 'force_push' &&
      head.commits.complete &&
      !own.has(move.before) &&
      own.has(move.after)
    ) {
      return { taken, ended: true };
    }
  }
  return { taken, ended: false };
}

function isCreation(move: BranchActivity): boolean {
  return move.kind === 'branch_creation' || /^0+$/.test(move.before);
}

/** Those who were known, and those whom webhooks told of, at whatever time. */
export function withSeen(known: readonly Actor[], seen: readonly SeenPush[]): readonly Actor[] {
  return eachOnce([...seen.map(({ pusher }) => pusher), ...known]);
}

function eachOnce(actors: readonly Actor[]): readonly Actor[] {
  return [...new Map(actors.map((actor) => [actor.id, actor])).values()];
}
