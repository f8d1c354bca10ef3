import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { ChangeFacts, IdentityFacts } from '../../../src/domain/change-facts.ts';
import { type ChangeAsked, gatherChange } from '../../../src/facts/gather-change.ts';
import type { GitHubReader } from '../../../src/facts/github-reader.ts';
import { agreeingTrees } from '../../support/agreeing-trees.ts';
import { type Acme, openAcme } from './acme.ts';

const NOW = '2026-11-02T10:00:00.000Z';
const at = { owner: 'acme', repo: 'shop' };
const NO_ROLES = { teams: [], permissions: false };
let acme: Acme;

beforeAll(async () => {
  acme = await openAcme();
});
/** Throws where a call of ours did not conform to GitHub's descriptions. */
afterAll(async () => {
  await acme.github.close();
});

let branches = 0;
/** A branch of its own for each test. */
const fresh = () => `feature-${(branches += 1)}`;

/** A pull request of alice's with one commit. */
async function opened(): Promise<{
  readonly number: number;
  readonly head: string;
  readonly branch: string;
}> {
  const branch = fresh();
  const head = await acme.commit(acme.alice, { branch, message: 'Add a till' });
  return { number: await acme.open(acme.alice, branch), head, branch };
}

const gather = (
  number: number,
  over: Partial<ChangeAsked> = {},
  github: GitHubReader = acme.ours,
): Promise<ChangeFacts> =>
  gatherChange(github, {
    repository: acme.repository,
    number,
    appId: 77,
    pushes: [],
    roles: NO_ROLES,
    paths: false,
    trees: agreeingTrees,
    now: NOW,
    ...over,
  });

const login = (who: IdentityFacts | undefined) => who?.actor?.login ?? null;
const pushers = ({ pushers: found }: ChangeFacts) =>
  found.known ? found.value.map((actor) => actor.login).sort() : found;

describe('a pull request', () => {
  test('is told with who made it, who said what on which commit, and who pushed', async () => {
    const { alice, bob } = acme;
    const { number, head: first, branch } = await opened();
    const approval = await acme.review(bob, number, 'APPROVE');
    const second = await acme.commit(bob, { branch, message: 'Mend the till' });

    const facts = await gather(number);
    expect(facts).toMatchObject({
      schema: 'change-facts/v1',
      gatheredAt: NOW,
      repository: acme.repository,
      pullRequest: {
        number,
        title: `Change of ${branch}`,
        state: 'open',
        draft: false,
        author: { id: alice.id, login: 'alice', kind: 'user' },
        headSha: second,
        headRef: branch,
        fromFork: false,
        baseRef: 'main',
        baseSha: await acme.github.tip(acme.shop, 'main'),
        baseChangedAt: { known: true, value: null },
        merged: null,
      },
      commits: { complete: true, items: [{ sha: first, message: 'Add a till' }, { sha: second }] },
      reviews: {
        complete: true,
        items: [{ id: approval, state: 'approved', commit: first, author: { login: 'bob' } }],
      },
      checks: { complete: true, items: [] },
    });
    const people = facts.commits.items.map(({ author, committer }) => [login(author), login(committer)]);
    expect(people).toEqual([
      ['alice', 'alice'],
      ['bob', 'bob'],
    ]);
    expect(pushers(facts)).toEqual(['alice', 'bob']);
    expect(Object.isFrozen(facts.commits.items[0]?.author)).toBe(true);
  });

  test('is told the same by a plain Octokit', async () => {
    const { number } = await opened();
    expect(await gather(number, {}, await acme.plain())).toEqual(await gather(number));
  });

  test('costs four requests without roles, and one more for each team and each reviewer', async () => {
    const { number } = await opened();
    await acme.review(acme.bob, number, 'APPROVE');
    const cost = async (roles: ChangeAsked['roles']) => {
      acme.github.resetRequests();
      await gather(number, { roles });
      return acme.github.requests.map((request) => request.route.replace(/^.*\//, '')).sort();
    };
    // The last one is the rules of the branch.
    const base = ['activity', 'graphql', 'protection', '{branch}'];
    expect(await cost(NO_ROLES)).toEqual(base);
    expect(await cost({ teams: ['maintainers'], permissions: true })).toEqual(
      [...base, 'members', 'permission'].sort(),
    );
  });
});

describe('what a change touches', () => {
  test('its files and labels, and where a renamed file was, where the policy asks for paths', async () => {
    const { alice, bob } = acme;
    const text = 'one\ntwo\nthree\nfour\n';
    await acme.commit(alice, { branch: 'main', message: 'Bill', files: { 'billing/invoice.ts': text } });
    const branch = fresh();
    const files = { 'billing/invoice.ts': null, 'lib/invoice.ts': text, 'lib/till.ts': 'a\nb\n' };
    await acme.commit(alice, { branch, message: 'Move', files });
    const number = await acme.open(alice, branch);
    const labelled = { ...at, issue_number: number };
    await acme.as(bob).rest.issues.addLabels({ ...labelled, labels: ['urgent', 'do not merge'] });
    await acme.as(bob).rest.issues.removeLabel({ ...labelled, name: 'Urgent' });

    const facts = await gather(number, { paths: true });
    expect(facts.labels).toEqual({ complete: true, items: ['do not merge'] });
    expect(facts.files).toEqual({
      complete: true,
      items: [
        {
          path: 'lib/invoice.ts',
          status: 'renamed',
          previousPath: 'billing/invoice.ts',
          additions: 0,
          deletions: 0,
        },
        { path: 'lib/till.ts', status: 'added', previousPath: null, additions: 2, deletions: 0 },
      ],
    });
    const unasked = await gather(number);
    expect(unasked.files.items[0]).toMatchObject({ status: 'renamed', previousPath: null });

    await acme.merge(bob, number, 'squash');
    expect((await gather(number, { paths: true })).files).toEqual(facts.files);
  });
});

describe('who made a change', () => {
  test('co-authors come from the trailers, with their accounts', async () => {
    const { alice, bob } = acme;
    const branch = fresh();
    const coAuthors = [
      { name: 'Bob', email: 'BOB@example.com' },
      { name: 'Nobody', email: 'nobody@nowhere.test' },
    ];
    await acme.commit(alice, { branch, message: 'Add a till', coAuthors });
    const { commits } = await gather(await acme.open(alice, branch));
    expect(commits.items[0]?.coAuthors).toEqual([
      { name: 'Bob', email: 'BOB@example.com', actor: { id: bob.id, login: 'bob', kind: 'user' } },
      { name: 'Nobody', email: 'nobody@nowhere.test', actor: null },
    ]);
  });

  test('a co-author whom GitHub does not count, for the line is no trailer, is known by another commit', async () => {
    const branch = fresh();
    const message = 'Go on\n\n> Co-authored-by: Bob <bob@example.com>\n\nand so on';
    await acme.commit(acme.bob, { branch, message: 'Begin' });
    await acme.commit(acme.alice, { branch, message });
    const { commits } = await gather(await acme.open(acme.alice, branch));
    expect(commits.items[1]?.coAuthors.map(login)).toEqual(['bob']);
  });

  test('an e-mail of no account is nobody', async () => {
    const branch = fresh();
    const stranger = { name: 'Stranger', email: 'stranger@nowhere.test' };
    await acme.commit(acme.alice, { branch, message: 'Hm', author: stranger, committer: stranger });
    const { commits } = await gather(await acme.open(acme.alice, branch));
    const nobody = { ...stranger, actor: null };
    expect(commits.items[0]).toMatchObject({ author: nobody, committer: nobody });
  });

  test("GitHub's own e-mail, without its signature, is nobody", async () => {
    const branch = fresh();
    const committer = { name: 'GitHub', email: 'noreply@github.com' };
    await acme.commit(acme.alice, { branch, message: 'Hm', committer });
    const { commits } = await gather(await acme.open(acme.alice, branch));
    expect(commits.items[0]).toMatchObject({ signedByGitHub: false, committer: { actor: null } });
  });

  test.each(['merge', 'squash'] as const)(
    'a %s is what GitHub itself committed and signed',
    async (method) => {
      const { number, head } = await opened();
      const sha = await acme.merge(acme.bob, number, method);
      const { pullRequest, commits } = await gather(number);
      expect(pullRequest).toMatchObject({
        state: 'merged',
        headSha: head,
        merged: { by: { login: 'bob' }, commit: { sha, signedByGitHub: true } },
      });
      expect(commits.items.map((commit) => commit.sha)).toEqual([head]);
    },
  );

  test('a force push: both pushers count, and the approval is of a commit that is gone', async () => {
    const { number, head: old, branch } = await opened();
    await acme.review(acme.carol, number, 'APPROVE');
    const head = await acme.commit(acme.bob, { branch, from: 'main', message: 'Another till', force: true });
    const facts = await gather(number);
    expect(facts.pullRequest.headSha).toBe(head);
    expect(facts.commits.items.map((commit) => commit.sha)).toEqual([head]);
    expect(facts.reviews.items).toMatchObject([{ state: 'approved', commit: old }]);
    expect(pushers(facts)).toEqual(['alice', 'bob']);
  });

  test("a private fork's head: whoever pushed it before it was opened is not known, and what comes after is", async () => {
    const { alice, bob, github, shop } = acme;
    const branch = fresh();
    const fork = await github.fork(shop, alice);
    const main = (await github.tip(shop, 'main')) ?? '';
    const head = await github.commit(alice, fork, { branch, files: { 'x.txt': 'x' }, message: 'From afar' });
    const number = await acme.open(alice, `alice:${branch}`);
    const [a, b] = [alice, bob].map(({ id, login }) => ({ id, login, kind: 'user' }) as const);
    if (a === undefined || b === undefined) throw new Error('nobody');
    const opened = { sha: head, before: null, pusher: a };
    expect(await gather(number, { pushes: [opened] })).toMatchObject({
      pullRequest: { fromFork: true, headSha: head },
      pushers: { known: false, why: expect.stringContaining('push once more') },
    });
    // As the sentence says: made anew, and pushed by force.
    const anew = await github.commit(alice, fork, {
      branch,
      from: main,
      files: { 'x.txt': 'x' },
      message: 'From afar, anew',
      force: true,
    });
    const pushed = { sha: anew, before: head, pusher: a };
    expect(pushers(await gather(number, { pushes: [pushed, opened] }))).toEqual(['alice']);
  });
});

describe('reviews and checks', () => {
  test('a dismissed review says so', async () => {
    const { number } = await opened();
    const review_id = await acme.review(acme.bob, number, 'APPROVE');
    const dismissal = { ...at, pull_number: number, review_id, message: 'Too soon' };
    await acme.as(acme.dave).rest.pulls.dismissReview(dismissal);
    await acme.review(acme.bob, number, 'REQUEST_CHANGES');
    const { reviews } = await gather(number);
    expect(reviews.items.map((review) => review.state)).toEqual(['dismissed', 'changes_requested']);
  });

  test('check runs and statuses on the head are told, each with its reporter', async () => {
    const { ours, appId } = acme;
    const { number, head } = await opened();
    await ours.rest.checks.create({ ...at, name: 'ours', head_sha: head, status: 'in_progress' });
    for (const state of ['failure', 'success'] as const) {
      await acme
        .as(acme.alice)
        .rest.repos.createCommitStatus({ ...at, sha: head, context: 'ci/test', state });
    }
    const { checks } = await gather(number);
    expect(checks.complete).toBe(true);
    expect([...checks.items].sort((a, b) => (a.name < b.name ? -1 : 1))).toEqual([
      { name: 'ci/test', appId: null, state: 'success' },
      { name: 'ours', appId, state: 'pending' },
    ]);
  });

  test('more than a hundred of each are read to the end', async () => {
    const branch = fresh();
    const made = await acme.commitMany(acme.alice, branch, 105);
    const head = made.at(-1) ?? '';
    const number = await acme.open(acme.alice, branch);
    for (let count = 0; count < 103; count += 1) await acme.review(acme.bob, number, 'COMMENT');
    for (let count = 0; count < 102; count += 1) {
      const status = { ...at, sha: head, context: `ci/${count}`, state: 'success' } as const;
      await acme.as(acme.alice).rest.repos.createCommitStatus(status);
    }
    acme.github.resetRequests();
    const facts = await gather(number);
    expect(
      [facts.commits, facts.reviews, facts.checks].map(({ complete, items }) => [complete, items.length]),
    ).toEqual([
      [true, 105],
      [true, 103],
      [true, 102],
    ]);
    expect(facts.commits.items.map((commit) => commit.sha)).toEqual(made);
    expect(pushers(facts)).toEqual(['alice']);
    expect(acme.github.requests.filter((request) => request.route === 'graphql')).toHaveLength(4);
  });

  test('of more than 250 commits GitHub tells 250: incomplete, as git itself says', async () => {
    const branch = fresh();
    await acme.commitMany(acme.alice, branch, 255);
    const number = await acme.open(acme.alice, branch);
    const { commits } = await gather(number);
    expect([commits.complete, commits.items.length]).toEqual([false, 250]);
  });
});

describe('protection', () => {
  test('none is known to be none', async () => {
    const { protection } = await gather((await opened()).number);
    const none = { classic: { known: true, value: null }, rulesets: { known: true, value: [] } };
    expect(protection).toEqual({ branch: 'main', appId: 77, ...none });
  });

  test('classic and rulesets are told side by side', async () => {
    const guarded = 'release/1';
    await acme.commit(acme.dave, { branch: guarded, message: 'Release' });
    const admin = acme.as(acme.dave).rest.repos;
    await admin.updateBranchProtection({
      ...at,
      branch: guarded,
      required_status_checks: {
        strict: true,
        contexts: [],
        checks: [{ context: 'ci/test', app_id: acme.appId }],
      },
      enforce_admins: true,
      required_pull_request_reviews: { dismiss_stale_reviews: true, required_approving_review_count: 1 },
      restrictions: null,
      allow_force_pushes: false,
      allow_deletions: false,
    });
    const reviews = {
      required_approving_review_count: 2,
      dismiss_stale_reviews_on_push: false,
      require_code_owner_review: false,
      require_last_push_approval: false,
      required_review_thread_resolution: false,
    };
    await admin.createRepoRuleset({
      ...at,
      name: 'releases',
      target: 'branch',
      enforcement: 'active',
      conditions: { ref_name: { include: ['refs/heads/release/*'], exclude: [] } },
      rules: [
        { type: 'deletion' },
        { type: 'non_fast_forward' },
        { type: 'pull_request', parameters: reviews },
      ],
    });
    const branch = fresh();
    await acme.commit(acme.alice, { branch, message: 'Mend the release' });
    const { protection } = await gather(await acme.open(acme.alice, branch, guarded));
    expect(protection.branch).toBe(guarded);
    expect(protection.classic).toMatchObject({
      known: true,
      value: {
        pullRequestRequired: true,
        requiredApprovals: 1,
        dismissesStaleApprovals: true,
        requiredChecks: [{ name: 'ci/test', appId: acme.appId }],
        forcePushBlocked: true,
        deletionBlocked: true,
        adminsIncluded: { known: true, value: true },
      },
    });
    expect(protection.rulesets).toMatchObject({
      known: true,
      value: [
        {
          requiredApprovals: 2,
          dismissesStaleApprovals: false,
          forcePushBlocked: true,
          deletionBlocked: true,
        },
      ],
    });
  });
});

describe('roles', () => {
  test('are resolved for whom the facts name, as they are now', async () => {
    const { bob, carol, github, organization } = acme;
    github.createTeam(organization, 'reviewers', [bob, carol]);
    const { number } = await opened();
    await acme.review(bob, number, 'APPROVE');
    await acme.review(carol, number, 'APPROVE');
    github.removeFromTeam(organization, 'reviewers', carol);
    const { roles } = await gather(number, { roles: { teams: ['reviewers', 'nobody'], permissions: true } });
    expect(roles).toEqual({
      teams: {
        reviewers: { known: true, value: [bob.id] },
        nobody: { known: false, why: expect.stringContaining('acme/nobody') },
      },
      permissions: {
        [bob.id]: { known: true, value: 'write' },
        [carol.id]: { known: true, value: 'write' },
      },
      usersMustWrite: true,
    });
  });
});

describe('what GitHub refuses', () => {
  test('no such pull request, or one in a repository that is not ours', async () => {
    await expect(gather(9999)).rejects.toMatchObject({ code: 'github_refused' });
    const repository = { ...acme.repository, name: 'elsewhere' };
    await expect(gather(1, { repository })).rejects.toMatchObject({ code: 'github_refused' });
  });

  test.each([
    ['it asks us to slow down', 'secondary_limit', 'github_rate_limited'],
    ['it is down', 'unavailable', 'github_unreachable'],
    ['the line breaks', 'reset', 'github_unreachable'],
  ] as const)('%s: no facts, whichever request it is, and the error says so', async (_, kind, code) => {
    const { number } = await opened();
    for (const operation of ['graphql', '/protection', '/rules/', '/activity']) {
      acme.github.faults.requests({ kind, count: 1, match: { operation } });
      const retryAfterSeconds = code === 'github_rate_limited' ? 1 : null;
      await expect(gather(number)).rejects.toMatchObject({ code, retryAfterSeconds });
    }
  });
});

describe('an App of its own', () => {
  let other: Acme;
  const openedThere = async () => {
    await other.commit(other.alice, { branch: 'feature', message: 'Add a till' });
    return other.open(other.alice, 'feature');
  };
  afterEach(() => other.github.close());

  test('that was given too little: what it may not know is unknown', async () => {
    other = await openAcme({ checks: 'read', contents: 'read', pull_requests: 'read', statuses: 'read' });
    const roles = { teams: ['maintainers'], permissions: false };
    const asked = {
      repository: other.repository,
      appId: 77,
      pushes: [],
      roles,
      paths: false,
      trees: agreeingTrees,
      now: NOW,
    };
    const facts = await gatherChange(other.ours, { ...asked, number: await openedThere() });
    expect(facts.protection.classic).toMatchObject({ known: false, why: expect.stringContaining('403') });
    expect(facts.roles.teams['maintainers']).toMatchObject({
      known: false,
      why: expect.stringContaining('403'),
    });
  });

  test('that has used up its quota: no facts, and when to ask again', async () => {
    other = await openAcme();
    const asked = {
      repository: other.repository,
      appId: 77,
      pushes: [],
      roles: NO_ROLES,
      paths: false,
      trees: agreeingTrees,
      now: NOW,
    };
    const number = await openedThere();
    other.github.faults.requests({ kind: 'rate_limited', count: 1, match: { operation: '/activity' } });
    await expect(gatherChange(other.ours, { ...asked, number })).rejects.toMatchObject({
      code: 'github_rate_limited',
      retryAfterSeconds: expect.any(Number),
    });
  });
});
