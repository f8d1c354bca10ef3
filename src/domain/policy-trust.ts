import type { ChangeFacts } from './change-facts.ts';
import type { RangeCommit } from './deployment-facts.ts';
import type { RepositoryRef } from './repository.ts';

/**
 * Whether the policy that a decision rests on came by review itself. Not trusted: its file was changed, since the last
 * version that was, by commits that no approved pull request brought; or the history doesn't lead from that version here.
 */
export type PolicyTrust =
  | { readonly trusted: true }
  | {
      readonly trusted: false;
      /** The commit at which the last reviewed version was seen. */
      readonly since: string;
      /** Ids of the commits that changed the file without review; empty where the history doesn't lead from `since`. */
      readonly commits: readonly string[];
    };

/** What is judged about a changed policy file, read once and kept with its `policy.changed` entry. */
export interface PolicyChangeFacts {
  readonly schema: 'policy-change-facts/v1';
  readonly gatheredAt: string;
  readonly repository: RepositoryRef;
  /** The trusted branch, and where it was when the file was read. */
  readonly branch: string;
  readonly tip: string;
  /** The commit at which the last reviewed version was seen. */
  readonly since: string;
  /** False: `tip` doesn't descend from `since`, or from too far away to look at each commit between them. */
  readonly connected: boolean;
  /** Ids of the commits since whose file is another than that of any parent that descends from `since` too. */
  readonly touching: readonly string[];
  /** Those commits, where their changes end, and their neighbours where a rebase has to be followed. */
  readonly commits: readonly RangeCommit[];
  readonly changes: readonly ChangeFacts[];
}
