import { describe, expect, test } from '@jest/globals';
import type { DeploymentFacts, EnvironmentFacts } from '../../../src/domain/deployment-facts.ts';
import { known, unknown } from '../../../src/domain/known.ts';
import { fitSections } from '../../../src/effects/fit-sections.ts';
import { leversSection } from '../../../src/effects/render-levers.ts';
import { deploymentFacts, request } from './example-facts.ts';

const bare: EnvironmentFacts = {
  name: 'production',
  reviewers: null,
  adminsCanBypass: false,
  guardedByUs: known(false),
};
const shown = (over: Partial<DeploymentFacts>, hasTarget = false) =>
  fitSections([leversSection(deploymentFacts(over), hasTarget)]);
const of = (over: Partial<EnvironmentFacts>, more: Partial<DeploymentFacts> = {}) =>
  shown({ environment: known({ ...bare, ...over }), ...more });

describe('what keeps a deployment back', () => {
  test.each<[string, string, RegExp]>([
    ['we deploy it', shown({}, true), /✅ live \| Our own deployment \| Countersign deploys it over SSH/],
    [
      'nobody of us does, and it was made by the API',
      shown({ request: request({ source: 'api' }) }),
      /➖ none \| Our own deployment \| Countersign has no target .* GitHub holds no deployment that is made by its API/,
    ],
    [
      'a workflow does',
      shown({ request: request({ source: 'actions' }) }),
      /➖ none \| Our own deployment \| A workflow deploys, and only GitHub can hold its job/,
    ],
    ['our rule is on', of({ guardedByUs: known(true) }), /✅ live \| Our deployment protection rule \|/],
    [
      'our rule is off',
      of({}, { visibility: 'public' }),
      /⚠️ off \| Our deployment protection rule \| A job .* without asking us\. Turn it on in the environment’s settings\. \|/,
    ],
    [
      'our rule is off where GitHub may not offer it',
      of({}, { visibility: 'private' }),
      /offers it to private repositories with GitHub Enterprise only; without, let Countersign deploy\./,
    ],
    [
      'GitHub does not show our rule',
      of({ guardedByUs: unknown('GitHub answered 403') }),
      /❔ unknown \| Our deployment protection rule \| GitHub doesn’t show it: GitHub answered 403/,
    ],
    [
      'GitHub does not show the environment',
      shown({ environment: unknown('GitHub answered 404') }),
      /❔ unknown \| GitHub’s environment \| GitHub doesn’t show it: GitHub answered 404/,
    ],
    ['nobody reviews', of({}), /➖ none \| The environment’s reviewers \|/],
    [
      'a team reviews',
      of({ reviewers: { users: [], teams: ['leads'], preventSelfReview: true } }),
      /✅ live \| The environment’s reviewers \| GitHub waits for team leads/,
    ],
    ['there is nothing to pass by', of({ adminsCanBypass: true }), /➖ none \| Administrators \|/],
    [
      'administrators can pass by',
      of({ guardedByUs: known(true), adminsCanBypass: true }),
      /⚠️ can pass \| Administrators \|/,
    ],
    [
      'administrators can’t',
      of({ guardedByUs: known(true) }),
      /✅ bound \| Administrators \| They can’t pass by 1 rule /,
    ],
    [
      'GitHub does not say whether they can',
      of({ guardedByUs: known(true), adminsCanBypass: null }),
      /❔ unknown \| Administrators \|/,
    ],
  ])('%s', (_, text, expected) => {
    expect(text).toMatch(expected);
  });
});
