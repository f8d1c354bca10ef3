import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { buildSchema, parse, validate } from 'graphql';
import { CHANGES_OF_COMMIT_QUERY, OPEN_CHANGES_QUERY } from '../../../src/facts/open-changes.ts';
import { codeOwnersQuery } from '../../../src/facts/read-code-owners.ts';
import { fileVersionsQuery } from '../../../src/facts/read-file-versions.ts';
import { CHANGE_QUERY } from '../../../src/facts/read-change.ts';
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
import { commitsQuery } from '../../../src/facts/wire-range.ts';

const description = new URL('../../../node_modules/@octokit/graphql-schema/schema.graphql', import.meta.url);
// The description defines two fields twice, so that it isn't valid by its own rules; queries are still judged by all of it.
const schema = buildSchema(readFileSync(description, 'utf8'), { assumeValidSDL: true });

describe("every query of ours is one that GitHub's own schema accepts", () => {
  test.each([
    ['one pull request', pullRequestsQuery(1)],
    ['ten pull requests', pullRequestsQuery(10)],
    ['more commits', MORE_COMMITS],
    ['more reviews', MORE_REVIEWS],
    ['more files', MORE_FILES],
    ['more labels', MORE_LABELS],
    ['checks of a commit', CHECKS_OF_COMMIT],
    ['a hundred commits', commitsQuery(100)],
    ['policy', POLICY_QUERY],
    ['policy of the default branch', TRUNK_POLICY_QUERY],
    ['a change and its policies', CHANGE_QUERY],
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
    const wrong = CHANGE_QUERY.replace('isDraft', 'isSketch');
    expect(validate(schema, parse(wrong))).toHaveLength(1);
  });
});
