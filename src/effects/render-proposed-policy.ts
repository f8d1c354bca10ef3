import type { ProposedPolicy } from './explained-decision.ts';
import { block, type Section } from './fit-sections.ts';
import { escape } from './markdown.ts';
import { commitLink, count, header, moment, pageLink, type Place, row } from './phrases.ts';

const PROBLEMS = 10;

/** What the policy that a change brings would have decided otherwise: what its reviewers approve with it. */
export function proposedPolicySection(proposed: ProposedPolicy | null, place: Place): Section {
  if (proposed === null) return block(Infinity, '');
  const { days, problems, decisions, otherwise, unknown } = proposed;
  const title = '### This change brings another policy';
  if (problems.length > 0) {
    const lines = problems.slice(0, PROBLEMS).map((problem) => `- ${escape(problem, 400)}`);
    if (problems.length > PROBLEMS) lines.push(`- …and ${count(problems.length - PROBLEMS, 'more problem')}`);
    const head = `${title}\n\n⚠️ Once it is merged, nothing is approved by it:\n\n`;
    return block(Infinity, `${head}${lines.join('\n')}`);
  }
  const lost =
    unknown === 0
      ? ''
      : ` Of ${unknown} that can’t be said: it asks for something that nobody looked up when they were made.`;
  const said = `Of the ${count(decisions, 'decision')} of the last ${days} days, ${otherwise.length === 0 ? 'none' : otherwise.length} would have come out otherwise by it.${lost}`;
  if (otherwise.length === 0) return block(Infinity, `${title}\n\n${said}`);
  return {
    ...block(85, `${title}\n\n${said}\n\n${header('When', 'What', 'It was', 'It would be', 'Because of')}`),
    items: otherwise.map(({ at, pullRequest, environment, commit, was, wouldBe, gates }) =>
      row(
        moment(at),
        pullRequest === null
          ? `${commit === null ? '' : `${commitLink(commit, place)} to `}${escape(environment ?? 'nowhere', 60)}`
          : pageLink(`#${pullRequest}`, place, `pull/${pullRequest}`),
        was.replace('_', ' '),
        `**${wouldBe.replace('_', ' ')}**`,
        gates.map((gate) => escape(gate.replaceAll('_', ' '), 40)).join(', '),
      ),
    ),
    floor: 10,
    more: (left) => `\n…and ${left} more; \`npx countersign policy simulate\` lists them all.`,
  };
}
