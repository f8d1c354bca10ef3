import type { GateOutcome } from '../domain/decision.ts';
import type { ExplainedDecision, ExplainedGate, MissingItem, PolicyNote } from './explained-decision.ts';
import { block, type Section } from './fit-sections.ts';
import { gateTitle } from './gate-title.ts';
import { code, escape, sentence } from './markdown.ts';
import { commitLink, count, header, list, pageLink, type Place, row } from './phrases.ts';

const OUTCOMES: Record<GateOutcome, { readonly shown: string; readonly order: number }> = {
  failed: { shown: '❌ failed', order: 0 },
  pending: { shown: '⏳ waiting', order: 1 },
  lifted: { shown: '🚨 lifted', order: 2 },
  passed: { shown: '✅ passed', order: 3 },
  not_applicable: { shown: '➖ not asked for', order: 4 },
};

const SENTENCES = 6;
const MISSING = 12;
const PROBLEMS = 20;

/** What is missing and who can give it: the part that a held check run is opened for. It is never shortened. */
export function missingSection(missing: readonly MissingItem[], how: string): Section {
  if (missing.length === 0) return block(Infinity, '');
  const lines = missing.slice(0, MISSING).map(({ what, who }) => {
    const names = list(
      who.map((name) => `**${escape(name, 80)}**`),
      'or',
      8,
    );
    return `- ${escape(what, 300)}${names === '' ? '' : `, from ${names}`}`;
  });
  if (missing.length > MISSING)
    lines.push(`- …and ${count(missing.length - MISSING, 'more thing')}; see the gates below`);
  return block(Infinity, ['### What is missing', '', ...lines, ...(how === '' ? [] : ['', how])].join('\n'));
}

/** One row a gate, the ones that stand in the way first; gates that the policy doesn't ask for share one line. */
export function gatesSection(gates: readonly ExplainedGate[]): Section {
  const asked = gates
    .filter(({ outcome }) => outcome !== 'not_applicable')
    .toSorted((a, b) => OUTCOMES[a.outcome].order - OUTCOMES[b.outcome].order);
  const rest = gates
    .filter(({ outcome }) => outcome === 'not_applicable')
    .map(({ gate }) => escape(gateTitle(gate), 60));
  const others =
    rest.length === 0 ? '' : `\n<sub>The policy doesn't ask here for: ${rest.slice(0, 30).join(', ')}.</sub>`;
  return {
    ...block(90, asked.length === 0 ? '' : `### Gates\n\n${header('', 'Gate', 'Why')}`),
    items: asked.map((gate) =>
      row(
        OUTCOMES[gate.outcome].shown,
        `**${escape(gateTitle(gate.gate), 60)}**${gate.byOrganisation === true ? ' (organisation)' : ''}`,
        why(gate),
      ),
    ),
    floor: 12,
    more: (left) => `\n…and ${left} more.`,
    foot: others,
  };
}

function why({ sentences }: ExplainedGate): string {
  const shown = sentences.slice(0, SENTENCES).map((each) => sentence(each));
  const left = sentences.length - shown.length;
  return [...shown, ...(left > 0 ? [`…and ${left} more like this.`] : [])].join('<br>');
}

/** Where the policy that judged came from. */
export function policySection({ policy }: ExplainedDecision, place: Place): Section {
  if (policy.problems.length > 0) return block(Infinity, '');
  const { changedSince, unusableNow } = policy;
  if (unusableNow !== null) {
    return block(
      Infinity,
      `Judged by ${where(policy, place)}, the last version that was reviewed. ⚠️ What stands there now can’t be used, and nothing is deployed by it: ${escape(unusableNow, 400)}`,
    );
  }
  if (changedSince === null)
    return block(Infinity, `Judged by ${where(policy, place)}${organisation(policy)}.`);
  const commits = list(
    changedSince.map((sha) => commitLink(sha, place)),
    'and',
    5,
  );
  const by = commits === '' ? '' : ` by ${commits}`;
  return block(
    Infinity,
    `Judged by ${where(policy, place)}, the last version that was reviewed. ⚠️ It was changed since${by} without an approved pull request; that version judges nothing.`,
  );
}

/** What is wrong with the policy, where it couldn't be used; it stands before everything that follows from that. */
export function problemsSection({ policy }: ExplainedDecision, place: Place): Section {
  const { problems } = policy;
  if (problems.length === 0) return block(Infinity, '');
  const lines = problems.slice(0, PROBLEMS).map((problem) => `- ${escape(problem, 400)}`);
  if (problems.length > PROBLEMS) lines.push(`- …and ${count(problems.length - PROBLEMS, 'more problem')}`);
  const head = ['### The policy can’t be used', '', `Mend ${where(policy, place)}:`, ''];
  return block(Infinity, [...head, ...lines].join('\n'));
}

/** `, and by the organisation's \`acme/.github: countersign.yml\` at 1a2b3c4` */
function organisation({ baseline }: PolicyNote): string {
  if (baseline === undefined || baseline === null) return '';
  const at = baseline.commit === null ? '' : ` at ${code(baseline.commit.slice(0, 7))}`;
  return `, and by the organisation’s ${code(baseline.path)}${at}`;
}

function where({ path, ref, commit }: PolicyNote, place: Place): string {
  const file = pageLink(code(path), place, `blob/${commit ?? 'HEAD'}/${path}`);
  return `${file} of ${code(ref)}${commit === null ? '' : ` at ${commitLink(commit, place)}`}`;
}
