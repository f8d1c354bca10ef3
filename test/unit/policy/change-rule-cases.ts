/** Rules with conditions: which changes they hold for, what they ask for, and how they are joined. */
import type { ChangeFacts } from '../../../src/domain/change-facts.ts';
import { known, unknown } from '../../../src/domain/known.ts';
import type { Policy } from '../../../src/policy/schema.ts';
import {
  alice,
  all,
  bob,
  carol,
  cut,
  dave,
  erin,
  frank,
  identity,
  makeChangeFacts as change,
  makeCheck,
  makeCommit,
  makeFile as file,
  makeMerge,
  makeMergedFacts,
  makeReview as review,
  makeRoles,
  policyOf,
  robot,
  sha,
  withChanges,
} from '../../support/make-facts.ts';
import type { Case } from './case.ts';

type RuleCase = Case<ChangeFacts>;
type Rules = NonNullable<Policy['changes']['rules']>;

/** What the gate `rules` says; `passed` where the rest of the case is approved too. */
const row = (
  name: string,
  outcome: 'passed' | 'pending',
  codes: RuleCase['codes'],
  policy: Policy,
  facts: ChangeFacts,
  more: Partial<RuleCase> = {},
): RuleCase => ({
  name,
  gate: 'rules',
  outcome,
  codes,
  policy,
  facts,
  verdict: outcome === 'pending' ? 'held' : 'approved',
  ...more,
});

const MET = ['rule_met'] as const;
const MISSING = ['rule_approvals_missing'] as const;
const NOT_ASKED = ['rules_not_asked'] as const;

const from = (...teams: string[]) => ({ required: 1, from: { teams } });
const rule = (when: Rules[number]['when'], over: Partial<Rules[number]> = {}): Policy =>
  withChanges({ rules: [{ name: 'payments', when, approvals: from('payments'), ...over }] });

/** Erin of team `payments` approved as well. */
const roles = makeRoles({ teams: { payments: known([erin.id]), contractors: known([carol.id]) } });
const approved = all(review(), review({ author: erin }));
const touching = (...paths: string[]) => change({ roles, files: all(...paths.map((path) => file(path))) });
const withErin = (facts: ChangeFacts): ChangeFacts => ({ ...facts, reviews: approved });
const billing = touching('billing/invoice.ts');

const onPaths = rule({ paths: ['billing/**'] });
const pathRows: readonly RuleCase[] = [
  row('no file is touched that it is about', 'passed', NOT_ASKED, onPaths, touching('src/shop.ts')),
  row('a file is touched, and nobody of the team approved', 'pending', MISSING, onPaths, billing),
  row('a file is touched, and one of the team approved', 'passed', MET, onPaths, withErin(billing)),
  row(
    'one file of many is enough',
    'pending',
    MISSING,
    onPaths,
    touching('src/a.ts', 'src/b.ts', 'billing/deep/down/tax.ts'),
  ),
  row('capital letters count, as in git', 'passed', NOT_ASKED, onPaths, touching('Billing/invoice.ts')),
  row('a name with a dot in front is a name', 'pending', MISSING, onPaths, touching('billing/.env')),
  row('a file that is called as the folder', 'pending', MISSING, onPaths, touching('billing')),
  row('a folder that only begins so', 'passed', NOT_ASKED, onPaths, touching('billings/invoice.ts')),
  row(
    'an accent that is written in the other of Unicode’s two ways',
    'pending',
    MISSING,
    rule({ paths: ['fakturování/**'] }),
    touching('fakturování/ucet.ts'.normalize('NFD')),
  ),
  row(
    'a file is removed',
    'pending',
    MISSING,
    onPaths,
    change({ roles, files: all(file('billing/old.ts', { status: 'removed' })) }),
  ),
  row(
    'a file is renamed out of it',
    'pending',
    MISSING,
    onPaths,
    change({
      roles,
      files: all(file('lib/invoice.ts', { status: 'renamed', previousPath: 'billing/invoice.ts' })),
    }),
  ),
  row(
    'a file is renamed elsewhere',
    'passed',
    NOT_ASKED,
    onPaths,
    change({ roles, files: all(file('lib/b.ts', { status: 'renamed', previousPath: 'lib/a.ts' })) }),
  ),
  row(
    'where a renamed file was is not known',
    'pending',
    MISSING,
    onPaths,
    change({ roles, files: all(file('lib/invoice.ts', { status: 'renamed' })) }),
  ),
  row(
    'GitHub ended the list of files early',
    'pending',
    MISSING,
    onPaths,
    change({ roles, files: cut(all(file('src/shop.ts'))) }),
  ),
  row(
    'GitHub ended the list early, and what the rule asks for is there anyway',
    'passed',
    MET,
    onPaths,
    change({ roles, reviews: approved, files: cut(all(file('src/shop.ts'))) }),
  ),
  row(
    'of a merged change the files count all the same',
    'pending',
    MISSING,
    onPaths,
    makeMergedFacts({ roles, files: all(file('billing/invoice.ts')) }),
  ),
];

const onLabel = rule({ labels: ['Security'] });
const labelled = (...labels: string[]) => change({ roles, labels: all(...labels) });
const described = (at: string | null, labels = all<string>(), title = 'Sell more') =>
  makeMergedFacts({
    roles,
    labels,
    pullRequest: { title, describedAt: known(at), state: 'merged', merged: makeMerge() },
  });
const labelRows: readonly RuleCase[] = [
  row('it has no label', 'passed', NOT_ASKED, onLabel, labelled()),
  row('it has another label', 'passed', NOT_ASKED, onLabel, labelled('docs')),
  row('it has the label', 'pending', MISSING, onLabel, labelled('docs', 'Security')),
  row(
    'it has the label in other letters, which GitHub takes as the same',
    'pending',
    MISSING,
    onLabel,
    labelled('security'),
  ),
  row(
    'it has the label, and one of the team approved',
    'passed',
    MET,
    onLabel,
    withErin(labelled('Security')),
  ),
  row(
    'not all labels could be read',
    'pending',
    MISSING,
    onLabel,
    change({ roles, labels: cut(all('docs')) }),
  ),
  row(
    'merged without the label, which nobody touched since',
    'passed',
    NOT_ASKED,
    onLabel,
    described('2026-03-02T08:00:00Z'),
  ),
  row(
    'merged, and its labels were changed after that',
    'pending',
    MISSING,
    onLabel,
    described('2026-03-04T08:00:00Z'),
  ),
  row(
    'merged, and GitHub doesn’t say when its labels were changed',
    'pending',
    MISSING,
    onLabel,
    makeMergedFacts({
      roles,
      pullRequest: {
        state: 'merged',
        merged: makeMerge(),
        describedAt: unknown('GitHub tells no timeline of it'),
      },
    }),
  ),
];

const onTitle = rule({ title: ['*hotfix*', 'v?.*'] });
const titled = (title: string) => change({ roles, pullRequest: { title } });
const titleRows: readonly RuleCase[] = [
  row('the title is another', 'passed', NOT_ASKED, onTitle, titled('Sell more')),
  row('the title has the word', 'pending', MISSING, onTitle, titled('A hotfix for billing/invoices')),
  row('capital letters count', 'passed', NOT_ASKED, onTitle, titled('Hotfix')),
  row('the whole title is compared', 'passed', NOT_ASKED, onTitle, titled('Release v2.1')),
  row('one sign for one character', 'pending', MISSING, onTitle, titled('v2.1')),
  row(
    'merged, and its title was changed after that',
    'pending',
    MISSING,
    onTitle,
    described('2026-03-04T08:00:00Z'),
  ),
];

const onBranch = rule({ branches: ['release/*'] });
const branchRows: readonly RuleCase[] = [
  row('it goes into another branch', 'passed', NOT_ASKED, onBranch, change({ roles })),
  row(
    'it goes into the branch',
    'pending',
    MISSING,
    withChanges({ branches: ['main', 'release/*'] }, onBranch),
    change({
      roles,
      pullRequest: { baseRef: 'release/2' },
      protection: { ...change().protection, branch: 'release/2' },
    }),
  ),
];

const byContractors = rule({ authors: { teams: ['contractors'], users: ['frank'] } });
const madeBy = (...people: (typeof carol)[]) =>
  change({
    roles,
    commits: all(makeCommit('head', { coAuthors: people.map((each) => identity(each)) })),
  });
const authorRows: readonly RuleCase[] = [
  row('nobody of them made any of it', 'passed', NOT_ASKED, byContractors, change({ roles })),
  row('one of the team is a co-author', 'pending', MISSING, byContractors, madeBy(carol)),
  row('one of the users is a co-author', 'pending', MISSING, byContractors, madeBy(frank)),
  row(
    'one of the users, who may not write here, is a co-author',
    'pending',
    MISSING,
    byContractors,
    change({
      roles: { ...roles, permissions: { [frank.id]: known('none') }, usersMustWrite: true },
      commits: all(makeCommit('head', { coAuthors: [identity(frank)] })),
    }),
  ),
  row(
    'the account of one of the users is a co-author, by another login',
    'pending',
    MISSING,
    rule({ authors: { users: [{ login: 'franky', id: frank.id }] } }),
    madeBy(frank),
  ),
  row(
    'one of the users pushed to it',
    'pending',
    MISSING,
    byContractors,
    change({ roles, pushers: known([alice, frank]) }),
  ),
  row(
    'one of them made it, and one whom the rule asks for approved',
    'passed',
    MET,
    byContractors,
    withErin(madeBy(carol)),
  ),
  row(
    'who is in the team could not be read',
    'pending',
    MISSING,
    byContractors,
    change({
      roles: makeRoles({
        teams: { payments: known([erin.id]), contractors: unknown('GitHub answered 403') },
      }),
    }),
  ),
  row(
    'an e-mail of no account may be one of theirs',
    'pending',
    MISSING,
    byContractors,
    change({ roles, commits: all(makeCommit('head', { author: identity(null) })) }),
  ),
  row(
    'who pushed is not known',
    'pending',
    MISSING,
    byContractors,
    change({ roles, pushers: unknown('GitHub shows no activity') }),
  ),
  row(
    'not all commits could be read',
    'pending',
    MISSING,
    byContractors,
    change({ roles, commits: cut(change().commits) }),
  ),
  row(
    'a bot made it',
    'pending',
    MISSING,
    rule({ authors: { bots: true } }),
    change({
      roles,
      pullRequest: { author: robot },
      pushers: known([robot]),
      commits: all(makeCommit('head', { author: identity(robot), committer: identity(robot) })),
    }),
  ),
  row('no bot made it', 'passed', NOT_ASKED, rule({ authors: { bots: true } }), change({ roles })),
];

const larger = rule({ size: { lines_over: 100, files_over: 2 } });
const sized = (additions: number, deletions: number) =>
  change({ roles, files: all(file('src/shop.ts', { additions, deletions })) });
const sizeRows: readonly RuleCase[] = [
  row('as many lines as are allowed', 'passed', NOT_ASKED, larger, sized(60, 40)),
  row('one line more', 'pending', MISSING, larger, sized(60, 41)),
  row('as many files as are allowed', 'passed', NOT_ASKED, larger, touching('a', 'b')),
  row('one file more', 'pending', MISSING, larger, touching('a', 'b', 'c')),
  row('a large one, and one of the team approved', 'passed', MET, larger, withErin(sized(500, 0))),
  row(
    'how many there are is not known',
    'pending',
    MISSING,
    larger,
    change({ roles, files: cut(all(file('a'))) }),
  ),
  row(
    'what was seen is enough to know',
    'pending',
    MISSING,
    larger,
    change({ roles, files: cut(all(file('a', { additions: 101 }))) }),
  ),
];

const both = rule({ paths: ['billing/**'], size: { lines_over: 100 } });
const conditionRows: readonly RuleCase[] = [
  row('only one of its conditions holds', 'passed', NOT_ASKED, both, billing),
  row(
    'all of its conditions hold',
    'pending',
    MISSING,
    both,
    change({ roles, files: all(file('billing/tax.ts', { additions: 101 })) }),
  ),
  row(
    'one holds, and the other can’t be judged',
    'pending',
    MISSING,
    both,
    change({ roles, files: cut(all(file('billing/tax.ts'))) }),
  ),
  row(
    'one doesn’t hold, whatever the other would say',
    'passed',
    NOT_ASKED,
    rule({ paths: ['billing/**'], branches: ['release/*'] }),
    change({ roles, files: cut(all(file('a'))) }),
  ),
  row('without conditions, for every change', 'pending', MISSING, rule(undefined), change({ roles })),
];

const two = { required: 2, from: { teams: ['payments'], users: ['dave'] } };
const approvalRows: readonly RuleCase[] = [
  row('an approval of another commit', 'pending', MISSING, onPaths, {
    ...billing,
    reviews: all(review(), review({ author: erin, commit: sha('older') })),
  }),
  row('one of the team who made a part of it', 'pending', MISSING, onPaths, {
    ...billing,
    reviews: approved,
    pushers: known([alice, erin]),
  }),
  row(
    'one of two',
    'pending',
    MISSING,
    rule({ paths: ['billing/**'] }, { approvals: two }),
    withErin(billing),
  ),
  row('two of two', 'passed', MET, rule({ paths: ['billing/**'] }, { approvals: two }), {
    ...billing,
    reviews: all(...approved.items, review({ author: dave })),
  }),
  row(
    'one person who approved twice counts once',
    'pending',
    MISSING,
    rule({ paths: ['billing/**'] }, { approvals: two }),
    {
      ...billing,
      reviews: all(
        review(),
        review({ author: erin }),
        review({ author: erin, submittedAt: '2026-03-02T10:30:00Z' }),
      ),
    },
  ),
  row(
    'one approval is enough for every change’s demand and for two rules',
    'passed',
    ['rule_met', 'rule_met'],
    withChanges({
      rules: [
        { name: 'by bob', approvals: { required: 1, from: { users: ['bob'] } } },
        { name: 'maintainers', approvals: from('maintainers') },
      ],
    }),
    change(),
  ),
  row(
    'whether an approver is in the team could not be read',
    'pending',
    MISSING,
    onPaths,
    withErin({ ...billing, roles: makeRoles({ teams: { payments: unknown('GitHub answered 403') } }) }),
  ),
  {
    ...row(
      'an approval that counts for a rule alone is not called one that doesn’t count',
      'passed',
      [],
      onPaths,
      withErin(billing),
    ),
    gate: 'approvals',
    codes: ['approvals_given'],
  },
  {
    ...row('a rule’s approval is none for every change', 'pending', [], onPaths, {
      ...billing,
      reviews: all(review({ author: erin })),
    }),
    gate: 'approvals',
    codes: ['approvals_missing'],
  },
  {
    ...row('who could approve by a rule that holds can ask for changes', 'pending', [], onPaths, {
      ...billing,
      reviews: all(review(), review({ author: erin, state: 'changes_requested' })),
    }),
    gate: 'changes_requested',
    codes: ['changes_requested'],
  },
  {
    ...row('who could approve by a rule that doesn’t hold can’t', 'passed', [], onPaths, {
      ...touching('src/shop.ts'),
      reviews: all(review(), review({ author: erin, state: 'changes_requested' })),
    }),
    gate: 'changes_requested',
    codes: ['no_changes_requested'],
  },
];

const checked = (checks: Rules[number]['checks']) =>
  rule({ paths: ['billing/**'] }, { approvals: undefined, checks });
const reported = (...checks: ReturnType<typeof makeCheck>[]) => ({
  ...billing,
  checks: all(makeCheck(), ...checks),
});
const tax = (over: Partial<ReturnType<typeof makeCheck>> = {}) => makeCheck({ name: 'ci/tax', ...over });
const checkRows: readonly RuleCase[] = [
  row('its check was not reported', 'pending', ['check_missing'], checked(['ci/tax']), billing),
  row('its check succeeded', 'passed', MET, checked(['ci/tax']), reported(tax())),
  row('its check was skipped', 'passed', MET, checked(['ci/tax']), reported(tax({ state: 'skipped' }))),
  row('its check is neutral', 'passed', MET, checked(['ci/tax']), reported(tax({ state: 'neutral' }))),
  row(
    'its check failed',
    'pending',
    ['check_failed'],
    checked(['ci/tax']),
    reported(tax({ state: 'failure' })),
  ),
  row(
    'its check is running',
    'pending',
    ['check_pending'],
    checked(['ci/tax']),
    reported(tax({ state: 'pending' })),
  ),
  row(
    'two apps report it, and the worse counts',
    'pending',
    ['check_failed'],
    checked(['ci/tax']),
    reported(tax(), tax({ appId: 7, state: 'failure' })),
  ),
  row(
    'a status of the same name counts as well',
    'pending',
    ['check_failed'],
    checked(['ci/tax']),
    reported(tax(), tax({ appId: null, state: 'failure' })),
  ),
  row(
    'asked of an app, another app’s failure is nothing',
    'passed',
    MET,
    checked([{ name: 'ci/tax', app: 15_368 }]),
    reported(tax(), tax({ appId: 7, state: 'failure' })),
  ),
  row(
    'asked of an app, another app’s success is nothing',
    'pending',
    ['check_missing'],
    checked([{ name: 'ci/tax', app: 15_368 }]),
    reported(tax({ appId: 7 })),
  ),
  row(
    'asked of an app, a status is nothing',
    'pending',
    ['check_missing'],
    checked([{ name: 'ci/tax', app: 15_368 }]),
    reported(tax({ appId: null })),
  ),
  row(
    'asked of an app, which skipped it while a status failed',
    'passed',
    MET,
    checked([{ name: 'ci/tax', app: 15_368 }]),
    reported(tax({ state: 'skipped' }), tax({ appId: null, state: 'failure' })),
  ),
  row(
    'where the rule doesn’t hold, its check isn’t waited for',
    'passed',
    NOT_ASKED,
    checked(['ci/tax']),
    touching('src/shop.ts'),
  ),
  row(
    'it asks for both, and has neither',
    'pending',
    ['rule_approvals_missing', 'check_missing'],
    rule({ paths: ['billing/**'] }, { checks: ['ci/tax'] }),
    billing,
  ),
];

const when = { paths: ['billing/**'] };
const named = (name: string, user: string, condition: Rules[number]['when'] = when): Rules[number] => ({
  name,
  when: condition,
  approvals: { required: 1, from: { users: [user] } },
});
const joined = (require: Policy['changes']['require'], ...rules: Rules): Policy =>
  withChanges({ rules, require });
const [a, b, c] = [named('a', 'erin'), named('b', 'dave'), named('c', 'frank')];
const by = (...people: (typeof erin)[]) => ({
  ...billing,
  reviews: all(review(), ...people.map((author) => review({ author }))),
});
const elsewhere = touching('src/shop.ts');
const joinedRows: readonly RuleCase[] = [
  row(
    'any: none of them',
    'pending',
    ['rule_approvals_missing', 'rule_approvals_missing'],
    joined({ any: ['a', 'b'] }, a, b),
    by(),
  ),
  row(
    'any: one of them',
    'passed',
    ['rule_met', 'rule_not_needed'],
    joined({ any: ['a', 'b'] }, a, b),
    by(erin),
  ),
  row(
    'any: the other one',
    'passed',
    ['rule_not_needed', 'rule_met'],
    joined({ any: ['a', 'b'] }, a, b),
    by(dave),
  ),
  row('any: both', 'passed', ['rule_met', 'rule_met'], joined({ any: ['a', 'b'] }, a, b), by(erin, dave)),
  row('any: none of them holds', 'passed', NOT_ASKED, joined({ any: ['a', 'b'] }, a, b), elsewhere),
  row(
    'any: whether they hold can’t be judged, and none has what it asks for',
    'pending',
    ['rule_approvals_missing', 'rule_approvals_missing'],
    joined({ any: ['a', 'b'] }, a, b),
    { ...elsewhere, files: cut(elsewhere.files) },
  ),
  row(
    'all: one of them',
    'pending',
    ['rule_approvals_missing', 'rule_met'],
    joined({ all: ['a', 'b'] }, a, b),
    by(erin),
  ),
  row('all: both', 'passed', ['rule_met', 'rule_met'], joined({ all: ['a', 'b'] }, a, b), by(erin, dave)),
  row(
    'without require, all of them',
    'pending',
    ['rule_approvals_missing', 'rule_met'],
    joined(undefined, a, b),
    by(erin),
  ),
  row(
    'all of one and any of two: only the one',
    'pending',
    ['rule_approvals_missing', 'rule_approvals_missing', 'rule_met'],
    joined({ all: ['a', { any: ['b', 'c'] }] }, a, b, c),
    by(erin),
  ),
  row(
    'all of one and any of two: only one of the two',
    'pending',
    ['rule_approvals_missing', 'rule_met', 'rule_not_needed'],
    joined({ all: ['a', { any: ['b', 'c'] }] }, a, b, c),
    by(dave),
  ),
  row(
    'all of one and any of two: enough',
    'passed',
    ['rule_met', 'rule_not_needed', 'rule_met'],
    joined({ all: ['a', { any: ['b', 'c'] }] }, a, b, c),
    by(erin, frank),
  ),
  row(
    'any of one and all of two: half of the two',
    'pending',
    ['rule_approvals_missing', 'rule_approvals_missing', 'rule_met'],
    joined({ any: ['a', { all: ['b', 'c'] }] }, a, b, c),
    by(dave),
  ),
  row(
    'any of one and all of two: the two',
    'passed',
    ['rule_not_needed', 'rule_met', 'rule_met'],
    joined({ any: ['a', { all: ['b', 'c'] }] }, a, b, c),
    by(dave, frank),
  ),
  row(
    'a rule that doesn’t hold takes nothing from an any beside it',
    'pending',
    ['rule_approvals_missing', 'rule_approvals_missing', 'rules_not_asked'],
    joined({ all: ['a', { any: ['b', 'c'] }] }, named('a', 'erin', { paths: ['docs/**'] }), b, c),
    by(bob),
  ),
];

const blocked = withChanges({ block: { labels: ['do not merge'] } });
const vetoed = withChanges({ block: { by: { teams: ['security'], users: ['frank'] } } });
const watched = makeRoles({ teams: { security: known([erin.id, dave.id]) } });
const veto = (id: number, over: Parameters<typeof review>[0] = {}) =>
  review({ id, author: erin, state: 'changes_requested', ...over });
const said = (
  reviews: readonly ReturnType<typeof review>[],
  dismissals: ChangeFacts['dismissals']['items'] = [],
) => change({ roles: watched, reviews: all(review(), ...reviews), dismissals: all(...dismissals) });
const dismissed = (id: number, by: typeof alice | null) => ({
  review: id,
  was: 'changes_requested' as const,
  by,
});
const block = (
  name: string,
  outcome: 'passed' | 'pending',
  policy: Policy,
  facts: ChangeFacts,
  codes: RuleCase['codes'],
): RuleCase => ({ ...row(name, outcome, codes, policy, facts), gate: 'block' });

const blockRows: readonly RuleCase[] = [
  { ...block('nothing blocks by the policy', 'passed', policyOf(), change(), []), outcome: 'not_applicable' },
  block('without the label', 'passed', blocked, change(), ['not_blocked']),
  block('with the label', 'pending', blocked, change({ labels: all('docs', 'Do Not Merge') }), [
    'blocked_by_label',
  ]),
  block('not all labels could be read', 'pending', blocked, change({ labels: cut(all('docs')) }), [
    'facts_incomplete',
  ]),
  block('nobody vetoes', 'passed', vetoed, said([]), ['not_blocked']),
  block('one of the team vetoes', 'pending', vetoed, said([veto(900)]), ['change_vetoed']),
  block('one of the users vetoes', 'pending', vetoed, said([veto(900, { author: frank })]), [
    'change_vetoed',
  ]),
  block(
    'a veto of an earlier commit stands',
    'pending',
    vetoed,
    said([veto(900, { commit: sha('older') })]),
    ['change_vetoed'],
  ),
  block(
    'who is not one of them vetoes nothing',
    'passed',
    vetoed,
    said([veto(900, { author: carol, state: 'commented' })]),
    ['not_blocked'],
  ),
  block(
    'a veto, and their comment after it',
    'pending',
    vetoed,
    said([
      veto(900),
      review({ id: 901, author: erin, state: 'commented', submittedAt: '2026-03-02T11:00:00Z' }),
    ]),
    ['change_vetoed'],
  ),
  block(
    'a veto, and their approval after it',
    'passed',
    vetoed,
    said([veto(900), review({ id: 901, author: erin, submittedAt: '2026-03-02T11:00:00Z' })]),
    ['not_blocked'],
  ),
  block(
    'a veto, and another one’s approval after it',
    'pending',
    vetoed,
    said([veto(900), review({ id: 901, author: dave, submittedAt: '2026-03-02T11:00:00Z' })]),
    ['change_vetoed'],
  ),
  block(
    'dismissed by the author of the change',
    'pending',
    vetoed,
    said([veto(900, { state: 'dismissed' })], [dismissed(900, alice)]),
    ['change_vetoed'],
  ),
  block(
    'dismissed by somebody else with write access',
    'pending',
    vetoed,
    said([veto(900, { state: 'dismissed' })], [dismissed(900, bob)]),
    ['change_vetoed'],
  ),
  block(
    'dismissed by another one of the team',
    'passed',
    vetoed,
    said([veto(900, { state: 'dismissed' })], [dismissed(900, dave)]),
    ['not_blocked'],
  ),
  block(
    'dismissed by whoever gave it',
    'passed',
    vetoed,
    said([veto(900, { state: 'dismissed' })], [dismissed(900, erin)]),
    ['not_blocked'],
  ),
  block(
    'dismissed by one of the team who made a part of the change',
    'pending',
    vetoed,
    { ...said([veto(900, { state: 'dismissed' })], [dismissed(900, dave)]), pushers: known([alice, dave]) },
    ['change_vetoed'],
  ),
  block(
    'dismissed by an account that is deleted',
    'pending',
    vetoed,
    said([veto(900, { state: 'dismissed' })], [dismissed(900, null)]),
    ['change_vetoed'],
  ),
  block(
    'dismissed, and GitHub doesn’t say by whom',
    'pending',
    vetoed,
    said([veto(900, { state: 'dismissed' })]),
    ['change_vetoed'],
  ),
  block(
    'an approval of theirs was dismissed: there was no veto',
    'passed',
    vetoed,
    said([veto(900, { state: 'dismissed' })], [{ review: 900, was: 'approved', by: alice }]),
    ['not_blocked'],
  ),
  block(
    'dismissed in vain, and then they approved',
    'passed',
    vetoed,
    said(
      [
        veto(900, { state: 'dismissed' }),
        review({ id: 901, author: erin, submittedAt: '2026-03-02T11:00:00Z' }),
      ],
      [dismissed(900, alice)],
    ),
    ['not_blocked'],
  ),
  block(
    'who is in the team could not be read',
    'pending',
    vetoed,
    { ...said([veto(900)]), roles: makeRoles({ teams: { security: unknown('GitHub answered 403') } }) },
    ['change_vetoed'],
  ),
  block(
    'whether the one who dismissed it may could not be read',
    'pending',
    vetoed,
    {
      ...said([veto(900, { author: frank, state: 'dismissed' })], [dismissed(900, dave)]),
      roles: makeRoles({ teams: { security: unknown('GitHub answered 403') } }),
    },
    ['change_vetoed'],
  ),
  block(
    'they left the team since',
    'passed',
    vetoed,
    { ...said([veto(900)]), roles: makeRoles({ teams: { security: known([]) } }) },
    ['not_blocked'],
  ),
  block('the account that vetoed is deleted', 'pending', vetoed, said([veto(900, { author: null })]), [
    'change_vetoed',
  ]),
  block(
    'a label and a veto at once',
    'pending',
    withChanges({ block: { labels: ['do not merge'], by: { users: ['frank'] } } }),
    change({ labels: all('do not merge'), reviews: all(review(), veto(900, { author: frank })) }),
    ['blocked_by_label', 'change_vetoed'],
  ),
];

export const changeRuleCases: readonly (readonly [string, readonly RuleCase[]])[] = [
  ['a rule by paths', pathRows],
  ['a rule by labels', labelRows],
  ['a rule by title', titleRows],
  ['a rule by branch', branchRows],
  ['a rule by authors', authorRows],
  ['a rule by size', sizeRows],
  ['a rule with several conditions, or none', conditionRows],
  ['what a rule asks for: approvals', approvalRows],
  ['what a rule asks for: checks', checkRows],
  ['rules that are joined', joinedRows],
  ['what blocks', blockRows],
];
