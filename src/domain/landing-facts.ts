import type { Known } from './known.ts';
import type { GroupCommit, GroupStep } from './merge-group-facts.ts';

/**
 * A merge among a pull request's own commits, between its head and an approval that was given before: what it has, and what
 * merging the same two commits anew makes. If the one that it merged in was on the base already, nobody has to see more.
 */
export interface BaseMergeFacts {
  readonly sha: string;
  /** Its first parent: what the head was before. */
  readonly onto: string;
  /** Its second parent. */
  readonly merged: string;
  /** Whether the base had that already. */
  readonly fromBase: Known<boolean>;
  /** Its tree's id, from git itself. */
  readonly tree: Known<string>;
  /** The tree that merging the two makes, computed anew by us. */
  readonly expected: Known<string>;
}

/** What a merge left on the base, beside what merging the pull request's head there makes. */
export interface LandingFacts {
  readonly method: GroupStep['method'];
  /** What the base was just before. */
  readonly base: string;
  /** One of a merge or a squash; of a rebase each, oldest first. */
  readonly commits: readonly GroupCommit[];
}
