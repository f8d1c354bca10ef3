/**
 * How fast a decision is. The base is a copy of the same facts by JSON, measured in the same run: the least that anyone
 * who stores or reads them pays.
 */
import type { ChangeFacts, CommitFacts, IdentityFacts } from '../src/domain/change-facts.ts';
import type { DeploymentFacts } from '../src/domain/deployment-facts.ts';
import { known } from '../src/domain/known.ts';
import { evaluateChange } from '../src/policy/evaluate-change.ts';
import { evaluateDeployment } from '../src/policy/evaluate-deployment.ts';
import type { PolicyReading } from '../src/policy/policy-reading.ts';
import { readingOf } from '../src/policy/reading-of.ts';
import type { Benchmark } from './benchmark.ts';

const POLICY = `version: 1
changes:
  branches: [main]
  approvals: { required: 2, from: { teams: [maintainers] } }
  checks: [check-1, check-2]
  protection: { pull_request: required, force_push: blocked, admins: included }
environments:
  production:
    branches: [main]
    deploy: { on: request, by: { teams: [leads] } }
    approvals: { required: 1, from: environment }
`;

/** Decisions a second on a large change, and how the time grows with the length of a deployed range. */
export async function run(): Promise<Benchmark> {
  const reading = readingOf({ path: '.github/countersign.yml', ref: 'main', commit: null, text: POLICY });
  const large = changeOf(100, 100, 50);
  const approved = evaluateChange(reading, large).verdict;
  if (approved !== 'approved') throw new Error(`the large change is ${approved}`);

  const decisions = perSecond(() => evaluateChange(reading, large));
  const copies = perSecond(() => JSON.parse(JSON.stringify(large)) as unknown);
  const short = rangeRate(reading, 1_000);
  const long = rangeRate(reading, 10_000);
  return {
    rows: [
      { what: 'evaluateChange: 100 commits, 100 reviews, 50 checks', 'per second': Math.round(decisions) },
      { what: 'base: JSON.parse(JSON.stringify()) of the same facts', 'per second': Math.round(copies) },
      { what: 'evaluateDeployment: 1,000 commits, commits judged', 'per second': Math.round(short) },
      { what: 'evaluateDeployment: 10,000 commits, commits judged', 'per second': Math.round(long) },
    ],
    ratios: {
      evaluate_per_s: Math.round(decisions),
      evaluate_vs_json_copy: round(decisions / copies),
      range_10k_per_commit_vs_1k: round(short / long),
    },
  };
}

const round = (value: number) => Math.round(value * 100) / 100;

function rangeRate(reading: PolicyReading, commits: number): number {
  const facts = deploymentOf(commits);
  const { verdict } = evaluateDeployment(reading, facts);
  if (verdict !== 'approved') throw new Error(`the range of ${commits} is ${verdict}`);
  return perSecond(() => evaluateDeployment(reading, facts)) * commits;
}

/** The best of five half-seconds, after one to warm up: what disturbs a shared machine only ever makes it slower. */
function perSecond(work: () => unknown): number {
  let best = 0;
  for (let round = 0; round < 6; round += 1) {
    const start = performance.now();
    let done = 0;
    let elapsed = 0;
    while (elapsed < 500) {
      work();
      done += 1;
      elapsed = performance.now() - start;
    }
    if (round > 0) best = Math.max(best, (done * 1_000) / elapsed);
  }
  return best;
}

const sha = (kind: number, number: number) => `${kind}${number.toString(16).padStart(39, '0')}`;
const person = (id: number) => ({ id, login: `person-${id}`, kind: 'user' }) as const;
const identity = (id: number): IdentityFacts => ({
  name: `Person ${id}`,
  email: `${id}@example.com`,
  actor: person(id),
});
const REPOSITORY = { id: 1, owner: 'acme', name: 'shop', installationId: 1 };
const REVIEWER = 1_000;

function commitOf(id: string, parents: readonly string[], author: number): CommitFacts {
  return {
    sha: id,
    parents,
    message: `Change something\n\nCo-authored-by: Person ${author + 1} <${author + 1}@example.com>`,
    authoredAt: '2026-03-01T09:00:00Z',
    committedAt: '2026-03-01T09:00:00Z',
    author: identity(author),
    committer: identity(author),
    coAuthors: [identity(author + 1)],
    signedByGitHub: false,
  };
}

function changeOf(commits: number, reviews: number, checks: number, number = 1): ChangeFacts {
  const items = Array.from({ length: commits }, (_, index) =>
    commitOf(
      sha(number % 10, number * 1_000 + index),
      [sha(number % 10, number * 1_000 + index - 1)],
      index % 20,
    ),
  );
  const headSha = items.at(-1)?.sha ?? '';
  return {
    schema: 'change-facts/v1',
    gatheredAt: '2026-03-02T12:00:00.000Z',
    repository: REPOSITORY,
    pullRequest: {
      number,
      title: 'Sell more',
      url: `https://github.com/acme/shop/pull/${number}`,
      state: 'open',
      draft: false,
      author: person(1),
      headSha,
      headRef: 'sell-more',
      fromFork: false,
      baseRef: 'main',
      baseSha: sha(0, 0),
      baseChangedAt: known(null),
      describedAt: known(null),
      merged: null,
    },
    commits: { complete: true, items },
    reviews: {
      complete: true,
      items: Array.from({ length: reviews }, (_, index) => ({
        id: index,
        author: person(REVIEWER + (index % 30)),
        state: index % 3 === 0 ? ('commented' as const) : ('approved' as const),
        commit: index % 2 === 0 ? headSha : sha(0, index),
        submittedAt: `2026-03-02T10:${String(index % 60).padStart(2, '0')}:00Z`,
      })),
    },
    dismissals: { complete: true, items: [] },
    checks: {
      complete: true,
      items: Array.from({ length: checks }, (_, index) => ({
        name: `check-${index}`,
        appId: 5,
        state: 'success' as const,
      })),
    },
    files: {
      complete: true,
      items: [
        { path: 'src/shop.ts', status: 'modified', previousPath: null, additions: 400, deletions: 100 },
      ],
    },
    labels: { complete: true, items: [] },
    pushers: known([person(1), person(2)]),
    protection: {
      branch: 'main',
      appId: 77,
      classic: known({
        pullRequestRequired: true,
        requiredApprovals: 1,
        dismissesStaleApprovals: true,
        requiredChecks: [],
        forcePushBlocked: true,
        deletionBlocked: true,
        lastPushApproved: true,
        codeOwnersRequired: false,
        conversationsResolved: false,
        linearHistory: false,
        signaturesRequired: false,
        upToDate: false,
        mergeQueue: known(false),
        pullRequestBypassed: false,
        adminsIncluded: known(true),
        raw: {},
      }),
      rulesets: known([]),
    },
    roles: {
      teams: {
        maintainers: known(Array.from({ length: 30 }, (_, index) => REVIEWER + index)),
        leads: known([2_000]),
      },
      permissions: {},
    },
  };
}

/** Pull requests of ten commits each, merged one after the other. */
function deploymentOf(commits: number): DeploymentFacts {
  const changes = Array.from({ length: commits / 10 }, (_, index) => {
    const change = changeOf(9, 6, 0, index + 1);
    const merge: CommitFacts = {
      ...commitOf(sha(0, 500_000 + index), [sha(0, 499_999 + index), change.pullRequest.headSha], REVIEWER),
      committer: {
        name: 'GitHub',
        email: 'noreply@github.com',
        actor: { id: 19_864_447, login: 'web-flow', kind: 'user' },
      },
      signedByGitHub: true,
    };
    const { sha: id, parents, signedByGitHub } = merge;
    const tree = known(sha(9, index));
    const landing = known({
      method: 'merge' as const,
      base: parents[0] ?? '',
      commits: [{ sha: id, parents, signedByGitHub, tree, expected: tree }],
    });
    const merged = {
      at: '2026-03-03T08:00:00Z',
      by: person(REVIEWER),
      commit: merge,
      onGitHub: { known: true, value: true } as const,
      landing,
    };
    return { ...change, pullRequest: { ...change.pullRequest, state: 'merged' as const, merged } };
  });
  const target = sha(0, 500_000 + commits / 10 - 1);
  const items = changes.flatMap(({ commits: own, pullRequest }) =>
    [...own.items, pullRequest.merged.commit].map((commit) => ({
      commit,
      pullRequests: [pullRequest.number],
      recordedUnreviewed: false,
    })),
  );
  return {
    schema: 'deployment-facts/v1',
    policy: { trusted: true },
    gatheredAt: '2026-03-03T10:00:00.000Z',
    repository: REPOSITORY,
    request: {
      id: '6f7f3c1e-0000-4000-8000-000000000001',
      source: 'api',
      environment: 'production',
      ref: 'main',
      sha: target,
      requester: person(2_000),
      requestedAt: '2026-03-03T08:30:00.000Z',
      githubDeploymentId: 1,
      runId: null,
    },
    branches: known([{ name: 'main', tip: target }]),
    range: { running: sha(0, 499_999), baseline: null, status: 'ahead', commits: { complete: true, items } },
    changes,
    environment: known({
      name: 'production',
      reviewers: { users: [person(3_000)], teams: [], preventSelfReview: true },
      adminsCanBypass: false,
      guardedByUs: known(true),
    }),
    reviews: {
      complete: true,
      items: [
        { via: 'check_run', reviewer: person(3_000), state: 'approved', sha: target, at: null, comment: '' },
      ],
    },
    roles: { teams: { maintainers: known([REVIEWER]), leads: known([2_000]) }, permissions: {} },
  };
}
