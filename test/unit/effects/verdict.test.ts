import { describe, expect, test } from '@jest/globals';
import type { Decision, Verdict } from '../../../src/domain/decision.ts';
import type { DeploymentRequest } from '../../../src/domain/deployment-facts.ts';
import type { DeployProgress } from '../../../src/effects/deploy-progress.ts';
import type { ExplainedDecision } from '../../../src/effects/explained-decision.ts';
import { renderChangeCheckRun } from '../../../src/effects/render-change-check-run.ts';
import { renderDeploymentCheckRun } from '../../../src/effects/render-deployment-check-run.ts';
import { verdictLine } from '../../../src/effects/verdict-line.ts';
import * as example from './example-facts.ts';

const { decision, explained, reason, sha } = example;
const approval = (login: string | null, commit: string, counted = true) => ({
  login,
  commit: sha(commit),
  at: null,
  counted,
  why: '',
});
const gate = (outcome: 'failed' | 'pending' | 'not_applicable', sentence: string) => ({
  gate: 'g',
  outcome,
  sentences: [sentence],
});

describe('the verdict in one line', () => {
  const cases: readonly (readonly [name: string, Verdict, Partial<ExplainedDecision>, expected: string])[] = [
    ['nobody had to approve', 'approved', {}, 'Approved'],
    [
      'one approved',
      'approved',
      { approvals: [approval('carol', '1a2b3c4'), approval('bob', '1a2b3c4', false)] },
      'Approved: carol approved 1a2b3c4',
    ],
    [
      'two approved',
      'approved',
      { approvals: [approval('bob', '1'), approval('carol', '1')] },
      'Approved: bob and carol approved 1000000',
    ],
    [
      'many approved several',
      'approved',
      { approvals: [approval('a', '1'), approval('b', '2'), approval('c', '2'), approval('d', '2')] },
      'Approved: a, b and 2 more approved every change',
    ],
    [
      'a deleted account approved',
      'approved',
      { approvals: [approval(null, '1')] },
      'Approved: a deleted account approved 1000000',
    ],
    [
      'something is missing',
      'held',
      { missing: [{ what: '1 approval is missing', who: ['@acme/maintainers'] }] },
      'Held: 1 approval is missing, from @acme/maintainers',
    ],
    [
      'more is missing',
      'held',
      {
        missing: [
          { what: '1 approval is missing', who: ['carol', 'dave'] },
          { what: 'x', who: [] },
        ],
      },
      'Held: 1 approval is missing, from carol or dave (and 1 more reason)',
    ],
    [
      'nothing says what is missing',
      'held',
      { gates: [gate('pending', 'The check `ci` runs.')] },
      'Held: The check ci runs',
    ],
    ['not even a gate', 'held', {}, 'Held'],
    [
      'it can’t be mended',
      'rejected',
      { gates: [gate('pending', 'No.'), gate('failed', 'It is closed.')], missing: [{ what: 'x', who: [] }] },
      'Rejected: It is closed',
    ],
    [
      'the policy is wrong',
      'error',
      { policy: { ...example.policy, problems: ['countersign.yml:4: unknown key'] } },
      'Error: countersign.yml:4: unknown key',
    ],
    [
      'facts could not be read',
      'error',
      { gates: [gate('pending', 'GitHub didn’t answer.')] },
      'Error: GitHub didn’t answer',
    ],
    [
      'it is not guarded',
      'not_guarded',
      { gates: [gate('not_applicable', 'The policy doesn’t guard `docs`.')] },
      'Not guarded: The policy doesn’t guard docs',
    ],
  ];
  test.each(cases)('%s', (_, verdict, more, expected) => {
    expect(verdictLine(decision(verdict, []), explained(more))).toBe(expected);
  });

  test('in observe mode it says what would have been', () => {
    const missing = [{ what: 'x is missing', who: [] }];
    expect(verdictLine(decision('held', [], { mode: 'observe' }), explained({ missing }))).toBe(
      'Would be held: x is missing',
    );
    expect(verdictLine(decision('error', [], { mode: 'observe' }), explained({ missing }))).toBe(
      'Would be held: x is missing',
    );
    expect(verdictLine(decision('rejected', [], { mode: 'observe' }), explained({}))).toBe(
      'Would be rejected',
    );
  });

  test('what is long is cut, and the number of other things stays', () => {
    const missing = [
      { what: 'w'.repeat(500), who: ['p'.repeat(500)] },
      ...Array.from({ length: 11 }, () => ({ what: 'x', who: [] })),
    ];
    const line = verdictLine(decision('held', []), explained({ missing }));
    expect(line.length).toBeLessThanOrEqual(140);
    expect(line).toMatch(/^Held: w+…, from p+… \(and 11 more reasons\)$/);
  });

  const what =
    'commit 1a2b3c4 was pushed past review: have its pull request approved, move the baseline past it in a reviewed one, or take it off the branch';

  test('what is too long ends after a whole clause', () => {
    const missing = [
      { what, who: ['an administrator of acme/shop'] },
      { what: 'x', who: [] },
    ];
    expect(verdictLine(decision('held', []), explained({ missing }))).toBe(
      'Held: commit 1a2b3c4 was pushed past review: have its pull request approved …, from an administrator of acme/shop (and 1 more reason)',
    );
  });

  test.each([
    [
      'carol',
      'Held: commit 1a2b3c4 was pushed past review: accept it by the baseline, or take it off the branch, from carol (and 1 more reason)',
    ],
    [
      'an administrator of acme/shop',
      'Held: commit 1a2b3c4 was pushed past review: accept it by the baseline, or take it off the branch (and 1 more reason)',
    ],
  ])('what has a short form is said in it, and with whom to ask where there is room: %s', (who, line) => {
    const short =
      'commit 1a2b3c4 was pushed past review: accept it by the baseline, or take it off the branch';
    const missing = [
      { what, short, who: [who] },
      { what: 'x', who: [] },
    ];
    expect(verdictLine(decision('held', []), explained({ missing }))).toBe(line);
  });
});

const place = { repository: example.repository, webUrl: example.webUrl, entryId: example.entryId };

describe('how a change’s check run stands', () => {
  test.each([
    ['approved', 'enforce', 'completed', 'success'],
    ['held', 'enforce', 'in_progress', null],
    ['rejected', 'enforce', 'completed', 'failure'],
    ['error', 'enforce', 'completed', 'failure'],
    ['not_guarded', 'enforce', 'completed', 'neutral'],
    ['approved', 'observe', 'completed', 'success'],
    ['held', 'observe', 'completed', 'neutral'],
    ['rejected', 'observe', 'completed', 'neutral'],
    ['error', 'observe', 'completed', 'neutral'],
    ['not_guarded', 'observe', 'completed', 'neutral'],
  ] as const)('%s in %s: %s %s', (verdict, mode, status, conclusion) => {
    const rendered = renderChangeCheckRun(decision(verdict, [], { mode }), example.changeFacts(), {
      explained: explained(),
      proposed: null,
      place,
    });
    expect(rendered).toMatchObject({ status, conclusion, actions: [] });
  });
});

describe('how a deployment’s check run stands', () => {
  const awaiting = [['approvals', 'pending', reason('deployment_approvals_missing')]] as const;
  const none: DeployProgress = { state: 'none' };
  const ended = (state: 'success' | 'failure' | 'unknown' | 'cancelled'): DeployProgress => ({
    state,
    hosts: [],
    difference: null,
    problem: null,
    showOutput: false,
    cancelledBy: null,
  });
  const deploying: DeployProgress = { state: 'deploying', hosts: [] };
  interface Case {
    readonly verdict: Verdict;
    readonly mode?: Decision['mode'];
    readonly source?: DeploymentRequest['source'];
    readonly hasTarget?: boolean;
    readonly awaits?: boolean;
    readonly progress?: DeployProgress;
    readonly stands: string;
  }
  const cases: readonly Case[] = [
    { verdict: 'held', stands: 'in_progress' },
    { verdict: 'held', awaits: true, stands: 'completed action_required approve,reject' },
    { verdict: 'held', awaits: true, source: 'merge', stands: 'completed action_required approve,reject' },
    // GitHub has its own reviewers there.
    { verdict: 'held', awaits: true, source: 'actions', stands: 'in_progress' },
    // It goes on, so nobody is asked.
    { verdict: 'held', awaits: true, mode: 'observe', stands: 'in_progress' },
    { verdict: 'rejected', awaits: true, stands: 'completed failure' },
    { verdict: 'error', awaits: true, stands: 'completed failure' },
    { verdict: 'not_guarded', stands: 'completed neutral' },
    { verdict: 'approved', stands: 'in_progress' },
    { verdict: 'approved', source: 'actions', hasTarget: false, stands: 'completed success' },
    // We deploy it when the job starts; its check run must not look finished before.
    { verdict: 'approved', source: 'actions', hasTarget: true, stands: 'in_progress' },
    { verdict: 'held', mode: 'observe', source: 'actions', hasTarget: false, stands: 'completed neutral' },
    { verdict: 'approved', progress: deploying, stands: 'in_progress' },
    { verdict: 'approved', progress: ended('success'), stands: 'completed success' },
    { verdict: 'approved', progress: ended('failure'), stands: 'completed failure' },
    { verdict: 'approved', progress: ended('unknown'), stands: 'completed failure' },
    { verdict: 'approved', progress: ended('cancelled'), stands: 'completed cancelled' },
    { verdict: 'held', mode: 'observe', progress: ended('success'), stands: 'completed neutral' },
    { verdict: 'held', mode: 'observe', progress: ended('failure'), stands: 'completed failure' },
  ];
  test.each(cases)('$verdict $mode $source $awaits $progress.state: $stands', (each) => {
    const {
      verdict,
      mode = 'enforce',
      source = 'api',
      hasTarget = true,
      awaits = false,
      progress = none,
      stands,
    } = each;
    const { status, conclusion, actions } = renderDeploymentCheckRun(
      decision(verdict, awaits ? awaiting : [], { mode }),
      example.deploymentFacts(),
      { request: example.request({ source }), explained: explained(), hasTarget, progress, place },
    );
    const buttons = actions.map(({ identifier }) => identifier).join(',');
    expect([status, conclusion, buttons].filter((part) => part !== null && part !== '').join(' ')).toBe(
      stands,
    );
  });
});
