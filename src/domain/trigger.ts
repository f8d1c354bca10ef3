import type { Actor } from './actor.ts';
import type { ReviewFacts } from './change-facts.ts';
import type { Command } from './command.ts';
import type { NamedControl } from './control-facts.ts';
import type { MergeGroupRef } from './merge-group-facts.ts';
import type { RepositoryRef } from './repository.ts';

/** What a delivery means to us. A delivery can mean several things, or nothing. */
export type Trigger =
  | { readonly kind: 'judge_change'; readonly repository: RepositoryRef; readonly number: number }
  /** Somebody pushed `sha` to the pull request's head branch: the sender is one of its pushers. */
  | {
      readonly kind: 'record_push_to_change';
      readonly repository: RepositoryRef;
      readonly number: number;
      readonly sha: string;
      /** Where the branch was before; null: the pull request was opened with it, by whomever it was pushed. */
      readonly before: string | null;
      readonly pusher: Actor;
    }
  | {
      readonly kind: 'record_review';
      readonly repository: RepositoryRef;
      readonly number: number;
      readonly review: ReviewFacts;
      /** Who took it back, of a dismissed one. */
      readonly dismisser: Actor | null;
    }
  | { readonly kind: 'record_merge'; readonly repository: RepositoryRef; readonly number: number }
  | {
      readonly kind: 'judge_merge_group';
      readonly repository: RepositoryRef;
      readonly group: MergeGroupRef;
    }
  /** It is no more: merged, or thrown away by the queue. */
  | {
      readonly kind: 'end_merge_group';
      readonly repository: RepositoryRef;
      readonly group: MergeGroupRef;
      readonly reason: 'merged' | 'invalidated' | 'dequeued';
    }
  | {
      readonly kind: 'judge_push';
      readonly repository: RepositoryRef;
      readonly branch: string;
      readonly before: string;
      readonly after: string;
      readonly forced: boolean;
      readonly pusher: Actor | null;
    }
  | {
      readonly kind: 'request_deployment';
      readonly repository: RepositoryRef;
      readonly source: 'api' | 'actions';
      readonly environment: string;
      readonly ref: string;
      readonly sha: string;
      readonly requester: Actor | null;
      readonly githubDeploymentId: number | null;
      readonly runId: number | null;
    }
  /** Somebody wrote into the status of a GitHub deployment that it runs, or ran. */
  | {
      readonly kind: 'claim_deployment';
      readonly repository: RepositoryRef;
      readonly githubDeploymentId: number;
      readonly state: 'in_progress' | 'success';
      readonly at: string;
      readonly by: Actor | null;
    }
  /** A job of Actions made a GitHub deployment. If our rule guards the environment, that rule asks us about it as well. */
  | {
      readonly kind: 'watch_job';
      readonly repository: RepositoryRef;
      readonly environment: string;
      readonly ref: string;
      readonly sha: string;
      readonly requester: Actor | null;
      readonly githubDeploymentId: number;
      readonly runId: number;
    }
  | { readonly kind: 'judge_run'; readonly repository: RepositoryRef; readonly runId: number }
  /** A button on one of our check runs, or its "Re-run". `externalId` is what we wrote into that check run. */
  | {
      readonly kind: 'press_button';
      readonly repository: RepositoryRef;
      readonly checkRunId: number;
      readonly externalId: string;
      readonly button: string;
      readonly presser: Actor | null;
    }
  /** "Re-run all checks" on our check suite of a commit. */
  | { readonly kind: 'run_all_again'; readonly repository: RepositoryRef; readonly sha: string }
  /** Somebody's command in a comment on pull request `number`. */
  | {
      readonly kind: 'command';
      readonly repository: RepositoryRef;
      readonly number: number;
      readonly commentId: number;
      readonly commenter: Actor;
      /** GitHub doesn't count them among the repository's own: anybody may comment on a public pull request. */
      readonly stranger: boolean;
      readonly command: Command;
    }
  /** Something reported about a commit without saying for which pull request (a commit status, a check on a fork's). */
  | { readonly kind: 'judge_commit'; readonly repository: RepositoryRef; readonly sha: string }
  /** Protection, teams, members or the policy changed: judge again whatever is open. */
  | { readonly kind: 'judge_open'; readonly repository: RepositoryRef; readonly branch: string | null }
  | {
      readonly kind: 'judge_open_in_installation';
      readonly installationId: number;
      /** What GitHub enforces in all its repositories was changed: whose delivery says so. */
      readonly controlsBy?: Actor | null;
      /** And of what; null where it isn't said. */
      readonly controlNamed?: NamedControl | null;
    }
  /** What GitHub enforces there was changed: whose delivery says so, and of what; null where it isn't said. */
  | {
      readonly kind: 'look_at_controls';
      readonly repository: RepositoryRef;
      readonly by: Actor | null;
      readonly named: NamedControl | null;
    }
  /** Our App was given or lost what it guards, or what it guards became something else. */
  | {
      readonly kind: 'record_coverage';
      readonly installationId: number;
      /** Empty: the installation as a whole. */
      readonly repositories: readonly { readonly id: number; readonly fullName: string }[];
      readonly outcome: CoverageOutcome;
      readonly by: Actor | null;
      /** What is told with it and names nobody: the App's permissions, the name before. */
      readonly detail: Readonly<Record<string, unknown>>;
    };

/** `….gap`: from here on nothing is judged there. `….whole`: it is again. The others change what we guard, not whether. */
export type CoverageOutcome =
  | 'installed.whole'
  | 'uninstalled.gap'
  | 'suspended.gap'
  | 'unsuspended.whole'
  | 'permissions_accepted'
  | 'repository_added.whole'
  | 'repository_removed.gap'
  | 'repository_deleted.gap'
  | 'repository_archived'
  | 'repository_unarchived'
  | 'repository_renamed'
  | 'repository_transferred'
  | 'repository_publicized'
  | 'repository_privatized'
  | 'default_branch_changed';
