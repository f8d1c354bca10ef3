/** What people read about one change: the check run `countersign/change` on its head commit. Pure. */
import type { ChangeFacts } from '../domain/change-facts.ts';
import type { Decision } from '../domain/decision.ts';
import type { CheckRunContent } from '../domain/effect.ts';
import type { ExplainedApproval, ExplainedDecision, ProposedPolicy } from './explained-decision.ts';
import { block, fitSections, type Section } from './fit-sections.ts';
import { code, escape, sentence } from './markdown.ts';
import { commitLink, header, moment, type Place, row } from './phrases.ts';
import { changeCommitsSection } from './render-commits.ts';
import { controlsSection } from './render-controls.ts';
import { gatesSection, missingSection, policySection, problemsSection } from './render-gates.ts';
import { proposedPolicySection } from './render-proposed-policy.ts';
import { protectionSection } from './render-protection.ts';
import { verdictLine } from './verdict-line.ts';

/** The parts of a check run that are rendered; the planner adds its name, commit and external id. */
export type RenderedCheckRun = Pick<
  CheckRunContent,
  'title' | 'summary' | 'text' | 'status' | 'conclusion' | 'actions'
>;

export interface ChangeContext {
  readonly explained: ExplainedDecision;
  /** Null: the change leaves the policy as it is. */
  readonly proposed: ProposedPolicy | null;
  readonly place: Place;
}

/** The check run of a decision about a change. */
export function renderChangeCheckRun(
  decision: Decision,
  facts: ChangeFacts,
  { explained, proposed, place }: ChangeContext,
): RenderedCheckRun {
  const notGuarded = decision.verdict === 'not_guarded';
  const held = decision.verdict !== 'approved' && !notGuarded;
  const summary = fitSections([
    block(Infinity, verdict(decision)),
    problemsSection(explained, place),
    missingSection(held ? explained.missing : [], ''),
    ...(notGuarded ? [] : [gatesSection(explained.gates)]),
    proposedPolicySection(proposed, place),
    policySection(explained, place),
  ]);
  const text = fitSections([
    approvalsSection(explained.approvals, facts, place),
    changeCommitsSection(facts, decision, place),
    controlsSection(facts.controls === undefined ? [] : [facts.controls]),
    protectionSection(facts.protection),
  ]);
  return {
    title: verdictLine(decision, explained),
    summary,
    text: notGuarded ? null : text,
    ...stateOf(decision),
    actions: [],
  };
}

/**
 * Held stays `in_progress`: a required check that isn't finished blocks a merge as a failed one does, and says that
 * waiting may help. `neutral` blocks nothing, so it is only for `observe`, and for a branch that the policy leaves alone.
 */
function stateOf({ verdict, mode }: Decision): Pick<CheckRunContent, 'status' | 'conclusion'> {
  if (verdict === 'approved') return { status: 'completed', conclusion: 'success' };
  if (mode === 'observe' || verdict === 'not_guarded') return { status: 'completed', conclusion: 'neutral' };
  if (verdict === 'held') return { status: 'in_progress', conclusion: null };
  return { status: 'completed', conclusion: 'failure' };
}

function verdict({ verdict, mode }: Decision): string {
  const observed =
    mode === 'observe'
      ? ' The policy is in `observe` mode: this is recorded and shown, and blocks nothing.'
      : '';
  switch (verdict) {
    case 'not_guarded':
      return '➖ **Not guarded.** The policy asks nothing of changes to this branch, so nothing was judged.';
    case 'approved':
      return `✅ **Approved.** This change may be merged.${observed}`;
    case 'held':
      return mode === 'observe'
        ? `👀 **It would have been held.**${observed}`
        : '⏳ **Held.** This change may not be merged yet. It is judged again by itself whenever something changes.';
    case 'rejected':
      return mode === 'observe'
        ? `👀 **It would have been rejected.**${observed}`
        : '❌ **Rejected.** This change can’t be merged as it is; waiting doesn’t help.';
    case 'error':
      return mode === 'observe'
        ? `👀 **It would have been held: it could not be judged.**${observed}`
        : '❌ **Error.** This change could not be judged, so it may not be merged. It is judged again once that is mended.';
  }
}

function approvalsSection(
  approvals: readonly ExplainedApproval[],
  facts: ChangeFacts,
  place: Place,
): Section {
  const since =
    facts.baseMerges === undefined ? '' : ', and those of one that only the base was merged into since';
  const head = `### Approvals\n\nOnly those of the last commit, ${commitLink(facts.pullRequest.headSha, place)}, can count${since}.`;
  if (approvals.length === 0) return block(80, `${head} Nobody has approved this change.`);
  return {
    ...block(80, `${head}\n\n${header('', 'Who', 'Approved', 'When', 'Why')}`),
    items: approvals
      .toSorted((a, b) => Number(b.counted) - Number(a.counted))
      .map(({ login, commit, at, counted, why }) =>
        row(
          counted ? '✅ counts' : '🚫 doesn’t count',
          login === null ? '_a deleted account_' : `**${escape(login, 60)}**`,
          commit === null ? 'a commit that is gone' : commitLink(commit, place),
          at === null ? '' : moment(at),
          sentence(why, 300),
        ),
      ),
    floor: 20,
    more: (left) => `\n…and ${left} more; all are in ledger entry ${code(place.entryId)}.`,
  };
}
