/** The verdict in one line: a check run's title, a deployment status, the head of a status report. Plain text. */
import type { Decision } from '../domain/decision.ts';
import { clip } from './clip.ts';
import type { ExplainedDecision, MissingItem } from './explained-decision.ts';
import { plain, sentenceAsText } from './markdown.ts';
import { count, list, short } from './phrases.ts';

/** What fits beside a check's name in GitHub's list of checks. */
export const TITLE_LIMIT = 140;

const WORDS = {
  enforce: {
    approved: 'Approved',
    held: 'Held',
    rejected: 'Rejected',
    error: 'Error',
    not_guarded: 'Not guarded',
  },
  observe: {
    approved: 'Approved',
    held: 'Would be held',
    rejected: 'Would be rejected',
    error: 'Would be held',
    not_guarded: 'Not guarded',
  },
} as const;

/** `Held: 1 approval is missing, from @acme/maintainers`. The verdict's word is its beginning, so it is never cut. */
export function verdictLine(decision: Decision, explained: ExplainedDecision, max = TITLE_LIMIT): string {
  const word = WORDS[decision.mode][decision.verdict];
  if (explained.emergency !== undefined) return clip(`${word} ${plain(explained.emergency.short, max)}`, max);
  const why =
    decision.verdict === 'approved'
      ? approvedWhy(explained)
      : heldWhy(decision, explained, max - word.length - 2);
  return clip(why === '' ? word : `${word}: ${why}`, max);
}

function approvedWhy({ approvals }: ExplainedDecision): string {
  const counted = approvals.filter((approval) => approval.counted);
  const names = [...new Set(counted.map(({ login }) => plain(login ?? 'a deleted account', 40)))];
  const commits = [...new Set(counted.flatMap(({ commit }) => (commit === null ? [] : [short(commit)])))];
  if (names.length === 0) return '';
  const what = commits.length === 1 ? (commits[0] ?? '') : 'every change';
  return `${list(names, 'and', 3)} approved ${what}`;
}

function heldWhy(decision: Decision, explained: ExplainedDecision, room: number): string {
  const [problem] = explained.policy.problems;
  const first = explained.missing[0];
  if (decision.verdict === 'error' && problem !== undefined) return plain(problem, room);
  if (first === undefined || decision.verdict === 'rejected' || decision.verdict === 'not_guarded')
    return gateWhy(decision, explained, room);
  const others = explained.missing.length - 1;
  const more = others === 0 ? '' : ` (and ${count(others, 'more reason')})`;
  return `${firstWhy(first, room - more.length)}${more}`;
}

/** In full if there is room; else in short, and rather without whom to ask than without what to do. */
function firstWhy({ what, short: less, who }: MissingItem, room: number): string {
  const names = list(
    who.map((name) => plain(name, 40)),
    'or',
    3,
  );
  const from = names === '' ? '' : `, from ${names}`;
  const whole = [`${what}${from}`, ...(less === undefined ? [] : [`${less}${from}`, less])]
    .map((each) => plain(each))
    .find((each) => each.length <= room);
  if (whole !== undefined) return whole;
  const some = wholeClauses(less ?? what, Math.max(40, room - Math.min(from.length, 60)));
  return clip(`${some}${from}`, room);
}

/** As many clauses as there is room for: half of a word, or of an advice, helps nobody. */
function wholeClauses(text: string, room: number): string {
  const shown = plain(text, room);
  const end = shown.endsWith('…') ? shown.lastIndexOf(', ') : -1;
  return end > 20 ? `${shown.slice(0, end)} …` : shown;
}

/** The first sentence of the gate that decided it. */
function gateWhy({ verdict }: Decision, { gates }: ExplainedDecision, room: number): string {
  const outcomes =
    verdict === 'rejected'
      ? ['failed']
      : verdict === 'not_guarded'
        ? ['not_applicable', 'passed']
        : ['pending'];
  const gate = gates.find(({ outcome, sentences }) => outcomes.includes(outcome) && sentences.length > 0);
  const [sentence] = gate?.sentences ?? [];
  return sentence === undefined ? '' : sentenceAsText(sentence, room).replace(/\.$/, '');
}
