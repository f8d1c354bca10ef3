/** Pull requests and reviews as GitHub's REST API and webhooks write them. */
import { changedFiles, listCommits, mergeBase } from '../git/commits.ts';
import { authorAssociation } from '../rules/roles.ts';
import type { Label, Pull, Repository, Review } from '../state.ts';
import type { World } from '../world.ts';
import { maybeUser, nodeId, simpleUser } from './accounts.ts';
import { repositoryApi, repositoryShape, repositoryWeb } from './repository.ts';

export const pullApi = (world: World, pull: Pull): string =>
  `${repositoryApi(world, pull.repository)}/pulls/${pull.number}`;
export const pullWeb = (world: World, pull: Pull): string =>
  `${repositoryWeb(world, pull.repository)}/pull/${pull.number}`;

function end(world: World, repository: Repository, ref: string, sha: string): Record<string, unknown> {
  return {
    label: `${repository.owner.login}:${ref}`,
    ref,
    sha,
    user: simpleUser(world, repository.owner),
    repo: repositoryShape(world, repository),
  };
}

/** A label as REST and webhooks write it. */
export function labelShape(world: World, repository: Repository, label: Label): Record<string, unknown> {
  return {
    id: label.id,
    node_id: nodeId('Label', label.id),
    url: `${repositoryApi(world, repository)}/labels/${encodeURIComponent(label.name)}`,
    name: label.name,
    description: null,
    color: 'ededed',
    default: false,
  };
}

/** As in lists. */
export function simplePull(world: World, pull: Pull): Record<string, unknown> {
  const api = pullApi(world, pull);
  const web = pullWeb(world, pull);
  const issue = `${repositoryApi(world, pull.repository)}/issues/${pull.number}`;
  const statuses = `${repositoryApi(world, pull.repository)}/statuses/${pull.headSha}`;
  return {
    url: api,
    id: pull.id,
    node_id: nodeId('PullRequest', pull.id),
    html_url: web,
    diff_url: `${web}.diff`,
    patch_url: `${web}.patch`,
    issue_url: issue,
    commits_url: `${api}/commits`,
    review_comments_url: `${api}/comments`,
    review_comment_url: `${repositoryApi(world, pull.repository)}/pulls/comments{/number}`,
    comments_url: `${issue}/comments`,
    statuses_url: statuses,
    number: pull.number,
    state: pull.state,
    locked: false,
    title: pull.title,
    user: simpleUser(world, pull.author),
    body: pull.body,
    labels: pull.labels.map((label) => labelShape(world, pull.repository, label)),
    milestone: null,
    active_lock_reason: null,
    created_at: pull.createdAt,
    updated_at: pull.updatedAt,
    closed_at: pull.closedAt,
    merged_at: pull.merge?.at ?? null,
    merge_commit_sha: pull.merge?.sha ?? null,
    assignee: null,
    assignees: [],
    requested_reviewers: [...pull.requestedReviewers].map((reviewer) => simpleUser(world, reviewer)),
    requested_teams: [],
    head: end(world, pull.headRepository, pull.headRef, pull.headSha),
    base: end(world, pull.repository, pull.baseRef, pull.baseSha),
    _links: {
      self: { href: api },
      html: { href: web },
      issue: { href: issue },
      comments: { href: `${issue}/comments` },
      review_comments: { href: `${api}/comments` },
      review_comment: { href: `${repositoryApi(world, pull.repository)}/pulls/comments{/number}` },
      commits: { href: `${api}/commits` },
      statuses: { href: statuses },
    },
    author_association: authorAssociation(pull.repository, pull.author),
    auto_merge: null,
    draft: pull.draft,
  };
}

/** As one pull request is answered, and as webhooks carry it. */
export async function fullPull(
  world: World,
  pull: Pull,
  mergeableState: string,
): Promise<Record<string, unknown>> {
  const { directory } = pull.repository;
  const base = await mergeBase(directory, pull.baseSha, pull.headSha);
  const commits = await listCommits(directory, [`${pull.baseSha}..${pull.headSha}`]);
  const files = await changedFiles(directory, base, pull.headSha);
  return {
    ...simplePull(world, pull),
    merged: pull.merge !== null,
    mergeable: pull.merge === null ? pull.mergeable : null,
    rebaseable: pull.merge === null ? pull.mergeable : null,
    mergeable_state: mergeableState,
    merged_by: maybeUser(world, pull.merge?.by ?? null),
    comments: pull.repository.comments.filter((comment) => comment.number === pull.number).length,
    review_comments: 0,
    maintainer_can_modify: false,
    commits: commits.length,
    additions: files.reduce((sum, file) => sum + file.additions, 0),
    deletions: files.reduce((sum, file) => sum + file.deletions, 0),
    changed_files: files.length,
  };
}

/** The stub that check runs and workflow runs carry. */
export function minimalPull(world: World, pull: Pull): Record<string, unknown> {
  const short = (repository: Repository): Record<string, unknown> => ({
    id: repository.id,
    url: repositoryApi(world, repository),
    name: repository.name,
  });
  return {
    id: pull.id,
    number: pull.number,
    url: pullApi(world, pull),
    head: { ref: pull.headRef, sha: pull.headSha, repo: short(pull.headRepository) },
    base: { ref: pull.baseRef, sha: pull.baseSha, repo: short(pull.repository) },
  };
}

/** Open pull requests with this head; GitHub leaves out those from forks. */
export function pullsWithHead(repository: Repository, sha: string): Pull[] {
  return [...repository.pulls.values()].filter(
    (pull) => pull.state === 'open' && pull.headSha === sha && pull.headRepository.id === repository.id,
  );
}

/** A review; webhooks write its state in small letters. */
export function reviewShape(
  world: World,
  pull: Pull,
  review: Review,
  webhook = false,
): Record<string, unknown> {
  const web = `${pullWeb(world, pull)}#pullrequestreview-${review.id}`;
  return {
    id: review.id,
    node_id: nodeId('PullRequestReview', review.id),
    user: simpleUser(world, review.author),
    body: review.body,
    state: webhook ? review.state.toLowerCase() : review.state,
    html_url: web,
    pull_request_url: pullApi(world, pull),
    _links: { html: { href: web }, pull_request: { href: pullApi(world, pull) } },
    commit_id: review.commit,
    author_association: authorAssociation(pull.repository, review.author),
    ...(review.submittedAt === null ? {} : { submitted_at: review.submittedAt }),
  };
}
