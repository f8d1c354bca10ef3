import type { ChangeFacts } from '../../../src/domain/change-facts.ts';
import type { CodeOwnersFile } from '../../../src/domain/code-owners-facts.ts';
import { known, unknown, type Known } from '../../../src/domain/known.ts';
import type { RoleFacts } from '../../../src/domain/role-facts.ts';
import type { Policy } from '../../../src/policy/schema.ts';
import {
  alice,
  all,
  bob,
  carol,
  cut,
  dave,
  erin,
  identity,
  makeChangeFacts,
  makeCommit,
  makeFile,
  makeMergedFacts,
  makeReview as review,
  makeRoles,
  robot,
  sha,
  withChanges,
} from '../../support/make-facts.ts';
import type { Case } from './case.ts';

type ChangeCase = Case<ChangeFacts>;

/** Maintainers approve, and code owners what is theirs. */
const both = withChanges({ approvals: { required: 1, from: { teams: ['maintainers'], codeowners: true } } });
const two = withChanges({ approvals: { required: 2, from: { teams: ['maintainers'], codeowners: true } } });
/** Nobody but code owners approves. */
const only = withChanges({ approvals: { required: 1, from: { codeowners: true } } });

const file = (...lines: readonly string[]): Known<CodeOwnersFile> =>
  known({ path: '.github/CODEOWNERS', commit: sha('base'), text: `${lines.join('\n')}\n` });
const files = (...paths: readonly string[]) => all(...paths.map((path) => makeFile(path)));
/** Everyone may write, and so may the team `payments`, of which dave is. */
const roles = (over: Partial<RoleFacts> = {}): RoleFacts => ({
  ...makeRoles({
    teams: { payments: known([dave.id]), ...over.teams },
    permissions: Object.fromEntries(
      [alice, bob, carol, dave, erin].map(({ id }) => [String(id), known('write')]),
    ),
  }),
  owningTeams: { payments: known(true), ...over.owningTeams },
  ownersByEmail: { 'docs@example.com': known(erin.id), ...over.ownersByEmail },
  ...(over.permissions === undefined ? {} : { permissions: over.permissions }),
});

type Over = Parameters<typeof makeChangeFacts>[0];

const change = (codeOwners: Known<CodeOwnersFile | null>, over: Over = {}) =>
  makeChangeFacts({ codeOwners, roles: roles(), ...over });
const approvedBy = (...people: readonly (typeof bob)[]) => ({
  reviews: all(...people.map((author) => review({ author }))),
});

const row = (
  name: string,
  outcome: ChangeCase['outcome'],
  codes: ChangeCase['codes'],
  facts: ChangeFacts,
  more: Partial<ChangeCase> = {},
): ChangeCase => ({
  name,
  gate: 'code_owners',
  outcome,
  codes,
  facts,
  policy: both,
  verdict: outcome === 'pending' ? 'held' : 'approved',
  ...more,
});

const GIVEN = ['code_owner_approval_given'] as const;
const MISSING = ['code_owner_approval_missing'] as const;

const ownerRows: readonly ChangeCase[] = [
  row('an owner by login approved', 'passed', GIVEN, change(file('* @bob'))),
  row('the case of a login makes no difference', 'passed', GIVEN, change(file('* @BoB'))),
  row('another maintainer approved', 'pending', MISSING, change(file('* @carol'))),
  row('nobody approved', 'pending', MISSING, change(file('* @bob'), { reviews: all() })),
  row('one of two owners is enough', 'passed', GIVEN, change(file('* @carol @bob'))),
  row(
    'of two lines for the same files the later counts',
    'pending',
    MISSING,
    change(file('* @bob', '/src/ @carol')),
  ),
  row(
    'and so it does where it is less exact',
    'passed',
    GIVEN,
    change(file('/src/shop.ts @carol', '* @bob')),
  ),
  row(
    'an owner who is no maintainer, where all files are owned',
    'passed',
    GIVEN,
    change(file('* @dave'), approvedBy(dave)),
  ),
  row('a member of a team that owns it', 'passed', GIVEN, change(file('* @acme/payments'), approvedBy(dave))),
  row(
    'the case of a team makes no difference',
    'passed',
    GIVEN,
    change(file('* @Acme/Payments'), approvedBy(dave)),
  ),
  row('somebody outside of the team', 'pending', MISSING, change(file('* @acme/payments'))),
  row(
    'somebody who left the team',
    'pending',
    MISSING,
    change(file('* @acme/payments'), {
      ...approvedBy(dave),
      roles: roles({ teams: { payments: known([]) } }),
    }),
  ),
  row(
    'a team that can’t be read',
    'pending',
    ['code_owner_approval_missing', 'role_unknown'],
    change(file('* @acme/payments'), {
      roles: roles({ teams: { payments: unknown('GitHub answered 403') } }),
    }),
  ),
  row(
    'a team whose write access can’t be read',
    'pending',
    MISSING,
    change(file('* @acme/payments'), {
      ...approvedBy(dave),
      roles: roles({ owningTeams: { payments: unknown('GitHub answered 403') } }),
    }),
  ),
  row(
    'a team whose write access was not looked up',
    'pending',
    MISSING,
    change(file('* @acme/payments'), {
      ...approvedBy(dave),
      roles: { ...makeRoles({ teams: { payments: known([dave.id]) } }) },
    }),
  ),
  row('an owner by e-mail', 'passed', GIVEN, change(file('* Docs@example.com'), approvedBy(erin))),
  row('an e-mail of somebody else', 'pending', MISSING, change(file('* docs@example.com'))),
  row(
    'an e-mail that belongs to nobody we could find',
    'pending',
    ['code_owner_approval_missing', 'role_unknown'],
    change(file('* docs@example.com'), {
      ...approvedBy(erin, bob),
      roles: roles({ ownersByEmail: { 'docs@example.com': unknown('nobody has committed here under it') } }),
    }),
  ),
  row(
    'an e-mail that was not looked up',
    'pending',
    ['code_owner_approval_missing', 'role_unknown'],
    change(file('* new@example.com'), approvedBy(erin, bob)),
  ),
  row(
    'an owner who may only read',
    'pending',
    ['code_owner_approval_missing', 'code_owner_without_access'],
    change(file('* @bob'), { roles: roles({ permissions: { [bob.id]: known('read') } }) }),
  ),
  row(
    'an owner who may only read, and is nobody else whom the policy asks',
    'pending',
    ['code_owner_approval_missing', 'code_owner_without_access'],
    change(file('* @dave'), {
      ...approvedBy(dave),
      roles: roles({ permissions: { [dave.id]: known('triage') } }),
    }),
  ),
  row(
    'an owner whose permission can’t be read',
    'pending',
    ['code_owner_approval_missing', 'role_unknown'],
    change(file('* @bob'), { roles: roles({ permissions: { [bob.id]: unknown('GitHub answered 403') } }) }),
  ),
  row(
    'an account that took the login of an owner who renamed theirs: GitHub means it, too',
    'passed',
    GIVEN,
    change(file('* @dave'), {
      reviews: all(review({ author: { ...bob, login: 'dave' } })),
    }),
  ),
  row(
    'an owner whose account was renamed since the file was written',
    'pending',
    MISSING,
    change(file('* @bob'), { reviews: all(review({ author: { ...bob, login: 'robert' } })) }),
  ),
  row(
    'a deleted account approved',
    'pending',
    MISSING,
    change(file('* @bob'), { reviews: all(review({ author: null }), review({ author: carol })) }),
  ),
  row(
    'a bot that is named as owner',
    'pending',
    MISSING,
    change(file('* @robot[bot]'), {
      reviews: all(review(), review({ author: robot })),
      roles: roles({ permissions: { [robot.id]: known('admin'), [bob.id]: known('write') } }),
    }),
  ),
];

const countingRows: readonly ChangeCase[] = [
  row(
    'an owner’s approval of an older head is stale',
    'pending',
    MISSING,
    change(file('* @bob'), { reviews: all(review({ commit: sha('older') }), review({ author: carol })) }),
  ),
  row(
    'an owner’s approval from before the base changed',
    'pending',
    MISSING,
    change(file('* @bob'), { pullRequest: { baseChangedAt: known('2026-03-02T11:00:00Z') } }),
  ),
  row(
    'an owner’s approval that was dismissed',
    'pending',
    MISSING,
    change(file('* @bob'), { reviews: all(review({ state: 'dismissed' }), review({ author: carol })) }),
  ),
  row(
    'an owner who made a commit of it',
    'pending',
    MISSING,
    change(file('* @bob @dave'), {
      ...approvedBy(bob, carol),
      commits: all(makeCommit('head'), makeCommit('other', { author: identity(bob) })),
    }),
  ),
  row(
    'an owner who asks for changes, though they are no maintainer',
    'pending',
    ['changes_requested'],
    change(file('/src/ @dave @bob'), {
      reviews: all(review(), review({ author: dave, state: 'changes_requested' })),
    }),
    { gate: 'changes_requested' },
  ),
  row(
    'somebody who owns none of the files asks for changes',
    'passed',
    ['no_changes_requested'],
    change(file('/docs/ @dave'), {
      reviews: all(review(), review({ author: dave, state: 'changes_requested' })),
    }),
    { gate: 'changes_requested' },
  ),
  row(
    'the owner’s approval is one of the two that are required',
    'passed',
    ['approvals_given'],
    change(file('* @dave'), approvedBy(dave, bob)),
    { gate: 'approvals', policy: two },
  ),
  row(
    'an owner’s approval alone is not two',
    'pending',
    ['approvals_missing'],
    change(file('* @dave'), approvedBy(dave)),
    { gate: 'approvals', policy: two },
  ),
  row(
    'the owner of one file can’t answer for another that nobody owns',
    'pending',
    ['approvals_missing'],
    change(file('/docs/ @dave'), { ...approvedBy(dave), files: files('docs/a.md', 'src/shop.ts') }),
    { gate: 'approvals' },
  ),
  row(
    'but they can for their own, beside a maintainer',
    'passed',
    GIVEN,
    change(file('/docs/ @dave'), { ...approvedBy(dave, bob), files: files('docs/a.md', 'src/shop.ts') }),
  ),
  row(
    'somebody who owns nothing of it, and is no maintainer',
    'pending',
    ['approvals_missing', 'approver_not_eligible'],
    change(file('* @bob'), approvedBy(dave)),
    { gate: 'approvals' },
  ),
  row(
    'where the owners aren’t known, neither is whether somebody is one',
    'pending',
    ['approvals_missing', 'role_unknown'],
    change(unknown('GitHub answered 403'), approvedBy(dave)),
    { gate: 'approvals' },
  ),
  row(
    'a maintainer’s approval counts for the number, whoever owns the file',
    'passed',
    ['approvals_given'],
    change(file('* @dave')),
    { gate: 'approvals', verdict: 'held' },
  ),
  row(
    'of a merged change, the approval of what was merged counts',
    'passed',
    GIVEN,
    makeMergedFacts({ codeOwners: file('* @bob'), roles: roles() }),
  ),
];

const fileRows: readonly ChangeCase[] = [
  row(
    'two owners’ files, and both approved',
    'passed',
    ['code_owner_approval_given', 'code_owner_approval_given'],
    change(file('/src/ @bob', '/docs/ @carol'), {
      ...approvedBy(bob, carol),
      files: files('src/a', 'docs/a'),
    }),
  ),
  row(
    'two owners’ files, and one approved',
    'pending',
    ['code_owner_approval_missing', 'code_owner_approval_given'],
    change(file('/src/ @bob', '/docs/ @carol'), {
      files: files('src/a', 'src/b', 'docs/a', 'docs/b', 'docs/c', 'docs/d'),
    }),
  ),
  row(
    'a file that moved away from its owner',
    'pending',
    MISSING,
    change(file('/billing/ @dave'), {
      files: all(makeFile('src/a.ts', { status: 'renamed', previousPath: 'billing/a.ts' })),
    }),
  ),
  row(
    'a file that moved to its owner',
    'pending',
    MISSING,
    change(file('/billing/ @dave'), {
      files: all(makeFile('billing/a.ts', { status: 'renamed', previousPath: 'src/a.ts' })),
    }),
  ),
  row(
    'a line without owners takes files away from them',
    'passed',
    ['no_code_owners'],
    change(file('* @dave', '/src/')),
  ),
  row(
    'a file whose name differs in case has no owner',
    'passed',
    ['no_code_owners'],
    change(file('/SRC/ @dave')),
  ),
  row('no line means the file', 'passed', ['no_code_owners'], change(file('/docs/ @dave'))),
  row('an empty file', 'passed', ['no_code_owners'], change(file(''))),
  row('the base has no CODEOWNERS', 'passed', ['no_code_owners'], change(known(null))),
  row(
    'the base has no CODEOWNERS, and nobody else is asked',
    'pending',
    ['files_without_owner'],
    change(known(null)),
    { policy: only },
  ),
  row(
    'a file has no owner, and nobody else is asked',
    'pending',
    ['files_without_owner', 'code_owner_approval_given'],
    change(file('/src/ @bob'), { files: files('src/shop.ts', 'docs/a.md') }),
    { policy: only },
  ),
  row('all files have owners, and nobody else is asked', 'passed', GIVEN, change(file('* @bob')), {
    policy: only,
  }),
  row(
    'CODEOWNERS could not be read',
    'pending',
    ['code_owners_unknown'],
    change(unknown('CODEOWNERS is 3 MB or more, and GitHub loads no such file: shorten it')),
  ),
  row('CODEOWNERS was not read', 'pending', ['code_owners_unknown'], makeChangeFacts({ roles: roles() })),
  row(
    'where a file was that moved was not read',
    'pending',
    ['code_owners_unknown'],
    change(file('* @bob'), { files: all(makeFile('src/a.ts', { status: 'renamed' })) }),
  ),
  row(
    'not every changed file could be read',
    'pending',
    ['code_owners_unknown'],
    change(file('* @bob'), { files: cut(files('src/shop.ts')) }),
  ),
];

const lineRows: readonly ChangeCase[] = [
  row(
    'a line that GitHub skips is named, and the line before it counts',
    'passed',
    ['code_owner_approval_given', 'code_owners_line_skipped'],
    change(file('* @bob', '/src/ carol')),
  ),
  row(
    'a skipped line is named while an approval is missing, too',
    'pending',
    ['code_owner_approval_missing', 'code_owners_line_skipped'],
    change(file('* @carol', '!/src/ @bob')),
  ),
  row(
    'a skipped line would leave the file to nobody',
    'pending',
    ['code_owners_line_broken'],
    change(file('/src/ carol')),
  ),
  row(
    'so would one with a pattern that GitHub can’t read',
    'pending',
    ['code_owners_line_broken'],
    change(file('/[st]rc/ @carol')),
  ),
  row(
    'and one that comes after a line which took the owners away',
    'pending',
    ['code_owners_line_broken'],
    change(file('* @bob', '/src/', '/src/shop.ts @')),
  ),
  row(
    'a later line gives the file an owner after all',
    'passed',
    ['code_owner_approval_given', 'code_owners_line_skipped'],
    change(file('/src/ carol', '*.ts @bob')),
  ),
  row(
    'a skipped line that means other files',
    'passed',
    ['no_code_owners', 'code_owners_line_skipped'],
    change(file('/docs/ carol')),
  ),
  row(
    'a change that mends CODEOWNERS is not held by what it mends',
    'passed',
    ['no_code_owners', 'code_owners_line_skipped'],
    change(file('* carol'), { files: files('.github/CODEOWNERS') }),
  ),
];

const impossibleRows: readonly ChangeCase[] = [
  row(
    'the only owner is the author',
    'pending',
    ['code_owner_approval_impossible'],
    change(file('* @alice')),
  ),
  row(
    'every owner took part: the author, and a co-author',
    'pending',
    ['code_owner_approval_impossible'],
    change(file('* @Alice @carol'), { commits: all(makeCommit('head', { coAuthors: [identity(carol)] })) }),
  ),
  row('the author and one who did not take part', 'pending', MISSING, change(file('* @alice @carol'))),
  row(
    'the only owner is the author by e-mail',
    'pending',
    ['code_owner_approval_impossible'],
    change(file('* docs@example.com'), {
      roles: roles({ ownersByEmail: { 'docs@example.com': known(alice.id) } }),
    }),
  ),
  row(
    'the only owner is a team without write access',
    'pending',
    ['code_owner_approval_impossible', 'code_owner_without_access'],
    change(file('* @acme/payments'), {
      ...approvedBy(dave, bob),
      roles: roles({ owningTeams: { payments: known(false) } }),
    }),
  ),
  row(
    'the only owner is a team of another organisation',
    'pending',
    ['code_owner_approval_impossible'],
    change(file('* @elsewhere/payments'), approvedBy(dave, bob)),
  ),
];

/** A rule asks the code owners of what it is about; every change needs a maintainer (bob). */
const byRule = (
  from: NonNullable<NonNullable<Policy['changes']['rules']>[number]['approvals']>['from'],
  paths = ['billing/**'],
) => withChanges({ rules: [{ name: 'payments', when: { paths }, approvals: { required: 1, from } }] });
const ruleRow = (
  name: string,
  outcome: ChangeCase['outcome'],
  codes: ChangeCase['codes'],
  facts: ChangeFacts,
  more: Partial<ChangeCase> = {},
) => row(name, outcome, codes, facts, { gate: 'rules', policy: byRule({ codeowners: true }), ...more });
const asks = (author: typeof bob) => review({ author, state: 'changes_requested' });
const objection = (
  name: string,
  outcome: 'pending' | 'passed',
  facts: ChangeFacts,
  more: Partial<ChangeCase> = {},
) =>
  ruleRow(name, outcome, [outcome === 'pending' ? 'changes_requested' : 'no_changes_requested'], facts, {
    gate: 'changes_requested',
    ...more,
  });
const owned = file('/billing/ @dave', '/docs/ @erin');
const OWNERS_ASKED = ['rule_approvals_missing', 'code_owner_approval_missing'] as const;

const ruledRows: readonly ChangeCase[] = [
  ruleRow(
    'the owner of what the rule is about approved',
    'passed',
    ['rule_met'],
    change(owned, { files: files('billing/a.ts'), ...approvedBy(bob, dave) }),
  ),
  ruleRow(
    'only a maintainer approved',
    'pending',
    OWNERS_ASKED,
    change(owned, { files: files('billing/a.ts'), ...approvedBy(bob) }),
  ),
  ruleRow(
    'the owner of something else approved',
    'pending',
    OWNERS_ASKED,
    change(owned, { files: files('billing/a.ts', 'docs/a.md'), ...approvedBy(bob, erin) }),
  ),
  ruleRow(
    'files that the rule is not about need no owner',
    'passed',
    ['rule_met'],
    change(owned, { files: files('billing/a.ts', 'docs/a.md'), ...approvedBy(bob, dave) }),
  ),
  ruleRow(
    'the rule does not hold, and so asks no owner',
    'passed',
    ['rules_not_asked'],
    change(owned, { files: files('docs/a.md'), ...approvedBy(bob) }),
  ),
  ruleRow(
    'nobody owns what the rule is about, and nobody else is asked',
    'pending',
    ['rule_approvals_missing', 'files_without_owner'],
    change(file('/docs/ @erin'), { files: files('billing/a.ts'), ...approvedBy(bob) }),
  ),
  ruleRow(
    'nobody owns what the rule is about, and the team that is asked beside them approved',
    'passed',
    ['rule_met'],
    change(file('/docs/ @erin'), { files: files('billing/a.ts'), ...approvedBy(bob, dave) }),
    { policy: byRule({ teams: ['payments'], codeowners: true }) },
  ),
  ruleRow(
    'the team approved, and the owner of the files did not',
    'pending',
    ['code_owner_approval_missing'],
    change(file('/billing/ @erin'), { files: files('billing/a.ts'), ...approvedBy(bob, dave) }),
    { policy: byRule({ teams: ['payments'], codeowners: true }) },
  ),
  ruleRow(
    'one file of the rule has an owner who approved, and another has none: that is not the team’s approval',
    'pending',
    ['rule_approvals_missing'],
    change(file('/billing/a.ts @erin'), {
      files: files('billing/a.ts', 'billing/b.ts'),
      ...approvedBy(bob, erin),
    }),
    { policy: byRule({ teams: ['payments'], codeowners: true }) },
  ),
  ruleRow(
    'a file was moved out of what the rule is about',
    'pending',
    OWNERS_ASKED,
    change(owned, {
      files: all(makeFile('src/a.ts', { status: 'renamed', previousPath: 'billing/a.ts' })),
      ...approvedBy(bob),
    }),
  ),
  ruleRow(
    'the list of files was cut short',
    'pending',
    ['rule_approvals_missing', 'code_owners_unknown'],
    change(owned, { files: cut(files('docs/a.md')), ...approvedBy(bob, dave) }),
  ),
  ruleRow(
    'CODEOWNERS could not be read',
    'pending',
    ['rule_approvals_missing', 'code_owners_unknown'],
    change(unknown('GitHub answered 403'), { files: files('billing/a.ts'), ...approvedBy(bob, dave) }),
  ),
  ruleRow(
    'the line that means it is one that GitHub skips',
    'pending',
    ['rule_approvals_missing', 'code_owners_line_broken'],
    change(file('/billing/ @dave @@'), { files: files('billing/a.ts'), ...approvedBy(bob, dave) }),
  ),
  ruleRow(
    'the only owner made a part of it',
    'pending',
    ['rule_approvals_missing', 'code_owner_approval_impossible'],
    change(file('/billing/ @alice'), { files: files('billing/a.ts'), ...approvedBy(bob) }),
  ),
  objection(
    'one owner approved, and another asks for changes',
    'pending',
    change(file('/billing/ @dave @erin'), {
      files: files('billing/a.ts'),
      reviews: all(review(), review({ author: dave }), asks(erin)),
    }),
  ),
  objection(
    'the owner of one file asks for changes, and another of the rule has no owner',
    'pending',
    change(file('/billing/a.ts @erin'), {
      files: files('billing/a.ts', 'billing/b.ts'),
      reviews: all(review(), review({ author: dave }), asks(erin)),
    }),
    { policy: byRule({ teams: ['payments'], codeowners: true }) },
  ),
  objection(
    'somebody asks for changes, and whether they are an owner is not known',
    'pending',
    change(unknown('GitHub answered 403'), {
      files: files('billing/a.ts'),
      reviews: all(review(), asks(erin)),
    }),
  ),
  objection(
    'the owner of a file that the rule is not about asks for changes',
    'passed',
    change(owned, {
      files: files('billing/a.ts', 'docs/a.md'),
      reviews: all(review(), review({ author: dave }), asks(erin)),
    }),
  ),
  objection(
    'an owner asks for changes, and the rule does not hold',
    'passed',
    change(file('* @erin'), { files: files('docs/a.md'), reviews: all(review(), asks(erin)) }),
  ),
];

/** Code owners, by what they are about. */
export const codeOwnerCases: readonly (readonly [string, readonly ChangeCase[]])[] = [
  ['who owns a file', ownerRows],
  ['which owners’ approvals count', countingRows],
  ['which files have owners', fileRows],
  ['lines that GitHub skips', lineRows],
  ['owners who can’t approve', impossibleRows],
  ['owners whom a rule asks', ruledRows],
];
