import type { ChangeFacts, CommitFacts } from '../../domain/change-facts.ts';
import type { GateResult } from '../../domain/decision.ts';
import type { Reason } from '../../domain/reason.ts';
import { unmappedIdentities } from '../authorship.ts';
import { passedUnless } from '../gate-result.ts';
import { reason } from '../reasons.ts';
import type { Policy } from '../schema.ts';
import { objectionsToBots } from './bots.ts';

/**
 * Whether it is known who made the change. Somebody who hides behind an e-mail that belongs to no account could approve
 * their own work under another name, so one such commit holds.
 */
export function identityGate(policy: Policy, facts: ChangeFacts): GateResult {
  return passedUnless(
    'identity',
    unknownAuthors(policy, facts),
    reason('identities_known', { commits: facts.commits.items.length }),
  );
}

/** Why it isn't known who made the change. */
export function unknownAuthors(policy: Policy, facts: ChangeFacts): readonly Reason[] {
  const { pullRequest, commits, pushers } = facts;
  return [
    ...(pullRequest.author === null ? [reason('author_unknown', { pullRequest: pullRequest.number })] : []),
    ...(pushers.known ? [] : [reason('pusher_unknown', { why: pushers.why })]),
    ...objectionsToBots(policy, facts),
    ...commits.items.toSorted((a, b) => (a.sha < b.sha ? -1 : 1)).flatMap(unmappedIn),
  ];
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
