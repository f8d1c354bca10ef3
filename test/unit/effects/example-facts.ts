/** Facts, decisions and outcomes to render, built from small pieces so that a case says only what it is about. */
import type { Actor } from '../../../src/domain/actor.ts';
import type { ChangeFacts, CommitFacts, ReviewFacts } from '../../../src/domain/change-facts.ts';
import type { Decision, GateOutcome } from '../../../src/domain/decision.ts';
import type { DeployOutcome, HostOutcome, ManifestEntry } from '../../../src/domain/deploy.ts';
import type {
  DeploymentFacts,
  DeploymentRequest,
  RangeCommit,
} from '../../../src/domain/deployment-facts.ts';
import { known } from '../../../src/domain/known.ts';
import type { Reason, ReasonCode } from '../../../src/domain/reason.ts';
import type { RepositoryRef } from '../../../src/domain/repository.ts';
import type { ExplainedDecision, PolicyNote } from '../../../src/effects/explained-decision.ts';

const user = (id: number, login: string): Actor => ({ id, login, kind: 'user' });
export const alice = user(1, 'alice');
export const bob = user(2, 'bob');
export const carol = user(3, 'carol');
export const dave = user(4, 'dave');

export const repository: RepositoryRef = { id: 100, owner: 'acme', name: 'shop', installationId: 9 };
export const entryId = '0199c0de-0000-7000-8000-00000000002a';
export const requestEntryId = '0199c0de-0000-7000-8000-000000000029';
export const webUrl = 'https://github.com';
export const requestId = '0199c0de-0000-4000-8000-00000000000d';
export const policy: PolicyNote = {
  path: '.github/countersign.yml',
  ref: 'main',
  commit: 'c0ffee1'.padEnd(40, '0'),
  changedSince: null,
  unusableNow: null,
  problems: [],
};

/** A full commit id that starts with `start`. */
export const sha = (start: string): string => start.padEnd(40, '0');

export function commit(
  start: string,
  message: string,
  author: Actor | null,
  more: Partial<CommitFacts> = {},
): CommitFacts {
  const login = author?.login ?? 'stranger';
  const identity = { name: login, email: `${login}@example.com`, actor: author };
  return {
    sha: sha(start),
    parents: [sha('0a')],
    message,
    authoredAt: '2026-11-20T09:00:00Z',
    committedAt: '2026-11-20T09:00:00Z',
    author: identity,
    committer: identity,
    coAuthors: [],
    signedByGitHub: false,
    ...more,
  };
}

export function review(
  author: Actor | null,
  start: string,
  state: ReviewFacts['state'] = 'approved',
  id = 1,
): ReviewFacts {
  return { id, author, state, commit: sha(start), submittedAt: '2026-11-20T10:30:00Z' };
}

export function changeFacts(
  more: Partial<ChangeFacts> = {},
  pull: Partial<ChangeFacts['pullRequest']> = {},
): ChangeFacts {
  const number = pull.number ?? 12;
  return {
    schema: 'change-facts/v1',
    gatheredAt: '2026-11-20T10:31:00Z',
    repository,
    pullRequest: {
      number,
      title: 'Round totals half up',
      url: `https://github.com/acme/shop/pull/${number}`,
      state: 'open',
      draft: false,
      author: alice,
      headSha: sha('1a2b3c4'),
      headRef: 'round-totals',
      fromFork: false,
      baseRef: 'main',
      baseSha: sha('9f8e7d6'),
      describedAt: known(null),
      baseChangedAt: known(null),
      merged: null,
      ...pull,
    },
    commits: {
      complete: true,
      items: [
        commit('5d6e7f8', 'Add a test for half cents', alice),
        commit('1a2b3c4', 'Round totals half up\n\nCo-authored-by: bob <bob@example.com>', alice, {
          coAuthors: [{ name: 'bob', email: 'bob@example.com', actor: bob }],
        }),
      ],
    },
    reviews: { complete: true, items: [] },
    dismissals: { complete: true, items: [] },
    checks: { complete: true, items: [{ name: 'ci/test', appId: 15368, state: 'success' }] },
    files: {
      complete: true,
      items: [{ path: 'src/shop.ts', status: 'modified', previousPath: null, additions: 4, deletions: 1 }],
    },
    labels: { complete: true, items: [] },
    pushers: { known: true, value: [alice] },
    protection: {
      branch: 'main',
      appId: 77,
      classic: { known: true, value: null },
      rulesets: {
        known: true,
        value: [
          {
            id: 7,
            source: 'acme',
            pullRequestRequired: true,
            requiredApprovals: 1,
            dismissesStaleApprovals: true,
            requiredChecks: [{ name: 'ci/test', appId: 15368 }],
            forcePushBlocked: true,
            deletionBlocked: true,
            lastPushApproved: false,
            codeOwnersRequired: false,
            conversationsResolved: true,
            linearHistory: false,
            signaturesRequired: false,
            upToDate: false,
            mergeQueue: { known: true, value: false },
            pullRequestBypassed: false,
            owner: 'organization',
            name: 'main',
            adminsIncluded: {
              known: false,
              why: 'GitHub shows who may bypass only to those who may change it',
            },
            raw: null,
          },
        ],
      },
    },
    roles: { teams: {}, permissions: {} },
    ...more,
  };
}

export function request(more: Partial<DeploymentRequest> = {}): DeploymentRequest {
  return {
    id: requestId,
    source: 'api',
    environment: 'production',
    ref: 'main',
    sha: sha('b4c5d6e'),
    requester: alice,
    requestedAt: '2026-11-20T11:00:00Z',
    githubDeploymentId: 55,
    runId: null,
    ...more,
  };
}

/** A commit that landed from a pull request which `approver` approved. */
export function landed(
  start: string,
  message: string,
  author: Actor,
  number: number,
  approver: Actor,
): { range: RangeCommit; change: ChangeFacts } {
  const onBranch = commit(start, `${message} (#${number})`, author, { signedByGitHub: true });
  const head = `${number}`.padStart(4, '0') + start.slice(0, 3);
  return {
    range: { commit: onBranch, pullRequests: [number], recordedUnreviewed: false },
    change: changeFacts(
      { reviews: { complete: true, items: [review(approver, head)] } },
      {
        number,
        title: message,
        author,
        state: 'merged',
        headSha: sha(head),
        merged: {
          at: '2026-11-20T10:59:00Z',
          by: author,
          commit: onBranch,
          onGitHub: { known: true, value: true },
        },
      },
    ),
  };
}

export function deploymentFacts(more: Partial<DeploymentFacts> = {}): DeploymentFacts {
  const changes = [
    landed('a1b2c3d', 'Show the delivery date', bob, 11, carol),
    landed('b4c5d6e', 'Round totals half up', alice, 12, carol),
  ];
  return {
    schema: 'deployment-facts/v1',
    gatheredAt: '2026-11-20T11:00:05Z',
    policy: { trusted: true },
    repository,
    request: request(),
    branches: { known: true, value: [{ name: 'main', tip: sha('b4c5d6e') }] },
    range: {
      running: sha('9f8e7d6'),
      baseline: null,
      status: 'ahead',
      commits: { complete: true, items: changes.map(({ range }) => range) },
    },
    changes: changes.map(({ change }) => change),
    environment: {
      known: true,
      value: {
        name: 'production',
        reviewers: { users: [carol, dave], teams: [], preventSelfReview: true },
        adminsCanBypass: false,
        guardedByUs: { known: true, value: true },
      },
    },
    reviews: { complete: true, items: [] },
    roles: { teams: {}, permissions: {} },
    ...more,
  };
}

export const reason = (code: ReasonCode, about: Reason['about'] = {}): Reason => ({ code, about });

/** A decision of `[gate, outcome, reasons]`, whose verdict is given: this room never works it out. */
export function decision(
  verdict: Decision['verdict'],
  gates: readonly (readonly [gate: string, outcome: GateOutcome, ...reasons: Reason[]])[],
  more: Partial<Decision> = {},
): Decision {
  return {
    schema: 'decision/v1',
    subject: 'change',
    verdict,
    mode: 'enforce',
    gates: gates.map(([gate, outcome, ...reasons]) => ({ gate, outcome, reasons })),
    ...more,
  };
}

export function explained(more: Partial<ExplainedDecision> = {}): ExplainedDecision {
  const changeApprovals = approvalsOf(deploymentFacts());
  return { gates: [], missing: [], approvals: [], changeApprovals, policy, ...more };
}

/** Every approval in these facts as one that counts. */
export function approvalsOf({ changes }: DeploymentFacts): ExplainedDecision['changeApprovals'] {
  return Object.fromEntries(
    changes.map(({ pullRequest, reviews }) => [
      pullRequest.number,
      reviews.items.map(({ author, commit, submittedAt }) => ({
        login: author?.login ?? null,
        commit,
        at: submittedAt,
        counted: true,
        why: 'given on the head, by somebody the policy asks for',
      })),
    ]),
  );
}

export function hostOutcome(host: string, more: Partial<HostOutcome> = {}): HostOutcome {
  return {
    host: { host, port: 22, user: 'deploy', fingerprint: 'SHA256:abc' },
    outcome: 'success',
    failedAt: null,
    message: '',
    previousRelease: '0199aaaa-9f8e7d600000',
    release: '0199c0de-b4c5d6e00000',
    presentedFingerprint: 'SHA256:abc',
    connection: null,
    traffic: { sent: 81_300, received: 40_000 },
    readBack: null,
    commands: [],
    files: { total: 240, transferred: 4, verified: 240 },
    startedAt: '2026-11-20T11:05:00.000Z',
    finishedAt: '2026-11-20T11:05:02.100Z',
    ...more,
  };
}

export const file = (path: string): ManifestEntry => ({
  path,
  mode: '100644',
  oid: sha('0f'),
  sha256: '0'.repeat(64),
  size: 10,
});

export function deployOutcome(more: Partial<DeployOutcome> = {}): DeployOutcome {
  return {
    outcome: 'success',
    hosts: [
      hostOutcome('web1.internal'),
      hostOutcome('web2.internal', {
        startedAt: '2026-11-20T11:05:02.100Z',
        finishedAt: '2026-11-20T11:05:04.200Z',
      }),
    ],
    difference: {
      changed: [file('src/totals.ts'), file('src/delivery.ts')],
      added: [file('test/totals.test.ts')],
      removed: [file('src/old-rounding.ts')],
      total: 240,
    },
    changes: {},
    manifest: [],
    ...more,
  };
}
