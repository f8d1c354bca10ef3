import type { Actor } from '../../domain/actor.ts';
import type { ChangeFacts, CommitFacts } from '../../domain/change-facts.ts';
import type { GateResult } from '../../domain/decision.ts';
import type { Reason } from '../../domain/reason.ts';
import { unmappedIdentities } from '../authorship.ts';
import { passedUnless } from '../gate-result.ts';
import { reason } from '../reasons.ts';

/**
 * Whether it is known who made the change. Somebody who hides behind an e-mail that belongs to no account could approve
 * their own work under another name, so one such commit holds.
 */
export function identityGate(facts: ChangeFacts): GateResult {
  return passedUnless(
    'identity',
    unknownAuthors(facts),
    reason('identities_known', { commits: facts.commits.items.length }),
  );
}

/** Why it isn't known who made the change. */
export function unknownAuthors({ pullRequest, commits, pushers }: ChangeFacts): readonly Reason[] {
  return [
    ...(pullRequest.author === null ? [reason('author_unknown', { pullRequest: pullRequest.number })] : []),
    ...(pushers.known ? [] : [reason('pusher_unknown', { why: pushers.why })]),
    ...(pushers.known ? pushers.value : [])
      .filter((pusher) => hidesAPerson(pusher, pullRequest.author))
      .map(({ login }) => reason('pusher_is_bot', { login })),
    ...commits.items.toSorted((a, b) => (a.sha < b.sha ? -1 : 1)).flatMap(unmappedIn),
  ];
}

const GITHUB_ACTIONS = 'github-actions[bot]';

/**
 * A bot pushes for whoever drives it, and could push what they then approve. One that works on a pull request of its own
 * (as those that update dependencies do) is taken as its author; a workflow never is, for everyone with write access can write one.
 */
function hidesAPerson(pusher: Actor, author: Actor | null): boolean {
  return pusher.kind === 'bot' && (pusher.id !== author?.id || pusher.login === GITHUB_ACTIONS);
}

/** The identities of one commit that belong to no account. Only the e-mail's domain is named: the rest is personal. */
export function unmappedIn(commit: CommitFacts): readonly Reason[] {
  return unmappedIdentities(commit)
    .map(({ as, identity }) =>
      reason('identity_unmapped', { commit: commit.sha, as, domain: domainOf(identity.email) }),
    )
    .toSorted((a, b) => (JSON.stringify(a.about) < JSON.stringify(b.about) ? -1 : 1));
}

const domainOf = (email: string) => (email.includes('@') ? email.slice(email.lastIndexOf('@') + 1) : '');
