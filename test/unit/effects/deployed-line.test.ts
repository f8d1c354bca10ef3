import { expect, test } from '@jest/globals';
import { DEPLOY_STEPS, type DeployStep } from '../../../src/deploy/plan.ts';
import { phaseOf } from '../../../src/effects/deployed-line.ts';
import { hostOutcome } from './example-facts.ts';

const { host } = hostOutcome('web1');

/** All of them, so that a new step has to say what it is a part of. */
const PHASES: Readonly<Record<DeployStep, string>> = {
  connect: 'staging',
  probe: 'staging',
  lock: 'staging',
  stage: 'staging',
  verify: 'staging',
  build: 'staging',
  before_switch: 'staging',
  switch: 'switching',
  after_switch: 'switching',
  health: 'switching',
  health_url: 'switching',
  switch_back: 'switching back',
  prune: 'cleaning up',
  unlock: 'cleaning up',
};

test.each(DEPLOY_STEPS)('a host at %s', (step) => {
  expect(phaseOf([{ host, step, state: 'started' }])).toEqual([PHASES[step]]);
});

test('nobody was spoken to yet', () => {
  expect(phaseOf([])).toEqual([]);
});
