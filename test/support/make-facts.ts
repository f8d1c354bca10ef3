/**
 * Facts as plain data, approved by default: a case changes only what it is about. `alice` wrote the change, `bob` of
 * team `maintainers` approved it, `dave` of team `leads` asks for deployments, `erin` reviews production.
 */
import { createHash } from 'node:crypto';
import type { Actor } from '../../src/domain/actor.ts';
import type {
  ChangeFacts,
  CheckFacts,
  CommitFacts,
  FileFacts,
  IdentityFacts,
  MergeFacts,
  PullRequestFacts,
  ReviewFacts,
} from '../../src/domain/change-facts.ts';
import type { DeploymentFacts, DeploymentReview, RangeCommit } from '../../src/domain/deployment-facts.ts';
import { known } from '../../src/domain/known.ts';
import type { BaseMergeFacts, LandingFacts } from '../../src/domain/landing-facts.ts';
import type { Listed } from '../../src/domain/listed.ts';
import type { GroupCommit, GroupStep, MergeGroupFacts } from '../../src/domain/merge-group-facts.ts';
import type { ProtectionFacts, ProtectionRules } from '../../src/domain/protection-facts.ts';
import type { RoleFacts } from '../../src/domain/role-facts.ts';
import { readingOf } from '../../src/policy/reading-of.ts';
import type { Policy } from '../../src/policy/schema.ts';

const user = (id: number, login: string): Actor => ({ id, login, kind: 'user' });

export const alice = user(1, 'alice');
export const bob = user(2, 'bob');
export const carol = user(3, 'carol');
export const dave = user(4, 'dave');
export const erin = user(5, 'erin');
export const frank = user(6, 'frank');
export const robot: Actor = { id: 90, login: 'robot[bot]', kind: 'bot' };
export const workflow: Actor = { id: 41_898_282, login: 'github-actions[bot]', kind: 'bot' };
export const webFlow = user(19_864_447, 'web-flow');

/** A commit id that stays the same for a word. */
export const sha = (word: string): string => createHash('sha1').update(word).digest('hex');

export const identity = (
  actor: Actor | null,
  email = `${actor?.login ?? 'somebody'}@example.com`,
): IdentityFacts => ({
  name: actor?.login ?? 'Somebody',
  email,
  actor,
});

export const github: IdentityFacts = { name: 'GitHub', email: 'noreply@github.com', actor: webFlow };

export const all = <T>(...items: readonly T[]): Listed<T> => ({ complete: true, items });
export const cut = <T>({ items }: Listed<T>): Listed<T> => ({ complete: false, items });

/** A commit of alice's, named by a word. */
export function makeCommit(word: string, over: Partial<CommitFacts> = {}): CommitFacts {
  return {
    sha: sha(word),
    parents: [sha(`before ${word}`)],
    message: `Work on ${word}`,
    authoredAt: '2026-03-01T09:00:00Z',
    committedAt: '2026-03-01T09:00:00Z',
    author: identity(alice),
    committer: identity(alice),
    coAuthors: [],
    signedByGitHub: false,
    ...over,
  };
}

let reviewIds = 0;

/** Bob's approval of the commit named `head`. */
export function makeReview(over: Partial<ReviewFacts> = {}): ReviewFacts {
  reviewIds += 1;
  return {
    id: reviewIds,
    author: bob,
    state: 'approved',
    commit: sha('head'),
    submittedAt: '2026-03-02T10:00:00Z',
    ...over,
  };
}

export const makeCheck = (over: Partial<CheckFacts> = {}): CheckFacts => ({
  name: 'ci/test',
  appId: 15_368,
  state: 'success',
  ...over,
});

/** A file that was modified, by its path. */
export const makeFile = (path: string, over: Partial<FileFacts> = {}): FileFacts => ({
  path,
  status: 'modified',
  previousPath: null,
  additions: 4,
  deletions: 1,
  ...over,
});

/** Rules that meet every demand. */
export const makeRules = (over: Partial<ProtectionRules> = {}): ProtectionRules => ({
  pullRequestRequired: true,
  requiredApprovals: 1,
  dismissesStaleApprovals: true,
  requiredChecks: [
    { name: 'countersign/change', appId: 77 },
    { name: 'ci/test', appId: 15_368 },
  ],
  forcePushBlocked: true,
  deletionBlocked: true,
  lastPushApproved: true,
  codeOwnersRequired: true,
  conversationsResolved: true,
  linearHistory: true,
  signaturesRequired: true,
  upToDate: true,
  mergeQueue: known(true),
  pullRequestBypassed: false,
  adminsIncluded: known(true),
  raw: {},
  ...over,
});

export const makeProtection = (over: Partial<ProtectionFacts> = {}): ProtectionFacts => ({
  branch: 'main',
  appId: 77,
  classic: known(makeRules()),
  rulesets: known([]),
  ...over,
});

export const makeRoles = (over: Partial<RoleFacts> = {}): RoleFacts => ({
  teams: {
    maintainers: known([bob.id, carol.id]),
    developers: known([alice.id, bob.id, carol.id]),
    leads: known([dave.id]),
    ...over.teams,
  },
  permissions: { ...over.permissions },
  ...(over.usersMustWrite === undefined ? {} : { usersMustWrite: over.usersMustWrite }),
});

export const repository = { id: 500, owner: 'acme', name: 'shop', installationId: 9 } as const;

type ChangeOverrides = Partial<Omit<ChangeFacts, 'pullRequest'>> & {
  readonly pullRequest?: Partial<PullRequestFacts>;
};

/** An open pull request that alice wrote and bob approved. */
export function makeChangeFacts({ pullRequest, ...over }: ChangeOverrides = {}): ChangeFacts {
  const number = pullRequest?.number ?? 12;
  return {
    schema: 'change-facts/v1',
    gatheredAt: '2026-03-02T12:00:00.000Z',
    repository,
    pullRequest: {
      number,
      title: 'Sell more',
      url: `https://github.com/acme/shop/pull/${number}`,
      state: 'open',
      draft: false,
      author: alice,
      headSha: sha('head'),
      headRef: 'sell-more',
      fromFork: false,
      baseRef: 'main',
      baseSha: sha('base'),
      baseChangedAt: known(null),
      describedAt: known(null),
      merged: null,
      ...pullRequest,
    },
    commits: all(makeCommit('head')),
    reviews: all(makeReview()),
    dismissals: all(),
    checks: all(makeCheck()),
    files: all(makeFile('src/shop.ts')),
    labels: all(),
    pushers: known([alice]),
    protection: makeProtection(),
    roles: makeRoles(),
    ...over,
  };
}

/** The merge group of that change alone, merged onto main by the queue. */
export function makeMergeGroupFacts(over: Partial<MergeGroupFacts> = {}): MergeGroupFacts {
  return {
    schema: 'merge-group-facts/v1',
    gatheredAt: '2026-03-02T12:00:00.000Z',
    repository,
    group: {
      headSha: sha('group'),
      headRef: `refs/heads/gh-readonly-queue/main/pr-12-${sha('base')}`,
      baseSha: sha('base'),
      baseRef: 'main',
      pullRequest: 12,
    },
    tip: sha('base'),
    status: 'ahead',
    steps: all(makeStep()),
    checks: all(makeCheck()),
    changes: [makeChangeFacts()],
    ...over,
  };
}

export const makeStep = (over: Partial<GroupStep> = {}): GroupStep => ({
  pullRequest: 12,
  method: 'merge',
  commits: [makeGroupCommit('group', { parents: [sha('base'), sha('head')] })],
  ...over,
});

/** A commit of the queue whose files are as they should be. */
export const makeGroupCommit = (word: string, over: Partial<GroupCommit> = {}): GroupCommit => ({
  sha: sha(word),
  parents: [sha('base')],
  signedByGitHub: true,
  tree: known(sha(`files of ${word}`)),
  expected: known(sha(`files of ${word}`)),
  ...over,
});

/** The same, merged by bob with a merge commit that GitHub made. */
export function makeMergedFacts({ pullRequest, ...over }: ChangeOverrides = {}): ChangeFacts {
  return makeChangeFacts({ ...over, pullRequest: { state: 'merged', merged: makeMerge(), ...pullRequest } });
}

export function makeMerge(over: Partial<CommitFacts> = {}): MergeFacts {
  const commit = makeCommit('merge', {
    parents: [sha('base'), sha('head')],
    author: identity(bob),
    committer: github,
    committedAt: '2026-03-03T08:00:00Z',
    signedByGitHub: true,
    ...over,
  });
  const landing = known(makeLanding({}, commit));
  return { at: '2026-03-03T08:00:00Z', by: bob, onGitHub: known(true), commit, landing };
}

/** What that merge left on main: what was approved. */
export function makeLanding(
  over: Partial<GroupCommit> = {},
  { sha: id, parents, signedByGitHub }: Pick<CommitFacts, 'sha' | 'parents' | 'signedByGitHub'> = makeMerge()
    .commit,
): LandingFacts {
  const method = parents.length > 1 ? 'merge' : signedByGitHub ? 'squash' : 'rebase';
  const commit = { ...makeGroupCommit('merge'), sha: id, parents, signedByGitHub, ...over };
  return { method, base: parents[0] ?? '', commits: [commit] };
}

/** A merge of main into the pull request's branch that brought nothing else, by its word and that of what it stands on. */
export const makeBaseMerge = (
  word: string,
  onto: string,
  over: Partial<BaseMergeFacts> = {},
): BaseMergeFacts => ({
  sha: sha(word),
  onto: sha(onto),
  merged: sha(`main at ${word}`),
  fromBase: known(true),
  tree: known(sha(`files of ${word}`)),
  expected: known(sha(`files of ${word}`)),
  ...over,
});

export const inRange = (commit: CommitFacts, over: Partial<RangeCommit> = {}): RangeCommit => ({
  commit,
  pullRequests: [12],
  recordedUnreviewed: false,
  ...over,
});

/** Erin's yes to the deployment of the merge. */
export const makeDeploymentReview = (over: Partial<DeploymentReview> = {}): DeploymentReview => ({
  via: 'check_run',
  reviewer: erin,
  state: 'approved',
  sha: sha('merge'),
  at: '2026-03-03T09:00:00Z',
  comment: '',
  ...over,
});

type DeploymentOverrides = Partial<Omit<DeploymentFacts, 'request' | 'range'>> & {
  readonly request?: Partial<DeploymentFacts['request']>;
  readonly range?: Partial<DeploymentFacts['range']>;
};

/** Production, asked for by dave, approved by erin: the merge of alice's change and the change's own commit. */
export function makeDeploymentFacts({ request, range, ...over }: DeploymentOverrides = {}): DeploymentFacts {
  return {
    schema: 'deployment-facts/v1',
    gatheredAt: '2026-03-03T10:00:00.000Z',
    repository,
    request: {
      id: '6f7f3c1e-0000-4000-8000-000000000001',
      source: 'api',
      environment: 'production',
      ref: 'main',
      sha: sha('merge'),
      requester: dave,
      requestedAt: '2026-03-03T08:30:00.000Z',
      githubDeploymentId: 7,
      runId: null,
      ...request,
    },
    branches: known([{ name: 'main', tip: sha('merge') }]),
    range: {
      running: sha('base'),
      baseline: null,
      status: 'ahead',
      commits: all(inRange(makeCommit('head')), inRange(makeMerge().commit)),
      ...range,
    },
    changes: [makeMergedFacts()],
    environment: known({
      name: request?.environment ?? 'production',
      reviewers: { users: [erin, frank], teams: [], preventSelfReview: true },
      adminsCanBypass: false,
      guardedByUs: known(true),
    }),
    reviews: all(makeDeploymentReview()),
    roles: makeRoles(),
    policy: { trusted: true },
    ...over,
  };
}

export const POLICY = `version: 1
changes:
  branches: [main, "release/*"]
  approvals: { required: 1, from: { teams: [maintainers] } }
  checks: [ci/test]
  protection: { pull_request: required, stale_approvals: dismissed, force_push: blocked, deletion: blocked, admins: included, checks: required }
environments:
  staging:
    branches: [main]
    deploy: { on: merge, by: { teams: [developers] } }
  production:
    branches: [main]
    deploy: { on: request, by: { teams: [leads] } }
    approvals: { required: 1, from: environment }
`;

/** A policy from its text; a case that changes a line says which. */
export function policyOf(text: string = POLICY): Policy {
  const reading = readingOf({ path: '.github/countersign.yml', ref: 'main', commit: sha('base'), text });
  if (reading.kind !== 'valid') throw new Error(JSON.stringify(reading));
  return reading.policy;
}

/** Sets a policy's change gate or environment. */
export function withChanges(over: Partial<Policy['changes']>, policy: Policy = policyOf()): Policy {
  return { ...policy, changes: { ...policy.changes, ...over } };
}

export function withProduction(
  over: Partial<Policy['environments'][string]>,
  policy: Policy = policyOf(),
): Policy {
  const production = policy.environments['production'];
  if (production === undefined) throw new Error('the policy has no production');
  return { ...policy, environments: { ...policy.environments, production: { ...production, ...over } } };
}
