import { expect, test } from '@jest/globals';
import { planCancelButton } from '../../../src/effects/plan-cancel.ts';

const input = {
  request: {
    id: '0199c0de-0000-7000-8000-000000000001',
    sha: 'b4c5d6e'.padEnd(40, '0'),
    environment: 'production',
  },
  repository: { id: 5, owner: 'acme', name: 'shop', installationId: 9 },
  webUrl: 'https://github.test',
  entryId: '0199c0de-0000-7000-8000-00000000000a',
};

test('while it goes on it has the one button, and says nothing of the deployment', () => {
  expect(planCancelButton({ ...input, ended: false })).toMatchObject({
    kind: 'check_run',
    key: `check_run:cancel:${input.entryId}`,
    checkRun: {
      name: 'countersign/cancel (production)',
      externalId: `deployment:${input.request.id}`,
      status: 'completed',
      conclusion: 'neutral',
      title: 'Deploying b4c5d6e to production: can be cancelled',
      actions: [{ label: 'Cancel', description: 'Stop b4c5d6e to production', identifier: 'cancel' }],
    },
  });
});

test('once it has ended it has none', () => {
  expect(planCancelButton({ ...input, ended: true })).toMatchObject({
    checkRun: {
      conclusion: 'neutral',
      title: 'Nothing to cancel: b4c5d6e to production has ended',
      actions: [],
    },
  });
});

test('a press that did not count is told, and the button stays', () => {
  const effect = planCancelButton({ ...input, ended: false, refusal: '`frank` may not.' });
  expect(effect).toMatchObject({
    checkRun: {
      summary: expect.stringContaining('A press on it did not count: `frank` may not.'),
      actions: [{}],
    },
  });
});

test.each(['a'.repeat(300), '`x` <b>|\n# y', '\u202e'])(
  'an environment called %j fits GitHub’s limits',
  (environment) => {
    const effect = planCancelButton({ ...input, request: { ...input.request, environment }, ended: false });
    if (effect.kind !== 'check_run') throw new Error('it is a check run');
    const [button] = effect.checkRun.actions;
    expect(button?.description.length).toBeLessThanOrEqual(40);
    expect(effect.checkRun.title).not.toMatch(/[\n\u202e]/);
  },
);
