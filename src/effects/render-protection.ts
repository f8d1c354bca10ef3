import type { Known } from '../domain/known.ts';
import type { ProtectionFacts, ProtectionRules } from '../domain/protection-facts.ts';
import { block, type Section } from './fit-sections.ts';
import { code, escape } from './markdown.ts';
import { header, row } from './phrases.ts';

/** What GitHub itself enforces on the branch, each source as it was read. */
export function protectionSection({ branch, classic, rulesets }: ProtectionFacts): Section {
  const unknown = [
    ...(classic.known ? [] : [`Branch protection is unknown: ${escape(classic.why, 200)}.`]),
    ...(rulesets.known ? [] : [`Rulesets are unknown: ${escape(rulesets.why, 200)}.`]),
  ];
  const rows = [
    ...(classic.known && classic.value !== null ? [rulesRow('Branch protection', classic.value)] : []),
    ...(rulesets.known
      ? rulesets.value.map((ruleset) =>
          rulesRow(`Ruleset ${ruleset.id} of ${escape(ruleset.source, 80)}`, ruleset),
        )
      : []),
  ];
  const head = [`### What GitHub enforces on ${code(branch)}`, '', ...unknown.flatMap((line) => [line, ''])];
  if (rows.length === 0)
    return block(30, [...head, unknown.length === 0 ? 'Nothing.' : ''].join('\n').trimEnd());
  return {
    ...block(
      30,
      [
        ...head,
        header('', 'Pull request', 'Approvals', 'Stale ones', 'Force push', 'Deletion', 'Admins'),
      ].join('\n'),
    ),
    items: rows,
    floor: 5,
    more: (left) => `\n…and ${left} more rulesets.`,
  };
}

function rulesRow(source: string, rules: ProtectionRules): string {
  return row(
    source,
    rules.pullRequestRequired ? 'required' : '–',
    String(rules.requiredApprovals),
    rules.dismissesStaleApprovals ? 'dismissed' : 'kept',
    rules.forcePushBlocked ? 'blocked' : 'allowed',
    rules.deletionBlocked ? 'blocked' : 'allowed',
    included(rules.adminsIncluded),
  );
}

const included = (admins: Known<boolean>): string =>
  !admins.known ? 'unknown' : admins.value ? 'included' : 'may bypass';
