import { EMERGENCY_GUIDE } from './emergency-guide.ts';
import type { ReasonCode } from '../domain/reason.ts';
import { fine, type Guide, wrong } from './guide.ts';
import { TIMING_GUIDE } from './timing-guide.ts';

const AGAIN = 'Nothing to do: it is tried again. If it stays, look at the App’s permissions.';

/** Every reason code, for the manual. */
export const REASON_GUIDE: Readonly<Record<ReasonCode, Guide>> = {
  policy_absent: wrong('The branch has no policy file.', 'Add `.github/countersign.yml` to it.'),
  policy_invalid: wrong(
    'The policy file has problems; each is listed with file, line, column and key.',
    'Mend them. `npx countersign policy check FILE` prints the same list.',
  ),
  policy_unreadable: wrong('GitHub did not give us the policy file.', AGAIN),
  policy_unreviewed: wrong(
    'The policy on the default branch was changed by a commit that no approved pull request brought. Changes are judged by the last reviewed version; nothing is deployed.',
    'Have the pull request it came by approved. Or put the last reviewed version back, in the same words, and bring the change by a pull request.',
  ),
  branch_not_guarded: wrong(
    'The policy asks nothing of changes to this branch. The check run is neutral, and what was merged there counts as unapproved in a deployment.',
    'If it should be guarded, name it in `changes.branches`.',
  ),
  environment_not_in_policy: wrong(
    'The policy does not name this environment, so nothing is deployed there by us.',
    'Mend the name, or add the environment to the policy; then ask for the deployment anew. A job of Actions that waits is judged again by itself.',
  ),

  facts_complete: fine('Every list that an approval rests on was read to its end.'),
  facts_incomplete: wrong(
    'GitHub ended a list early, or somebody pushed while we read.',
    'It is tried again at the next event. If it stays, make the change smaller: GitHub lists 250 commits of a pull request.',
  ),
  facts_unreadable: wrong('GitHub did not give us the facts.', AGAIN),
  role_unknown: wrong(
    'Whether somebody is in a team or has a permission could not be read. Unknown counts as no.',
    'Give the App _Members: read_ on the organisation, and see that the team exists.',
  ),

  pull_request_open: fine('The pull request is open and not a draft.'),
  pull_request_merged: fine('The pull request was merged.'),
  pull_request_closed: wrong('The pull request was closed without being merged.', 'Open it again.'),
  pull_request_draft: wrong('The pull request is a draft.', 'Mark it ready for review.'),
  author_unknown: wrong(
    'The account that opened the pull request is deleted.',
    'Open the pull request anew from an account that exists.',
  ),
  identity_unmapped: wrong(
    'An author, committer or co-author has an e-mail that belongs to no GitHub account. Only the domain of the e-mail is shown.',
    'Add the e-mail to the account, or make the commit again. After a merge: add the e-mail, or move the baseline.',
  ),
  pusher_unknown: wrong(
    'Who pushed every commit of the change is not known: GitHub shows no activity of the branch (of a private fork, it never does), and no delivery told us.',
    'Make every commit anew (`git rebase --force-rebase`) and push by force; or open it from a branch of the repository itself.',
  ),
  pusher_is_bot: wrong(
    'A bot pushed to the branch of a pull request that it did not open, or GitHub Actions did. Whoever wrote the workflow or holds the bot’s token is hidden behind it.',
    'Open a pull request from a branch that only people pushed to.',
  ),
  bot_not_listed: wrong(
    'A bot opened the pull request, and `changes.bots` lists the only ones that may.',
    'List the bot with the paths that it may change, in a reviewed pull request; or have a person open this one.',
  ),
  bot_outside_paths: wrong(
    'A bot’s pull request touches a file that `changes.bots` doesn’t let it change.',
    'Take the file out of it, or have a person open the pull request.',
  ),
  identities_known: fine('Everyone who made the change is known by account.'),

  approvals_missing: wrong(
    'Fewer people than required approved the head.',
    'Ask those whom the policy names.',
  ),
  approvals_given: fine('Enough people approved the head.'),
  approval_stale: wrong(
    'An approval was given on another commit than the head.',
    'Look at what was pushed since, and approve again.',
  ),
  approval_before_altered_merge: wrong(
    'An approval was given before a merge of the base branch that holds other files than that merge makes: something was put into it, or left out.',
    'Look at what the merge changed, and approve again.',
  ),
  approval_before_other_merge: wrong(
    'An approval was given before a merge of something that is not on the base branch.',
    'Look at what that brought, and approve again.',
  ),
  approval_before_merge_unknown: wrong(
    'An approval was given before a merge, and what that should hold could not be made anew: it has conflicts, git could not fetch a commit, or GitHub tells no common ancestor.',
    'Approve again, or press “Re-run” on the check run to have it looked at once more. The sentence says why.',
  ),
  approval_asked_again: fine(
    'Somebody who approved was asked to review again: what they approved still counts, as it does on GitHub, until they say otherwise or it is dismissed.',
  ),
  approval_kept: fine(
    'An approval was given before the base branch was merged in, and nothing else came since: it still counts.',
  ),
  approval_before_base_change: wrong(
    'An approval was given before the pull request was pointed at its base, or before the base was pushed by force or deleted: it was given on another diff.',
    'Look at the whole diff, and approve again.',
  ),
  approver_is_author: wrong(
    'An approval came from somebody who made a part of the change: its author, or an author, committer, co-author or pusher of a commit.',
    'Somebody else has to approve.',
  ),
  approver_is_bot: wrong('An approval came from a bot.', 'A person has to approve.'),
  approver_not_eligible: wrong(
    'An approval came from somebody whom the policy does not name.',
    'Ask those whom it names.',
  ),
  approver_unknown: wrong(
    'An approval came from an account that is deleted.',
    'Somebody else has to approve.',
  ),
  code_owner_approval_missing: wrong(
    'A changed file has code owners by the base branch’s CODEOWNERS, and none of them gave an approval that counts.',
    'Ask one of the owners.',
  ),
  code_owner_approval_impossible: wrong(
    'Every code owner of a changed file made a part of the change, or has no write access here, which GitHub asks of owners.',
    'Name another owner in CODEOWNERS in a pull request of its own, give the team write access, or have somebody else make the change.',
  ),
  code_owner_approval_given: fine('A code owner approved the files.'),
  code_owner_without_access: wrong(
    'Somebody approved who is named as code owner, or is in a team that is, without write access to the repository: GitHub takes nobody else as owner. A team needs it itself, and must be visible.',
    'Give them or the team write access, or name another owner.',
  ),
  code_owners_line_broken: wrong(
    'GitHub can’t read a line of CODEOWNERS and skips it. The line seems to mean a changed file that no other line gives an owner, so nobody would be asked.',
    'Mend the line. A pull request that changes only CODEOWNERS isn’t held by it.',
  ),
  code_owners_line_skipped: fine('GitHub can’t read a line of CODEOWNERS and skips it; we do likewise.'),
  code_owners_unknown: wrong(
    'CODEOWNERS or the list of changed files could not be read to the end. GitHub loads no CODEOWNERS of 3 MB or more; here that is no reason to ask nobody.',
    'The sentence says what is wrong: mend that. If GitHub didn’t answer, it is tried again at the next event.',
  ),
  files_without_owner: wrong(
    'The policy asks only code owners, and a changed file has none.',
    'Give the file an owner in CODEOWNERS, or name teams, users or a permission beside `codeowners`.',
  ),
  no_code_owners: fine('No changed file has a code owner.'),
  rule_approvals_missing: wrong(
    'A rule holds for this change, and fewer people than it asks for approved the head. The sentence says why it holds. A condition that could not be judged counts as one that holds.',
    'Ask those whom the rule names.',
  ),
  rule_met: fine('A rule holds for this change, and has what it asks for.'),
  rules_not_asked: fine('These rules do not hold for this change.'),
  rule_not_needed: fine(
    'A rule holds for this change, but another one of the same `any` has what it asks for.',
  ),
  blocked_by_label: wrong(
    'The pull request has a label of `changes.block.labels`.',
    'Take the label off when its reason is gone.',
  ),
  change_vetoed: wrong(
    'Somebody of `changes.block.by` asks for changes, or asked for them in a review that was then dismissed by somebody who could not lift it. It stands whatever is pushed.',
    'They approve; or one of `changes.block.by` who made nothing of the change dismisses the review. Of a deleted account: open the pull request anew.',
  ),
  not_blocked: fine('No label and no veto blocks the change.'),
  changes_requested: wrong(
    'Somebody who may approve asks for changes. It stands whatever is pushed.',
    'They approve, or the review is dismissed.',
  ),
  no_changes_requested: fine('Nobody who may approve asks for changes.'),
  check_missing: wrong(
    'A required check was not reported on the head, or not by the app that is asked.',
    'See why it did not run.',
  ),
  check_failed: wrong('A required check failed.', 'Run it again, or push what mends it.'),
  check_pending: wrong('A required check has not finished.', 'Wait.'),
  checks_passed: fine('Every check that the policy or GitHub requires succeeded. Neutral and skipped count.'),
  protection_missing: wrong(
    'GitHub does not enforce something that the policy asks of the branch.',
    'Turn it on, in the branch’s protection or in a ruleset. The sentence says which switch.',
  ),
  protection_unknown: wrong(
    'GitHub does not show whether it enforces something. Unknown counts as no.',
    'Give the App _Administration: read_. Of rulesets GitHub shows an App no bypass list: use classic protection for `admins: included`.',
  ),
  protection_holds: fine('GitHub enforces everything that the policy asks of the branch.'),

  landed_as_approved: fine('What the merge left on the base is what was approved, computed anew by us.'),
  landing_differs: wrong(
    'What a merge left on the base holds other files than merging the approved head makes; the ledger has it as `change.altered`.',
    'Find out who did that. Take it off the branch, or move the baseline past it in a reviewed pull request.',
  ),
  landing_unknown: wrong(
    'What a merge should have left could not be made anew: git could not fetch a commit, it has conflicts for us, or GitHub calls merge what isn’t one.',
    'Nothing to do at first: it is tried again at each look. What stays so: move the baseline past it in a reviewed pull request. The sentence says why.',
  ),

  group_range_unknown: wrong(
    'GitHub did not tell what a merge group of the queue would put on its base branch.',
    'Nothing to do at first: it is asked again. If it stays, queue the pull request again.',
  ),
  group_not_on_base: wrong(
    'The base branch was moved since the merge group was made, and the group does not contain that.',
    'Nothing to do: the queue makes the group anew.',
  ),
  group_commit_untraced: wrong(
    'A commit of a merge group was made of no pull request that the queue names, or the queue and the group’s ref name two.',
    'Take the pull requests out of the queue and queue them again. If it stays, see that the App has _Merge queues: read_, and find out who made the commit.',
  ),
  group_change_elsewhere: wrong(
    'A pull request in a merge group has another base branch than the group.',
    'Take it out of the queue, and queue it for the branch that it is for.',
  ),
  group_head_differs: wrong(
    'A merge group merges another commit than the head that the pull request has now.',
    'Queue the pull request again.',
  ),
  group_traced: fine('Every commit of the merge group was made of a pull request that the queue names.'),
  group_tree_differs: wrong(
    'A commit of a merge group holds other files than our own merge of the approved head.',
    'Take the pull request out of the queue, and find out where the difference came from.',
  ),
  group_tree_unknown: wrong(
    'The merge could not be made anew: it has conflicts for us, the commits are no line, or git could not fetch them.',
    'Merge or rebase the base branch into the pull request, have that approved, and queue it again. The sentence says why.',
  ),
  group_tree_same: fine('What the merge group would land is what was approved, computed anew by us.'),
  group_change_not_approved: wrong(
    'A pull request in the merge group is not approved as the policy asks. So the group fails, and GitHub takes it out of the queue.',
    'Mend what the pull request’s own check run asks for, and queue it again.',
  ),
  group_changes_approved: fine('Every pull request in the merge group is approved.'),

  range_first_without_baseline: wrong(
    'Nothing of ours runs there yet, and the policy has no baseline for it.',
    'Set `baseline` to the last commit that is accepted as it is, in a reviewed pull request.',
  ),
  range_not_descendant: wrong(
    'The commit is older than what runs there (where nothing does yet, than the baseline), or does not contain it.',
    'Deploy a commit that contains it.',
  ),
  range_unknown: wrong(
    'Which commits would be new there could not be found out, or does not fit the request; or how an earlier deployment there ended is not known.',
    'Nothing to do at first: it is judged again once that is known. The hosts of an unknown deployment are looked at again at most five minutes apart: its check run names the one that does not answer, so bring that back. If there is none, look at the App’s permissions.',
  ),
  range_traced: fine('Every commit that would be new there came from an approved pull request.'),
  rollback_proven: fine(
    'The commit was approved and ran there before, so going back to it brings nothing new.',
  ),
  rollback_unproven: wrong(
    'The ledger has no approved deployment of that commit there that succeeded. One that an emergency let through is none.',
    'Ask for its deployment, or roll back to a commit that ran there.',
  ),
  rollback_unknown: wrong(
    'Our records and the ledger say different things about what ran there.',
    'Run `countersign verify`, and ask who can write to the database.',
  ),
  rollback_not_back: wrong(
    'The commit of the rollback is newer than what runs there.',
    'Ask for its deployment, which passes all gates.',
  ),
  rollback_not_in_policy: wrong(
    'A rollback was asked for, and the policy lets nobody roll back this environment.',
    'Name who may under `rollback.by`, in a reviewed pull request.',
  ),
  nothing_to_deploy: fine('The commit runs there already; to deploy it again is allowed.'),
  commit_untraced: wrong(
    'A commit came from no pull request that was merged into a branch of this environment.',
    'Take it off the branch and bring it by a pull request, or move the baseline past it in a reviewed pull request.',
  ),
  commit_unreviewed: wrong(
    'A commit reached the branch past review; the ledger has it as `change.unreviewed`.',
    'Have the pull request it came by approved afterwards, move the baseline past it in a reviewed pull request, or take it off the branch.',
  ),
  commit_reviewed_late: fine(
    'A commit reached the branch without review, and its pull request was approved afterwards.',
  ),
  commit_accepted: fine('Commits up to the declared baseline are accepted without a pull request.'),
  merge_not_by_github: wrong(
    'The commit merged a pull request, but GitHub did not make it of what was approved, or somebody pushed it: it may bring more.',
    'Merge on GitHub. What is merged already: move the baseline past it in a reviewed pull request.',
  ),
  merge_unknown: wrong(
    'Whether a pull request was merged on GitHub, or its merge was pushed, could not be read from the activity of its base.',
    'Nothing to do at first: the activity comes a little later. What stays so: move the baseline past it in a reviewed pull request.',
  ),
  change_not_approved: wrong(
    'Commits came from a merged pull request whose approvals do not hold when they are judged again. The reasons follow.',
    'Mend what they say. A merged pull request can still be approved.',
  ),
  target_inside_change: wrong(
    'The commit is a step inside of a change, or under the baseline. Reviewers approve what a change makes as a whole; nobody looked at what is there half way.',
    'Deploy the commit that the sentence names: where the change was merged, or the baseline.',
  ),
  branch_not_allowed: wrong(
    'The commit is on none of the branches that may be deployed there.',
    'Merge it into one.',
  ),
  branch_unknown: wrong('Which branches contain the commit could not be read.', AGAIN),
  branch_allowed: fine('The commit is on a branch that may be deployed there.'),
  requester_unknown: wrong(
    'GitHub does not say who asked for the deployment.',
    'Somebody who may has to ask anew.',
  ),
  requester_not_allowed: wrong(
    'Whoever asked may not. It is refused, not held, so that it does not wait for the day they may.',
    'Somebody who may has to ask.',
  ),
  requester_allowed: fine('Whoever asked for the deployment may. After a merge that is whoever merged.'),
  request_required: wrong(
    'A merge asked for the deployment, and the policy now says `on: request`.',
    'Somebody has to ask.',
  ),
  environment_known: fine('GitHub has the environment by this name.'),
  environment_unknown: wrong(
    'GitHub’s environment of this name could not be read.',
    'See that it exists under exactly this name, and that the App may read it.',
  ),
  environment_without_reviewers: wrong(
    'The policy says `from: environment`, and the GitHub environment names no reviewers.',
    'Add required reviewers to it, or name teams or users in the policy.',
  ),
  environment_rule_off: wrong(
    'A job of Actions uses the environment, and our deployment protection rule is not enabled on it. Nothing asks us, so the job may run whatever we say; if it does, that is recorded.',
    'Enable Countersign under the environment’s deployment protection rules, and start the workflow again.',
  ),
  environment_mistyped: wrong(
    'A job of Actions names an environment that the policy doesn’t, with nearly the name of one that it does. GitHub makes it, without any rule.',
    'Mend the name in the workflow, and delete the environment that was made; or add it to the policy.',
  ),
  run_is_rerun: wrong(
    'The run was started again. GitHub does not say which attempt an answer was given to, so none counts.',
    'Start a new run of the workflow.',
  ),
  deployment_rejected: wrong(
    'A reviewer rejected the deployment.',
    'Ask for a new one when their reason is gone.',
  ),
  deployment_approvals_missing: wrong(
    'Fewer reviewers than required approved this deployment of this commit.',
    'Ask those who are named.',
  ),
  deployment_approvals_given: fine('Enough reviewers approved this deployment of this commit.'),
  deployment_approval_stale: wrong('An answer was given for another commit.', 'Answer for this one.'),
  deployment_approver_is_author: wrong(
    'An approval of the deployment came from somebody who made a part of what is in range.',
    'Another reviewer has to approve.',
  ),
  deployment_approver_is_requester: wrong(
    'An approval of the deployment came from whoever asked for it.',
    'Another reviewer has to approve.',
  ),
  deployment_approver_not_reviewer: wrong(
    'An answer came from somebody who is no reviewer of the environment.',
    'Ask those who are.',
  ),
  deployment_reviewer_unknown: wrong(
    'An answer came from an account that is deleted. A yes does not count; a no holds.',
    'After a no, ask for the deployment anew.',
  ),
  ...TIMING_GUIDE,
  ...EMERGENCY_GUIDE,
};
