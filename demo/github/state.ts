/**
 * What the stand-in remembers, in memory: accounts, repositories and what hangs on them. Commits, trees and branches
 * are not here: they live in real bare git repositories and are always read from git.
 * Nothing in this file decides anything; who may change what is settled in `rules/` and `routes/`.
 */

import type { GitCommit } from './git/commits.ts';

/** A person. `emails` are those whose commits GitHub would attribute to this account. */
export interface User {
  readonly kind: 'User';
  readonly id: number;
  login: string;
  name: string;
  email: string;
  readonly emails: Set<string>;
  readonly token: string;
  readonly createdAt: string;
  twoFactor: boolean;
}

/** The account under which an App (or GitHub itself: `web-flow`) acts. */
export interface Bot {
  readonly kind: 'Bot';
  readonly id: number;
  readonly login: string;
  readonly createdAt: string;
}

/** An organisation and the role that each member has in it. */
export interface Organization {
  readonly kind: 'Organization';
  readonly id: number;
  login: string;
  readonly createdAt: string;
  readonly members: Map<number, 'admin' | 'member'>;
  readonly teams: Team[];
  /** Those that hold in its repositories. */
  readonly rulesets: Map<number, Ruleset>;
  twoFactorRequired: boolean;
  /** Those who signed in by its SAML identity provider; null: it has none. */
  samlIdentities: Set<number> | null;
}

/** Anything that can own or do something. */
export type Account = User | Bot | Organization;

/** Anyone who can be the sender of an event. */
export type Actor = User | Bot;

export interface Team {
  readonly id: number;
  readonly slug: string;
  readonly organization: Organization;
  readonly members: Map<number, 'member' | 'maintainer'>;
}

/** Repository roles, weakest first. */
export const ROLES = ['none', 'read', 'triage', 'write', 'maintain', 'admin'] as const;
export type Role = (typeof ROLES)[number];

export interface App {
  readonly id: number;
  readonly slug: string;
  readonly name: string;
  readonly owner: User | Organization;
  readonly bot: Bot;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly privateKey: string;
  readonly publicKey: string;
  readonly hookId: number;
  readonly createdAt: string;
  permissions: Readonly<Record<string, string>>;
  events: readonly string[];
  webhookUrl: string | null;
  webhookSecret: string | null;
}

export interface Installation {
  readonly id: number;
  readonly app: App;
  readonly account: User | Organization;
  /** Null: all repositories of the account. */
  repositories: Set<number> | null;
  permissions: Readonly<Record<string, string>>;
  events: readonly string[];
  suspendedAt: string | null;
  readonly createdAt: string;
}

export interface InstallationToken {
  readonly token: string;
  readonly installation: Installation;
  readonly expiresAt: number;
  /** Null: every repository of the installation. */
  readonly repositories: ReadonlySet<number> | null;
  readonly permissions: Readonly<Record<string, string>>;
}

export interface Repository {
  readonly id: number;
  owner: User | Organization;
  name: string;
  private: boolean;
  /** Put away: it can be read, and nothing in it changed. */
  archived: boolean;
  readonly defaultBranch: string;
  /** The bare git repository. */
  readonly directory: string;
  readonly fork: Repository | null;
  readonly createdAt: string;
  pushedAt: string;
  nextNumber: number;
  readonly collaborators: Map<number, Role>;
  readonly teams: Map<number, Role>;
  readonly pulls: Map<number, Pull>;
  readonly comments: Comment[];
  readonly suites: CheckSuite[];
  readonly checkRuns: Map<number, CheckRun>;
  readonly statuses: CommitStatus[];
  readonly protections: Map<string, Protection>;
  readonly rulesets: Map<number, Ruleset>;
  readonly activities: Activity[];
  readonly deployments: Map<number, Deployment>;
  readonly environments: Map<string, Environment>;
  readonly runs: Map<number, WorkflowRun>;
  /** Merge queues by branch. */
  readonly queues: Map<string, MergeQueue>;
  /** Commits that GitHub itself made and signed. */
  readonly signed: Set<string>;
}

export interface Pull {
  readonly id: number;
  readonly number: number;
  readonly repository: Repository;
  readonly author: Actor;
  readonly headRepository: Repository;
  readonly headRef: string;
  baseRef: string;
  headSha: string;
  /** Tip of the base branch, as last seen. */
  baseSha: string;
  title: string;
  body: string | null;
  draft: boolean;
  state: 'open' | 'closed';
  readonly createdAt: string;
  updatedAt: string;
  closedAt: string | null;
  merge: { readonly at: string; readonly by: Actor; readonly sha: string } | null;
  /** The commit whose files a merge of it lands instead of what it should: what GitHub lets nobody do. */
  landsAs: string | null;
  /** Null until GitHub's background job has looked, as on GitHub. */
  mergeable: boolean | null;
  readonly reviews: Review[];
  /** Whose review is asked for and wasn't given since. */
  readonly requestedReviewers: Set<User>;
  /** In the order in which they were added. */
  readonly labels: Label[];
  readonly events: PullEvent[];
  /** Who pushed the head last. */
  lastPusher: Actor;
}

/** A label of a repository; here it is made when it is first added, as GitHub does for whoever may write. */
export interface Label {
  readonly id: number;
  readonly name: string;
}

export interface MergeQueue {
  readonly branch: string;
  readonly method: 'merge' | 'squash' | 'rebase';
  readonly together: number;
  /** Front first. */
  readonly entries: QueueEntry[];
}

/** A queued pull request with its merge group. */
export interface QueueEntry {
  readonly id: number;
  readonly pull: Pull;
  readonly enqueuer: User;
  readonly at: string;
  readonly ref: string;
  readonly baseSha: string;
  readonly headSha: string;
}

export interface PullEvent {
  readonly type:
    | 'HeadRefForcePushedEvent'
    | 'ReviewDismissedEvent'
    | 'LabeledEvent'
    | 'UnlabeledEvent'
    | 'RenamedTitleEvent'
    | 'BaseRefChangedEvent'
    | 'BaseRefForcePushedEvent'
    | 'BaseRefDeletedEvent'
    | 'AutomaticBaseChangeSucceededEvent'
    | 'AddedToMergeQueueEvent'
    | 'RemovedFromMergeQueueEvent';
  readonly id: number;
  readonly at: string;
  readonly actor: Actor;
  readonly before: string;
  readonly after: string;
  readonly review: Review | null;
}

export type ReviewState = 'APPROVED' | 'CHANGES_REQUESTED' | 'COMMENTED' | 'DISMISSED' | 'PENDING';

export interface Review {
  readonly id: number;
  readonly author: Actor;
  readonly body: string;
  readonly commit: string;
  state: ReviewState;
  submittedAt: string | null;
}

export interface Comment {
  readonly id: number;
  readonly number: number;
  readonly author: Actor;
  /** The App whose token wrote it; null: a person's own. */
  readonly app: App | null;
  body: string;
  readonly createdAt: string;
  updatedAt: string;
  readonly reactions: Reaction[];
}

export interface Reaction {
  readonly id: number;
  readonly author: Actor;
  readonly content: string;
  readonly createdAt: string;
}

export interface CheckSuite {
  readonly id: number;
  readonly app: App | null;
  readonly headSha: string;
  readonly createdAt: string;
}

export interface CheckRun {
  readonly id: number;
  /** Null: GitHub Actions. */
  readonly app: App | null;
  readonly suite: CheckSuite;
  readonly headSha: string;
  name: string;
  status: string;
  conclusion: string | null;
  externalId: string | null;
  detailsUrl: string | null;
  startedAt: string | null;
  completedAt: string | null;
  title: string | null;
  summary: string | null;
  text: string | null;
  annotations: unknown[];
  actions: readonly CheckAction[];
}

export interface CheckAction {
  readonly label: string;
  readonly description: string;
  readonly identifier: string;
}

export interface CommitStatus {
  readonly id: number;
  readonly sha: string;
  readonly state: string;
  readonly context: string;
  readonly description: string | null;
  readonly targetUrl: string | null;
  readonly creator: Actor;
  readonly createdAt: string;
}

/** People, teams and Apps that a rule lets pass. */
export interface Allowances {
  readonly users: readonly string[];
  readonly teams: readonly string[];
  readonly apps: readonly string[];
}

/** Classic branch protection. */
export interface Protection {
  readonly id: number;
  readonly branch: string;
  readonly requiredChecks: { readonly strict: boolean; readonly checks: readonly RequiredCheck[] } | null;
  readonly reviews: RequiredReviews | null;
  readonly enforceAdmins: boolean;
  readonly linearHistory: boolean;
  readonly allowForcePushes: boolean;
  readonly allowDeletions: boolean;
}

export interface RequiredCheck {
  readonly context: string;
  readonly appId: number | null;
}

export interface RequiredReviews {
  readonly count: number;
  readonly dismissStale: boolean;
  readonly codeOwners: boolean;
  readonly lastPush: boolean;
  readonly bypass: Allowances | null;
}

export interface Ruleset {
  readonly id: number;
  readonly name: string;
  readonly enforcement: 'active' | 'disabled' | 'evaluate';
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  /** Of an organisation's: the names of the repositories that it is for, or `~ALL`. */
  readonly repositories: readonly string[];
  readonly rules: readonly Rule[];
  readonly bypassActors: readonly BypassActor[];
  readonly createdAt: string;
  readonly updatedAt: string;
}

export interface Rule {
  readonly type: string;
  readonly parameters: Readonly<Record<string, unknown>> | null;
}

export interface BypassActor {
  readonly id: number | null;
  readonly type: string;
  readonly mode: string;
}

export interface Activity {
  readonly id: number;
  readonly ref: string;
  readonly before: string;
  readonly after: string;
  readonly type:
    'push' | 'force_push' | 'branch_deletion' | 'branch_creation' | 'pr_merge' | 'merge_queue_merge';
  readonly actor: Actor;
  readonly at: string;
}

export interface Deployment {
  readonly id: number;
  readonly repository: Repository;
  readonly sha: string;
  readonly ref: string;
  readonly task: string;
  readonly payload: unknown;
  readonly environment: string;
  readonly description: string | null;
  readonly creator: Actor;
  readonly app: App | null;
  readonly transient: boolean;
  readonly production: boolean;
  readonly createdAt: string;
  updatedAt: string;
  readonly statuses: DeploymentStatus[];
  /** The workflow run whose job made it. */
  readonly run: WorkflowRun | null;
}

export interface DeploymentStatus {
  readonly id: number;
  readonly state: string;
  readonly description: string;
  readonly environment: string;
  readonly environmentUrl: string;
  readonly logUrl: string;
  readonly creator: Actor;
  readonly app: App | null;
  /** GitHub Actions wrote it for the job, and not somebody by the API. */
  readonly byActions: boolean;
  readonly createdAt: string;
}

export interface Environment {
  readonly id: number;
  readonly name: string;
  readonly createdAt: string;
  updatedAt: string;
  waitTimer: number;
  preventSelfReview: boolean;
  reviewers: readonly EnvironmentReviewer[];
  branchPolicy: { readonly protectedBranches: boolean; readonly custom: boolean } | null;
  branchPatterns: { readonly id: number; readonly name: string }[];
  adminsCanBypass: boolean;
  /** Custom deployment protection rules: Apps that are asked. */
  readonly rules: { readonly id: number; readonly app: App; enabled: boolean }[];
}

export type EnvironmentReviewer =
  { readonly type: 'User'; readonly id: number } | { readonly type: 'Team'; readonly id: number };

export interface WorkflowRun {
  readonly id: number;
  readonly number: number;
  readonly workflowId: number;
  readonly repository: Repository;
  readonly name: string;
  readonly path: string;
  readonly sha: string;
  readonly commit: GitCommit;
  readonly branch: string;
  readonly event: string;
  readonly actor: Actor;
  readonly suite: CheckSuite;
  readonly createdAt: string;
  updatedAt: string;
  status: 'queued' | 'in_progress' | 'waiting' | 'completed';
  conclusion: string | null;
  readonly jobs: RunJob[];
  readonly approvals: RunApproval[];
}

/** One job of a run, held by its environment until everything there has said yes. */
export interface RunJob {
  readonly id: number;
  readonly name: string;
  readonly environment: Environment;
  readonly deployment: Deployment;
  readonly checkRun: CheckRun;
  status: 'waiting' | 'queued' | 'in_progress' | 'completed';
  conclusion: string | null;
  /** The environment's custom rules at the time it began to wait. */
  readonly gates: RunGate[];
  /** Null: no reviewers are required. */
  review: 'pending' | 'approved' | 'rejected' | null;
  bypassedBy: Actor | null;
}

/** One App's answer to one waiting job. */
export interface RunGate {
  readonly app: App;
  state: 'pending' | 'approved' | 'rejected';
  comment: string;
  readonly reports: string[];
}

export interface RunApproval {
  readonly environment: Environment;
  readonly state: 'approved' | 'rejected';
  readonly comment: string;
  readonly user: User;
}

/** Everything. */
export interface State {
  readonly accounts: Map<number, Account>;
  readonly repositories: Map<number, Repository>;
  /**
   * What counts as the merge of a pull request whose head was pushed to its base with more on top: its head, or the tip that
   * was pushed. GitHub documents neither, so both can be played.
   */
  mergeOfPushedHead: 'head' | 'tip';
  readonly apps: Map<number, App>;
  readonly installations: Map<number, Installation>;
  readonly tokens: Map<string, InstallationToken>;
  /** One-time codes of the App manifest flow. */
  readonly manifestCodes: Map<string, App>;
}

/** An empty GitHub. */
export function emptyState(): State {
  return {
    accounts: new Map(),
    repositories: new Map(),
    mergeOfPushedHead: 'head',
    apps: new Map(),
    installations: new Map(),
    tokens: new Map(),
    manifestCodes: new Map(),
  };
}
