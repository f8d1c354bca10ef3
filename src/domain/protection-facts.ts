import type { Known } from './known.ts';

/**
 * What GitHub enforces on one branch now: classic branch protection and every active ruleset, each as read. The
 * strictest of both counts (`policy/` merges them), and `raw` keeps parameters we don't know yet.
 */
export interface ProtectionFacts {
  readonly branch: string;
  /** Our own App: only a required check that is bound to it can't be reported by anybody else. Null where nothing was read. */
  readonly appId: number | null;
  /** Unknown where GitHub answers 404 both for "none" and for "not allowed". A value of null: there is none. */
  readonly classic: Known<ProtectionRules | null>;
  readonly rulesets: Known<readonly RulesetFacts[]>;
}

export interface RulesetFacts extends ProtectionRules {
  readonly id: number;
  /** As GitHub names who made it: `acme/shop`, `acme`. */
  readonly source: string;
  /** Absent where GitHub doesn't say, and in facts of older versions. */
  readonly owner?: RulesetOwner;
  /** Its name, where we have seen it; GitHub doesn't tell it with the rules. */
  readonly name?: string;
}

export type RulesetOwner = 'repository' | 'organization' | 'enterprise';

export interface ProtectionRules {
  readonly pullRequestRequired: boolean;
  readonly requiredApprovals: number;
  readonly dismissesStaleApprovals: boolean;
  readonly requiredChecks: readonly RequiredCheck[];
  readonly forcePushBlocked: boolean;
  readonly deletionBlocked: boolean;
  /** Somebody else than who pushed last has to approve. */
  readonly lastPushApproved: boolean;
  readonly codeOwnersRequired: boolean;
  readonly conversationsResolved: boolean;
  readonly linearHistory: boolean;
  readonly signaturesRequired: boolean;
  /** The checks have to be of a head that has the newest base in it. */
  readonly upToDate: boolean;
  /** Unknown for classic protection, of which GitHub doesn't tell it. */
  readonly mergeQueue: Known<boolean>;
  /** Classic protection names people, teams or Apps that need no pull request, nor what hangs on one. */
  readonly pullRequestBypassed: boolean;
  /** Unknown where GitHub doesn't show bypass actors to an App. */
  readonly adminsIncluded: Known<boolean>;
  /** GitHub's own answer, for the record. */
  readonly raw: unknown;
}

export interface RequiredCheck {
  readonly name: string;
  /** The App that must report it; null: anyone with write access can. */
  readonly appId: number | null;
}
