import { describe, expect, test } from '@jest/globals';
import { describePolicy } from '../../../src/policy/describe-policy.ts';
import { organisationPolicy } from '../../../src/policy/organisation-policy.ts';
import { readingOf } from '../../../src/policy/reading-of.ts';
import { reviewOf } from '../../../src/policy/review-of.ts';
import { POLICY, policyOf, withChanges } from '../../support/make-facts.ts';

const FILE = '.github/countersign.yml';
const KEY = 'environments.production.emergency';
const TERMS =
  'by: { teams: [on-call] }, confirm: { teams: [leads] }, valid: 1h, review: { within: 24h, by: { users: [frank] } }';

const reading = (line: string, baseline: string | null = null) =>
  readingOf({
    path: FILE,
    ref: 'main',
    commit: null,
    text: `${POLICY}    ${line}\n`,
    ...(baseline === null
      ? {}
      : { baseline: { path: 'acme/.github: countersign.yml', ref: 'main', commit: null, text: baseline } }),
  });
const problems = (line: string, baseline?: string) => {
  const read = reading(line, baseline);
  return read.kind === 'invalid' ? read.problems : [];
};
const valid = (line: string, baseline?: string) => {
  const read = reading(line, baseline);
  if (read.kind !== 'valid') throw new Error(JSON.stringify(read));
  return read.policy;
};

describe('what a policy can’t say of emergencies', () => {
  test.each([
    ['emergency: {}', `15:5 ${KEY}`],
    [`emergency: { ${TERMS}, valid: 2d }`, 'valid'],
    [`emergency: { ${TERMS.replace('1h', '25h')} }`, `${KEY}.valid: is too long; it may be 24h at most`],
    [
      `emergency: { ${TERMS.replace('24h', '8d')} }`,
      `${KEY}.review.within: is too long; it may be 7d at most`,
    ],
    [`emergency: { ${TERMS.replace('1h', 'an hour')} }`, `${KEY}.valid: is no length of time`],
    [`emergency: { ${TERMS}, lifts: [] }`, `${KEY}.lifts: is empty`],
    [`emergency: { ${TERMS}, lifts: [lock] }`, `${KEY}.lifts[0]`],
    [`emergency: { ${TERMS}, lifts: [identity] }`, `${KEY}.lifts[0]`],
    [`emergency: { ${TERMS}, confirms: 1 }`, `${KEY}.confirms: unknown key; did you mean confirm?`],
    [`emergency: { ${TERMS.replace('{ teams: [leads] }', '{}')} }`, `${KEY}.confirm: names nobody`],
    [`emergency: { ${TERMS.replace(', by: { users: [frank] }', '')} }`, `${KEY}.review`],
    ['emergency: forbidden', KEY],
  ])('%s', (line, message) => {
    expect(problems(line).join('\n')).toContain(message);
  });

  test.each([
    ['emergency: {}', 'asks for nothing'],
    ['emergency: { review: {} }', 'asks for nothing'],
    ['emergency: allowed', 'emergency'],
  ])('nor a baseline: %s', (line, message) => {
    const baseline = `version: 1\nenvironments:\n  production: { ${line} }\n`;
    expect(problems(`emergency: { ${TERMS} }`, baseline).join('\n')).toContain(message);
  });
});

test('without lifts it lifts all but the approval of changes', () => {
  expect(valid(`emergency: { ${TERMS} }`).environments['production']?.emergency?.lifts).toEqual([
    'approvals',
    'after',
    'freeze',
  ]);
});

test('a policy in sentences says who declares and confirms, what is lifted, and who reviews', () => {
  const lines = describePolicy(valid(`emergency: { ${TERMS}, lifts: [freeze, changes] }`));
  expect(lines.filter((line) => line.includes('emergency'))).toEqual([
    '  - may go without freezes or the approval of the changes in it in an emergency that team on-call declares and another one, of team leads, confirms: for one commit, once, within 1h',
    '  - has such an emergency reviewed within 24h by frank, who took no part in it; overdue, nothing of this repository but a rollback is deployed',
  ]);
});

describe('an organisation’s terms', () => {
  const terms = (asked: string) => {
    const baseline = `version: 1\nenvironments:\n  production: { ${asked} }\n`;
    const side = organisationPolicy(valid(`emergency: { ${TERMS} }`, baseline));
    return side?.environments['production']?.emergency;
  };

  test.each([
    ['emergency: forbidden', { lifts: [], by: { teams: ['on-call'] } }],
    ['emergency: { valid: 5m }', { valid: '5m', lifts: ['approvals', 'after', 'freeze'] }],
    ['approvals: { required: 2, from: environment }', { lifts: ['after', 'freeze'] }],
    ['deploy: { by: { users: [erin] } }', { by: { users: ['erin'] } }],
    ['deploy: { by: { users: [erin] } }, emergency: { by: { users: [bob] } }', { by: { users: ['bob'] } }],
    ['emergency: { review: { within: 2h } }', { review: { within: '2h', by: { users: ['frank'] } } }],
  ])('%s', (asked, expected) => {
    expect(terms(asked)).toMatchObject(expected);
  });

  test('make no emergency where the repository has none', () => {
    const baseline = `version: 1\nenvironments:\n  production: { emergency: { ${TERMS} } }\n`;
    const side = organisationPolicy(valid('lock: { by: { users: [dave] } }', baseline));
    expect(side?.environments['production']?.emergency).toBeUndefined();
  });
});

describe('the review of what went past the gates', () => {
  test('is as the policy says', () => {
    expect(reviewOf(valid(`emergency: { ${TERMS} }`), 'production')).toEqual({
      within: '24h',
      by: { users: ['frank'] },
    });
  });

  test.each(['production', 'prodution'])(
    'is strict, and by who may approve changes, where it says nothing: %s',
    (name) => {
      expect(reviewOf(policyOf(), name)).toEqual({ within: '24h', by: { teams: ['maintainers'] } });
    },
  );

  test('is by maintainers where only code owners approve changes', () => {
    const policy = withChanges({ approvals: { required: 1, from: { codeowners: true } } });
    expect(reviewOf(policy, 'production').by).toEqual({ permission: 'maintain' });
  });
});
