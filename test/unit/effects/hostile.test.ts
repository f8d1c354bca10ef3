import { describe, test } from '@jest/globals';
import * as fc from 'fast-check';
import type { Actor } from '../../../src/domain/actor.ts';
import type { ChangeFacts, CommitFacts } from '../../../src/domain/change-facts.ts';
import type { GateOutcome, Verdict } from '../../../src/domain/decision.ts';
import type { HostOutcome } from '../../../src/domain/deploy.ts';
import type { DeploymentFacts } from '../../../src/domain/deployment-facts.ts';
import { known, unknown } from '../../../src/domain/known.ts';
import { appendProof } from '../../../src/effects/append-proof.ts';
import type { ExplainedDecision } from '../../../src/effects/explained-decision.ts';
import { planChange } from '../../../src/effects/plan-change.ts';
import { planDeployment } from '../../../src/effects/plan-deployment.ts';
import { planAltered } from '../../../src/effects/plan-altered.ts';
import { planUnreviewed } from '../../../src/effects/plan-merge.ts';
import { planOutcome } from '../../../src/effects/plan-outcome.ts';
import { checkRunOf, deploymentInput, proof, stageInput } from './example-check-runs.ts';
import * as example from './example-facts.ts';
import { expectSound, hostile, long } from './hostile.ts';

const WORD = /^(?:Approved|Held|Rejected|Error|Not guarded|Would be (?:held|rejected))/;

const sha = fc.stringMatching(/^[0-9a-f]{40}$/);
const actor: fc.Arbitrary<Actor | null> = fc.option(
  fc.record({ id: fc.nat(50), login: hostile, kind: fc.constantFrom('user', 'bot') }),
);
const identity = fc.record({ name: hostile, email: hostile, actor });
const many = <T>(item: fc.Arbitrary<T>) =>
  fc
    .tuple(fc.array(item, { maxLength: 6 }), fc.constantFrom(1, 1, 1, 60))
    .map(([items, times]) => Array.from({ length: times }, () => items).flat());

const commit: fc.Arbitrary<CommitFacts> = fc
  .record({
    sha,
    message: long,
    author: identity,
    committer: identity,
    coAuthors: fc.array(identity, { maxLength: 8 }),
    signedByGitHub: fc.boolean(),
  })
  .map((more) => ({ ...example.commit('1', '', null), ...more }));

const change: fc.Arbitrary<ChangeFacts> = fc
  .record({
    title: long,
    baseRef: hostile,
    sha,
    branch: hostile,
    why: hostile,
    commits: many(commit),
    reviewer: actor,
    complete: fc.boolean(),
  })
  .map(({ title, baseRef, sha, branch, why, commits, reviewer, complete }) =>
    example.changeFacts(
      {
        commits: { complete, items: commits },
        reviews: { complete, items: [{ ...example.review(reviewer, '1'), commit: sha }] },
        protection: {
          branch,
          appId: 77,
          classic: { known: false, why },
          rulesets: { known: true, value: [] },
        },
      },
      { title, baseRef, headSha: sha },
    ),
  );

const outcome: fc.Arbitrary<GateOutcome> = fc.constantFrom('passed', 'pending', 'failed', 'not_applicable');
const approval = fc.record({
  login: fc.option(hostile),
  commit: fc.option(sha),
  at: fc.option(hostile),
  counted: fc.boolean(),
  why: long,
});
const explained: fc.Arbitrary<ExplainedDecision> = fc.record({
  gates: many(fc.record({ gate: hostile, outcome, sentences: fc.array(long, { maxLength: 9 }) })),
  missing: many(fc.record({ what: long, who: fc.array(hostile, { maxLength: 9 }) })),
  approvals: many(approval),
  changeApprovals: fc.dictionary(fc.nat().map(String), many(approval)),
  policy: fc.record({
    path: hostile,
    ref: hostile,
    commit: fc.option(sha),
    changedSince: fc.option(many(sha)),
    unusableNow: fc.option(long),
    problems: many(long),
  }),
});

const decision = fc
  .record({
    verdict: fc.constantFrom<Verdict[]>('approved', 'held', 'rejected', 'error', 'not_guarded'),
    mode: fc.constantFrom('enforce' as const, 'observe' as const),
    gates: fc.array(fc.record({ gate: hostile, outcome, commit: sha }), { maxLength: 4 }),
  })
  .map(({ verdict, mode, gates }) => ({
    ...example.decision(
      verdict,
      gates.map(({ gate, outcome, commit }) => [
        gate,
        outcome,
        example.reason('identity_unmapped', { commit }),
      ]),
    ),
    mode,
  }));

const facts: fc.Arbitrary<DeploymentFacts> = fc
  .record({
    changes: fc.array(change, { maxLength: 3 }),
    commits: many(
      fc.record({
        commit,
        pullRequests: fc.constantFrom([], [12], [12, 13, 14, 15]),
        recordedUnreviewed: fc.boolean(),
      }),
    ),
    comment: long,
    reviewer: actor,
    status: fc.constantFrom('ahead', 'identical', 'behind', 'diverged', 'first', 'unknown'),
    complete: fc.boolean(),
    running: fc.option(sha),
  })
  .map(({ changes, commits, comment, reviewer, status, complete, running }) =>
    example.deploymentFacts({
      changes,
      range: { running, baseline: running, status, commits: { complete, items: commits } },
      reviews: {
        complete,
        items: [{ via: 'check_run', reviewer, state: 'approved', sha: example.sha('1'), at: null, comment }],
      },
    }),
  );

const request = fc
  .record({
    source: fc.constantFrom('merge', 'api', 'actions'),
    environment: hostile,
    ref: hostile,
    sha,
    requester: actor,
    runId: fc.option(fc.nat()),
  })
  .map((more) => example.request({ ...more, requestedAt: more.ref }));

const host: fc.Arbitrary<HostOutcome> = fc
  .record({
    name: hostile,
    outcome: fc.constantFrom('success', 'failure', 'unknown', 'rolled_back', 'not_reached'),
    failedAt: fc.option(hostile),
    message: long,
    output: long,
    exitCode: fc.option(fc.nat(3)),
    signal: fc.option(hostile),
  })
  .map(({ name, outcome, failedAt, message, output, exitCode, signal }) =>
    example.hostOutcome(name, {
      outcome,
      failedAt,
      message,
      release: name,
      commands: [{ step: name, exitCode, signal, output, truncated: exitCode === 1, milliseconds: 3 }],
    }),
  );

const runs = { numRuns: 60 };

describe('whatever was pushed, a check run is sound', () => {
  test('of a change', () => {
    fc.assert(
      fc.property(decision, explained, change, (decision, explained, facts) => {
        const { entryId, repository, webUrl } = example;
        const effects = planChange({
          decision,
          explained,
          facts,
          entryId,
          repository,
          number: 12,
          headSha: facts.pullRequest.headSha,
          webUrl,
        });
        expectSound(appendProof(checkRunOf(effects), proof), WORD);
      }),
      runs,
    );
  });

  test('of a deployment that is decided', () => {
    fc.assert(
      fc.property(
        decision,
        explained,
        facts,
        request,
        fc.boolean(),
        (decision, explained, facts, request, hasTarget) => {
          const effects = planDeployment(deploymentInput({ decision, explained, facts, request, hasTarget }));
          expectSound(checkRunOf(effects), WORD);
        },
      ),
      runs,
    );
  });

  test('of a deployment that has ended', () => {
    const ended = fc.record({
      outcome: fc.constantFrom('success', 'failure', 'unknown', 'cancelled'),
      hosts: many(host),
      paths: many(long),
      message: fc.option(long),
    });
    fc.assert(
      fc.property(
        decision,
        explained,
        facts,
        request,
        ended,
        (decision, explained, facts, request, { outcome, hosts, paths, message }) => {
          const difference = {
            added: paths.map(example.file),
            changed: [],
            removed: [],
            total: paths.length,
          };
          const deployed = { outcome, hosts, difference, changes: {}, manifest: [] };
          const effects = planOutcome({
            ...stageInput(),
            decision,
            explained,
            facts,
            request,
            outcome: { outcome, deployed, message, showOutput: true, cancelledBy: request.requester },
          });
          expectSound(checkRunOf(effects), /^(?:Deployed|Failed|Unknown|Cancelled)/);
        },
      ),
      runs,
    );
  });

  test('of a merge that left something else', () => {
    const commit = fc.record({
      sha,
      parents: fc.constant([]),
      signedByGitHub: fc.boolean(),
      tree: sha.map(known),
      expected: fc.oneof(sha.map(known), hostile.map(unknown)),
    });
    const method = fc.constantFrom('merge' as const, 'squash' as const, 'rebase' as const);
    const landing = fc.record({ method, base: sha, commits: fc.array(commit, { maxLength: 30 }) });
    const pullRequest = fc.integer({ min: 1 });
    fc.assert(
      fc.property(
        fc.record({ sha, pullRequest, branch: hostile, head: sha, merger: actor, landing }),
        (landing) => {
          const { entryId, repository, webUrl } = example;
          const effects = planAltered({ landing, entryId, repository, webUrl });
          expectSound(checkRunOf(effects), /^Not what was approved/);
        },
      ),
      runs,
    );
  });

  test('of a commit that went past review', () => {
    fc.assert(
      fc.property(
        fc.record({ sha, branch: hostile, pusher: actor, forced: fc.boolean(), why: many(long) }),
        (commit) => {
          const { entryId, repository, webUrl } = example;
          expectSound(checkRunOf(planUnreviewed({ commit, entryId, repository, webUrl })), /^Not reviewed/);
        },
      ),
      runs,
    );
  });
});
