import type { ChangeFacts } from '../../domain/change-facts.ts';
import type { GateResult } from '../../domain/decision.ts';
import type { Reason } from '../../domain/reason.ts';
import { authorsOfChange } from '../authorship.ts';
import { namesOf } from '../eligibility.ts';
import { passed, pending } from '../gate-result.ts';
import { peopleIn } from '../people-in.ts';
import { isBarred, lacksAccess, nameOfOwner, owns } from '../owns.ts';
import { type Ownership, type OwnedFiles, ownershipOf } from '../ownership.ts';
import { reason } from '../reasons.ts';
import type { Approvers, Policy } from '../schema.ts';
import { judgeApprovals, type JudgedApproval } from './judge-approvals.ts';

const GATE = 'code_owners';

/**
 * Whether each changed file that has code owners was approved by one of them, with an approval that counts. Null: the
 * policy doesn't ask for it.
 */
export function codeOwnersGate(policy: Policy, facts: ChangeFacts): GateResult | null {
  const { from } = policy.changes.approvals;
  if (from.codeowners !== true) return null;
  const { against, given, skipped } = judgeOwners(from, judgeApprovals(policy, facts), facts);
  if (against.length > 0) return pending(GATE, ...against, ...given, ...skipped);
  return passed(GATE, ...(given.length === 0 ? [reason('no_code_owners', {})] : given), ...skipped);
}

interface JudgedOwners {
  /** What is missing. */
  readonly against: readonly Reason[];
  readonly given: readonly Reason[];
  /** Lines that GitHub skips, of which nothing else is said. */
  readonly skipped: readonly Reason[];
}

/** The same of all files, or of those that `concerns` picks, with these approvals. */
export function judgeOwners(
  from: Approvers,
  approvals: readonly JudgedApproval[],
  facts: ChangeFacts,
  concerns?: (path: string) => boolean,
): JudgedOwners {
  const ownership = ownershipOf(facts, concerns);
  if (ownership.is === 'unknown')
    return { against: [reason('code_owners_unknown', { why: ownership.why })], given: [], skipped: [] };
  const { path, owned, lost, unowned } = ownership;
  const groups = owned.map((group) => judgeGroup(group, path ?? '', approvals, facts));
  const against: Reason[] = [
    ...groups.flatMap(({ missing }) => missing ?? []),
    ...lost.map(({ line, why, files }) =>
      reason('code_owners_line_broken', { path: path ?? '', line, why, ...shown(files) }),
    ),
    // Nobody else is asked, so nobody could ever approve these.
    ...(unowned.length > 0 && namesOf({ ...from, codeowners: undefined }).length === 0
      ? [reason('files_without_owner', shown(unowned))]
      : []),
  ];
  return { against, given: groups.flatMap(({ given }) => given ?? []), skipped: skippedLines(ownership) };
}

function judgeGroup(
  group: OwnedFiles,
  path: string,
  approvals: readonly JudgedApproval[],
  facts: ChangeFacts,
): { readonly missing?: readonly Reason[]; readonly given?: Reason } {
  const about = { ...shown(group.files), path, line: group.line };
  const by = approvals.flatMap(({ actor, disqualified }) =>
    actor !== null && disqualified === null && owns(actor, group, facts).is === 'yes' ? [actor.login] : [],
  );
  if (by.length > 0) return { given: reason('code_owner_approval_given', { ...about, by }) };
  const authors = authorsIn(facts);
  const able = group.owners.filter((owner) => !isBarred(owner, facts, authors));
  const names = (owners: OwnedFiles['owners']) => owners.map((owner) => nameOfOwner(owner, facts));
  const head = facts.pullRequest.headSha;
  return {
    missing: [
      able.length > 0
        ? reason('code_owner_approval_missing', { ...about, owners: names(able), head })
        : reason('code_owner_approval_impossible', { ...about, owners: names(group.owners) }),
      ...approvals.flatMap((each) => whyNoOwner(each, group, path, facts)),
    ],
  };
}

/** Why somebody who approved, and looks like an owner, is not taken for one. */
function whyNoOwner(
  { actor, disqualified }: JudgedApproval,
  group: OwnedFiles,
  path: string,
  facts: ChangeFacts,
): readonly Reason[] {
  const isStranger = disqualified?.code === 'approver_not_eligible';
  if (actor === null || (disqualified !== null && !isStranger)) return [];
  const { login } = actor;
  const owning = owns(actor, group, facts);
  if (owning.is === 'unknown') return [reason('role_unknown', { login, role: owning.role, why: owning.why })];
  const isLacking = lacksAccess(actor, group, facts);
  return isLacking ? [reason('code_owner_without_access', { login, path, line: group.line })] : [];
}

function authorsIn(facts: ChangeFacts) {
  const authors = authorsOfChange(facts);
  const ids = new Set(authors.keys());
  const logins = peopleIn(facts).flatMap(({ id, login }) => (ids.has(id) ? [login.toLowerCase()] : []));
  return { ids, logins: new Set(logins) };
}

/** So many files and lines are named; the rest is counted. */
const SHOWN = 10;

const shown = (files: readonly string[]) => ({ files: files.slice(0, SHOWN), count: files.length });

/** Those of which nothing else is said. */
function skippedLines({ path, skipped, lost }: Extract<Ownership, { is: 'known' }>): readonly Reason[] {
  return skipped
    .filter(({ line }) => !lost.some((each) => each.line === line))
    .slice(0, SHOWN)
    .map(({ line, why }) => reason('code_owners_line_skipped', { path: path ?? '', line, why }));
}
