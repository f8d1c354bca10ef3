import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import type { Actor } from '../../../src/domain/actor.ts';
import type { ChangeFacts } from '../../../src/domain/change-facts.ts';
import { known, unknown } from '../../../src/domain/known.ts';
import { evaluateChange } from '../../../src/policy/evaluate-change.ts';
import { ownersAmong } from '../../../src/policy/owners-among.ts';
import type { Policy } from '../../../src/policy/schema.ts';
import { changeFacts } from '../../support/arbitrary-facts.ts';
import {
  alice,
  bob,
  carol,
  cut,
  dave,
  erin,
  frank,
  identity,
  makeFile,
  robot,
  sha,
  withChanges,
} from '../../support/make-facts.ts';

const PEOPLE = [alice, bob, carol, dave, erin, frank];
const policies: readonly Policy[] = [
  withChanges({ approvals: { required: 1, from: { teams: ['maintainers'], codeowners: true } } }),
  withChanges({ approvals: { required: 2, from: { teams: ['maintainers'], codeowners: true } } }),
  withChanges({
    approvals: { required: 1, from: { codeowners: true } },
    bots: [{ login: 'robot[bot]', paths: ['docs/**', '*.json'] }],
  }),
];

const owner = fc.constantFrom(
  '@bob',
  '@bob',
  '@Carol',
  '@acme/maintainers',
  '@acme/leads',
  '@else/team',
  'docs@example.com',
  'nobody',
);
const line = fc
  .tuple(
    fc.constantFrom('*', '/src/', '/docs/', '*.json', 'src/*', '!*', '/[st]rc/'),
    fc.array(owner, { maxLength: 2 }),
  )
  .map(([pattern, owners]) => [pattern, ...owners].join(' '));
const path = fc.constantFrom(
  'src/till.ts',
  'src/deep/a.ts',
  'docs/a.md',
  'package.json',
  '.github/CODEOWNERS',
);
const file = fc.oneof(
  { weight: 5, arbitrary: path.map((at) => makeFile(at)) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(path, path)
      .map(([to, from]) => makeFile(to, { previousPath: from, status: 'renamed' })),
  },
);

/** A change of files that mostly have owners. */
const facts: fc.Arbitrary<ChangeFacts> = fc
  .record({
    change: changeFacts,
    lines: fc.array(line, { minLength: 1, maxLength: 4 }),
    files: fc.array(file, { minLength: 1, maxLength: 3 }),
    author: fc.oneof(
      { weight: 6, arbitrary: fc.constant<Actor | null>(null) },
      { weight: 1, arbitrary: fc.constant(robot) },
    ),
    isOwning: fc.boolean(),
  })
  .map(({ change, lines, files, author, isOwning }) => ({
    ...change,
    ...(author === null ? {} : { pullRequest: { ...change.pullRequest, author }, pushers: known([author]) }),
    files: { complete: true, items: files },
    codeOwners: known({
      path: '.github/CODEOWNERS',
      commit: sha('base'),
      text: `* @bob\n${lines.join('\n')}\n`,
    }),
    roles: {
      ...change.roles,
      permissions: Object.fromEntries(PEOPLE.map(({ id }) => [String(id), known('write' as const)])),
      owningTeams: { maintainers: known(true), leads: known(isOwning) },
      ownersByEmail: { 'docs@example.com': known(erin.id) },
    },
  }));

const verdict = (policy: Policy, each: ChangeFacts) =>
  evaluateChange({ kind: 'valid', policy }, each).verdict;

/** What may never help. */
const harms: Readonly<Record<string, (each: ChangeFacts) => readonly ChangeFacts[]>> = {
  'removing an approval': (each) =>
    each.reviews.items.flatMap((review, index) =>
      review.state === 'approved'
        ? [{ ...each, reviews: { ...each.reviews, items: each.reviews.items.toSpliced(index, 1) } }]
        : [],
    ),
  'cutting the list of files': (each) => [{ ...each, files: cut(each.files) }],
  'not reading CODEOWNERS': (each) => {
    const { codeOwners: _, ...rest } = each;
    return [rest, { ...each, codeOwners: unknown('GitHub answered 403') }];
  },
  'a person who takes part': (each) =>
    PEOPLE.map((person) => ({
      ...each,
      commits: {
        ...each.commits,
        items: each.commits.items.map((commit) => ({
          ...commit,
          coAuthors: [...commit.coAuthors, identity(person)],
        })),
      },
    })),
  'taking write access away': (each) => [
    { ...each, roles: { ...each.roles, permissions: {} } },
    { ...each, roles: { ...each.roles, owningTeams: {} } },
    { ...each, roles: { ...each.roles, owningTeams: { maintainers: known(false), leads: known(false) } } },
  ],
  // Of one who hasn't approved: whoever owns a part and approved it is asked for from then on, and may be the second of two.
  'another file that somebody else owns': (each) => {
    const { codeOwners } = each;
    if (codeOwners?.known !== true || codeOwners.value === null) return [];
    const { value } = codeOwners;
    const absent = PEOPLE.filter(({ id }) => each.reviews.items.every(({ author }) => author?.id !== id));
    return absent.map((person) => ({
      ...each,
      files: { ...each.files, items: [...each.files.items, makeFile('src/more.ts')] },
      codeOwners: known({ ...value, text: `${value.text}src/more.ts @${person.login}\n` }),
    }));
  },
  'an e-mail of nobody': (each) => [
    {
      ...each,
      roles: { ...each.roles, ownersByEmail: { 'docs@example.com': unknown('nobody committed under it') } },
    },
  ],
};

const vetoed = (each: ChangeFacts) => each.reviews.items.some(({ state }) => state === 'changes_requested');

test('what is drawn is approved often enough to mean something', () => {
  const drawn = fc.sample(facts, { numRuns: 600, seed: 3 }).map((each) => verdict(policies[0]!, each));
  const approved = drawn.filter((each) => each === 'approved').length;
  expect(approved).toBeGreaterThan(30);
  expect(approved).toBeLessThan(500);
});

test.each(Object.entries(harms))('%s never turns what is not approved into an approval', (_, harm) => {
  fc.assert(
    fc.property(fc.constantFrom(...policies), facts, (policy, each) => {
      // Without access somebody's objection is a stranger's: a veto needs the role.
      if (verdict(policy, each) === 'approved' || vetoed(each)) return;
      for (const worse of harm(each)) expect(verdict(policy, worse)).not.toBe('approved');
    }),
    { numRuns: 400 },
  );
});

test('the order of the files makes no difference', () => {
  fc.assert(
    fc.property(fc.constantFrom(...policies), facts, (policy, each) => {
      const turned = { ...each, files: { ...each.files, items: each.files.items.toReversed() } };
      expect(evaluateChange({ kind: 'valid', policy }, turned)).toEqual(
        evaluateChange({ kind: 'valid', policy }, each),
      );
    }),
    { numRuns: 300 },
  );
});

test('whoever gathers is asked for every role that the judgement needs', () => {
  fc.assert(
    fc.property(facts, (each) => {
      const { codeOwners } = each;
      if (codeOwners?.known !== true || codeOwners.value === null) return;
      const paths = each.files.items.flatMap(({ path: at, previousPath }) => [at, previousPath ?? at]);
      const named = ownersAmong(codeOwners.value.text, paths, 'Acme');
      const pick = <T>(all: Readonly<Record<string, T>> | undefined, keys: readonly string[]) =>
        Object.fromEntries(Object.entries(all ?? {}).filter(([key]) => keys.includes(key)));
      const gathered = {
        ...each,
        roles: {
          ...each.roles,
          teams: pick(each.roles.teams, ['maintainers', ...named.teams]),
          permissions: named.people ? each.roles.permissions : {},
          owningTeams: pick(each.roles.owningTeams, named.teams),
          ownersByEmail: pick(each.roles.ownersByEmail, named.emails),
        },
      };
      for (const policy of policies) {
        expect(evaluateChange({ kind: 'valid', policy }, gathered)).toEqual(
          evaluateChange({ kind: 'valid', policy }, each),
        );
      }
    }),
    { numRuns: 400 },
  );
});
