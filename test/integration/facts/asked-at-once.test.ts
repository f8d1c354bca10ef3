import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { ChangeFacts } from '../../../src/domain/change-facts.ts';
import type { DeploymentFacts } from '../../../src/domain/deployment-facts.ts';
import { known } from '../../../src/domain/known.ts';
import { atMerge } from '../../../src/facts/at-merge.ts';
import { classicByRule } from '../../../src/facts/classic-by-rule.ts';
import { type ChangeAsked, gatherChange } from '../../../src/facts/gather-change.ts';
import { type DeploymentAsked, gatherDeployment } from '../../../src/facts/gather-deployment.ts';
import type { GitHubReader } from '../../../src/facts/github-reader.ts';
import { CLASSIC, enforcedOn } from '../../../src/facts/read-branch-controls.ts';
import { readChange } from '../../../src/facts/read-change.ts';
import { readProtection } from '../../../src/facts/read-protection.ts';
import { readRangeAtOnce } from '../../../src/facts/read-range-at-once.ts';
import { readTrunkPolicy } from '../../../src/facts/read-trunk-policy.ts';
import { evaluateDeployment } from '../../../src/policy/evaluate-deployment.ts';
import { readingOf } from '../../../src/policy/reading-of.ts';
import { agreeingTrees } from '../../support/agreeing-trees.ts';
import { failure } from '../../unit/facts/scripted-github.ts';
import { type Acme, openAcme } from './acme.ts';

const NOW = '2026-11-02T10:00:00.000Z';
const at = { owner: 'acme', repo: 'shop' };
const ROLES = { teams: ['maintainers'], permissions: false };
const DEPLOYING = { teams: ['developers', 'maintainers'], permissions: false };
const ACTIVITY = 'GET /repos/{owner}/{repo}/activity';
const PROTECTION = 'GET /repos/{owner}/{repo}/branches/{branch}/protection';
const TEAM = 'GET /orgs/{org}/teams/{team_slug}/members';
const reading = readingOf({
  path: '.github/countersign.yml',
  ref: 'main',
  commit: null,
  text: `version: 1
changes: { branches: [main], approvals: { required: 1, from: { teams: [maintainers] } }, block: { labels: [stop] } }
environments: { production: { branches: [main], deploy: { on: request, by: { teams: [developers] } } } }
`,
});

let acme: Acme;
beforeAll(async () => {
  acme = await openAcme();
  acme.github.setEnvironment(acme.shop, 'production', {});
});
/** Throws where a call of ours did not conform to GitHub's descriptions. */
afterAll(async () => {
  await acme.github.close();
});
beforeEach(() => acme.github.resetRequests());

const routes = () => acme.github.requests.map(({ route }) => route);
const never = (): never => {
  throw new Error('it is not there');
};
const main = async () => (await acme.github.tip(acme.shop, 'main')) ?? '';

describe('a deployment', () => {
  /** As if GitHub never answered all at once: then each is asked for by itself, as it is of what is too large. */
  const oneByOne = (github: GitHubReader): GitHubReader => ({
    request: (route, parameters) => github.request(route, parameters),
    graphql: (query, variables) =>
      query.startsWith('query Range(')
        ? Promise.reject(failure(502, 'Bad Gateway'))
        : github.graphql(query, variables),
  });

  const asked = (running: string, sha: string, over: Partial<DeploymentAsked> = {}): DeploymentAsked => ({
    repository: acme.repository,
    request: {
      id: '6b1f4a52-7e0c-4a63-9d7e-2a8d6f1c0b11',
      source: 'api',
      environment: 'production',
      ref: 'main',
      sha,
      requester: { id: acme.carol.id, login: 'carol', kind: 'user' },
      requestedAt: NOW,
      githubDeploymentId: null,
      runId: null,
    },
    appId: acme.appId,
    running,
    uncertain: false,
    baseline: null,
    allowsBranch: (branch) => branch === 'main',
    unreviewed: new Set(),
    pressed: [],
    pushesOf: () => [],
    before: [],
    lock: known(null),
    identity: {},
    roles: DEPLOYING,
    policy: { trusted: true },
    paths: true,
    trees: agreeingTrees,
    now: NOW,
    ...over,
  });

  /** What is recorded with a merge. */
  const atItsMerge = (github: GitHubReader, number: number): Promise<ChangeFacts> =>
    gatherChange(github, {
      repository: acme.repository,
      number,
      appId: acme.appId,
      pushes: [],
      roles: ROLES,
      paths: true,
      landed: true,
      trees: agreeingTrees,
      now: NOW,
    });

  let branches = 0;
  /** Two changes of alice's, approved by bob and merged: one squashed, one by a merge commit. */
  async function twoMerged() {
    const running = await main();
    const merged = [];
    for (const method of ['squash', 'merge'] as const) {
      branches += 1;
      const branch = `${method}-${branches}`;
      await acme.commit(acme.alice, { branch, message: `Step of ${branch}` });
      await acme.commit(acme.alice, { branch, message: `Step two of ${branch}` });
      const number = await acme.open(acme.alice, branch);
      const review = await acme.review(acme.bob, number, 'APPROVE');
      await acme.merge(acme.bob, number, method);
      merged.push({ number, branch, review, facts: await atItsMerge(acme.ours, number) });
    }
    return { running, sha: await main(), first: merged[0] ?? never(), second: merged[1] ?? never() };
  }
  type Staged = Awaited<ReturnType<typeof twoMerged>>;

  /** The facts by one query for all of it, its pull requests named by `cameFrom`, and by one for each. */
  async function bothWays({ running, sha }: Staged, cameFrom: readonly number[]) {
    const ledger = { cameFrom: () => Promise.resolve(cameFrom) };
    const { ours, repository } = acme;
    const atOnce = await readRangeAtOnce(ours, { repository, base: running, sha, policy: true, ...ledger });
    expect(atOnce.trunk).toEqual(await readTrunkPolicy(ours, repository));
    const together = await gatherDeployment(ours, asked(running, sha, { atOnce, ...ledger }));
    return [together, await gatherDeployment(oneByOne(ours), asked(running, sha))] as const;
  }
  /** The facts with what was recorded at the merges, whose pushes and landings aren't asked for then. */
  function withRecords({ running, sha, first, second }: Staged, over: Partial<DeploymentAsked> = {}) {
    const records = new Map([first, second].map(({ number, facts }) => [number, atMerge(facts)]));
    const given = { atMerge: (number: number) => Promise.resolve(records.get(number) ?? null), ...over };
    return gatherDeployment(acme.ours, asked(running, sha, given));
  }
  const decisionOf = (facts: DeploymentFacts) => {
    const { verdict, gates } = evaluateDeployment(reading, facts);
    const against = gates.filter(({ outcome }) => outcome === 'pending' || outcome === 'failed');
    return [verdict, ...new Set(against.flatMap(({ reasons }) => reasons.map(({ code }) => code)))];
  };

  test('a push that a webhook told of after the merge was recorded counts', async () => {
    const staged = await twoMerged();
    const { first, running, sha } = staged;
    const head = first.facts.pullRequest.headSha;
    const pusher = { id: acme.bob.id, login: 'bob', kind: 'user' } as const;
    const pushesOf = (number: number) =>
      number === first.number ? [{ sha: head, before: null, pusher }] : [];
    const facts = await withRecords(staged, { pushesOf });
    expect(facts).toEqual(await gatherDeployment(acme.ours, asked(running, sha, { pushesOf })));
    expect(decisionOf(facts)).toEqual([
      'held',
      'change_not_approved',
      'approvals_missing',
      'approver_is_author',
    ]);
  });

  /** As if GitHub showed no move that is newer than this. */
  const lateActivity = (github: GitHubReader, shows: (ref: string) => boolean): GitHubReader => ({
    graphql: (query, variables) => github.graphql(query, variables),
    request: async (route, parameters = {}) => {
      const answer = await github.request(route, parameters);
      if (route !== ACTIVITY || !Array.isArray(answer.data)) return answer;
      const data = (answer.data as readonly { ref: string }[]).filter(({ ref }) => shows(ref));
      return { ...answer, data };
    },
  });

  test.each<[string, (ref: string) => boolean]>([
    ['the activity didn’t have yet', () => false],
    [
      'the base’s activity didn’t have yet, though the head’s moves were there',
      (ref) => ref !== 'refs/heads/main',
    ],
  ])('what %s at its merge is asked for again', async (_, shows) => {
    const staged = await twoMerged();
    const { first, running, sha } = staged;
    const facts = await atItsMerge(lateActivity(acme.ours, shows), first.number);
    expect(atMerge(facts)).toMatchObject({ onGitHub: false, pushed: null });
    acme.github.resetRequests();
    const gathered = await withRecords({ ...staged, first: { ...first, facts } });
    expect(routes()).toContain(ACTIVITY);
    expect(gathered).toEqual(await gatherDeployment(acme.ours, asked(running, sha)));
    expect(decisionOf(gathered)).toEqual(['approved']);
  });

  test('a record of another head says nothing of who pushed this one', async () => {
    const staged = await twoMerged();
    const { first, second, running, sha } = staged;
    const records = {
      atMerge: () => Promise.resolve({ ...atMerge(second.facts), made: null, onGitHub: false }),
    };
    acme.github.resetRequests();
    const facts = await withRecords(staged, records);
    expect(routes()).toContain(ACTIVITY);
    expect(facts).toEqual(await gatherDeployment(acme.ours, asked(running, sha)));
    expect(facts.changes[0]?.pullRequest.number).toBe(first.number);
  });

  test.each<[string, readonly string[], (staged: Staged) => Promise<unknown>]>([
    ['nothing', ['approved'], () => Promise.resolve()],
    [
      'its approval was dismissed',
      ['held', 'change_not_approved', 'approvals_missing'],
      ({ first }) =>
        acme.as(acme.dave).rest.pulls.dismissReview({
          ...at,
          pull_number: first.number,
          review_id: first.review,
          message: 'Not so.',
        }),
    ],
    [
      'changes were requested',
      ['held', 'change_not_approved', 'changes_requested'],
      ({ second }) => acme.review(acme.carol, second.number, 'REQUEST_CHANGES'),
    ],
    [
      'a label was put on it',
      ['held', 'change_not_approved', 'blocked_by_label'],
      ({ second }) =>
        acme.as(acme.dave).rest.issues.addLabels({ ...at, issue_number: second.number, labels: ['stop'] }),
    ],
    [
      'it was given another title',
      ['approved'],
      ({ first }) =>
        acme.as(acme.alice).rest.pulls.update({ ...at, pull_number: first.number, title: 'Something else' }),
    ],
    [
      'who made it goes by another name',
      ['approved'],
      () => {
        acme.github.renameAccount(acme.alice, 'alice-again', acme.alice);
        return Promise.resolve();
      },
    ],
    [
      'its branch was pushed to by force',
      ['approved'],
      async ({ first, running }) =>
        acme.github.push(acme.alice, acme.shop, [`+${running}:refs/heads/${first.branch}`]),
    ],
    [
      'its branch was deleted',
      ['approved'],
      ({ second }) => acme.github.deleteBranch(acme.alice, acme.shop, second.branch),
    ],
    [
      'the base was pushed to by force',
      ['held', 'branch_not_allowed'],
      async ({ running }) => acme.github.push(acme.dave, acme.shop, [`+${running}:refs/heads/main`]),
    ],
    [
      'who approved it left the team',
      ['held', 'change_not_approved', 'approvals_missing', 'approver_not_eligible'],
      () => {
        acme.github.removeFromTeam(acme.organization, 'maintainers', acme.bob);
        return Promise.resolve();
      },
    ],
  ])('is judged alike however it was read: since the merges %s', async (_, decision, change) => {
    const staged = await twoMerged();
    await change(staged);
    const [together, apart] = await bothWays(staged, [staged.first.number, staged.second.number]);
    expect(together).toEqual(apart);
    expect(decisionOf(together)).toEqual(decision);
    expect(evaluateDeployment(reading, together)).toEqual(evaluateDeployment(reading, apart));
    acme.github.resetRequests();
    expect(await withRecords(staged)).toEqual(apart);
    expect(routes()).not.toContain(ACTIVITY);
  });

  test('takes nothing from what our records or a message say about where a commit came from', async () => {
    const staged = await twoMerged();
    await acme.commit(acme.alice, { branch: 'open', message: 'Open' });
    const open = await acme.open(acme.alice, 'open');
    const { first, second } = staged;
    for (const cameFrom of [[], [second.number], [open, first.number, open], [9999, second.number], [1]]) {
      const [together, apart] = await bothWays(staged, cameFrom);
      expect(together).toEqual(apart);
      expect(together.changes.map(({ pullRequest }) => pullRequest.number)).toEqual([
        first.number,
        second.number,
      ]);
    }
    const forged = await acme.commit(acme.dave, {
      branch: 'main',
      message: `Straight to main (#${first.number})`,
    });
    const [together, apart] = await bothWays({ ...staged, sha: forged }, []);
    expect(together).toEqual(apart);
    expect(decisionOf(together)).toEqual(expect.arrayContaining(['held', 'commit_untraced']));
  });

  test('is read for its own range, whatever was read before', async () => {
    const { running, sha } = await twoMerged();
    const { ours, repository } = acme;
    const other = await readRangeAtOnce(ours, { repository, base: sha, sha, policy: true });
    const facts = await gatherDeployment(ours, asked(running, sha, { atOnce: other }));
    expect(facts).toEqual(await gatherDeployment(ours, asked(running, sha)));
    expect(facts.range.commits.items.length).toBeGreaterThan(1);
  });
});

describe('a change', () => {
  let number = 0;
  beforeAll(async () => {
    await acme.commit(acme.alice, { branch: 'till', message: 'Add a till' });
    number = await acme.open(acme.alice, 'till');
    await acme.review(acme.carol, number, 'APPROVE');
  });
  const asked = (): ChangeAsked => ({
    repository: acme.repository,
    number,
    appId: acme.appId,
    pushes: [],
    roles: ROLES,
    paths: false,
    trees: agreeingTrees,
    now: NOW,
  });
  const read = (teams: readonly string[]) => readChange(acme.ours, acme.repository, number, teams);

  test('comes with the teams whose members GitHub tells, and with no others', async () => {
    const { teams } = await read(['maintainers', 'nowhere', 'developers']);
    expect([...teams.keys()]).toEqual(['maintainers', 'developers']);
    expect(teams.get('maintainers')?.has(acme.carol.id)).toBe(true);
    expect(teams.get('maintainers')?.has(acme.alice.id)).toBe(false);
  });

  test('comes without them for an App that may not read members', async () => {
    const other = await openAcme({
      contents: 'read',
      pull_requests: 'read',
      statuses: 'read',
      checks: 'read',
    });
    await other.commit(other.alice, { branch: 'till', message: 'Add a till' });
    const opened = await other.open(other.alice, 'till');
    const { teams, pullRequest } = await readChange(other.ours, other.repository, opened, ['maintainers']);
    expect([...teams.keys()]).toEqual([]);
    expect(pullRequest.number).toBe(opened);
    await other.github.close();
  });

  test('where more had to be asked since, they are asked for again, last', async () => {
    // A 404 that may mean "none" or "not for you" is explained by the branch alone.
    const unclear: GitHubReader = {
      graphql: (query, variables) => acme.ours.graphql(query, variables),
      request: async (route, parameters) => {
        if (route === PROTECTION) throw failure(404, 'Not Found');
        return await acme.ours.request(route, parameters);
      },
    };
    const { pullRequest, teams } = await read(['maintainers']);
    acme.github.removeFromTeam(acme.organization, 'maintainers', acme.carol);
    acme.github.resetRequests();
    const facts = await gatherChange(unclear, { ...asked(), read: { pullRequest, teams } });
    expect(facts.roles.teams['maintainers']).toEqual(known([]));
    expect(routes().at(-1)).toBe(TEAM);
  });

  const FOUR = [
    'GET /repos/{owner}/{repo}/activity',
    PROTECTION,
    'GET /repos/{owner}/{repo}/rules/branches/{branch}',
    'graphql',
  ];

  test('costs four requests where main has no classic protection: only REST says that for certain', async () => {
    const came = await read(['maintainers']);
    const classic = classicByRule(came.base.rule, null);
    expect(classic).toBeNull();
    const facts = await gatherChange(acme.ours, { ...asked(), read: came });
    expect(routes().toSorted()).toEqual(FOUR);
    expect(facts).toEqual(await gatherChange(acme.ours, asked()));
  });

  test('costs three requests: itself with policies, teams and classic protection, then rules, and who pushed', async () => {
    await acme.as(acme.dave).rest.repos.updateBranchProtection({
      ...at,
      branch: 'main',
      required_status_checks: null,
      enforce_admins: true,
      required_pull_request_reviews: null,
      restrictions: null,
    });
    const looked = await readProtection(acme.ours, acme.repository, { branch: 'main', appId: acme.appId });
    const part = enforcedOn(looked).parts[CLASSIC];
    acme.github.resetRequests();
    const came = await read(['maintainers']);
    const classic = classicByRule(came.base.rule, part?.known === true ? part.value : null) ?? never();
    const facts = await gatherChange(acme.ours, { ...asked(), read: came, classic });
    expect(routes().toSorted()).toEqual(FOUR.filter((route) => route !== PROTECTION));
    // Without the record of a look, REST is asked, and tells the same but for its own words.
    acme.github.resetRequests();
    const apart = await gatherChange(acme.ours, { ...asked(), read: came });
    expect(routes()).toContain(PROTECTION);
    const { raw } = classic;
    const told = apart.protection.classic;
    expect(facts).toEqual({
      ...apart,
      protection: {
        ...apart.protection,
        classic: told.known && told.value !== null ? known({ ...told.value, raw }) : told,
      },
    });
  });
});
