import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import type { Decision, Verdict } from '../../../src/domain/decision.ts';
import type { DeploymentRequest } from '../../../src/domain/deployment-facts.ts';
import type { Effect } from '../../../src/domain/effect.ts';
import { known } from '../../../src/domain/known.ts';
import { planChange } from '../../../src/effects/plan-change.ts';
import { planDeployment } from '../../../src/effects/plan-deployment.ts';
import { planAltered } from '../../../src/effects/plan-altered.ts';
import { planUnreviewed } from '../../../src/effects/plan-merge.ts';
import { planOutcome, planStart } from '../../../src/effects/plan-outcome.ts';
import { deploymentInput, stageInput } from './example-check-runs.ts';
import * as example from './example-facts.ts';

const { decision, entryId, explained, repository, requestEntryId, requestId, sha, webUrl } = example;
const missing = [{ what: '1 approval is missing', who: ['carol'] }];

/** What an effect would do, without what is rendered into it. */
function brief(effect: Effect): string {
  switch (effect.kind) {
    case 'check_run':
      return `check_run ${effect.checkRun.name} on ${effect.checkRun.sha.slice(0, 7)}`;
    case 'deployment_status':
      return `deployment_status ${effect.state}: ${effect.description}`;
    case 'answer_protection_rule':
      return `answer ${effect.state ?? 'report'} to run ${effect.runId}`;
    case 'comment':
      return `comment on #${effect.number}: ${effect.body.split('\n')[0]}`;
    case 'reaction':
      return `reaction ${effect.content} to ${effect.commentId}`;
    case 'create_deployment':
    case 'deploy':
      return `${effect.kind} ${effect.environment}`;
  }
}

describe('what follows from a decision about a change', () => {
  const effects = planChange({
    decision: decision('held', []),
    explained: explained({ missing }),
    facts: example.changeFacts(),
    entryId,
    repository,
    number: 12,
    headSha: sha('1a2b3c4'),
    webUrl,
  });

  test('one check run, on the head commit', () => {
    expect(effects.map(brief)).toEqual(['check_run countersign/change on 1a2b3c4']);
    expect(effects[0]).toMatchObject({
      key: `check_run:${entryId}`,
      entryId,
      repository,
      checkRun: { externalId: 'change:12' },
    });
  });
});

test('a merge that left something else than what was approved gets a failed check run', () => {
  const commit = {
    sha: sha('badc0de'),
    parents: [sha('ba5e000'), sha('feed123')],
    signedByGitHub: true,
    tree: known(sha('7ee1')),
    expected: known(sha('7ee2')),
  };
  const landing = { method: 'merge', base: sha('ba5e000'), commits: [commit] } as const;
  const [effect] = planAltered({
    landing: {
      sha: commit.sha,
      pullRequest: 12,
      branch: 'main',
      head: sha('feed123'),
      merger: null,
      landing,
    },
    entryId,
    repository,
    webUrl,
  });
  expect(effect).toMatchObject({
    kind: 'check_run',
    key: `check_run:${entryId}`,
    checkRun: {
      name: 'countersign/change',
      sha: commit.sha,
      externalId: `commit:${commit.sha}`,
      status: 'completed',
      conclusion: 'failure',
      title: 'Not what was approved: badc0de on main differs from #12',
    },
  });
});

test('a commit that went past review gets a failed check run', () => {
  const commit = {
    sha: sha('badc0de'),
    branch: 'main',
    pusher: null,
    forced: true,
    why: ['No pull request has it.'],
  };
  const [effect] = planUnreviewed({ commit, entryId, repository, webUrl });
  expect(effect).toMatchObject({
    kind: 'check_run',
    key: `check_run:${entryId}`,
    checkRun: {
      name: 'countersign/change',
      sha: commit.sha,
      externalId: `commit:${commit.sha}`,
      status: 'completed',
      conclusion: 'failure',
      title: 'Not reviewed: somebody pushed badc0de to main past review',
    },
  });
});

const SHOWN = 'check_run countersign/deploy (production) on b4c5d6e';

describe('what follows from a decision about a deployment', () => {
  interface Case {
    readonly verdict: Verdict;
    readonly mode?: Decision['mode'];
    readonly request: Partial<DeploymentRequest>;
    readonly sent?: number;
    readonly expected: readonly string[];
  }
  const merge = { source: 'merge', githubDeploymentId: null } as const;
  const actions = { source: 'actions', runId: 77, githubDeploymentId: 55 } as const;
  const HELD = 'deployment_status pending: Held: 1 approval is missing, from carol';
  const cases: readonly Case[] = [
    { verdict: 'approved', request: {}, expected: ['deploy production'] },
    { verdict: 'held', request: {}, expected: [HELD] },
    { verdict: 'rejected', request: {}, expected: ['deployment_status failure: Rejected'] },
    {
      verdict: 'error',
      request: {},
      expected: ['deployment_status error: Error: 1 approval is missing, from carol'],
    },
    { verdict: 'not_guarded', request: {}, expected: [] },
    { verdict: 'held', mode: 'observe', request: {}, expected: ['deploy production'] },
    { verdict: 'rejected', mode: 'observe', request: {}, expected: ['deploy production'] },
    { verdict: 'not_guarded', mode: 'observe', request: {}, expected: [] },
    { verdict: 'approved', request: merge, expected: ['create_deployment production', 'deploy production'] },
    { verdict: 'held', request: merge, expected: ['create_deployment production', HELD] },
    { verdict: 'held', request: { ...merge, githubDeploymentId: 56 }, expected: [HELD] },
    { verdict: 'approved', request: actions, expected: ['answer approved to run 77'] },
    { verdict: 'held', request: actions, expected: ['answer report to run 77'] },
    { verdict: 'error', request: actions, expected: ['answer report to run 77'] },
    { verdict: 'rejected', request: actions, expected: ['answer rejected to run 77'] },
    // Our rule guards the environment, so a job must not pass it only because the policy forgot to name it.
    { verdict: 'not_guarded', mode: 'observe', request: actions, expected: ['answer report to run 77'] },
    { verdict: 'held', mode: 'observe', request: actions, expected: ['answer approved to run 77'] },
    { verdict: 'held', request: actions, sent: 9, expected: [] },
    { verdict: 'approved', request: actions, sent: 9, expected: ['answer approved to run 77'] },
    { verdict: 'approved', request: { ...actions, runId: null }, expected: [] },
  ];
  test.each(cases)(
    '$verdict $mode $request.source $sent: $expected',
    ({ verdict, mode = 'enforce', request, sent = 0, expected }) => {
      const effects = planDeployment(
        deploymentInput({
          decision: decision(verdict, [], { mode }),
          explained: explained({ missing }),
          request: example.request(request),
          reports: { sent, last: null },
        }),
      );
      expect(effects.map(brief)).toEqual([SHOWN, ...expected]);
    },
  );

  test('each is keyed by the entry that it follows from', () => {
    const effects = planDeployment(deploymentInput({ request: example.request(merge) }));
    expect(effects.map(({ key }) => key)).toEqual([
      `check_run:${entryId}`,
      `create_deployment:${requestEntryId}`,
      `deploy:${entryId}`,
    ]);
    const [shown, answer] = planDeployment(deploymentInput({ request: example.request(actions) }));
    expect(shown).toMatchObject({ checkRun: { externalId: `deployment:${requestId}` } });
    expect(answer?.key).toBe(`answer_protection_rule:${entryId}`);
  });

  test('a status report isn’t given twice in the same words', () => {
    const input = deploymentInput({
      decision: decision('held', []),
      explained: explained({ missing }),
      request: example.request(actions),
    });
    const [, report] = planDeployment(input);
    if (report?.kind !== 'answer_protection_rule') throw new Error('no report');
    expect(report.comment).toContain('**Held: 1 approval is missing, from carol**');
    expect(planDeployment({ ...input, reports: { sent: 1, last: report.comment } }).map(brief)).toEqual([
      SHOWN,
    ]);
  });

  test('a report names all that is missing, as far as GitHub takes it', () => {
    const all = Array.from({ length: 40 }, (_, index) => ({
      what: `thing ${index} <b> is missing`,
      who: ['@acme/leads'],
    }));
    const [, report] = planDeployment(
      deploymentInput({
        decision: decision('held', []),
        explained: explained({ missing: all }),
        request: example.request(actions),
      }),
    );
    if (report?.kind !== 'answer_protection_rule') throw new Error('no report');
    expect(report.comment.length).toBeLessThanOrEqual(1_024);
    expect(report.comment).toContain('- thing 1 ');
    expect(report.comment).toContain('check run countersign/deploy (production)');
    expect(report.comment).not.toContain(' <b>');
  });

  test('whatever is missing, and however it is called, a report fits, there are nine at most, and the answer always comes', () => {
    const item = fc.record({
      what: fc.string({ unit: 'grapheme', maxLength: 400 }),
      who: fc.array(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 80 }), { maxLength: 12 }),
    });
    fc.assert(
      fc.property(
        fc.array(item, { maxLength: 40 }),
        fc.option(fc.string({ unit: 'grapheme', maxLength: 200 }), { nil: undefined }),
        fc.nat(20),
        fc.string({ unit: 'grapheme', minLength: 1, maxLength: 255 }),
        (missing, lookAgain, sent, environment) => {
          const words = { ...explained({ missing }), ...(lookAgain === undefined ? {} : { lookAgain }) };
          const answersTo = (verdict: Verdict) =>
            planDeployment(
              deploymentInput({
                decision: decision(verdict, []),
                explained: words,
                request: example.request({ ...actions, environment }),
                reports: { sent, last: null },
              }),
            ).filter((effect) => effect.kind === 'answer_protection_rule');
          const reports = answersTo('held');
          expect(reports).toHaveLength(sent < 9 ? 1 : 0);
          const all = [...reports, ...answersTo('approved'), ...answersTo('rejected')];
          expect(all).toHaveLength(reports.length + 2);
          for (const { comment } of all) expect(comment.length).toBeLessThanOrEqual(1_024);
        },
      ),
      { numRuns: 200 },
    );
  });

  test('a report says when it is looked at again', () => {
    const [, report] = planDeployment(
      deploymentInput({
        decision: decision('held', []),
        explained: { ...explained({ missing }), lookAgain: 'Mon 4 Jan 2027 00:00 Europe/London' },
        request: example.request(actions),
      }),
    );
    expect(report).toMatchObject({
      comment: expect.stringContaining(
        'It is looked at again on Mon 4 Jan 2027 00:00 Europe/London. The whole',
      ),
    });
  });

  test('what is only observed says so where it is approved', () => {
    const [, answer] = planDeployment(
      deploymentInput({
        decision: decision('held', [], { mode: 'observe' }),
        explained: explained({ missing }),
        request: example.request(actions),
      }),
    );
    expect(answer).toMatchObject({
      state: 'approved',
      comment: expect.stringContaining('Approved (observe): Would be held: 1 approval is missing'),
    });
  });
});

describe('what follows from a deployment’s start and end', () => {
  const host = example.hostOutcome('web1.internal');

  test('what failed commands printed is shown only where that was said, and else where it is kept', () => {
    const printed = {
      ...host,
      outcome: 'failure' as const,
      commands: [
        { step: 'build', exitCode: 1, signal: null, output: 'S3CRET', truncated: false, milliseconds: 3 },
      ],
    };
    const deployed = example.deployOutcome({ outcome: 'failure', hosts: [printed] });
    const shown = (showOutput: boolean) =>
      JSON.stringify(
        planOutcome({
          ...stageInput(),
          outcome: { outcome: 'failure', deployed, message: null, showOutput },
        }),
      );
    expect(shown(true)).toContain('S3CRET');
    expect(shown(false)).not.toContain('S3CRET');
    expect(shown(false)).toContain(`countersign entry ${stageInput().entryId} --document hosts`);
  });

  test('it starts', () => {
    const effects = planStart({ ...stageInput(), hosts: [host.host] });
    expect(effects.map(brief)).toEqual([
      SHOWN,
      'deployment_status in_progress: Deploying b4c5d6e to production: 1 host',
    ]);
    expect(effects.map(({ key }) => key)).toEqual([`check_run:${entryId}`, `deployment_status:${entryId}`]);
  });

  const failed = { ...host, outcome: 'failure', failedAt: 'health', message: 'exit code 1' } as const;
  test.each([
    [
      'success',
      example.deployOutcome(),
      null,
      'success: Deployed b4c5d6e to production: 2 hosts, 8 files sent (158.8 KiB), 4.2 s',
    ],
    ['success', null, null, 'success: Deployed b4c5d6e to production'],
    [
      'failure',
      example.deployOutcome({ hosts: [host, failed] }),
      null,
      'failure: Failed to deploy b4c5d6e to production: web1.internal at health',
    ],
    [
      'failure',
      example.deployOutcome({ hosts: [failed, { ...failed }] }),
      null,
      'failure: Failed to deploy b4c5d6e to production: web1.internal at health and 1 more host',
    ],
    [
      'failure',
      null,
      'The mirror could not be fetched.',
      'failure: Failed to deploy b4c5d6e to production: The mirror could not be fetched.',
    ],
    ['unknown', null, null, 'error: Unknown whether b4c5d6e to production was deployed: no host was reached'],
  ] as const)('it ends in %s', (outcome, deployed, message, expected) => {
    const effects = planOutcome({ ...stageInput(), outcome: { outcome, deployed, message } });
    expect(effects.map(brief)).toEqual([SHOWN, `deployment_status ${expected}`]);
  });

  test('a job of Actions has its statuses from GitHub', () => {
    const request = example.request({ source: 'actions', runId: 77 });
    expect(planStart({ ...stageInput(), request, hosts: [] }).map(brief)).toEqual([SHOWN]);
    expect(
      planOutcome({
        ...stageInput(),
        request,
        outcome: { outcome: 'success', deployed: null, message: null },
      }).map(brief),
    ).toEqual([SHOWN]);
  });

  test('no description is longer than GitHub takes', () => {
    const message = 'x'.repeat(500);
    const [, status] = planOutcome({
      ...stageInput(),
      request: example.request({ environment: 'e'.repeat(255) }),
      outcome: { outcome: 'failure', deployed: null, message },
    });
    expect(status?.kind === 'deployment_status' && status.description.length).toBeLessThanOrEqual(140);
  });
});
