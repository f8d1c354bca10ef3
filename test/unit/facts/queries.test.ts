import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { buildSchema, parse, validate } from 'graphql';
import { nodesOf } from './nodes-of.ts';
import { CHANGES_OF_COMMIT_QUERY, OPEN_CHANGES_QUERY } from '../../../src/facts/open-changes.ts';
import { codeOwnersQuery } from '../../../src/facts/read-code-owners.ts';
import { fileVersionsQuery } from '../../../src/facts/read-file-versions.ts';
import { changeQuery } from '../../../src/facts/read-change.ts';
import { BRANCHES_QUERY } from '../../../src/facts/read-containing-branches.ts';
import { DEFAULT_BRANCH_QUERY } from '../../../src/facts/read-default-tip.ts';
import { SAML_QUERY } from '../../../src/facts/read-organization.ts';
import { POLICY_QUERY } from '../../../src/facts/read-policy.ts';
import { TRUNK_POLICY_QUERY } from '../../../src/facts/read-trunk-policy.ts';
import { QUEUE_ENTRIES_QUERY } from '../../../src/facts/read-queue-entries.ts';
import { VISIBILITY_QUERY } from '../../../src/facts/read-visibility.ts';
import {
  CHECKS_OF_COMMIT,
  MORE_COMMITS,
  MORE_FILES,
  MORE_LABELS,
  MORE_REVIEWS,
  pullRequestsQuery,
} from '../../../src/facts/wire-pull-request.ts';
import { PULL_REQUESTS_TOGETHER } from '../../../src/facts/read-pull-requests.ts';
import { COMMITS_TOGETHER } from '../../../src/facts/read-traced-commits.ts';
import { commitsQuery } from '../../../src/facts/wire-range.ts';
import { rangeQuery } from '../../../src/facts/wire-range-at-once.ts';

const description = new URL('../../../node_modules/@octokit/graphql-schema/schema.graphql', import.meta.url);
// The description defines two fields twice, so that it isn't valid by its own rules; queries are still judged by all of it.
const schema = buildSchema(readFileSync(description, 'utf8'), { assumeValidSDL: true });

describe("every query of ours is one that GitHub's own schema accepts", () => {
  test.each([
    ['one pull request', pullRequestsQuery(1)],
    ['more commits', MORE_COMMITS],
    ['more reviews', MORE_REVIEWS],
    ['more files', MORE_FILES],
    ['more labels', MORE_LABELS],
    ['checks of a commit', CHECKS_OF_COMMIT],
    ['policy', POLICY_QUERY],
    ['policy of the default branch', TRUNK_POLICY_QUERY],
    ['a change and its policies', changeQuery(0)],
    [
      'branches alone, where a range has no commits',
      rangeQuery({ commits: 0, pullRequests: 0, policy: false }),
    ],
    ['commits and branches', rangeQuery({ commits: 2, pullRequests: 0, policy: false })],
    ['pull requests and a policy', rangeQuery({ commits: 0, pullRequests: 2, policy: true })],
    ['versions of a file', fileVersionsQuery(100)],
    ['code owners', codeOwnersQuery([{ branch: 'main' }, { commit: 'a'.repeat(40) }])],
    ['default branch', DEFAULT_BRANCH_QUERY],
    ['branches', BRANCHES_QUERY],
    ['visibility', VISIBILITY_QUERY],
    ['SAML identity', SAML_QUERY],
    ['entries of a merge queue', QUEUE_ENTRIES_QUERY],
    ['open changes', OPEN_CHANGES_QUERY],
    ['changes of a commit', CHANGES_OF_COMMIT_QUERY],
  ])('%s', (_, query) => {
    expect(validate(schema, parse(query)).map((error) => error.message)).toEqual([]);
  });

  test('and one with a field that is not there is refused', () => {
    const wrong = changeQuery(0).replace('isDraft', 'isSketch');
    expect(validate(schema, parse(wrong))).toHaveLength(1);
  });
});

/** https://docs.github.com/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api#node-limit */
const NODE_LIMIT = 500_000;

describe('the largest queries stay within what GitHub lets one query name', () => {
  test.each([
    ['pull requests', pullRequestsQuery(PULL_REQUESTS_TOGETHER), 284_640],
    ['commits', commitsQuery(COMMITS_TOGETHER), 12_000],
    [
      'a range with its pull requests and the policy',
      rangeQuery({ commits: COMMITS_TOGETHER, pullRequests: PULL_REQUESTS_TOGETHER, policy: true }),
      296_740,
    ],
    ['a change with twenty teams', changeQuery(20), 6_746],
    ['versions of a file', fileVersionsQuery(100), 0],
  ])('%s', (_, query, nodes) => {
    expect(validate(schema, parse(query)).map((error) => error.message)).toEqual([]);
    expect(nodesOf(query)).toBe(nodes);
    expect(nodes).toBeLessThan(NODE_LIMIT);
  });

  test('which are counted as GitHub does', () => {
    // GitHub's own example: 50 + 50 x 20 + 50 x 20 x 10 x 2 + 20 + 10.
    const example = `query { viewer {
      repositories(first: 50) { edges { repository: node { name
        pullRequests(first: 20) { edges { pullRequest: node { title comments(first: 10) { edges { comment: node { bodyHTML } } } } } }
        issues(first: 20) { totalCount edges { issue: node { title bodyHTML comments(first: 10) { edges { comment: node { bodyHTML } } } } } }
      } } }
      followers(first: 10) { edges { follower: node { login } } }
    } }`;
    expect(nodesOf(example)).toBe(22_060);
  });
});
