/** What stands between a decision and an approval, and who can give it: for titles, statuses and the head of a check run. */
import type { Actor } from '../domain/actor.ts';
import type { ChangeFacts } from '../domain/change-facts.ts';
import type { Decision } from '../domain/decision.ts';
import type { DeploymentFacts } from '../domain/deployment-facts.ts';
import type { MergeGroupFacts } from '../domain/merge-group-facts.ts';
import type { Reason, ReasonCode } from '../domain/reason.ts';
import { authorsOfChange } from './authorship.ts';
import { authorsOfDeployment } from './deployment/authors-of-deployment.ts';
import { emergencyMends } from './emergency-mends.ts';
import { timingMends } from './timing-mends.ts';
import { actorsOf, peopleIn } from './people-in.ts';

/** Plain text, not Markdown. */
export interface Missing {
  readonly gate: string;
  readonly code: ReasonCode;
  /** A clause that can follow "Held: ". */
  readonly what: string;
  /** The same with each way out in a word or two, where a title has no room for all of it. */
  readonly short?: string;
  /** As people know them: `@acme/leads`, `carol`. Empty: nobody in particular. */
  readonly who: readonly string[];
}

type Facts = ChangeFacts | DeploymentFacts | MergeGroupFacts;
type About = Reason['about'];

/** The most telling first: what a person has to decide, then what has to be mended, then what only has to finish. */
export function whoCanMend(decision: Decision, facts: Facts): readonly Missing[] {
  // A rejected one can't be mended by what its other gates wait for.
  const rejected = decision.verdict === 'rejected';
  const found = decision.gates
    .filter(({ outcome }) => outcome === 'failed' || (outcome === 'pending' && !rejected))
    .flatMap(({ gate, reasons }) => reasons.flatMap((reason) => missingFor(gate, reason, facts)));
  const distinct = new Map(found.map((each) => [`${each.missing.what} ${each.missing.who.join()}`, each]));
  return [...distinct.values()].toSorted((a, b) => a.rank - b.rank).map(({ missing }) => missing);
}

export interface Mend {
  /** 0: mend before anything else; 1: somebody decides; 2: somebody mends; 3: it only has to finish. */
  readonly rank: 0 | 1 | 2 | 3;
  readonly what: (about: About) => string;
  readonly who: (about: About, facts: Facts) => readonly string[];
  readonly short?: (about: About) => string;
}

const text = (value: About[string] | undefined) => String(value ?? '?');
const short = (value: About[string] | undefined) => text(value).slice(0, 7);
const nobody = () => [];
const administrators = (_: About, { repository }: Facts) => [
  `an administrator of ${repository.owner}/${repository.name}`,
];
const author = (about: About, facts: Facts) => {
  const change =
    'changes' in facts
      ? facts.changes.find(({ pullRequest }) => pullRequest.number === about['pullRequest'])
      : facts;
  return change?.pullRequest.author?.login === undefined ? [] : [change.pullRequest.author.login];
};
const instead = (about: About) =>
  Array.isArray(about['instead']) && about['instead'].length > 0
    ? `, or what ${about['instead'].join(' or ')} asks for`
    : '';
const login = (about: About) => (typeof about['login'] === 'string' ? [about['login']] : []);
const mend = (
  rank: Mend['rank'],
  what: Mend['what'],
  who: Mend['who'] = nobody,
  short?: Mend['short'],
): Mend => ({ rank, what, who, ...(short === undefined ? {} : { short }) });

/** Of a commit that is on the branch and shouldn't have got there: the ways out of it. */
const ACCEPT_OR_UNDO = 'accept it by the baseline, or take it off the branch';

/** Reasons that only explain another one, as an approval that doesn't count, ask nothing of anybody. */
const MENDS: Readonly<Partial<Record<ReasonCode, Mend>>> = {
  policy_absent: mend(0, () => 'there is no .github/countersign.yml: add one', administrators),
  policy_invalid: mend(0, () => '.github/countersign.yml has to be mended', administrators),
  policy_unreadable: mend(0, () => 'GitHub did not give us the policy; it is tried again'),
  policy_unreviewed: mend(
    0,
    (about) =>
      `.github/countersign.yml was changed without review since ${short(about['since'])}: review that, or put it back`,
    administrators,
    (about) => `the policy was changed without review since ${short(about['since'])}: review or undo that`,
  ),
  facts_unreadable: mend(0, () => 'GitHub did not give us the facts; it is tried again'),
  facts_incomplete: mend(
    2,
    (about) => `not everything could be read (${text(about['list'])}); make the change smaller if this stays`,
    author,
  ),
  role_unknown: mend(
    2,
    (about) => `whether ${text(about['login'])} has ${text(about['role'])} could not be found out`,
    administrators,
  ),
  pull_request_draft: mend(2, () => 'the pull request is a draft: mark it ready for review', author),
  pull_request_closed: mend(2, () => 'the pull request was closed without being merged', author),
  author_unknown: mend(2, () => 'the account that opened the pull request is deleted: open it anew'),
  identity_unmapped: mend(
    2,
    (about) =>
      `an e-mail in commit ${short(about['commit'])} belongs to no GitHub account: add it to an account, or commit anew`,
    author,
  ),
  pusher_unknown: mend(2, () => 'who pushed the head is not known: push it once more', author),
  pusher_is_bot: mend(
    2,
    (about) =>
      `${text(about['login'])} pushed to the branch: open a pull request from one that people pushed`,
    author,
  ),
  bot_not_listed: mend(
    2,
    (about) =>
      `${text(about['login'])} is not listed in changes.bots: list it, or have a person open the pull request`,
    administrators,
  ),
  bot_outside_paths: mend(
    2,
    (about) =>
      `${text(about['login'])} may not change ${someFiles(about)}: take that out, or have a person open the pull request`,
  ),
  code_owner_approval_missing: mend(
    1,
    (about) => `a code owner’s approval of ${someFiles(about)} is missing`,
    ownersOf,
    (about) =>
      `a code owner’s approval of ${Number(about['count']) > 1 ? `${text(about['count'])} files` : someFiles(about)} is missing`,
  ),
  code_owner_approval_impossible: mend(
    2,
    (about) =>
      `no code owner can approve ${someFiles(about)}: name another on line ${text(about['line'])} of ${text(about['path'])}`,
    administrators,
  ),
  code_owners_line_broken: mend(
    2,
    (about) =>
      `GitHub skips line ${text(about['line'])} of ${text(about['path'])}, which is about ${someFiles(about)}: mend it`,
    administrators,
  ),
  code_owners_unknown: mend(
    2,
    (about) => `who owns the changed files is not known: ${text(about['why'])}`,
    administrators,
  ),
  files_without_owner: mend(
    2,
    (about) => `${someFiles(about)} has no code owner, and the policy names nobody else`,
    administrators,
  ),
  approvals_missing: mend(1, (about) => missingApprovals(about, about['head']), askedFor),
  rule_approvals_missing: mend(
    1,
    (about) =>
      `${missingApprovals(about, about['head'])} for the rule ${text(about['rule'])}${instead(about)}`,
    askedFor,
  ),
  blocked_by_label: mend(1, (about) => `the label ${text(about['label'])} blocks it: take it off`),
  change_vetoed: mend(
    1,
    (about) => `${text(about['login'] ?? 'a deleted account')} vetoes it`,
    // Whoever made a part of it can't lift it.
    (about, facts) => [...login(about), ...askedFor({ ...about, required: 1 }, facts)],
  ),
  changes_requested: mend(
    1,
    (about) => `${text(about['login'] ?? 'a deleted account')} asks for changes`,
    login,
  ),
  check_missing: mend(3, (about) => `${text(about['check'])} has not been reported`),
  check_failed: mend(2, (about) => `${text(about['check'])} failed`, author),
  check_pending: mend(3, (about) => `${text(about['check'])} is still running`),
  protection_missing: mend(
    2,
    (about) => `the protection of ${text(about['branch'])} lacks ${text(about['setting'])}`,
    administrators,
  ),
  protection_unknown: mend(
    2,
    (about) => `the protection of ${text(about['branch'])} can't be seen (${text(about['setting'])})`,
    administrators,
  ),
  branch_not_guarded: mend(
    2,
    (about) => `the policy doesn't guard ${text(about['branch'])}: name it in changes.branches`,
    administrators,
  ),
  landing_differs: mend(
    0,
    (about) =>
      `commit ${short(about['commit'])} holds other files than merging #${text(about['pullRequest'])} makes: find out why, and take it off the branch or move the baseline past it in a reviewed pull request`,
    administrators,
    (about) =>
      `commit ${short(about['commit'])} holds other files than merging #${text(about['pullRequest'])} makes: ${ACCEPT_OR_UNDO}`,
  ),
  landing_unknown: mend(
    2,
    (about) =>
      `whether ${short(about['commit'])} is what merging #${text(about['pullRequest'])} makes is not known; it is tried again`,
  ),
  group_range_unknown: mend(2, () => 'what the merge group would land is not known; it is asked again'),
  group_not_on_base: mend(2, (about) => `${text(about['branch'])} moved: the queue makes the group anew`),
  group_commit_untraced: mend(
    0,
    (about) =>
      `commit ${short(about['commit'])} is of no pull request that the queue names: queue them again`,
    administrators,
  ),
  group_change_elsewhere: mend(
    2,
    (about) => `#${text(about['pullRequest'])} is for ${text(about['base'])}: take it out of this queue`,
  ),
  group_head_differs: mend(
    2,
    (about) =>
      `#${text(about['pullRequest'])} is in the group at ${short(about['queued'])}, not at its head ${short(about['head'])}: queue it again`,
  ),
  group_tree_differs: mend(
    0,
    (about) =>
      `commit ${short(about['commit'])} holds other files than merging #${text(about['pullRequest'])} makes: find out why`,
    administrators,
  ),
  group_tree_unknown: mend(
    2,
    (about) =>
      `merging #${text(about['pullRequest'])} could not be done anew: bring its branch up to date, and queue it again`,
  ),
  range_first_without_baseline: mend(
    2,
    (about) => `declare environments.${text(about['environment'])}.baseline in the policy, by a pull request`,
    administrators,
  ),
  range_not_descendant: mend(
    2,
    (about) =>
      `${short(about['target'])} doesn't contain ${'baseline' in about ? `the baseline (${short(about['baseline'])})` : `what runs there (${short(about['running'])})`}`,
  ),
  rollback_unproven: mend(
    1,
    (about) => `${short(about['target'])} never ran on ${text(about['environment'])} with approval`,
  ),
  rollback_unknown: mend(
    2,
    (about) => `what ran on ${text(about['environment'])} is not known`,
    () => ['the operator'],
  ),
  rollback_not_back: mend(
    1,
    (about) => `${short(about['target'])} is newer than what runs there (${short(about['running'])})`,
  ),
  rollback_not_in_policy: mend(
    1,
    (about) => `the policy lets nobody roll back ${text(about['environment'])}`,
    administrators,
  ),
  range_unknown: mend(2, () => 'which commits are new there is not known; it is tried again'),
  commit_untraced: mend(
    0,
    (about) =>
      `commit ${short(about['commit'])} came from no pull request: move the baseline past it in a reviewed one, or take it off the branch`,
    administrators,
    (about) => `commit ${short(about['commit'])} came from no pull request: ${ACCEPT_OR_UNDO}`,
  ),
  commit_unreviewed: mend(
    0,
    (about) =>
      `commit ${short(about['commit'])} was pushed past review: have its pull request approved, move the baseline past it in a reviewed one, or take it off the branch`,
    administrators,
    (about) => `commit ${short(about['commit'])} was pushed past review: ${ACCEPT_OR_UNDO}`,
  ),
  merge_not_by_github: mend(
    0,
    (about) =>
      `commit ${short(about['commit'])} merged #${text(about['pullRequest'])} outside of GitHub: accept it by moving the baseline past it, in a reviewed pull request`,
    administrators,
    (about) =>
      `commit ${short(about['commit'])} merged #${text(about['pullRequest'])} outside of GitHub: accept it by the baseline`,
  ),
  merge_unknown: mend(
    2,
    (about) =>
      `whether ${short(about['commit'])} is GitHub's own merge of #${text(about['pullRequest'])} is not known; it is tried again`,
  ),
  target_inside_change: mend(
    0,
    (about) =>
      `${short(about['target'])} ${typeof about['pullRequest'] === 'number' ? `is a step inside of #${about['pullRequest']}` : 'lies under the baseline'}: deploy ${short(about['instead'])} instead`,
  ),
  branch_not_allowed: mend(
    2,
    (about) =>
      `${short(about['target'])} is on none of ${[about['branches'] ?? []].flat().join(', ')}: merge it first`,
  ),
  branch_unknown: mend(
    2,
    (about) => `which branches contain ${short(about['target'])} is not known; it is tried again`,
  ),
  requester_unknown: mend(2, () => 'GitHub does not say who asked: ask anew', askedFor),
  requester_not_allowed: mend(
    1,
    (about) => `${text(about['login'])} may not ask for this: somebody who may has to`,
    askedFor,
  ),
  request_required: mend(
    1,
    (about) => `somebody has to ask for a deployment to ${text(about['environment'])}`,
  ),
  environment_unknown: mend(
    2,
    (about) => `GitHub's environment ${text(about['environment'])} could not be read: does it exist?`,
    administrators,
  ),
  environment_rule_off: mend(
    0,
    ({ environment }) => `our rule is off on the GitHub environment ${text(environment)}: turn it on`,
    administrators,
  ),
  environment_mistyped: mend(
    0,
    ({ environment, meant }) =>
      `${text(environment)} is no environment of the policy: did the workflow mean ${text(meant)}?`,
  ),
  run_is_rerun: mend(1, () => 'a new run of the workflow instead of another attempt', askedFor),
  environment_without_reviewers: mend(
    2,
    (about) => `the GitHub environment ${text(about['environment'])} needs reviewers`,
    administrators,
  ),
  deployment_reviewer_unknown: mend(
    1,
    () => 'an account that is deleted rejected it: somebody has to ask for the deployment anew',
  ),
  deployment_rejected: mend(1, (about) => `${text(about['login'])} rejected it`, login),
  deployment_approvals_missing: mend(1, (about) => missingApprovals(about, about['target']), askedFor),
  ...timingMends(mend),
  ...emergencyMends(mend, askedFor),
};

function missingFor(
  gate: string,
  { code, about }: Reason,
  facts: Facts,
): readonly { rank: number; missing: Missing }[] {
  const found = MENDS[code];
  // Of a deleted account, a yes only doesn't count; a no stands in the way.
  if (found === undefined || about['answer'] === 'approved') return [];
  const who = found.who(about, facts);
  const impossible = found.who === askedFor && 'required' in about && who.length === 0;
  const what = `${found.what(about)}${impossible ? ', and nobody whom the policy names can give it' : ''}`;
  const number = about['pullRequest'];
  const named =
    facts.schema === 'deployment-facts/v1' && typeof number === 'number' && !what.includes(`#${number}`);
  const shortened = found.short?.(about);
  return [
    {
      rank: found.rank,
      missing: {
        gate,
        code,
        what: named ? `#${number}: ${what}` : what,
        ...(shortened === undefined ? {} : { short: named ? `#${number}: ${shortened}` : shortened }),
        who,
      },
    },
  ];
}

/** `a.ts`, or `a.ts and 3 more files` */
function someFiles(about: About): string {
  const [first = '?'] = [about['files'] ?? []].flat().map(String);
  const more = Number(about['count']) - 1;
  return more > 0 ? `${first} and ${more} more file${more === 1 ? '' : 's'}` : first;
}

function missingApprovals(about: About, sha: About[string] | undefined): string {
  const missing = Number(about['required']) - Number(about['given']);
  const number = about['pullRequest'];
  const of = typeof number === 'number' ? '' : ` of ${short(sha)}`;
  return missing === 1 ? `1 approval${of} is missing` : `${missing} approvals${of} are missing`;
}

/** Teams with their organisation, and of the people named only those who made nothing of it and didn't ask for it. */
function askedFor(about: About, facts: Facts): readonly string[] {
  const names = [about['asked'] ?? []].flat().map(String);
  const barred = 'required' in about ? barredLogins(about, facts) : new Set<string>();
  return names.filter((name) => !barred.has(name.toLowerCase())).map((name) => asKnown(name, facts));
}

/** Owners but for those who made a part of the change. */
function ownersOf(about: About, facts: Facts): readonly string[] {
  const barred = barredLogins(about, facts);
  return [about['owners'] ?? []]
    .flat()
    .map(String)
    .filter((name) => !barred.has(name.toLowerCase()))
    .map((name) => asKnown(name, facts));
}

function asKnown(name: string, { repository }: Facts): string {
  if (name.startsWith('team '))
    return name.includes('/') ? `@${name.slice(5)}` : `@${repository.owner}/${name.slice(5)}`;
  if (name.startsWith('e-mail at ')) return `somebody by their ${name}`;
  return name.endsWith(' permission') ? `anyone with ${name}` : name;
}

function barredLogins(about: About, facts: Facts): ReadonlySet<string> {
  const change =
    'changes' in facts
      ? facts.changes.find(({ pullRequest }) => pullRequest.number === about['pullRequest'])
      : facts;
  const authors =
    change !== undefined
      ? authorsOfChange(change)
      : 'range' in facts
        ? authorsOfDeployment(facts)
        : new Map();
  const requester = change === undefined && 'request' in facts ? facts.request.requester : null;
  const barred = everyoneIn(facts).filter(({ id }) => authors.has(id) || requester?.id === id);
  return new Set(barred.map((actor) => actor.login.toLowerCase()));
}

/** Everyone whom the facts name as having made something, or asked. */
function everyoneIn(facts: Facts): readonly Actor[] {
  if (!('changes' in facts)) return peopleIn(facts);
  if (!('range' in facts)) return facts.changes.flatMap(peopleIn);
  const commits = facts.range.commits.items.flatMap(({ commit }) => actorsOf(commit));
  return [
    ...facts.changes.flatMap(peopleIn),
    ...[...commits, facts.request.requester].flatMap((each) => each ?? []),
  ];
}
