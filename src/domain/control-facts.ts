import type { Known } from './known.ts';

/** What GitHub enforces for us on one thing: a guarded branch, or an environment that the policy names; and what runs on an environment's hosts. */
export interface ControlSubject {
  readonly kind: 'branch' | 'environment' | 'hosts';
  readonly name: string;
}

/** A setting's path in GitHub's own words, to its value as JSON. Addresses, times and node ids are left out. */
export type ControlSettings = Readonly<Record<string, string>>;

/**
 * One look at what GitHub enforces: by part (`branch protection`, `rules`, …), since GitHub may tell one and not another. A part
 * that isn't there was not looked at.
 */
export interface ControlLook {
  readonly subject: ControlSubject;
  readonly parts: Readonly<Record<string, Known<ControlSettings>>>;
}

/** What is kept of all looks: each part as it was last known. */
export interface KeptControls {
  readonly parts: Readonly<
    Record<string, { readonly settings: ControlSettings | null; readonly known: boolean }>
  >;
  /** What the policy demands and is not, or not visibly, enforced: names of its settings. */
  readonly unmet: readonly string[];
  /** When the last change was found, RFC 3339, if by no delivery that names what changed. Absent: nothing is open. */
  readonly unnamedAt?: string;
  /** The deliveries (`X-GitHub-Delivery`) whose senders were recorded with that change. Rows of earlier versions have none. */
  readonly unnamedTold?: readonly string[];
}

/**
 * What a delivery says was changed: the classic protection of branches by a name or pattern, or a ruleset by GitHub's id.
 * https://docs.github.com/en/webhooks/webhook-events-and-payloads#branch_protection_rule, and `repository_ruleset` there
 */
export type NamedControl =
  | { readonly kind: 'branch_rule'; readonly pattern: string }
  | { readonly kind: 'ruleset'; readonly id: number };

/** A setting that became another. Null: it was not there, or is gone. */
export interface ControlChange {
  readonly setting: string;
  readonly before: string | null;
  readonly after: string | null;
}

/**
 * How what is enforced compares with what the policy demands. A gap, once begun, ends only when it is seen that all is whole:
 * not when nothing can be seen.
 */
export type ControlStanding = 'whole' | 'gap' | 'unknown' | 'not_demanded';

export interface JudgedControls {
  readonly standing: ControlStanding;
  readonly unmet: readonly string[];
}

/** Whether something happened inside a gap: how the controls stood at the last look before it. */
export interface ControlsFact extends JudgedControls {
  readonly subject: ControlSubject;
  /** Since when they stand so, RFC 3339. */
  readonly since: string;
  /** The `control.changed` entry (UUID) that says so. */
  readonly entry: string;
  /** When they were last looked at. */
  readonly lookedAt: string;
}
