import { expect, test } from '@jest/globals';
import { ControlJob, SweepJob } from '../../../src/pipeline/jobs.ts';

const repository = { id: 1, owner: 'acme', name: 'shop', installationId: 5 };
const frank = { id: 6, login: 'frank', kind: 'user' } as const;

/** As an earlier version queued them: a delivery's sender, and not what it is about. */
const look = { repository, delivery: 'one', by: frank };
const sweep = {
  installationId: 5,
  repository: null,
  branch: null,
  sha: null,
  delivery: 'one',
  controlsBy: frank,
};

test('a job that doesn’t say what its delivery named names nothing', () => {
  expect(ControlJob.parse(look)).toEqual({ ...look, named: null, byClock: false });
  expect(SweepJob.parse(sweep)).toEqual({ ...sweep, controlNamed: null });
});

test.each([{ kind: 'branch_rule', pattern: 'main' } as const, { kind: 'ruleset', id: 9 } as const])(
  'what a delivery named is kept: $kind',
  (named) => {
    expect(ControlJob.parse({ ...look, named })).toMatchObject({ named });
    expect(SweepJob.parse({ ...sweep, controlNamed: named })).toMatchObject({ controlNamed: named });
  },
);
