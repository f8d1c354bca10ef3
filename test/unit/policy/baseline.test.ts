import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import type { Verdict } from '../../../src/domain/decision.ts';
import { approversOf } from '../../../src/policy/counted-approvals.ts';
import { evaluateChange } from '../../../src/policy/evaluate-change.ts';
import { evaluateDeployment } from '../../../src/policy/evaluate-deployment.ts';
import { evaluateMergeGroup } from '../../../src/policy/evaluate-merge-group.ts';
import { policiesGuarding } from '../../../src/policy/organisation-policy.ts';
import { readingOf } from '../../../src/policy/reading-of.ts';
import { rolesAsked } from '../../../src/policy/roles-asked.ts';
import type { Policy } from '../../../src/policy/schema.ts';
import { STRICTNESS, blocks } from '../../../src/policy/strictest.ts';
import {
  all,
  makeChangeFacts,
  makeDeploymentFacts,
  makeMergeGroupFacts,
  makeReview,
  makeRoles,
  bob,
  carol,
  dave,
  erin,
  POLICY,
} from '../../support/make-facts.ts';
import { known } from '../../../src/domain/known.ts';

const PATH = 'acme/.github: countersign.yml';
const under = (baseline: string | null, text: string | null = POLICY) =>
  readingOf({
    path: '.github/countersign.yml',
    ref: 'refs/heads/main',
    commit: null,
    text,
    baseline: { path: PATH, ref: 'main', commit: null, text: baseline },
  });
const policyUnder = (baseline: string, text: string = POLICY): Policy => {
  const reading = under(baseline, text);
  if (reading.kind !== 'valid') throw new Error(JSON.stringify(reading));
  return reading.policy;
};

const TWO =
  'version: 1\nchanges: { branches: [main], approvals: { required: 2, from: { teams: [maintainers] } } }\n';
const observing = POLICY.replace('version: 1', 'version: 1\nmode: observe');

const change = (reading: ReturnType<typeof under>, facts = makeChangeFacts()) => {
  const { verdict, mode, gates } = evaluateChange(reading, facts);
  const theirs = gates.flatMap(({ askedBy, gate, outcome }) =>
    askedBy === undefined ? [] : [`${gate} ${outcome}`],
  );
  return { verdict, mode, theirs };
};

describe('a change under an organisation’s baseline', () => {
  const enforce = { mode: 'enforce' } as const;
  test.each<[string, string | null, string | null, ReturnType<typeof change>]>([
    ['none: only the policy judges', null, POLICY, { ...enforce, verdict: 'approved', theirs: [] }],
    [
      'it asks for more, and that is marked as the organisation’s',
      TWO,
      POLICY,
      {
        ...enforce,
        verdict: 'held',
        theirs: ['approvals pending'],
      },
    ],
    [
      'it asks for less: the policy is held to what it asks itself',
      'version: 1\nchanges: { branches: [main], approvals: { required: 1, from: { permission: write } } }\n',
      POLICY.replace(
        'required: 1, from: { teams: [maintainers] }',
        'required: 2, from: { teams: [maintainers] }',
      ),
      { ...enforce, verdict: 'held', theirs: expect.anything() as never },
    ],
    [
      'it says nothing of this branch',
      TWO.replace('[main]', '[production]'),
      POLICY,
      { ...enforce, verdict: 'approved', theirs: [] },
    ],
    [
      'it guards a branch that the policy leaves alone',
      TWO,
      POLICY.replace('branches: [main]', 'branches: [other]'),
      { ...enforce, verdict: 'held', theirs: expect.arrayContaining(['approvals pending']) as never },
    ],
    [
      'a repository that only observes is held by it',
      TWO,
      observing,
      { ...enforce, verdict: 'held', theirs: expect.arrayContaining(['approvals pending']) as never },
    ],
    [
      'what it passes is only observed, as the repository says',
      TWO.replace('required: 2', 'required: 1'),
      observing,
      { mode: 'observe', verdict: 'approved', theirs: expect.anything() as never },
    ],
    [
      'a repository without a policy is not approved by it',
      TWO,
      null,
      { ...enforce, verdict: 'error', theirs: [] },
    ],
    [
      'one that can’t be used holds everything',
      'version: 1\nchanges: { branch: [main] }\n',
      POLICY,
      { ...enforce, verdict: 'error', theirs: [] },
    ],
  ])('%s', (_, baseline, text, expected) => {
    expect(change(under(baseline, text))).toEqual(expected);
  });

  test('two approvals are enough for one that asks for two', () => {
    const reviews = all(makeReview({ author: bob }), makeReview({ id: 2, author: carol }));
    const roles = makeRoles({ teams: { maintainers: known([bob.id, carol.id, dave.id]) } });
    expect(change(under(TWO), makeChangeFacts({ reviews, roles })).verdict).toBe('approved');
  });
});

describe('a merge group under an organisation’s baseline', () => {
  const held = ['changes pending'];
  const anything = expect.arrayContaining(held);
  test.each<[string, string, string | null, Verdict, unknown]>([
    [
      'it asks for less than the repository',
      TWO.replace('required: 2', 'required: 1'),
      POLICY,
      'approved',
      [],
    ],
    ['it asks for more of a pull request in it', TWO, POLICY, 'held', held],
    [
      'it asks for a check that didn’t run on the group',
      TWO.replace('required: 2', 'required: 1').replace('] } }', '] } }, checks: [security/scan]'),
      POLICY,
      'held',
      ['changes pending', 'checks pending'],
    ],
    [
      'it guards a branch that the policy leaves alone',
      TWO,
      POLICY.replace('branches: [main, "release/*"]', 'branches: [other]'),
      'held',
      anything,
    ],
    ['a repository that only observes is held by it', TWO, observing, 'held', anything],
    ['a repository without a policy is not approved by it', TWO, null, 'error', []],
    ['one that can’t be used', 'version: 1\nchanges: { branch: [main] }\n', POLICY, 'error', []],
  ])('%s', (_, baseline, text, verdict, theirs) => {
    const decision = evaluateMergeGroup(under(baseline, text), makeMergeGroupFacts());
    const marked = decision.gates.flatMap(({ askedBy, gate, outcome }) =>
      askedBy === undefined || outcome === 'passed' ? [] : [`${gate} ${outcome}`],
    );
    expect({ verdict: decision.verdict, mode: decision.mode, theirs: marked }).toEqual({
      verdict,
      mode: 'enforce',
      theirs,
    });
    // And so is the pull request in it, as outside of the queue.
    expect(decision.changes.map((each) => each.decision.verdict)).toEqual([verdict]);
  });

  test('two approvals of the pull request in it are enough for one that asks for two', () => {
    const reviews = all(makeReview({ author: bob }), makeReview({ id: 2, author: carol }));
    const facts = makeMergeGroupFacts({ changes: [makeChangeFacts({ reviews })] });
    expect(evaluateMergeGroup(under(TWO), facts).verdict).toBe('approved');
  });
});

test('problems name the organisation’s file, with line, column and key', () => {
  expect(under('version: 1\nchanges:\n  branches: [main]\n  aprovals: { required: 1 }\n')).toEqual({
    kind: 'invalid',
    problems: [`${PATH}:4:3 changes.aprovals: unknown key; did you mean approvals?`],
  });
  expect(under('version: 1\nmode: observe\n')).toEqual({
    kind: 'invalid',
    problems: [`${PATH}:2:1 mode: unknown key; known here: version, changes, environments`],
  });
  expect(under('version: 1\nenvironments: { production: {} }\n')).toEqual({
    kind: 'invalid',
    problems: [`${PATH}:2:29 environments.production: asks for nothing; remove it`],
  });
});

describe('an order that goes in a circle is refused', () => {
  const ordered = (text: string): string =>
    POLICY.replace('  staging:\n    branches: [main]\n', `  staging:\n    branches: [main]\n${text}`);
  const asks = (text: string): string => `version: 1\nenvironments:\n${text}`;
  const never = 'so none of them could ever be deployed';

  test.each<[string, string, string, readonly string[]]>([
    [
      'within the baseline',
      asks('  staging: { after: { production: {} } }\n  production: { after: { staging: { soak: 1h } } }\n'),
      POLICY,
      [
        `${PATH}:3:35 environments.staging.after.production: goes in a circle (staging after production after staging), ${never}`,
        `${PATH}:4:35 environments.production.after.staging: goes in a circle (production after staging after production), ${never}`,
      ],
    ],
    [
      'of an environment and itself',
      asks('  production: { after: { production: {} } }\n'),
      POLICY,
      [
        `${PATH}:3:38 environments.production.after.production: is the environment itself, which can’t come before itself`,
      ],
    ],
    [
      'between the baseline and the policy',
      asks('  production: { after: { staging: {} } }\n'),
      ordered('    after: { production: {} }\n'),
      [
        `${PATH}:3:35 environments.production.after.staging: with the repository’s own order goes in a circle (production after staging after production), ${never}`,
      ],
    ],
  ])('%s', (_, baseline, text, problems) => {
    expect(under(baseline, text)).toEqual({ kind: 'invalid', problems });
  });

  test.each([
    [
      'in environments that the repository doesn’t have',
      '  canary: { after: { staging: {} } }\n',
      '    after: { production: {} }\n',
    ],
    [
      'where both ask for the same',
      '  staging: { after: { production: {} } }\n',
      '    after: { production: {} }\n',
    ],
    [
      'where the baseline asks for more of one way',
      '  staging: { after: { canary: {} } }\n',
      '    after: { production: {} }\n',
    ],
  ])('and not %s', (_, baseline, text) => {
    expect(under(asks(baseline), ordered(text)).kind).toBe('valid');
  });
});

test('one that is there and can’t be read holds', () => {
  const baseline = { path: PATH, ref: 'main', commit: null, text: null, unreadable: `${PATH} is binary` };
  const reading = readingOf({ path: 'p', ref: 'main', commit: null, text: POLICY, baseline });
  expect(reading).toEqual({ kind: 'unreadable', why: `${PATH} is binary` });
});

test('its teams are asked for as well', () => {
  const baseline = `${TWO.replace('maintainers', 'security')}environments:\n  production: { deploy: { by: { teams: [board] } } }\n`;
  expect(rolesAsked(policyUnder(baseline), { environment: 'production' }).teams).toEqual(
    expect.arrayContaining(['security', 'board', 'maintainers']),
  );
});

test('a branch may be guarded by the repository, by the organisation, or by both', () => {
  const sides = (baseline: string) =>
    policiesGuarding(policyUnder(baseline), 'main').map(({ fromOrganisation = false }) => fromOrganisation);
  expect(sides(TWO)).toEqual([false, true]);
  expect(sides(TWO.replace('[main]', '[production]'))).toEqual([false]);
});

describe('a deployment under an organisation’s baseline', () => {
  const environment = (asked: string) => `version: 1\nenvironments:\n  production: { ${asked} }\n`;
  test.each<[string, string, Verdict, readonly string[]]>([
    ['it asks for what holds anyway', environment('branches: [main]'), 'approved', []],
    [
      'it allows another branch only',
      environment('branches: ["release/*"]'),
      'held',
      ['branch pending', 'range pending'],
    ],
    [
      'another team has to ask',
      environment('deploy: { by: { teams: [board] } }'),
      'rejected',
      ['requester failed'],
    ],
    [
      'it asks for approvals',
      environment('approvals: { required: 2, from: { teams: [board] } }'),
      'held',
      ['environment_approvals pending'],
    ],
    ['every change in the range had to have two', TWO, 'held', ['range pending']],
    ['it guards none of the range’s branches', TWO.replace('[main]', '[other]'), 'approved', []],
    [
      'it names an environment that this repository has not',
      environment('branches: [x]').replace('production', 'moon'),
      'approved',
      [],
    ],
  ])('%s', (_, baseline, verdict, theirs) => {
    const facts = makeDeploymentFacts({
      roles: makeRoles({ teams: { ...makeDeploymentFacts().roles.teams, board: known([]) } }),
    });
    const decision = evaluateDeployment(under(baseline), facts);
    const marked = decision.gates.filter(
      ({ askedBy, outcome }) => askedBy === 'organisation' && outcome !== 'passed',
    );
    expect({
      verdict: decision.verdict,
      theirs: marked.map(({ gate, outcome }) => `${gate} ${outcome}`),
    }).toEqual({
      verdict,
      theirs,
    });
  });
});

test('a baseline never makes a decision laxer', () => {
  const people = fc.constantFrom('{ teams: [maintainers] }', '{ users: [bob] }', '{ permission: write }');
  const changes = fc
    .tuple(fc.constantFrom('main', 'other', '"**"'), fc.integer({ min: 1, max: 3 }), people)
    .filter(([, required, from]) => required === 1 || !from.includes('users'))
    .map(
      ([branch, required, from]) =>
        `changes: { branches: [${branch}], approvals: { required: ${required}, from: ${from} } }`,
    );
  const mode = fc.constantFrom('enforce', 'observe');
  const reviews = fc.subarray([makeReview({ author: bob }), makeReview({ id: 2, author: carol })]);
  fc.assert(
    fc.property(changes, fc.option(changes), mode, reviews, (own, asked, how, given) => {
      const text = `version: 1\nmode: ${how}\n${own}\n`;
      const facts = makeChangeFacts({ reviews: all(...given) });
      const alone = evaluateChange(under(null, text), facts);
      const both = evaluateChange(under(`version: 1\n${asked ?? ''}\n`, text), facts);
      expect(!blocks(alone) || blocks(both)).toBe(true);
      const approvedOnlyThen = both.verdict === 'approved' && blocks(alone);
      expect(approvedOnlyThen).toBe(false);
      expect(STRICTNESS).toContain(both.verdict);
    }),
  );
});

test('whose approval only the organisation asks for is among the approvers, and each is once', () => {
  const policy = policyUnder(TWO.replace('teams: [maintainers]', 'permission: write'));
  const reviews = all(makeReview({ author: bob }), makeReview({ id: 2, author: erin }));
  const roles = makeRoles({ permissions: { [bob.id]: known('write'), [erin.id]: known('write') } });
  const approvers = approversOf(policy, makeChangeFacts({ reviews, roles }));
  expect(approvers.map(({ login }) => login)).toEqual(['bob', 'erin']);
});
