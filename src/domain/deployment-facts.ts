import type { Actor } from './actor.ts';
import type { ControlsFact } from './control-facts.ts';
import type { EmergencyFacts, OpenReview } from './emergency-facts.ts';
import type { ChangeFacts, CommitFacts } from './change-facts.ts';
import type { Known } from './known.ts';
import type { Listed } from './listed.ts';
import type { PolicyTrust } from './policy-trust.ts';
import type { RepositoryRef } from './repository.ts';
import type { RoleFacts } from './role-facts.ts';
import type { Visibility } from './visibility.ts';
import type { EnvironmentRuns, LockFacts, OrganizationFacts } from './timing-facts.ts';

/** All that is judged about one wanted deployment, read once, frozen, and stored with the decision. */
export interface DeploymentFacts {
  readonly schema: 'deployment-facts/v1';
  readonly gatheredAt: string;
  /** Why GitHub gave none of them: then nothing below is a fact, and nothing is judged by it. */
  readonly unreadable?: string;
  readonly repository: RepositoryRef;
  readonly request: DeploymentRequest;
  /** Branches that contain the target commit, among those that the policy allows for this environment. */
  readonly branches: Known<readonly BranchFacts[]>;
  readonly range: DeployedRange;
  /** The pull requests that the range's commits came from, each with its own facts. */
  readonly changes: readonly ChangeFacts[];
  readonly environment: Known<EnvironmentFacts>;
  readonly reviews: Listed<DeploymentReview>;
  /** Of a job of Actions whose run was started again: which attempt it is. Its reviews can't be told from those of earlier ones. */
  readonly runAttempt?: number;
  readonly roles: RoleFacts;
  /** How the controls of the environment and of its branches stand; none where nobody has looked yet. No gate reads them. */
  readonly controls?: readonly ControlsFact[];
  /** Whether the policy on the default branch came by review. */
  readonly policy: PolicyTrust;
  /** What ran in each environment that the policy puts before this one. Absent in facts that are older than the key. */
  readonly before?: readonly EnvironmentRuns[];
  /** Null: nobody locked the environment. Absent in facts that are older than locks. */
  readonly lock?: Known<LockFacts | null>;
  /** Only of a rollback: that its commit was approved and ran there before. Null: the ledger has no such deployment. */
  readonly ranBefore?: Known<RanBefore | null>;
  /** The newest emergency that was declared for this commit here. Null: none was. Absent in facts that are older than emergencies. */
  readonly emergency?: Known<EmergencyFacts | null>;
  /** What went past the gates anywhere in this repository and awaits its review. Absent in facts that are older than emergencies. */
  readonly openReviews?: Known<readonly OpenReview[]>;
  /** Only where the policy asks for identity. */
  readonly organization?: OrganizationFacts;
  /**
   * Milliseconds that GitHub's clock was ahead of ours, by which `gatheredAt` was written; negative where it was behind. Absent in facts
   * that are older.
   */
  readonly githubAhead?: Known<number>;
  /** Who sees the repository, on which it rests what GitHub offers for it. Absent in facts that are older. No gate reads it. */
  readonly visibility?: Visibility;
  /** Only of one that we deploy, from its start on: what the pin of each host rests on. Absent in facts that are older. No gate reads it. */
  readonly hostKeys?: readonly HostKeyFact[];
}

/** The key of a host is always pinned by the operator's file. */
export interface HostKeyFact {
  /** `host:port` */
  readonly host: string;
  /** The newest `host.enrolled` (UUID) of this host here that found a key which is pinned now; null: no recorded act enrolled it. */
  readonly enrolled: string | null;
}

export interface RanBefore {
  /** The `deployment.finished` (UUID) that says so. */
  readonly entry: string;
  readonly endedAt: string;
}

export interface DeploymentRequest {
  /** Ours: a UUID. */
  readonly id: string;
  /** What asked: a merge (`deploy: on: merge`), a GitHub deployment, an Actions job held by our protection rule, a
   * comment, a button on the check run of an earlier environment's deployment, a comment that asks to go back, the
   * confirmation of an emergency. */
  readonly source: 'merge' | 'api' | 'actions' | 'comment' | 'promotion' | 'rollback' | 'emergency';
  readonly environment: string;
  readonly ref: string;
  readonly sha: string;
  /** Null: GitHub doesn't say who (`ghost`); nobody's role can then be checked. */
  readonly requester: Actor | null;
  readonly requestedAt: string;
  readonly githubDeploymentId: number | null;
  readonly runId: number | null;
}

export interface BranchFacts {
  readonly name: string;
  readonly tip: string;
}

/**
 * Every commit that would become new on the environment. `running: null` with `status: 'first'`: nothing of ours runs
 * there and the range starts at the policy's baseline (or at the root, where there is none).
 */
export interface DeployedRange {
  readonly running: string | null;
  readonly baseline: string | null;
  readonly status: 'ahead' | 'identical' | 'behind' | 'diverged' | 'first' | 'unknown';
  readonly commits: Listed<RangeCommit>;
}

export interface RangeCommit {
  readonly commit: CommitFacts;
  /** Numbers of the merged pull requests that GitHub says introduced it. */
  readonly pullRequests: readonly number[];
  /** Our ledger holds a `change.unreviewed` for it. */
  readonly recordedUnreviewed: boolean;
}

export interface EnvironmentFacts {
  readonly name: string;
  readonly reviewers: EnvironmentReviewers | null;
  readonly adminsCanBypass: boolean | null;
  /** Our own custom deployment protection rule is enabled on it. */
  readonly guardedByUs: Known<boolean>;
}

export interface EnvironmentReviewers {
  readonly users: readonly Actor[];
  /** Slugs. */
  readonly teams: readonly string[];
  readonly preventSelfReview: boolean;
}

/** One person's yes or no to this deployment. */
export interface DeploymentReview {
  readonly via: 'environment' | 'check_run';
  readonly reviewer: Actor | null;
  readonly state: 'approved' | 'rejected';
  /** The commit whose deployment it answers. */
  readonly sha: string;
  /** Null where GitHub gives no time (a run's approvals have none). */
  readonly at: string | null;
  readonly comment: string;
}
