import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { openPull, refusal, SHOP, startShop, type Shop } from '../../support/github/start-shop.ts';

let world: Shop;
beforeAll(async () => {
  world = await startShop();
});
afterAll(() => world.stop());

describe('a pull request', () => {
  test('is seen by the App with its commits, files and author, over REST', async () => {
    const { number, head } = await openPull(world, 'seen');
    const ours = world.ours();
    const { data: pull } = await ours.rest.pulls.get({ ...SHOP, pull_number: number });
    expect(pull).toMatchObject({
      number,
      state: 'open',
      merged: false,
      user: { login: 'bob' },
      head: { sha: head, ref: 'seen' },
      base: { ref: 'main' },
    });
    const { data: commits } = await ours.rest.pulls.listCommits({ ...SHOP, pull_number: number });
    expect(commits.map((commit) => [commit.sha, commit.author?.login])).toEqual([[head, 'bob']]);
    const { data: files } = await ours.rest.pulls.listFiles({ ...SHOP, pull_number: number });
    expect(files.map((file) => [file.filename, file.status, file.additions])).toEqual([
      ['src/feature.ts', 'added', 1],
    ]);
  });

  test('says whether it merges cleanly only when asked a second time', async () => {
    const { number } = await openPull(world, 'mergeable');
    const read = async () =>
      (await world.ours().rest.pulls.get({ ...SHOP, pull_number: number })).data.mergeable;
    // The answer to its creation was the first time.
    expect(await read()).toBe(true);
    await world.github.commit(world.bob, world.shop, {
      branch: 'mergeable',
      files: { more: '1' },
      message: 'More',
    });
    expect(await read()).toBeNull();
    expect(await read()).toBe(true);
  });

  test('that conflicts is said to, and is not merged', async () => {
    const { number } = await openPull(world, 'conflict', { 'README.md': '# theirs\n' });
    await world.github.commit(world.alice, world.shop, {
      branch: 'main',
      files: { 'README.md': '# ours\n' },
      message: 'Ours',
    });
    const read = async () =>
      (await world.as(world.alice).rest.pulls.get({ ...SHOP, pull_number: number })).data;
    await read();
    expect(await read()).toMatchObject({ mergeable: false, mergeable_state: 'dirty' });
    const refused = await refusal(world.as(world.alice).rest.pulls.merge({ ...SHOP, pull_number: number }));
    expect(refused.status).toBe(405);
  });

  test('is not approved by its own author', async () => {
    const { number } = await openPull(world, 'own');
    const review = (event: 'APPROVE' | 'REQUEST_CHANGES') =>
      refusal(
        world.as(world.bob).rest.pulls.createReview({ ...SHOP, pull_number: number, event, body: 'Fine' }),
      );
    expect(await review('APPROVE')).toMatchObject({
      status: 422,
      message: expect.stringContaining('Can not approve your own pull request'),
    });
    expect((await review('REQUEST_CHANGES')).status).toBe(422);
  });

  test('keeps a review on the commit it was given on, through a force push', async () => {
    const { number, head } = await openPull(world, 'forced');
    await world.as(world.carol).rest.pulls.createReview({ ...SHOP, pull_number: number, event: 'APPROVE' });
    const after = await world.github.commit(world.bob, world.shop, {
      branch: 'forced',
      from: 'main',
      files: { other: 'x' },
      message: 'Other',
      force: true,
    });
    const { data: reviews } = await world.ours().rest.pulls.listReviews({ ...SHOP, pull_number: number });
    expect(reviews.map((review) => [review.state, review.commit_id])).toEqual([['APPROVED', head]]);
    const { data: pull } = await world.ours().rest.pulls.get({ ...SHOP, pull_number: number });
    expect(pull.head.sha).toBe(after);
    const { data: activity } = await world
      .ours()
      .rest.repos.listActivities({ ...SHOP, ref: 'refs/heads/forced' });
    expect(activity.map((one) => [one.activity_type, one.actor?.login, one.before, one.after])).toEqual([
      ['force_push', 'bob', head, after],
      ['branch_creation', 'bob', '0'.repeat(40), head],
    ]);
  });

  test('shows a dismissed review as dismissed', async () => {
    const { number } = await openPull(world, 'dismissed');
    const { data: review } = await world
      .as(world.carol)
      .rest.pulls.createReview({ ...SHOP, pull_number: number, event: 'APPROVE' });
    await world
      .as(world.alice)
      .rest.pulls.dismissReview({ ...SHOP, pull_number: number, review_id: review.id, message: 'Too quick' });
    const { data: reviews } = await world.ours().rest.pulls.listReviews({ ...SHOP, pull_number: number });
    expect(reviews.map(({ state }) => state)).toEqual(['DISMISSED']);
  });

  test('from a fork brings its commits, and no check run names it', async () => {
    const fork = await world.github.fork(world.shop, world.dave);
    const sha = await world.github.commit(world.dave, fork, {
      branch: 'patch',
      files: { fix: '1' },
      message: 'Fix',
    });
    const { data: pull } = await world
      .as(world.dave)
      .rest.pulls.create({ ...SHOP, title: 'Fix', head: 'dave:patch', base: 'main' });
    expect(pull).toMatchObject({ head: { sha, repo: { fork: true } } });
    const { data: run } = await world
      .ours()
      .rest.checks.create({ ...SHOP, name: 'countersign/change', head_sha: sha });
    expect(run.pull_requests).toEqual([]);
  });

  test('is told over GraphQL in the one query that a decision needs', async () => {
    const { number, head } = await openPull(world, 'graphql');
    await world.as(world.carol).rest.pulls.createReview({ ...SHOP, pull_number: number, event: 'APPROVE' });
    const answer = await world.ours().graphql<{ repository: { pullRequest: unknown } }>(
      `query ($owner: String!, $repo: String!, $number: Int!) { repository(owner: $owner, name: $repo) { pullRequest(number: $number) {
        author { __typename login ... on User { databaseId } }
        commits(first: 100) { totalCount nodes { commit { oid signature { isValid } authors(first: 5) { nodes { email user { login } } } statusCheckRollup { state } } } }
        reviews(first: 100) { nodes { state author { login } authorCanPushToRepository commit { oid } onBehalfOf(first: 5) { nodes { slug } } } }
        timelineItems(last: 5, itemTypes: [HEAD_REF_FORCE_PUSHED_EVENT]) { nodes { __typename } } } } }`,
      { ...SHOP, number },
    );
    expect(answer.repository.pullRequest).toEqual({
      author: { __typename: 'User', login: 'bob', databaseId: world.bob.id },
      commits: {
        totalCount: 1,
        nodes: [
          {
            commit: {
              oid: head,
              signature: null,
              authors: { nodes: [{ email: 'bob@example.com', user: { login: 'bob' } }] },
              statusCheckRollup: null,
            },
          },
        ],
      },
      reviews: {
        nodes: [
          {
            state: 'APPROVED',
            author: { login: 'carol' },
            authorCanPushToRepository: true,
            commit: { oid: head },
            onBehalfOf: { nodes: [{ slug: 'maintainers' }] },
          },
        ],
      },
      timelineItems: { nodes: [] },
    });
  });
});

describe('its merge', () => {
  const merge = async (branch: string, method: 'merge' | 'squash' | 'rebase') => {
    await world.github.commit(world.bob, world.shop, {
      branch,
      from: 'main',
      files: { [branch]: '1' },
      message: `First of ${branch}`,
      author: { name: 'Carol', email: 'carol@example.com' },
    });
    const { number } = await openPullOn(branch);
    const { data } = await world
      .as(world.alice)
      .rest.pulls.merge({ ...SHOP, pull_number: number, merge_method: method });
    const { data: commit } = await world.ours().rest.repos.getCommit({ ...SHOP, ref: data.sha });
    const { data: pulls } = await world
      .ours()
      .rest.repos.listPullRequestsAssociatedWithCommit({ ...SHOP, commit_sha: data.sha });
    return { number, commit, pulls };
  };
  const openPullOn = async (branch: string) => {
    await world.github.commit(world.bob, world.shop, {
      branch,
      files: { [`${branch}-2`]: '2' },
      message: `Second of ${branch}`,
    });
    const { data } = await world
      .as(world.bob)
      .rest.pulls.create({ ...SHOP, title: `Title of ${branch}`, head: branch, base: 'main' });
    return data;
  };

  test('as a merge commit is by the merger and signed by GitHub', async () => {
    const { number, commit, pulls } = await merge('merged', 'merge');
    expect(commit).toMatchObject({
      author: { login: 'alice' },
      committer: { login: 'web-flow', id: 19_864_447 },
      commit: { verification: { verified: true } },
    });
    expect(commit.parents).toHaveLength(2);
    expect(commit.commit.message).toBe(`Merge pull request #${number} from acme/merged\n\nTitle of merged`);
    expect(pulls.map((pull) => [pull.number, pull.merge_commit_sha])).toEqual([[number, commit.sha]]);
  });

  test('as a squash is by the author of the pull request, with the others in trailers, and signed by GitHub', async () => {
    const { number, commit } = await merge('squashed', 'squash');
    expect(commit).toMatchObject({
      author: { login: 'bob' },
      committer: { login: 'web-flow' },
      commit: { verification: { verified: true } },
    });
    expect(commit.parents).toHaveLength(1);
    expect(commit.commit.message).toBe(
      `Title of squashed (#${number})\n\n* First of squashed\n\n* Second of squashed\n\n---------\n\nCo-authored-by: Carol <carol@example.com>`,
    );
  });

  test('as a rebase keeps the authors, is committed by the merger and signed by nobody', async () => {
    const { number, commit, pulls } = await merge('rebased', 'rebase');
    expect(commit).toMatchObject({
      author: { login: 'bob' },
      committer: { login: 'alice' },
      commit: { message: 'Second of rebased', verification: { verified: false } },
    });
    const [parent] = commit.parents;
    const { data: before } = await world.ours().rest.repos.getCommit({ ...SHOP, ref: parent?.sha ?? '' });
    expect(before).toMatchObject({ author: { login: 'carol' }, commit: { message: 'First of rebased' } });
    expect(pulls.map((pull) => pull.number)).toEqual([number]);
  });

  test('merges what both sides changed in one file', async () => {
    await world.github.commit(world.alice, world.shop, {
      branch: 'main',
      files: { both: 'a\nb\nc\nd\ne\n' },
      message: 'Both',
    });
    const { number } = await openPull(world, 'both', { both: 'a\nb\nc\nd\nE\n' });
    await world.github.commit(world.alice, world.shop, {
      branch: 'main',
      files: { both: 'A\nb\nc\nd\ne\n' },
      message: 'Ours',
    });
    await world.as(world.alice).rest.pulls.merge({ ...SHOP, pull_number: number });
    const { data } = await world
      .ours()
      .rest.repos.getContent({ ...SHOP, path: 'both', mediaType: { format: 'raw' } });
    expect<unknown>(data).toBe('A\nb\nc\nd\nE\n');
  });

  test('is refused when the head has moved since it was looked at', async () => {
    const { number, head } = await openPull(world, 'moved');
    await world.github.commit(world.bob, world.shop, {
      branch: 'moved',
      files: { late: '1' },
      message: 'Late',
    });
    const refused = await refusal(
      world.as(world.alice).rest.pulls.merge({ ...SHOP, pull_number: number, sha: head }),
    );
    expect(refused.status).toBe(409);
  });
});

describe('a comparison', () => {
  test('is read to its end page by page, and names files on the first page only', async () => {
    const base = await world.github.tip(world.shop, 'main');
    for (let index = 0; index < 5; index += 1)
      await world.github.commit(world.bob, world.shop, {
        branch: 'long',
        files: { [`f${index}`]: '1' },
        message: `${index}`,
      });
    const ours = world.ours();
    const pages: { commits: number; files: number }[] = [];
    for await (const { data } of ours.paginate.iterator('GET /repos/{owner}/{repo}/compare/{basehead}', {
      ...SHOP,
      basehead: `${base ?? ''}...long`,
      per_page: 2,
    })) {
      const page = data as unknown as { commits: unknown[]; files?: unknown[] };
      pages.push({ commits: page.commits.length, files: page.files?.length ?? 0 });
    }
    expect(pages).toEqual([
      { commits: 2, files: 5 },
      { commits: 2, files: 0 },
      { commits: 1, files: 0 },
    ]);
    const { data: back } = await ours.rest.repos.compareCommitsWithBasehead({
      ...SHOP,
      basehead: `long...${base ?? ''}`,
    });
    expect([back.status, back.ahead_by, back.behind_by]).toEqual(['behind', 0, 5]);
  });
});
