import type { Actor } from './actor.ts';
import type { CodeOwnersFile } from './code-owners-facts.ts';
import type { ControlsFact } from './control-facts.ts';
import type { Known } from './known.ts';
import type { BaseMergeFacts, LandingFacts } from './landing-facts.ts';
import type { Listed } from './listed.ts';
import type { ProtectionFacts } from './protection-facts.ts';
import type { RepositoryRef } from './repository.ts';
import type { RoleFacts } from './role-facts.ts';

/**
 * All that is judged about one pull request, read once, frozen, and stored with the decision so that the decision can
 * be re-performed. Every time is RFC 3339 in UTC; every `sha` a full 40-digit commit id.
 */
export interface ChangeFacts {
  readonly schema: 'change-facts/v1';
  readonly gatheredAt: string;
  /** Why GitHub gave none of them: then nothing below is a fact, and nothing is judged by it. */
  readonly unreadable?: string;
  readonly repository: RepositoryRef;
  readonly pullRequest: PullRequestFacts;
  /** The pull request's own commits, base to head. */
  readonly commits: Listed<CommitFacts>;
  readonly reviews: Listed<ReviewFacts>;
  /** Which reviews were dismissed, and by whom: of a dismissed review GitHub forgets what it said. */
  readonly dismissals: Listed<DismissalFacts>;
  /** Check runs and commit statuses on the head commit, newest of each name. */
  readonly checks: Listed<CheckFacts>;
  /** What it changes between the merge base and its head. */
  readonly files: Listed<FileFacts>;
  /** The names of its labels. */
  readonly labels: Listed<string>;
  /** Everyone who pushed to the head branch while the pull request was open. Unknown: nobody told us who pushed the head. */
  readonly pushers: Known<readonly Actor[]>;
  /**
   * Of a merge: the moves of its head lead without a gap back to where the branch came from, and were read after those of the
   * base showed the merge itself. Nobody can be missing in `pushers` then who becomes known later. Absent: it isn't known to be so.
   */
  readonly pushesWhole?: true;
  readonly protection: ProtectionFacts;
  /**
   * The base branch's `CODEOWNERS`: at its tip while the pull request is open, from before the merge once it is merged.
   * Null: there is none. Absent: the policy doesn't ask for code owners.
   */
  readonly codeOwners?: Known<CodeOwnersFile | null>;
  /** Whether the base stands inside a control gap; absent where nobody has looked yet. No gate reads it. */
  readonly controls?: ControlsFact;
  readonly roles: RoleFacts;
  /**
   * The merges that stand between the head and the oldest approval that only merges follow, newest first: each stands on the
   * one after it, and the last one on what was approved. Absent: no approval was given before one.
   */
  readonly baseMerges?: readonly BaseMergeFacts[];
}

export interface PullRequestFacts {
  readonly number: number;
  readonly title: string;
  readonly url: string;
  readonly state: 'open' | 'closed' | 'merged';
  readonly draft: boolean;
  /** Null: the account is deleted (GitHub's `ghost`). */
  readonly author: Actor | null;
  readonly headSha: string;
  readonly headRef: string;
  readonly fromFork: boolean;
  readonly baseRef: string;
  readonly baseSha: string;
  /**
   * When what it is compared with was last replaced: the pull request was pointed at another base, or its base was pushed
   * by force or deleted. Null: never. An approval of before was given on another diff.
   */
  readonly baseChangedAt: Known<string | null>;
  /** When its title or labels were last changed; null: never. After a merge they can be made to say anything. */
  readonly describedAt: Known<string | null>;
  /**
   * Ids of the people whose review is asked for now and wasn't given since. GitHub leaves what they said before as it is. Absent: nobody's, or
   * the facts are older.
   */
  readonly reviewAsked?: readonly number[];
  readonly merged: MergeFacts | null;
}

export interface MergeFacts {
  readonly at: string;
  /** Whoever merged it; of a merge by the queue, whoever put it there last. */
  readonly by: Actor | null;
  /** It was in a merge queue: absent where it never was. */
  readonly queued?: true;
  /** The commit that the merge left on the base branch (the last one of a rebase). */
  readonly commit: CommitFacts;
  /**
   * By its button, API or merge queue, as the activity of the base has it. False: somebody pushed it. Read where a
   * range of commits is traced, and with a merge, which keeps only what was seen to be so.
   */
  readonly onGitHub: Known<boolean>;
  /** Absent: it was not compared, which is no proof of anything; or the head itself is what landed. */
  readonly landing?: Known<LandingFacts>;
}

export interface CommitFacts {
  readonly sha: string;
  readonly parents: readonly string[];
  readonly message: string;
  readonly authoredAt: string;
  readonly committedAt: string;
  readonly author: IdentityFacts;
  readonly committer: IdentityFacts;
  /** From `Co-authored-by:` trailers. */
  readonly coAuthors: readonly IdentityFacts[];
  /** GitHub itself made and signed it (a merge, a squash, an edit in the browser). */
  readonly signedByGitHub: boolean;
}

/** Who a commit says it is from; `actor` is null where the e-mail belongs to no GitHub account. */
export interface IdentityFacts {
  readonly name: string;
  readonly email: string;
  readonly actor: Actor | null;
}

export interface ReviewFacts {
  readonly id: number;
  readonly author: Actor | null;
  readonly state: 'approved' | 'changes_requested' | 'commented' | 'dismissed' | 'pending';
  /** The commit it was given on; null where that commit is gone. */
  readonly commit: string | null;
  readonly submittedAt: string | null;
}

/** One file that a pull request changes. Paths are from the repository's root, with `/`, in the bytes that git has. */
export interface FileFacts {
  readonly path: string;
  readonly status: 'added' | 'removed' | 'modified' | 'renamed' | 'copied' | 'changed' | 'unchanged';
  /**
   * Where a renamed file was before. Null of one that was renamed: it was not read (only a policy that asks for paths has
   * it read), so whoever judges paths must hold.
   */
  readonly previousPath: string | null;
  /** In lines; both 0 for a binary file. */
  readonly additions: number;
  readonly deletions: number;
}

export interface DismissalFacts {
  /** Id of the review. */
  readonly review: number;
  /** What the review said until then. */
  readonly was: ReviewFacts['state'];
  /** Null: the account is deleted. */
  readonly by: Actor | null;
}

export interface CheckFacts {
  readonly name: string;
  /** The App that reported it; null for a commit status. */
  readonly appId: number | null;
  readonly state: 'success' | 'failure' | 'pending' | 'neutral' | 'skipped';
}
