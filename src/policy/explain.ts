import type { Reason, ReasonCode } from '../domain/reason.ts';
import type { AboutByCode, Part, ProtectionSetting } from './reasons.ts';
import { orInstead, ruleHead } from './rule-sentences.ts';
import { although, asked, code, count, list, login, ownerName, sha, words } from './sentence-parts.ts';
import { EMERGENCY_SENTENCES } from './emergency-sentences.ts';
import { moment, TIMING_SENTENCES } from './timing-sentences.ts';

type Sentences = { readonly [Code in ReasonCode]: (about: AboutByCode[Code]) => string };

const FILE = '`.github/countersign.yml`';

const SENTENCES: Sentences = {
  policy_absent: ({ branch }) =>
    `There is no ${FILE}${branch === undefined ? '' : ` on ${code(branch)}`}, so nothing can be approved.`,
  policy_invalid: ({ problems }) => {
    const more = problems?.length > 1 ? ` (and ${count(problems.length - 1, 'more problem')})` : '';
    return `The policy can’t be used: ${words(problems?.[0], 600)}${more}`;
  },
  policy_unreadable: ({ why }) => `GitHub did not give us the policy: ${words(why)}.`,
  policy_unreviewed: ({ commits, since }) =>
    (commits ?? []).length === 0
      ? `The history of ${FILE} doesn’t lead here from the last version that was reviewed, at ${sha(since)}: put that version back, and change it by a pull request.`
      : `${FILE} was changed without review by ${list(commits, 'and', sha)}: have the pull request it came by approved, or put back the version of ${sha(since)} and change it by a pull request.`,
  branch_not_guarded: ({ branch }) =>
    `The policy does not guard ${code(branch)}, so nothing was asked of changes to it.`,
  environment_not_in_policy: ({ environment, known }) =>
    `The policy does not name an environment ${code(environment)}; it names ${list(known, 'and', code).replace('nobody', 'none')}.`,

  facts_complete: () => 'All that an approval rests on was read to its end.',
  facts_incomplete: ({ list: what }) =>
    `Not everything could be read from GitHub (${words(what)}), and what isn’t seen can’t be approved.`,
  facts_unreadable: ({ why }) => `The facts could not be read from GitHub: ${words(why)}.`,
  role_unknown: ({ login: who, role, why }) =>
    `Whether ${login(who)} has the role that is asked (${words(role)}) could not be found out: ${words(why)}.`,

  pull_request_open: () => 'The pull request is open and ready for review.',
  pull_request_merged: () => 'The pull request was merged.',
  pull_request_closed: () => 'The pull request was closed without being merged.',
  pull_request_draft: () => 'The pull request is a draft.',
  author_unknown: ({ pullRequest }) =>
    `The account that opened ${pull(pullRequest)} is deleted, so nobody can tell whose approvals would be their own.`,
  identity_unmapped: ({ commit, as, domain }) =>
    `Commit ${sha(commit)} names ${AS[as] ?? 'somebody'} whose e-mail ${domain === '' ? 'has no domain and' : `at ${code(domain)}`} belongs to no GitHub account.`,
  pusher_unknown: ({ why }) => `Who pushed the commits is not known: ${words(why)}.`,
  pusher_is_bot: ({ login: who }) =>
    `${login(who)} pushed to the branch: who had a bot push is not known, and might be who approves.`,
  bot_not_listed: ({ login: who }) =>
    `${login(who)} opened the pull request, and ${FILE} doesn’t list that bot under \`changes.bots\`: list it, or have a person open the pull request.`,
  bot_outside_paths: ({ login: who, files, count: all }) =>
    `${login(who)} may change only what \`changes.bots\` lists for it, and ${filesNamed(files, all)} ${all === 1 ? 'is' : 'are'} not among that: take ${all === 1 ? 'it' : 'them'} out, or have a person open the pull request.`,
  identities_known: ({ commits }) =>
    `Everyone who made the ${commits === 1 ? 'commit' : count(commits, 'commit')} is known.`,
  approvals_missing: ({ required, given, head, asked: who }) =>
    `${needed(required, given, sha(head))} from ${asked(who)}.`,
  approvals_given: ({ by, head, kept }) =>
    `${list(by, 'and', login)} approved ${kept === undefined ? sha(head) : `what ${sha(head)} holds`}.`,
  approval_stale: ({ login: who, commit, head }) =>
    `${login(who)} approved ${sha(commit)}, but the head is now ${sha(head)}: approve again.`,
  approval_before_altered_merge: ({ login: who, commit, merge }) =>
    `${login(who)} approved ${sha(commit)}, and ${sha(merge)} since then is a merge that holds other files than merging makes: look at what was put into it, and approve again.`,
  approval_before_other_merge: ({ login: who, commit, merge }) =>
    `${login(who)} approved ${sha(commit)}, and ${sha(merge)} since then merged something that is not on the base branch: look at what it brought, and approve again.`,
  approval_before_merge_unknown: ({ login: who, commit, merge, why }) =>
    `${login(who)} approved ${sha(commit)}, and whether the merge ${sha(merge)} since then brought only what the base branch has could not be found out (${words(why)}): approve again.`,
  approval_asked_again: ({ login: who, commit }) =>
    `${login(who)} approved ${sha(commit)} and was asked to review again since. That approval counts, as it does on GitHub, until they say otherwise or it is dismissed.`,
  approval_kept: ({ login: who, commit, merges, base }) =>
    `${login(who)} approved ${sha(commit)}. Since then only ${code(base)} was merged in (${count(merges, 'merge')}, which we made anew and found to hold nothing else), so that still counts.`,
  approval_before_base_change: ({ login: who, base, why }) =>
    why === undefined
      ? `${login(who)} approved a diff against another base than this ${code(base)}: approve again.`
      : `Whether ${login(who)} approved this diff can’t be told: ${words(why)}.`,
  approver_is_author: ({ login: who, as, commit }) =>
    `${login(who)}’s approval doesn’t count: ${theirs(as, commit)}.`,
  approver_is_bot: ({ login: who }) => `${login(who)}’s approval doesn’t count: it is not a person.`,
  approver_not_eligible: ({ login: who, asked: names, ...named }) =>
    `${login(who)}’s approval doesn’t count: ${although(who, named) ?? `the policy asks for ${asked(names)}`}.`,
  approver_unknown: () => 'An approval doesn’t count: its account is deleted.',
  code_owner_approval_missing: ({ files, count: all, owners, path, line, head, rule, instead }) =>
    `${forRule(rule)}${capital(filesNamed(files, all))} ${all === 1 ? 'has' : 'have'} code owners, and none of them approved ${sha(head)}: an approval of ${asked(owners)} is needed (${place(path, line)}).${orInstead(instead)}`,
  code_owner_approval_impossible: ({ files, count: all, owners, path, line, rule, instead }) =>
    `${forRule(rule, 'Nobody')} can approve ${filesNamed(files, all)} as code owner: ${list(owners, 'and', ownerName)} ${owners?.length === 1 ? '' : 'each '}made a part of the change or ${owners?.length === 1 ? 'has' : 'have'} no write access here. Name another owner on ${place(path, line)}, or have somebody else make the change.${orInstead(instead)}`,
  code_owner_approval_given: ({ files, count: all, by: names, path, line }) =>
    `${list(names, 'and', login)} approved ${filesNamed(files, all)} as code owner (${place(path, line)}).`,
  code_owner_without_access: ({ login: who, path, line, rule, instead }) =>
    `${forRule(rule)}${login(who)} is meant by ${place(path, line)}, but has no write access of the kind that GitHub asks of code owners: their approval isn’t an owner’s.${orInstead(instead)}`,
  code_owners_line_broken: ({ files, count: all, path, line, why, rule, instead }) =>
    `${forRule(rule)}GitHub skips ${place(path, line)} (${words(why)}), so nobody would be asked about ${filesNamed(files, all)}: mend the line, in a pull request that changes only that file.${orInstead(instead)}`,
  code_owners_line_skipped: ({ path, line, why }) =>
    `GitHub skips ${place(path, line)}, and so do we: ${words(why)}.`,
  code_owners_unknown: ({ why, rule, instead }) =>
    `${forRule(rule, 'Who')} owns the changed files is not known: ${words(why)}.${orInstead(instead)}`,
  files_without_owner: ({ files, count: all, rule, instead }) =>
    `${forRule(rule)}${capital(filesNamed(files, all))} ${all === 1 ? 'has' : 'have'} no code owner, and the policy names nobody else: give ${all === 1 ? 'it' : 'them'} an owner in CODEOWNERS, or name \`teams\`, \`users\` or \`permission\` beside \`codeowners\`.${orInstead(instead)}`,
  no_code_owners: () => 'None of the changed files has a code owner.',
  rule_approvals_missing: ({ rule, required, given, head, asked: who, instead, ...because }) =>
    `${ruleHead(rule, because)}: ${needed(required, given, sha(head))} from ${asked(who)}.${orInstead(instead)}`,
  rule_met: ({ rule, by: names, head, ...because }) =>
    `${ruleHead(rule, because)}: ${(names ?? []).length === 0 ? `its checks succeeded on ${sha(head)}` : `${list(names, 'and', login)} approved ${sha(head)}`}.`,
  rules_not_asked: ({ rules }) =>
    (rules ?? []).length === 1
      ? `Rule ${list(rules, 'and', code)} does not hold for this change.`
      : `Rules ${list(rules, 'and', code)} do not hold for this change.`,
  rule_not_needed: ({ rule }) => `Rule ${code(rule)} is not needed: another one does in its place.`,
  blocked_by_label: ({ label }) => `The label ${code(label)} blocks this change, for as long as it is on it.`,
  change_vetoed: ({ login: who, asked: names, dismissedBy }) => {
    const inVain =
      dismissedBy === undefined
        ? ''
        : dismissedBy === ''
          ? ' It was dismissed, by whom is not known.'
          : ` ${login(dismissedBy)} dismissed it, and could not lift it.`;
    const lift = `${who === undefined ? '' : 'they approve, or '}${asked(names)}, who made nothing of the change, dismisses it`;
    return `${login(who)} vetoes this change: it stands, whatever is pushed, until ${lift}.${inVain}`;
  },
  not_blocked: () => 'No label and no veto blocks it.',
  changes_requested: ({ login: who }) =>
    `${login(who)} asks for changes: it stands until they approve or the review is dismissed.`,
  no_changes_requested: () => 'No reviewer asks for changes.',
  check_missing: ({ check, app, head, rule, instead }) =>
    `The required check ${code(check)}${by(app)}${ofRule(rule)} has not been reported on ${sha(head)}.${orInstead(instead)}`,
  check_failed: ({ check, app, head, rule, instead }) =>
    `The required check ${code(check)}${by(app)}${ofRule(rule)} failed on ${sha(head)}.${orInstead(instead)}`,
  check_pending: ({ check, app, head, rule, instead }) =>
    `The required check ${code(check)}${by(app)}${ofRule(rule)} is still running on ${sha(head)}.${orInstead(instead)}`,
  checks_passed: ({ checks, head }) => `${list(checks, 'and', code)} succeeded on ${sha(head)}.`,
  protection_missing: ({ branch, setting, checks }) => {
    const known = SETTINGS[setting];
    if (known === undefined) return `GitHub’s protection of ${code(branch)} lacks ${words(setting)}.`;
    return `GitHub’s protection of ${code(branch)} ${known.missing(checks ?? [])}: ${known.mend}${fromUs(checks)}.`;
  },
  protection_unknown: ({ branch, setting, why }) =>
    `Whether GitHub’s protection of ${code(branch)} ${SETTINGS[setting]?.wanted ?? `has ${words(setting)}`} can’t be seen: ${words(why)}.`,
  protection_holds: ({ branch, settings }) =>
    `GitHub protects ${code(branch)} as the policy asks (${list(settings, 'and', code)}).`,

  landed_as_approved: ({ pullRequest, commit, head }) =>
    commit === head
      ? `The head of ${pull(pullRequest)} itself is what landed.`
      : `${sha(commit)} holds exactly the files that merging the head of ${pull(pullRequest)}, ${sha(head)}, makes: we made it anew.`,
  landing_differs: ({ pullRequest, commit, head }) =>
    `${sha(commit)} holds other files than merging the head of ${pull(pullRequest)}, ${sha(head)}, makes: what landed is not what was approved. Find out who did that.`,
  landing_unknown: ({ pullRequest, commit, why }) =>
    `Whether ${sha(commit)} holds what merging ${pull(pullRequest)} makes could not be found out: ${words(why)}.`,

  group_range_unknown: ({ why }) => `What the merge group would land is not known: ${words(why)}.`,
  group_not_on_base: ({ head, branch, tip }) =>
    `The merge group ${sha(head)} doesn’t contain ${sha(tip)}, where ${code(branch)} is now: the queue makes it anew.`,
  group_commit_untraced: ({ commit }) =>
    `Commit ${sha(commit)} is in the merge group, and GitHub names no one pull request of the queue that it was made of: take the group’s pull requests out of the queue, and queue them again.`,
  group_change_elsewhere: ({ pullRequest, base, branch }) =>
    `${pull(pullRequest)} wants to be merged into ${code(base)}, and its merge group into ${code(branch)}: take it out of the queue.`,
  group_head_differs: ({ pullRequest, commit, queued, head }) =>
    `Commit ${sha(commit)} of the merge group merges ${sha(queued)}, but the head of ${pull(pullRequest)} is ${sha(head)}: queue it again.`,
  group_traced: ({ commits, pullRequests }) =>
    `Every commit that the merge group puts on the branch (${count(commits, 'commit')}) was made of a queued pull request (${list(pullRequests, 'and', (each) => `#${digits(each)}`)}).`,
  group_tree_differs: ({ pullRequest, commit }) =>
    `Commit ${sha(commit)} of the merge group holds other files than merging the head of ${pull(pullRequest)} makes: something was added or left out. Take it out of the queue, and find out who did that.`,
  group_tree_unknown: ({ pullRequest, commit, why }) =>
    `Whether commit ${sha(commit)} of the merge group holds what merging ${pull(pullRequest)} makes could not be found out: ${words(why)}.`,
  group_tree_same: ({ commits }) =>
    `We made ${commits === 1 ? 'the merge' : `each of the ${digits(commits)} commits`} anew from what was approved, and the merge group holds exactly the same files.`,
  group_change_not_approved: ({ pullRequest, verdict }) =>
    `${pull(pullRequest)} is ${VERDICTS[verdict] ?? 'not approved'}: mend what its own check run asks for, and queue it again.`,
  group_changes_approved: ({ pullRequests }) =>
    `${list(pullRequests, 'and', (each) => `#${digits(each)}`)} ${pullRequests?.length === 1 ? 'is' : 'are'} approved as the policy asks.`,

  range_first_without_baseline: ({ environment }) =>
    `Nothing that we know of runs on ${code(environment)} yet: declare its \`baseline\` in the policy, the last commit that is accepted as it is.`,
  range_not_descendant: ({ running, baseline, target, status }) => {
    const base =
      baseline === undefined
        ? `${sha(running)}, which runs there now`
        : `the baseline ${sha(baseline)}, where a first deployment starts`;
    return `${sha(target)} ${status === 'behind' ? 'is older than' : 'does not contain'} ${base}.`;
  },
  range_unknown: ({ why }) => `Which commits are new there is not known: ${words(why)}.`,
  range_traced: ({ commits, pullRequests }) => {
    if (commits === 0) return 'No commit is new there.';
    const which = commits === 1 ? 'The one new commit' : `Every one of the ${count(commits, 'new commit')}`;
    return `${which} came from an approved pull request (${list(pullRequests, 'and', (each) => `#${digits(each)}`)}).`;
  },
  rollback_proven: ({ target, environment, at }) =>
    `${sha(target)} was approved and ran on ${code(environment)} before, deployed at ${moment(at)}.`,
  rollback_unproven: ({ target, environment }) =>
    `The ledger has no approved deployment of ${sha(target)} to ${code(environment)} that succeeded (what an emergency let through for once is none), so nobody can go back to it: ask for its deployment.`,
  rollback_unknown: ({ target, environment, why }) =>
    `Whether ${sha(target)} was approved and ran on ${code(environment)} before is not known: ${words(why)}.`,
  rollback_not_back: ({ target, running }) =>
    `${sha(target)} is newer than ${sha(running)}, which runs there: that is no way back; ask for its deployment.`,
  rollback_not_in_policy: ({ environment }) =>
    `The policy gives nobody the right to roll back ${code(environment)}.`,
  nothing_to_deploy: ({ target }) => `${sha(target)} is what runs there already, so no commit is new.`,
  commit_untraced: ({ commit }) =>
    `Commit ${sha(commit)} came from no pull request that was merged into a branch which is allowed here.`,
  commit_unreviewed: ({ commit }) => `Commit ${sha(commit)} reached the branch past review.`,
  commit_reviewed_late: ({ commit, pullRequest }) =>
    `Commit ${sha(commit)} reached the branch without review and was approved afterwards, in ${pull(pullRequest)}.`,
  commit_accepted: ({ baseline, commits }) =>
    `${count(commits, 'commit')} up to the declared baseline ${sha(baseline)} ${commits === 1 ? 'is' : 'are'} accepted without a pull request.`,
  merge_not_by_github: ({ commit, pullRequest }) =>
    `Commit ${sha(commit)} merged ${pull(pullRequest)}, but GitHub did not make it of what was approved: what it brought may differ from what was approved.`,
  merge_unknown: ({ commit, pullRequest, why }) =>
    `Whether commit ${sha(commit)} is GitHub’s own merge of ${pull(pullRequest)}, or was pushed, is not known: ${words(why)}.`,
  change_not_approved: ({ pullRequest, commits }) =>
    `${pull(pullRequest)} is not approved as the policy asks, and ${list(commits, 'and', sha)} ${commits?.length === 1 ? 'comes' : 'come'} from it.`,
  target_inside_change: ({ target, instead, pullRequest }) =>
    pullRequest === undefined
      ? `${sha(target)} lies under the baseline and is no merge of a change: nobody accepted it by itself. Deploy ${sha(instead)} instead.`
      : `${sha(target)} is a step inside of ${pull(pullRequest)}, which was approved as a whole: deploy ${sha(instead)} instead.`,
  branch_not_allowed: ({ target, environment, branches }) =>
    `${sha(target)} is on no branch that may be deployed to ${code(environment)} (${list(branches, 'or', code)}).`,
  branch_unknown: ({ target, why }) => `Which branches contain ${sha(target)} is not known: ${words(why)}.`,
  branch_allowed: ({ target, branches }) => `${sha(target)} is on ${list(branches, 'and', code)}.`,
  requester_unknown: () => 'GitHub does not say who asked for the deployment.',
  requester_not_allowed: ({ login: who, environment, asked: names, right, ...named }) =>
    `${login(who)} may not ${rightTo(right)} ${code(environment)}: ${although(who, named) ?? `the policy asks for ${asked(names)}`}.`,
  requester_allowed: ({ login: who, environment, right }) =>
    `${login(who)} may ${rightTo(right)} ${code(environment)}.`,
  request_required: ({ environment }) =>
    `A merge doesn’t ask for a deployment to ${code(environment)} any more: somebody has to.`,
  environment_known: ({ environment }) => `The environment ${code(environment)} exists.`,
  environment_unknown: ({ environment, why }) =>
    `What GitHub’s environment ${code(environment)} asks for is not known: ${words(why)}.`,
  environment_without_reviewers: ({ environment }) =>
    `The policy leaves approvals to the reviewers of the GitHub environment ${code(environment)}, and it has none.`,
  environment_rule_off: ({ environment }) =>
    `Our rule is off on the GitHub environment ${code(environment)}, so no job that uses it asks us: turn it on under its deployment protection rules.`,
  environment_mistyped: ({ environment, meant }) =>
    `The workflow names the environment ${code(environment)}, which the policy doesn’t; did it mean ${code(meant)}? GitHub makes an environment of any name, and this one has none of the rules of that.`,
  run_is_rerun: ({ run, attempt }) =>
    `This is attempt ${digits(attempt)} of run ${digits(run)}, and GitHub doesn’t say to which attempt an answer was given: start a new run of the workflow.`,
  deployment_rejected: ({ login: who, target }) => `${login(who)} rejected the deployment of ${sha(target)}.`,
  deployment_approvals_missing: ({ required, given, target, environment, asked: who }) =>
    `${needed(required, given, `the deployment of ${sha(target)} to ${code(environment)}`)} from ${asked(who)}.`,
  deployment_approvals_given: ({ by: names, target }) =>
    `${list(names, 'and', login)} approved the deployment of ${sha(target)}.`,
  deployment_approval_stale: ({ login: who, commit, target }) =>
    `${login(who)} answered for ${sha(commit)}, not for ${sha(target)}: that doesn’t count here.`,
  deployment_approver_is_author: ({ login: who, as, commit }) =>
    `${login(who)}’s approval of the deployment doesn’t count: ${theirs(as, commit)}.`,
  deployment_approver_is_requester: ({ login: who }) =>
    `${login(who)}’s approval of the deployment doesn’t count: they asked for it.`,
  deployment_approver_not_reviewer: ({ login: who, asked: names, ...named }) =>
    `${login(who)}’s answer to the deployment doesn’t count: ${although(who, named) ?? `the reviewers are ${list(names, 'and', (name) => words(name))}`}.`,
  deployment_reviewer_unknown: ({ answer }) =>
    answer === 'rejected'
      ? 'Somebody whose account is deleted rejected the deployment: whether that counts can’t be found out.'
      : 'An approval of the deployment doesn’t count: its account is deleted.',

  ...TIMING_SENTENCES,
  ...EMERGENCY_SENTENCES,
};

/** `` `a` ``, or `` `a`, `b` and 7 more files ``. */
function filesNamed(files: readonly string[] | undefined, all: number): string {
  const named = (files ?? []).slice(0, 3).map((path) => code(path));
  const more = all - named.length;
  if (named.length === 0) return count(all, 'file');
  if (more > 0) return `${named.join(', ')} and ${count(more, 'more file')}`;
  return named.length === 1 ? (named[0] ?? '') : `${named.slice(0, -1).join(', ')} and ${named.at(-1) ?? ''}`;
}

/** A line of CODEOWNERS. */
const place = (path: unknown, line: unknown) => `line ${digits(line)} of ${code(path)}`;

const AS: Readonly<Record<Part, string>> = {
  author: 'an author',
  committer: 'a committer',
  co_author: 'a co-author',
  pusher: 'a pusher',
  pull_request_author: 'an author of the pull request',
};

const VERDICTS: Readonly<Partial<Record<string, string>>> = {
  held: 'held',
  rejected: 'rejected',
  error: 'held, for it could not be judged',
  not_guarded: 'not guarded',
};

interface Setting {
  readonly wanted: string;
  readonly missing: (checks: readonly string[]) => string;
  /** Where GitHub has it: in the branch's classic protection, or in a ruleset. */
  readonly mend: string;
}

const SETTINGS: Readonly<Partial<Record<ProtectionSetting, Setting>>> = {
  pull_request: {
    wanted: 'requires a pull request',
    missing: () => 'does not require a pull request',
    mend: 'turn on “Require a pull request before merging”',
  },
  stale_approvals: {
    wanted: 'dismisses stale approvals',
    missing: () => 'keeps approvals when new commits are pushed',
    mend: 'turn on “Dismiss stale pull request approvals when new commits are pushed”',
  },
  last_push: {
    wanted: 'asks for approval of the last push by somebody else',
    missing: () => 'lets whoever pushed last be the only one who approved',
    mend: 'turn on “Require approval of the most recent reviewable push”',
  },
  code_owners: {
    wanted: 'requires review from code owners',
    missing: () => 'does not require review from code owners',
    mend: 'turn on “Require review from Code Owners”',
  },
  conversations: {
    wanted: 'requires that conversations are resolved',
    missing: () => 'does not require that conversations are resolved',
    mend: 'turn on “Require conversation resolution before merging”',
  },
  linear_history: {
    wanted: 'requires a linear history',
    missing: () => 'does not require a linear history',
    mend: 'turn on “Require linear history”',
  },
  signed_commits: {
    wanted: 'requires signed commits',
    missing: () => 'does not require signed commits',
    mend: 'turn on “Require signed commits”',
  },
  up_to_date: {
    wanted: 'requires branches to be up to date',
    missing: () => 'takes checks of a head that lacks the newest base',
    mend: 'turn on “Require branches to be up to date before merging”, beside at least one required check',
  },
  merge_queue: {
    wanted: 'requires a merge queue',
    missing: () => 'does not require a merge queue',
    mend: 'turn on “Require merge queue” in a ruleset',
  },
  force_push: {
    wanted: 'blocks force pushes',
    missing: () => 'does not block force pushes',
    mend: 'turn off “Allow force pushes”, or turn on “Block force pushes” in a ruleset',
  },
  deletion: {
    wanted: 'blocks deletion',
    missing: () => 'does not block deletion of the branch',
    mend: 'turn off “Allow deletions”, or turn on “Restrict deletions” in a ruleset',
  },
  admins: {
    wanted: 'binds administrators too',
    missing: () => 'can be bypassed',
    mend: 'turn on “Do not allow bypassing the above settings” and let nobody bypass required pull requests, or empty the ruleset’s bypass list',
  },
  checks: {
    wanted: 'requires the checks',
    missing: (checks) => `does not require ${list(checks, 'and', code).replace('nobody', 'the checks')}`,
    mend: 'add this under “Require status checks to pass”',
  },
};

const fromUs = (checks: readonly string[] | undefined) =>
  checks?.includes('countersign/change') === true
    ? ', with this App as the source of `countersign/change`'
    : '';

/**
 * One plain sentence for a reason: inline Markdown, in which nothing from outside is anything but text. Never throws:
 * decisions of earlier versions are explained too, and what they lack is shown as unknown.
 */
export function explain(reason: Reason): string {
  // A decision that was stored is JSON: the code names the form of `about`, and nothing checks it again.
  const sentence = SENTENCES[reason.code] as ((about: Reason['about']) => string) | undefined;
  const text = (sentence?.(reason.about) ?? `${words(reason.code)}.`).replace(
    /^(?:somebody whose|pull request #)/,
    capital,
  );
  const number = reason.about['pullRequest'];
  // Found while judging a deployment: say which change it is about.
  if (typeof number !== 'number' || !OF_CHANGES.has(reason.code)) return text;
  return `${capital(pull(number))}: ${text}`;
}

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

const OF_CHANGES: ReadonlySet<ReasonCode> = new Set<ReasonCode>([
  'branch_not_guarded',
  'facts_incomplete',
  'role_unknown',
  'identity_unmapped',
  'pusher_unknown',
  'pusher_is_bot',
  'bot_not_listed',
  'bot_outside_paths',
  'approvals_missing',
  'rule_approvals_missing',
  'blocked_by_label',
  'change_vetoed',
  'approval_stale',
  'approval_before_altered_merge',
  'approval_before_other_merge',
  'approval_before_merge_unknown',
  'approval_before_base_change',
  'approver_is_author',
  'approver_is_bot',
  'approver_not_eligible',
  'approver_unknown',
  'code_owner_approval_missing',
  'code_owner_approval_impossible',
  'code_owner_without_access',
  'code_owners_line_broken',
  'code_owners_unknown',
  'files_without_owner',
  'changes_requested',
]);

/** `1 approval of X is needed`, `1 more approval of X (1 of 2 given) is needed` */
function needed(required: number, given: number, what: string): string {
  const missing = required - given;
  const verb = missing === 1 ? 'is' : 'are';
  if (!(given > 0)) return `${count(missing, 'approval')} of ${what} ${verb} needed`;
  return `${count(missing, 'more approval')} of ${what} (${words(given)} of ${words(required)} given) ${verb} needed`;
}

const pull = (number: unknown) => `pull request #${digits(number)}`;

const digits = (number: unknown) => String(number).replaceAll(/\D/g, '');

/** What a rule asks for begins with its name, and the sentence goes on with a small letter. */
const forRule = (rule: string | undefined, first = '') =>
  rule === undefined ? first : `Rule ${code(rule)}: ${first.toLowerCase()}`;

const ofRule = (rule: string | undefined) =>
  rule === undefined ? '' : `, which rule ${code(rule)} asks for,`;

const by = (app: number | undefined) => (app === undefined ? '' : ` of the app ${words(app)}`);

/** What makes somebody an author, said to them. */
function theirs(as: Part, commit: string | undefined): string {
  switch (as) {
    case 'author':
      return `commit ${sha(commit)} is theirs`;
    case 'committer':
      return `they committed ${sha(commit)}`;
    case 'co_author':
      return `they are a co-author of commit ${sha(commit)}`;
    case 'pusher':
      return 'they pushed to the branch';
    case 'pull_request_author':
      return 'the pull request is theirs';
  }
}

function rightTo(right: 'rollback' | 'emergency' | undefined): string {
  if (right === 'emergency') return 'declare an emergency on';
  return right === 'rollback' ? 'roll back' : 'ask for deployments to';
}
