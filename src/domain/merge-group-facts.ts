import type { ChangeFacts, CheckFacts } from './change-facts.ts';
import type { Decision } from './decision.ts';
import type { Known } from './known.ts';
import type { Listed } from './listed.ts';
import type { RepositoryRef } from './repository.ts';

/**
 * A merge group as its webhook names it: a temporary branch of a merge queue, at whose head is what the base branch would
 * become. Every pull request in the queue has a group of its own, which begins where the one before it ends.
 */
export interface MergeGroupRef {
  readonly headSha: string;
  /** `refs/heads/gh-readonly-queue/BASE/pr-NUMBER-SHA` */
  readonly headRef: string;
  /** What the group was made on: the base branch's tip, or the head of the group before it. */
  readonly baseSha: string;
  /** The branch that it would be merged into, without `refs/heads/`. */
  readonly baseRef: string;
  /** The pull request that ends at its head, as the ref has it; null where the ref has another form than we know. */
  readonly pullRequest: number | null;
}

/**
 * All that is judged about one merge group, read once, frozen, and stored with the decision. Not only the group's own
 * commits: everything that the base branch would get when it is moved to the group's head, since GitHub may take several groups at once.
 */
export interface MergeGroupFacts {
  readonly schema: 'merge-group-facts/v1';
  readonly gatheredAt: string;
  /** Why GitHub gave none of them: then nothing below is a fact, and nothing is judged by it. */
  readonly unreadable?: string;
  readonly repository: RepositoryRef;
  readonly group: MergeGroupRef;
  /** The base branch's tip when it was read. */
  readonly tip: string;
  /** How the head stands to that tip; `unknown` where GitHub can't compare them. */
  readonly status: 'ahead' | 'identical' | 'behind' | 'diverged' | 'unknown';
  /** The first-parent line from the tip to the head, oldest first, cut where GitHub says that a pull request ends. */
  readonly steps: Listed<GroupStep>;
  /** What was reported on the group's head. */
  readonly checks: Listed<CheckFacts>;
  /** The pull requests that the steps name, each with its own facts. */
  readonly changes: readonly ChangeFacts[];
}

/** What the queue made of one pull request. */
export interface GroupStep {
  /** Null: GitHub names no pull request that ends at its last commit, or names two. */
  readonly pullRequest: number | null;
  /** By the form of its last commit: two parents, one that GitHub signed, or neither. */
  readonly method: 'merge' | 'squash' | 'rebase';
  /** Oldest first. */
  readonly commits: readonly GroupCommit[];
}

export interface GroupCommit {
  readonly sha: string;
  readonly parents: readonly string[];
  readonly signedByGitHub: boolean;
  /** Its tree's id, from git itself. */
  readonly tree: Known<string>;
  /** The tree that merging, or replaying, the pull request's head onto the commit before makes, computed anew by us. */
  readonly expected: Known<string>;
}

/** The group's decision, and that on each pull request in it, in the order in which they would land. */
export interface MergeGroupDecision extends Decision {
  readonly subject: 'merge_group';
  readonly changes: readonly { readonly pullRequest: number; readonly decision: Decision }[];
}
