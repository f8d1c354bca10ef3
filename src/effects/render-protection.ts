import { CHANGE_CHECK } from '../domain/change-check.ts';
import type { Known } from '../domain/known.ts';
import type {
  ProtectionFacts,
  ProtectionRules,
  RulesetFacts,
  RulesetOwner,
} from '../domain/protection-facts.ts';
import { enforces, type EnforcedSetting, PROTECTION_SETTINGS } from '../domain/protection-settings.ts';
import { block, type Section } from './fit-sections.ts';
import { code, escape } from './markdown.ts';
import { header, row } from './phrases.ts';

/**
 * What GitHub itself enforces on the branch, as one verdict: classic protection and every active ruleset hold at once, so each
 * setting is as strict as the strictest of them. Each line names what enforces it.
 */
export function protectionSection({ branch, appId, classic, rulesets }: ProtectionFacts): Section {
  const unknown = [
    ...(classic.known ? [] : [`Branch protection is unknown: ${escape(classic.why, 200)}.`]),
    ...(rulesets.known ? [] : [`Rulesets are unknown: ${escape(rulesets.why, 200)}.`]),
  ];
  const sources: readonly Source[] = [
    ...(classic.known && classic.value !== null ? [{ name: 'branch protection', rules: classic.value }] : []),
    ...(rulesets.known ? rulesets.value.map((each) => ({ name: rulesetName(each), rules: each })) : []),
  ];
  const head = [`### What GitHub enforces on ${code(branch)}`, '', ...unknown.flatMap((line) => [line, ''])];
  const open = unknown.length > 0;
  if (sources.length === 0)
    return block(30, [...head, open ? '' : `Nothing. ${NOT_HELD}`].join('\n').trimEnd());
  return {
    ...block(30, [...head, header('', 'Enforced', 'By')].join('\n')),
    items: [
      ourCheckRow(appId, sources, open),
      ...PROTECTION_SETTINGS.map((setting) => settingRow(setting, sources, open)),
      approvalsRow(sources, open),
      bypassRow(sources),
    ],
    floor: 5,
    more: (left) => `\n…and ${left} more settings.`,
  };
}

/** A decision alone stops nobody: GitHub has to wait for the check run that shows it. */
const NOT_HELD =
  'So whoever may merge can merge against this decision: require the check `countersign/change`, from this App.';

const NOT_OURS = 'So whoever may write can report `countersign/change` themselves: require it from this App.';

function ourCheckRow(appId: number | null, sources: readonly Source[], open: boolean): string {
  const required = sources.flatMap(({ name, rules }) =>
    rules.requiredChecks.flatMap((check) => (check.name === CHANGE_CHECK ? [{ name, of: check.appId }] : [])),
  );
  const ours = required.filter(({ of }) => of !== null && of === appId);
  if (ours.length > 0) return row('This check', 'yes', ours.map(({ name }) => name).join(', '));
  if (required.length > 0) return row('This check', '⚠️ **from anybody**', NOT_OURS);
  return row('This check', open ? 'unknown' : '⚠️ **no**', open ? '' : NOT_HELD);
}

interface Source {
  /** Inline Markdown. */
  readonly name: string;
  readonly rules: ProtectionRules;
}

const LABELS: Readonly<Record<EnforcedSetting, string>> = {
  pull_request: 'A pull request',
  stale_approvals: 'A push dismisses approvals',
  last_push: 'Approval of the last push by somebody else',
  code_owners: 'Approval of code owners',
  conversations: 'Conversations are resolved',
  linear_history: 'Linear history',
  signed_commits: 'Signed commits',
  up_to_date: 'Up to date with the base',
  merge_queue: 'Merge queue',
  force_push: 'No force pushes',
  deletion: 'No deletion',
};

/** `open`: something that could not be read may enforce it too. */
function settingRow(setting: EnforcedSetting, sources: readonly Source[], open: boolean): string {
  const told = sources.map(({ name, rules }) => ({ name, is: enforces(rules, setting) }));
  const by = told.flatMap(({ name, is }) => (is.known && is.value ? [name] : []));
  const unsure = open || told.some(({ is }) => !is.known);
  return row(LABELS[setting], by.length > 0 ? 'yes' : unsure ? 'unknown' : 'no', by.join(', '));
}

function approvalsRow(sources: readonly Source[], open: boolean): string {
  const most = Math.max(...sources.map(({ rules }) => rules.requiredApprovals));
  const by = sources.flatMap(({ name, rules }) =>
    most > 0 && rules.requiredApprovals === most ? [name] : [],
  );
  return row('Approvals', open ? `${most} or more` : String(most), by.join(', '));
}

function bypassRow(sources: readonly Source[]): string {
  const each = sources.map(
    ({ name, rules }) => `${name}: ${bypass(rules.adminsIncluded, rules.pullRequestBypassed)}`,
  );
  return row('Who may bypass', '', each.join(', '));
}

function bypass(admins: Known<boolean>, listed: boolean): string {
  if (!admins.known) return 'unknown';
  if (listed)
    return admins.value ? 'some need no pull request' : 'administrators, and some need no pull request';
  return admins.value ? 'nobody' : 'administrators';
}

function rulesetName({ id, name, source, owner }: RulesetFacts): string {
  const called = `ruleset ${name === undefined ? id : `“${escape(name, 60)}”`}`;
  if (source === '') return called;
  return `${called} (${owner === undefined ? '' : `${OWNERS[owner]} `}${escape(source, 80)})`;
}

const OWNERS: Readonly<Record<RulesetOwner, string>> = {
  repository: 'repository',
  organization: 'organisation',
  enterprise: 'enterprise',
};
