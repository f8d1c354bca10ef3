import type { RepositoryRef } from './repository.ts';

/**
 * A planned write to the world. `key` makes it idempotent: the same key is done once, whatever crashes in between.
 * Planned by `effects/plan*.ts` (pure), stored and queued in the transaction of the entry that it follows from, and
 * carried out by one file of `effects/` each.
 */
export type Effect =
  | {
      readonly kind: 'check_run';
      readonly key: string;
      readonly repository: RepositoryRef;
      readonly checkRun: CheckRunContent;
      /** The entry (UUID) whose proof a completed check run carries. */
      readonly entryId: string;
    }
  | {
      readonly kind: 'create_deployment';
      readonly key: string;
      readonly repository: RepositoryRef;
      readonly requestId: string;
      readonly sha: string;
      readonly environment: string;
      readonly description: string;
    }
  | {
      readonly kind: 'deployment_status';
      readonly key: string;
      readonly repository: RepositoryRef;
      readonly requestId: string;
      readonly state: 'queued' | 'pending' | 'in_progress' | 'success' | 'failure' | 'error' | 'inactive';
      /** At most 140 characters. */
      readonly description: string;
      /** A page that shows what the deployment does, as it does it; left out where there is none. */
      readonly logUrl?: string;
    }
  | {
      readonly kind: 'answer_protection_rule';
      readonly key: string;
      readonly repository: RepositoryRef;
      readonly requestId: string;
      readonly runId: number;
      readonly environment: string;
      /** Null: a status report, which leaves the job waiting. GitHub takes ten of them at most. */
      readonly state: 'approved' | 'rejected' | null;
      /** Markdown, at most 1,024 characters. */
      readonly comment: string;
    }
  /** A comment on a pull request; GitHub is looked at for its marker first, so that it is written once. */
  | {
      readonly kind: 'comment';
      readonly key: string;
      readonly repository: RepositoryRef;
      readonly number: number;
      /** Markdown, at most 65,536 characters with the marker. */
      readonly body: string;
      /** When it was planned, RFC 3339 in UTC: none of ours can be older. */
      readonly plannedAt: string;
    }
  /** A reaction to a comment; GitHub takes the same one twice as one. */
  | {
      readonly kind: 'reaction';
      readonly key: string;
      readonly repository: RepositoryRef;
      readonly number: number;
      readonly commentId: number;
      readonly content: 'eyes' | '+1' | '-1';
    }
  | {
      readonly kind: 'deploy';
      readonly key: string;
      readonly repository: RepositoryRef;
      readonly requestId: string;
      readonly environment: string;
      /** Only a process that has the target's key can carry it out. */
      readonly hasTarget: boolean;
    };

export interface CheckRunContent {
  /** `countersign/change`, `countersign/deploy (production)` … */
  readonly name: string;
  readonly sha: string;
  /** Ours, and what a button's webhook brings back: `change:NUMBER` or `deployment:UUID`. */
  readonly externalId: string;
  readonly status: 'queued' | 'in_progress' | 'completed';
  readonly conclusion: 'success' | 'failure' | 'neutral' | 'action_required' | 'cancelled' | null;
  readonly title: string;
  readonly summary: string;
  readonly text: string | null;
  readonly actions: readonly CheckRunAction[];
}

/** GitHub's limits: three at most; label 20, description 40, identifier 20 characters. */
export interface CheckRunAction {
  readonly label: string;
  readonly description: string;
  readonly identifier: string;
}
