/**
 * A ledger entry before it is recorded, with people and large or personal things still in the open. `ledger/store/record.ts`
 * turns people into keyed references and documents into commitments, so that the canonical bytes hold neither.
 */
import type { Actor } from './actor.ts';
import type { LedgerFact } from './ledger-fact.ts';
import type { ReasonCode } from './reason.ts';

/**
 * `change.queued`: a merge group of the queue that ends with this pull request waits for our check (`checks_requested`), or came
 * to its end (`merged`, `invalidated`, `dequeued`).
 * `change.altered`: what a merge left on its base has other files than merging the approved head makes.
 * `deployment.cancelled`: somebody pressed Cancel on one that is under way (`asked`), and whether that counts (`accepted`, `refused`).
 * `deployment.rolledback`: hosts that were switched to a release were switched back, all that were (`complete`) or not (`partial`).
 * `deployment.rehearsed`: an operator had the running commit deployed under another name and switched back at once; first that it is about
 * to be (`begun`), then what came of it (`passed`, `failed`), which answers that.
 * `deployment.reviewed`: one person's yes or no to a deployment. `effect.finished`: what became of a planned write.
 * `control.changed`: what GitHub enforces for us is another than at the last look, or is seen for the first time, or not any more.
 * `emergency.bypassed`: something was deployed, or said to be, that we hadn't approved; like the use of an emergency (`emergency.used`) it
 * opens a review, which `emergency.reviewed` closes, and of which `emergency.overdue` says that nobody gave it in time.
 * `emergency.expired`: one ended unused.
 * `history.rewritten`: a guarded branch was pushed by force, deleted, or made anew.
 * `command.answered`: what became of a command in a comment, `deploy.accepted` or `deploy.refused`; what it did answers it.
 * `ledger.erased`: a person or document was taken away. `ledger.rotated`: another key signs from here on.
 * `host.enrolled`: an operator looked at a host with the fingerprint that they had found on the host itself, and it was ready (`ready`) or not (`not_ready`).
 * `host.unlocked`: an operator took a deployment's lock away on hosts; first that it is about to be (`breaking`), then whether it
 * was (`broken`, `kept`; `unknown` where the host didn't say), which answers that.
 * `lock.set`, `lock.removed`: an environment was locked, for all but `commit` and `pullRequest` if it names any.
 */
export const ENTRY_KINDS = [
  'change.reviewed',
  'change.queued',
  'change.merged',
  'change.altered',
  'change.unreviewed',
  'command.answered',
  'decision.made',
  'deployment.requested',
  'deployment.reviewed',
  'deployment.approved',
  'deployment.held',
  'deployment.rejected',
  'deployment.started',
  'deployment.finished',
  'deployment.cancelled',
  'deployment.rolledback',
  'deployment.rehearsed',
  'effect.finished',
  'emergency.declared',
  'emergency.confirmed',
  'emergency.used',
  'emergency.expired',
  'emergency.bypassed',
  'emergency.reviewed',
  'emergency.overdue',
  'control.changed',
  'host.enrolled',
  'host.unlocked',
  'lock.set',
  'lock.removed',
  'history.rewritten',
  'access.changed',
  'access.reviewed',
  'policy.changed',
  'configuration.loaded',
  'delivery.recovered',
  'ledger.erased',
  'ledger.heartbeat',
  'ledger.incarnated',
  'ledger.pruned',
  'ledger.rotated',
] as const;

export type EntryKind = (typeof ENTRY_KINDS)[number];

export type Role =
  | 'author'
  | 'co_author'
  | 'committer'
  | 'pusher'
  | 'approver'
  | 'reviewer'
  | 'dismisser'
  | 'merger'
  | 'requester'
  | 'canceller'
  | 'changer'
  /** Whose delivery came when something was found, or soon after. Not that they did it: it may be about something else. */
  | 'sender'
  | 'reporter'
  | 'operator';

export interface NewEntry {
  readonly kind: EntryKind;
  /** RFC 3339, UTC, milliseconds: when it happened, by its source's clock. */
  readonly occurredAt: string;
  readonly who: readonly { readonly role: Role; readonly actor: Actor }[];
  readonly repository: { readonly id: number; readonly fullName: string } | null;
  readonly commit: string | null;
  readonly pullRequest: number | null;
  readonly environment: string | null;
  /** `host:port` of servers that were acted on. */
  readonly hosts: readonly string[];
  /** A word of the kind's own: a verdict, `success`, `failure`, `compliant`, `not_compliant`… */
  readonly outcome: string;
  readonly reasons: readonly ReasonCode[];
  /** `X-GitHub-Delivery` of what caused it. */
  readonly delivery: string | null;
  /** The id (UUID) of the entry that this one answers. */
  readonly answers: string | null;
  /** What it rests on; each is sealed beside the entry, which holds only its name and commitment. */
  readonly documents: readonly NewDocument[];
  /** Only in `ledger.…` entries. */
  readonly ledger?: LedgerFact;
}

/** Facts, a policy's text, a manifest, a comment, output: anything large or personal. */
export interface NewDocument {
  readonly name: string;
  readonly mediaType: 'application/json' | 'text/plain' | 'text/yaml' | 'application/octet-stream';
  readonly body: Uint8Array;
}
