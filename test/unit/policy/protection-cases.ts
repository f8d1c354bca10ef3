/** Each setting of `protection:`, by classic protection, by a ruleset, by neither, and where GitHub doesn't say. */
import type { ChangeFacts } from '../../../src/domain/change-facts.ts';
import { known, unknown } from '../../../src/domain/known.ts';
import type { ProtectionFacts, ProtectionRules } from '../../../src/domain/protection-facts.ts';
import { type EnforcedSetting, PROTECTION_SETTINGS } from '../../../src/domain/protection-settings.ts';
import type { ProtectionPolicy } from '../../../src/policy/schema.ts';
import { makeChangeFacts, makeProtection, makeRules, withChanges } from '../../support/make-facts.ts';
import type { Case } from './case.ts';

const NOTHING = makeRules({
  pullRequestRequired: false,
  requiredApprovals: 0,
  dismissesStaleApprovals: false,
  requiredChecks: [],
  forcePushBlocked: false,
  deletionBlocked: false,
  lastPushApproved: false,
  codeOwnersRequired: false,
  conversationsResolved: false,
  linearHistory: false,
  signaturesRequired: false,
  upToDate: false,
  mergeQueue: known(false),
});

const ASKED = {
  pull_request: { pull_request: 'required' },
  stale_approvals: { stale_approvals: 'dismissed' },
  last_push: { last_push: 'approved' },
  code_owners: { code_owners: 'required' },
  conversations: { conversations: 'resolved' },
  linear_history: { linear_history: 'required' },
  signed_commits: { signed_commits: 'required' },
  up_to_date: { up_to_date: 'required' },
  merge_queue: { merge_queue: 'required' },
  force_push: { force_push: 'blocked' },
  deletion: { deletion: 'blocked' },
} as const satisfies Record<EnforcedSetting, ProtectionPolicy>;

/** Only this one, and what it needs. */
const ONLY: Readonly<Record<EnforcedSetting, Partial<ProtectionRules>>> = {
  pull_request: { pullRequestRequired: true },
  stale_approvals: { pullRequestRequired: true, dismissesStaleApprovals: true },
  last_push: { pullRequestRequired: true, lastPushApproved: true },
  code_owners: { pullRequestRequired: true, codeOwnersRequired: true },
  conversations: { conversationsResolved: true },
  linear_history: { linearHistory: true },
  signed_commits: { signaturesRequired: true },
  up_to_date: { upToDate: true },
  merge_queue: { mergeQueue: known(true) },
  force_push: { forcePushBlocked: true },
  deletion: { deletionBlocked: true },
};

const nothing = known(NOTHING);
const noClassic = known(null);
const noRulesets = known([]);
const unseen = unknown('GitHub answered 403');
const rulesets = (rules: ProtectionRules): ProtectionFacts['rulesets'] =>
  known([{ ...rules, id: 3, source: 'acme', owner: 'organization', name: 'main' }]);

function rowsOf(setting: EnforcedSetting): readonly Case<ChangeFacts>[] {
  const asked: ProtectionPolicy = ASKED[setting];
  const on = { ...NOTHING, ...ONLY[setting] };
  const row = (
    name: string,
    over: Partial<ProtectionFacts>,
    outcome: 'holds' | 'missing' | 'unknown',
    more: ProtectionPolicy = {},
  ): Case<ChangeFacts> => ({
    name: `${setting}: ${name}`,
    policy: withChanges({ checks: undefined, protection: { ...asked, ...more } }),
    facts: makeChangeFacts({
      protection: makeProtection({ classic: noClassic, rulesets: noRulesets, ...over }),
    }),
    gate: 'protection',
    outcome: outcome === 'holds' ? 'passed' : 'pending',
    codes: [`protection_${outcome}`],
    // What GitHub requires beside it can't be seen either, which is the checks' gate to say.
    verdict: outcome === 'holds' && over.rulesets !== unseen && over.classic !== unseen ? 'approved' : 'held',
  });
  const included: ProtectionPolicy = { admins: 'included' };
  const spared = { ...on, adminsIncluded: known(false) };
  const hidden = {
    ...on,
    adminsIncluded: unknown("GitHub shows a ruleset's bypass actors only to those who may edit it"),
  };
  const byClassic =
    setting === 'merge_queue' ? [] : [row('by classic protection', { classic: known(on) }, 'holds')];
  return [
    ...byClassic,
    row('by a ruleset', { rulesets: rulesets(on) }, 'holds'),
    row(
      'classic protection lacks it, a ruleset has it',
      { classic: nothing, rulesets: rulesets(on) },
      'holds',
    ),
    row('neither has it', { classic: nothing, rulesets: rulesets(NOTHING) }, 'missing'),
    row('there is no protection at all', {}, 'missing'),
    row('classic protection can’t be seen', { classic: unseen, rulesets: rulesets(NOTHING) }, 'unknown'),
    row(
      'classic protection can’t be seen, a ruleset has it',
      { classic: unseen, rulesets: rulesets(on) },
      'holds',
    ),
    row('rulesets can’t be seen', { classic: nothing, rulesets: unseen }, 'unknown'),
    row(
      'rulesets can’t be seen, classic protection has it',
      { classic: known(on), rulesets: unseen },
      'holds',
    ),
    row('neither can be seen', { classic: unseen, rulesets: unseen }, 'unknown'),
    row('it binds everybody', { classic: known(on) }, 'holds', included),
    row('administrators pass it', { classic: known(spared) }, 'missing', included),
    row('who passes the ruleset isn’t told', { rulesets: rulesets(hidden) }, 'unknown', included),
    row(
      'a ruleset hides who passes it, classic protection binds all',
      { classic: known(on), rulesets: rulesets(hidden) },
      'holds',
      included,
    ),
  ];
}

const HANGS_ON_PULL_REQUEST: ReadonlySet<EnforcedSetting> = new Set([
  'pull_request',
  'stale_approvals',
  'last_push',
  'code_owners',
  'conversations',
]);

const bypassed = PROTECTION_SETTINGS.map((setting): Case<ChangeFacts> => {
  const binds = !HANGS_ON_PULL_REQUEST.has(setting);
  return {
    name: `${setting}: classic protection lets some do without a pull request`,
    policy: withChanges({ checks: undefined, protection: { ...ASKED[setting], admins: 'included' } }),
    facts: makeChangeFacts({
      protection: makeProtection({
        classic: known({ ...NOTHING, ...ONLY[setting], pullRequestBypassed: true }),
      }),
    }),
    gate: 'protection',
    outcome: binds ? 'passed' : 'pending',
    codes: [binds ? 'protection_holds' : 'protection_missing'],
    verdict: binds ? 'approved' : 'held',
  };
});

const queueOfClassic: Case<ChangeFacts> = {
  name: 'merge_queue: there is only classic protection, of which GitHub doesn’t tell it',
  policy: withChanges({ checks: undefined, protection: ASKED.merge_queue }),
  facts: makeChangeFacts({
    protection: makeProtection({
      classic: known(
        makeRules({
          mergeQueue: unknown('GitHub does not say whether classic branch protection requires a merge queue'),
        }),
      ),
    }),
  }),
  gate: 'protection',
  outcome: 'pending',
  codes: ['protection_unknown'],
  verdict: 'held',
};

export const protectionCases: readonly Case<ChangeFacts>[] = [
  ...PROTECTION_SETTINGS.flatMap(rowsOf),
  ...bypassed,
  queueOfClassic,
];
