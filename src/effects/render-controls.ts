import type { ControlsFact } from '../domain/control-facts.ts';
import { block, type Section } from './fit-sections.ts';
import { code } from './markdown.ts';
import { list, moment } from './phrases.ts';

/** Whether this happens inside a gap in what GitHub has to enforce; empty where nobody has looked yet. */
export function controlsSection(controls: readonly ControlsFact[]): Section {
  const told = controls.filter(({ standing }) => standing !== 'not_demanded');
  if (told.length === 0) return block(40, '');
  return block(40, ['### Controls', '', ...told.map((each) => `- ${line(each)}`)].join('\n'));
}

function line(fact: ControlsFact): string {
  const { subject, standing, unmet, since, entry } = fact;
  if (subject.kind === 'hosts') return hostsLine(fact);
  const what = `${subject.kind === 'branch' ? 'Branch' : 'Environment'} ${code(subject.name)}`;
  const from = `since ${moment(since)} (ledger entry ${code(entry)})`;
  switch (standing) {
    case 'whole':
      return `${what}: whole ${from}.`;
    case 'gap':
      return `⚠️ ${what}: **a gap** ${from}. The policy demands ${list(
        unmet.map((each) => code(each)),
        'and',
      )}, and GitHub doesn’t enforce it. What happens meanwhile is recorded as inside the gap.`;
    case 'unknown':
      return `${what}: unknown ${from}, since GitHub doesn’t show ${list(
        unmet.map((each) => code(each)),
        'or',
      )}.`;
    case 'not_demanded':
      return `${what}: the policy demands nothing.`;
  }
}

/** What runs on an environment's hosts, against what the ledger has. */
function hostsLine({ subject, standing, unmet, since, entry }: ControlsFact): string {
  const what = `Hosts of ${code(subject.name)}`;
  const from = `since ${moment(since)} (ledger entry ${code(entry)})`;
  const hosts = list(
    unmet.map((each) => code(each)),
    'and',
  );
  switch (standing) {
    case 'gap':
      return `⚠️ ${what}: **something else runs** on ${hosts} than the ledger has, ${from}. Somebody switched it by another way than this.`;
    case 'unknown':
      return `${what}: unknown ${from}, since ${hosts} didn’t say what runs there.`;
    case 'whole':
    case 'not_demanded':
      return `${what}: they run what the ledger has, ${from}.`;
  }
}
