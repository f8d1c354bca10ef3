import type { ChangeFacts, CommitFacts, IdentityFacts } from '../domain/change-facts.ts';
import type { Decision } from '../domain/decision.ts';
import type { DeploymentFacts, RangeCommit } from '../domain/deployment-facts.ts';
import type { ReasonCode } from '../domain/reason.ts';
import type { ExplainedDecision } from './explained-decision.ts';
import { block, type Section } from './fit-sections.ts';
import { code, escape, link } from './markdown.ts';
import { commitLink, count, header, inLedger, list, person, type Place, row, short } from './phrases.ts';

/** The commits of a pull request: who made each, and whether GitHub knows them. The ones that stand in the way first. */
export function changeCommitsSection(facts: ChangeFacts, decision: Decision, place: Place): Section {
  const { items, complete } = facts.commits;
  const named = commitsNamed(decision);
  const note = complete ? '' : '\n\nGitHub didn’t list all of them, so this can’t be approved.';
  return {
    ...block(
      50,
      `### Commits (${items.length}${complete ? '' : '+'})${note}\n\n${header('Commit', 'What', 'By')}`,
    ),
    items: named
      .first(items, ({ sha }) => sha)
      .map((commit) => row(mark(commit.sha, named, place), subject(commit), makers(commit))),
    floor: 20,
    more: (left) => `\n${inLedger(left, 'commit', place)}`,
  };
}

/**
 * Every commit that becomes new on the environment, with the pull request and the approvals that let it in. `deployed`: it
 * has become so, and what the facts say runs there is what ran there before.
 */
export function rangeSection(
  facts: DeploymentFacts,
  decision: Decision,
  explained: ExplainedDecision,
  place: Place,
  deployed: boolean,
): Section {
  const { items, complete } = facts.range.commits;
  const named = commitsNamed(decision);
  const changes = new Map(facts.changes.map((change) => [change.pullRequest.number, change]));
  const note = complete ? '' : '\n\nGitHub didn’t list all of them, so this can’t be approved.';
  const head = `### ${rangeTitle(facts, place, deployed)}${note}`;
  return {
    ...block(
      60,
      items.length === 0
        ? head
        : `${head}\n\n${header('Commit', 'What', 'By', 'Pull request', 'Approved by, at')}`,
    ),
    items: named
      .first(items, ({ commit }) => commit.sha)
      .map((each) => {
        const { commit } = each;
        const from = each.pullRequests.flatMap((number) => changes.get(number) ?? []);
        return row(
          mark(commit.sha, named, place),
          subject(commit, each.pullRequests),
          makers(commit),
          pullRequests(each, from),
          approvers(from, explained),
        );
      }),
    floor: 20,
    more: (left) => `\n${inLedger(left, 'commit', place)}`,
  };
}

function rangeTitle({ range }: DeploymentFacts, place: Place, deployed: boolean): string {
  const there = deployed ? 'which ran there before' : 'which runs there now';
  const commits = `${count(range.commits.items.length, 'commit')}${range.commits.complete ? '' : ' or more'}`;
  const base = range.running ?? range.baseline;
  const running = base === null ? '' : commitLink(base, place);
  const than = range.running === null ? `the baseline ${running}` : `${running}, ${there}`;
  switch (range.status) {
    case 'ahead':
      return `${commits} since ${running}, ${there}`;
    case 'identical':
      return `No new commit: ${running} ${deployed ? 'ran there before' : 'runs there now'}`;
    case 'behind':
      return `Older than ${than}`;
    case 'diverged':
      return `${commits}, on another line than ${than}`;
    case 'first':
      return `First deployment: ${commits}${range.baseline === null ? '' : ` since the baseline ${commitLink(range.baseline, place)}`}`;
    case 'unknown':
      return 'Which commits are new couldn’t be found out';
  }
}

function pullRequests(
  { pullRequests, recordedUnreviewed }: RangeCommit,
  from: readonly ChangeFacts[],
): string {
  if (pullRequests.length === 0) return recordedUnreviewed ? '⚠️ none: pushed past review' : '⚠️ none';
  const urls = new Map(from.map(({ pullRequest }) => [pullRequest.number, pullRequest.url]));
  return list(
    pullRequests.map((number) => link(`#${number}`, urls.get(number) ?? '')),
    'and',
    3,
  );
}

/** Those whose approval counts, with the commit that each was given on: what was seen is what was approved. */
function approvers(from: readonly ChangeFacts[], { changeApprovals }: ExplainedDecision): string {
  const shown = from
    .flatMap(({ pullRequest }) => changeApprovals[pullRequest.number] ?? [])
    .filter(({ counted }) => counted)
    .map(({ login, commit }) => {
      const at = commit === null ? 'a commit that is gone' : code(short(commit));
      return `${login === null ? 'a deleted account' : escape(login, 40)} at ${at}`;
    });
  return shown.length === 0 ? '⚠️ nobody' : list(shown, 'and', 4);
}

function makers(commit: CommitFacts): string {
  const committer = commit.signedByGitHub ? [] : [commit.committer];
  const all = [commit.author, ...commit.coAuthors, ...committer];
  const seen = new Set<string>();
  const names = all.flatMap((identity) => {
    const key = identity.actor === null ? identity.email.toLowerCase() : String(identity.actor.id);
    if (seen.has(key)) return [];
    seen.add(key);
    return [maker(identity)];
  });
  return list(names, 'and', 5);
}

function maker({ name, email, actor }: IdentityFacts): string {
  if (actor !== null) return person(actor);
  return `⚠️ ${escape(name === '' ? 'nameless' : name, 60)} (${code(email, 80)} belongs to no account)`;
}

/** The first line of a commit's message, without the `(#12)` that a squash puts behind it where 12 is shown anyway. */
function subject(commit: CommitFacts, pullRequests: readonly number[] = []): string {
  const [first = ''] = commit.message.split('\n', 1);
  const end = pullRequests.map((number) => ` (#${number})`).find((suffix) => first.endsWith(suffix));
  return escape(end === undefined ? first : first.slice(0, -end.length), 80);
}

/** A commit's link, with a sign where a gate named it. */
function mark(sha: string, named: NamedCommits, place: Place): string {
  return `${named.has(sha) ? '❌&nbsp;' : ''}${commitLink(sha, place)}`;
}

interface NamedCommits {
  has(sha: string): boolean;
  first<T>(items: readonly T[], sha: (item: T) => string): readonly T[];
}

/** Other reasons name commits too, as the one that an outdated approval was given on, without anything being wrong with it. */
const ABOUT_COMMITS: ReadonlySet<ReasonCode> = new Set<ReasonCode>([
  'author_unknown',
  'identity_unmapped',
  'commit_untraced',
  'commit_unreviewed',
  'merge_not_by_github',
  'merge_unknown',
  'change_not_approved',
  'target_inside_change',
]);

/** The commits that stand in the way: those which the reasons of a gate that hasn't passed speak of. */
function commitsNamed({ gates }: Decision): NamedCommits {
  const shas = new Set<string>();
  for (const { outcome, reasons } of gates) {
    if (outcome !== 'pending' && outcome !== 'failed') continue;
    for (const reason of reasons) {
      if (!ABOUT_COMMITS.has(reason.code)) continue;
      for (const value of Object.values(reason.about).flat()) if (typeof value === 'string') shas.add(value);
    }
  }
  return {
    has: (sha) => shas.has(sha),
    first: (items, sha) => [
      ...items.filter((item) => shas.has(sha(item))),
      ...items.filter((item) => !shas.has(sha(item))),
    ],
  };
}
