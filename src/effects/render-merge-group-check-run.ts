/** What people read about one merge group: the check run `countersign/change` on its head. Pure. */
import type { Decision } from '../domain/decision.ts';
import type { GroupCommit, MergeGroupDecision, MergeGroupFacts } from '../domain/merge-group-facts.ts';
import type { ExplainedDecision } from './explained-decision.ts';
import { block, fitSections, type Section } from './fit-sections.ts';
import { code, escape } from './markdown.ts';
import { clip } from './clip.ts';
import { commitLink, header, inLedger, list, pageLink, type Place, row } from './phrases.ts';
import type { RenderedCheckRun } from './render-change-check-run.ts';
import { gatesSection, missingSection, policySection, problemsSection } from './render-gates.ts';
import { TITLE_LIMIT, verdictLine } from './verdict-line.ts';

export interface MergeGroupContext {
  readonly explained: ExplainedDecision;
  readonly waits: boolean;
  readonly beside: readonly number[];
  readonly place: Place;
}

/** The check run of a decision about a merge group. */
export function renderMergeGroupCheckRun(
  decision: MergeGroupDecision,
  facts: MergeGroupFacts,
  { explained, waits, beside, place }: MergeGroupContext,
): RenderedCheckRun {
  const held = decision.verdict !== 'approved';
  const again = held && !waits && decision.mode === 'enforce' ? 'Once that is mended, queue it again.' : '';
  const summary = fitSections([
    block(Infinity, verdict(decision, waits)),
    besideSection(beside, place),
    problemsSection(explained, place),
    missingSection(held ? explained.missing : [], again),
    changesSection(decision, explained, facts, place),
    gatesSection(explained.gates),
    policySection(explained, place),
  ]);
  const text = fitSections([commitsSection(facts, place)]);
  return {
    title: title(decision, explained),
    summary,
    text: text === '' ? null : text,
    ...stateOf(decision, waits),
    actions: [],
  };
}

function title(decision: MergeGroupDecision, explained: ExplainedDecision): string {
  if (decision.verdict !== 'approved') return verdictLine(decision, explained);
  const numbers = decision.changes.map(({ pullRequest }) => `#${pullRequest}`);
  return clip(`Approved: ${list(numbers, 'and', 12)}, and nothing else is in the group`, TITLE_LIMIT);
}

/**
 * Whatever holds it fails it, but for checks that have still to finish: the queue takes a group out that failed, and goes on
 * with the others. It would wait for one that isn't finished, and everybody behind it with it.
 */
function stateOf(
  { verdict, mode }: Decision,
  waits: boolean,
): Pick<RenderedCheckRun, 'status' | 'conclusion'> {
  if (verdict === 'approved') return { status: 'completed', conclusion: 'success' };
  if (mode === 'observe') return { status: 'completed', conclusion: 'neutral' };
  if (waits) return { status: 'in_progress', conclusion: null };
  return { status: 'completed', conclusion: 'failure' };
}

function verdict({ verdict, mode }: Decision, waits: boolean): string {
  if (mode === 'observe') {
    const observed = 'The policy is in `observe` mode: this is recorded and shown, and blocks nothing.';
    const what = verdict === 'approved' ? '✅ **Approved.**' : '👀 **It would have failed.**';
    return `${what} ${observed}`;
  }
  if (verdict === 'approved') return '✅ **Approved.** This merge group may land.';
  if (waits)
    return '⏳ **Held.** Only checks on this merge group have still to finish; it is judged again by itself then.';
  if (verdict === 'error')
    return '❌ **Error.** This merge group could not be judged, so it may not land. It is judged again once that is mended.';
  return '❌ **This merge group may not land.** It fails instead of keeping the queue waiting, and is judged again whenever something changes while it is there.';
}

const SHOWN = {
  approved: '✅ approved',
  held: '⏳ held',
  rejected: '❌ rejected',
  error: '❌ error',
  not_guarded: '➖ not guarded',
} as const;

/** One row a pull request, in the order in which they would land. */
function changesSection(
  { changes }: MergeGroupDecision,
  { changeApprovals }: ExplainedDecision,
  facts: MergeGroupFacts,
  place: Place,
): Section {
  if (changes.length === 0) return block(100, '');
  const items = changes.map(({ pullRequest: number, decision }) => {
    const head = facts.changes.find(({ pullRequest }) => pullRequest.number === number)?.pullRequest.headSha;
    const counted = (changeApprovals[number] ?? []).filter((approval) => approval.counted);
    const names = counted.map(({ login }) => escape(login ?? 'a deleted account', 60));
    return row(
      SHOWN[decision.verdict],
      pageLink(`#${number}`, place, `pull/${number}`),
      head === undefined ? '' : commitLink(head, place),
      names.length === 0 ? 'nobody' : list(names, 'and'),
    );
  });
  return {
    ...block(100, `### Pull requests\n\n${header('', 'Pull request', 'Head', 'Approved by')}`),
    items,
    floor: 20,
    more: (left) => `\n${inLedger(left, 'pull request', place)}`,
  };
}

/** GitHub shows this check run on them too, as if it were theirs. */
function besideSection(beside: readonly number[], place: Place): Section {
  if (beside.length === 0) return block(90, '');
  const links = beside.map((number) => pageLink(`#${number}`, place, `pull/${number}`));
  const [have, are, own] =
    beside.length === 1
      ? ['has', 'isn’t in this merge group and is held', 'its own']
      : ['have', 'aren’t in this merge group and are held', 'their own'];
  return block(
    90,
    `⚠️ ${list(links, 'and', 12)} ${have} this group’s commit as the head, but ${are}. This check run is the merge group’s alone: the queue judges ${beside.length === 1 ? 'that one' : 'those'} again in ${own}.`,
  );
}

const MADE_BY = { merge: 'merge', squash: 'squash', rebase: 'rebase' } as const;

/** Each commit that would land, what it was made of, and whether its files are those that we get. */
function commitsSection({ steps, tip, group }: MergeGroupFacts, place: Place): Section {
  const items = steps.items.flatMap(({ pullRequest, method, commits }) =>
    commits.map((commit) =>
      row(
        commitLink(commit.sha, place),
        pullRequest === null ? '_none_' : pageLink(`#${pullRequest}`, place, `pull/${pullRequest}`),
        pullRequest === null ? '' : MADE_BY[method],
        files(commit),
      ),
    ),
  );
  if (items.length === 0) return block(50, '');
  const from = tip === '' ? '' : `, after ${commitLink(tip, place)}`;
  const head = `### What would land on ${code(group.baseRef)}${from}`;
  return {
    ...block(50, `${head}\n\n${header('Commit', 'Made of', 'By', 'Its files')}`),
    items,
    floor: 20,
    more: (left) => `\n${inLedger(left, 'commit', place)}`,
  };
}

function files({ tree, expected }: GroupCommit): string {
  if (!tree.known) return `❔ ${escape(tree.why, 200)}`;
  if (!expected.known) return `❔ ${escape(expected.why, 200)}`;
  return tree.value === expected.value ? '✅ as approved' : '❌ others than were approved';
}
