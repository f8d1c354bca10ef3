/** Our clock may be off GitHub's by minutes, or by more: what that can change of a decision, and what it can't. */
import { describe, expect, test } from '@jest/globals';
import type { DeploymentFacts } from '../../../src/domain/deployment-facts.ts';
import type { EmergencyFacts } from '../../../src/domain/emergency-facts.ts';
import { known } from '../../../src/domain/known.ts';
import { evaluateChange } from '../../../src/policy/evaluate-change.ts';
import { evaluateDeployment } from '../../../src/policy/evaluate-deployment.ts';
import { evaluateMergeGroup } from '../../../src/policy/evaluate-merge-group.ts';
import type { PolicyReading } from '../../../src/policy/policy-reading.ts';
import { policyOf } from '../../support/make-facts.ts';
import { allChangeCases, allDeploymentCases, allMergeGroupCases } from './all-cases.ts';

const changes = allChangeCases.flatMap(([, rows]) => rows);
const groups = allMergeGroupCases.flatMap(([, rows]) => rows);
const deployments = allDeploymentCases.flatMap(([, rows]) => rows);

const MINUTE = 60_000;
const SKEWS = [-24 * 60, -10, -1, 1, 10, 24 * 60].map((minutes) => minutes * MINUTE);

const shifted = (time: string, by: number): string => new Date(Date.parse(time) + by).toISOString();

const readingOf = ({ reading, policy }: Pick<(typeof changes)[number], 'reading' | 'policy'>) =>
  reading ?? ({ kind: 'valid', policy: policy ?? policyOf() } satisfies PolicyReading);

/** Everything of a deployment's facts that our own clock wrote: when they were gathered, what ran before, and emergencies. */
const onOurClock = (facts: DeploymentFacts, by: number): DeploymentFacts => ({
  ...facts,
  gatheredAt: shifted(facts.gatheredAt, by),
  ...(facts.emergency?.known === true && facts.emergency.value !== null
    ? { emergency: known(emergencyOnOurClock(facts.emergency.value, by)) }
    : {}),
  ...(facts.openReviews?.known === true
    ? {
        openReviews: known(
          facts.openReviews.value.map((review) => ({
            ...review,
            at: shifted(review.at, by),
            dueAt: shifted(review.dueAt, by),
          })),
        ),
      }
    : {}),
  ...(facts.before === undefined || facts.before === null
    ? {}
    : {
        before: facts.before.map(({ environment, runs }) => ({
          environment,
          runs: runs.known
            ? known(
                runs.value.map((run) => ({
                  ...run,
                  startedAt: shifted(run.startedAt, by),
                  endedAt: run.endedAt === null ? null : shifted(run.endedAt, by),
                })),
              )
            : runs,
        })),
      }),
});

const emergencyOnOurClock = (emergency: EmergencyFacts, by: number): EmergencyFacts => ({
  ...emergency,
  declaredAt: shifted(emergency.declaredAt, by),
  expiresAt: shifted(emergency.expiresAt, by),
  confirmed:
    emergency.confirmed === null ? null : { ...emergency.confirmed, at: shifted(emergency.confirmed.at, by) },
});

/** Whether an emergency still lasts, or a review is due, our own clock says. */
const hasEmergency = ({ facts }: (typeof deployments)[number]): boolean =>
  (facts.emergency?.known === true && facts.emergency.value !== null) ||
  (facts.openReviews?.known === true && facts.openReviews.value.length > 0);

const hasFreeze = ({ policy, facts }: (typeof deployments)[number]): boolean =>
  (policy ?? policyOf()).environments[facts.request.environment]?.freeze !== undefined;

/** The codes and outcome of each gate: sentences tell moments, which may be others. */
const outcomes = (gates: ReturnType<typeof evaluateDeployment>['gates']) =>
  gates.map(({ gate, outcome, reasons }) => ({ gate, outcome, codes: reasons.map(({ code }) => code) }));

describe('a change is judged by GitHub’s times alone: when it was reviewed, described, retargeted, merged', () => {
  test.each(changes)('$name', (row) => {
    const decision = evaluateChange(readingOf(row), row.facts);
    for (const by of SKEWS) {
      const facts = { ...row.facts, gatheredAt: shifted(row.facts.gatheredAt, by) };
      expect(evaluateChange(readingOf(row), facts)).toEqual(decision);
    }
  });

  test.each(groups)('merge group: $name', (row) => {
    const decision = evaluateMergeGroup(readingOf(row), row.facts);
    for (const by of SKEWS) {
      const facts = { ...row.facts, gatheredAt: shifted(row.facts.gatheredAt, by) };
      expect(evaluateMergeGroup(readingOf(row), facts)).toEqual(decision);
    }
  });
});

describe('a deployment without a freeze comes out the same on whatever clock we and what ran before were timed by', () => {
  test.each(deployments.filter((row) => !hasFreeze(row)))('$name', (row) => {
    const decision = evaluateDeployment(readingOf(row), row.facts);
    for (const by of SKEWS) {
      const again = evaluateDeployment(readingOf(row), onOurClock(row.facts, by));
      expect(again.verdict).toBe(decision.verdict);
      expect(outcomes(again.gates)).toEqual(outcomes(decision.gates));
    }
  });
});

describe('no time that our clock is set to ends a freeze, or keeps one from beginning, as long as GitHub’s goes right', () => {
  const frozen = deployments.filter(
    (row) =>
      hasFreeze(row) &&
      !hasEmergency(row) &&
      row.verdict !== 'approved' &&
      row.facts.githubAhead === undefined,
  );
  test.each(frozen)('$name', (row) => {
    for (const by of SKEWS) {
      const facts = { ...onOurClock(row.facts, by), githubAhead: known(-by) };
      expect(evaluateDeployment(readingOf(row), facts).verdict).not.toBe('approved');
    }
  });
});

describe('a clock that is behind only lengthens a soak', () => {
  test.each(deployments.filter((row) => !hasFreeze(row) && !hasEmergency(row) && row.verdict !== 'approved'))(
    '$name',
    (row) => {
      for (const by of SKEWS.filter((each) => each < 0)) {
        const facts = { ...row.facts, gatheredAt: shifted(row.facts.gatheredAt, by) };
        expect(evaluateDeployment(readingOf(row), facts).verdict).not.toBe('approved');
      }
    },
  );
});

describe('no time that our clock is set to after what was timed rightly lets anything through, as long as GitHub’s goes right', () => {
  test.each(deployments.filter((row) => row.verdict !== 'approved' && row.facts.githubAhead === undefined))(
    '$name',
    (row) => {
      for (const by of SKEWS) {
        const facts = {
          ...row.facts,
          gatheredAt: shifted(row.facts.gatheredAt, by),
          githubAhead: known(-by),
        };
        expect(evaluateDeployment(readingOf(row), facts).verdict).not.toBe('approved');
      }
    },
  );
});
