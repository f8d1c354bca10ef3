/** Pull requests, their reviews, their merge, and comments on them. */
import { changedFiles, listCommits, mergeBase } from '../git/commits.ts';
import { exclusive } from '../exclusive.ts';
import { findRepository, needPull, needUser } from '../find.ts';
import { created, invalid, notFound, ok, paged } from '../http.ts';
import { mergePull } from '../acts/merging.ts';
import {
  addLabels,
  dismissReview,
  editPull,
  openPull,
  readPull,
  removeLabel,
  requestReviews,
  submitReview,
} from '../acts/pull-requests.ts';
import { actorOf, atLeast, roleOf } from '../rules/roles.ts';
import { commitShape, fileShape } from '../shapes/commits.ts';
import { labelShape, reviewShape, simplePull } from '../shapes/pulls.ts';
import type { Pull, Repository } from '../state.ts';
import type { World } from '../world.ts';
import { pullsOfCommit } from './repositories.ts';
import { repositoryRoute, type Route } from './route.ts';

const read = { app: 'pull_requests:read', user: 'read' } as const;
const write = { app: 'pull_requests:write', user: 'read' } as const;
const label = { app: 'issues:write|pull_requests:write', user: 'triage' } as const;

function headOf(world: World, repository: Repository, head: string): { repository: Repository; ref: string } {
  const [owner = '', ref] = head.split(':');
  if (ref === undefined) return { repository, ref: head };
  const found = findRepository(world, owner, repository.name);
  if (found === null)
    throw invalid('Validation Failed', [{ resource: 'PullRequest', field: 'head', code: 'invalid' }]);
  return { repository: found, ref };
}

const reviewOf = (pull: Pull, id: string | undefined): Pull['reviews'][number] => {
  const found = pull.reviews.find((review) => review.id === Number(id));
  if (found === undefined) throw notFound();
  return found;
};

export const pullRequestRoutes: readonly Route[] = [
  repositoryRoute('GET /repos/{owner}/{repo}/pulls', read, (world, call, repository) => {
    const state = call.query.get('state') ?? 'open';
    const head = call.query.get('head');
    const base = call.query.get('base');
    const chosen = [...repository.pulls.values()].filter(
      (pull) =>
        (state === 'all' || pull.state === state) &&
        (base === null || pull.baseRef === base) &&
        (head === null || `${pull.headRepository.owner.login}:${pull.headRef}` === head),
    );
    const byNumber = chosen.toSorted((a, b) => b.number - a.number);
    return paged(call, call.query.get('direction') === 'asc' ? byNumber.toReversed() : byNumber, (pull) =>
      simplePull(world, pull),
    );
  }),
  repositoryRoute('POST /repos/{owner}/{repo}/pulls', write, async (world, call, repository) => {
    const { body } = call;
    const head = headOf(world, repository, body.needText('head'));
    const pull = await openPull(world, repository, actorOf(world, call.caller), {
      title: body.needText('title'),
      body: body.text('body'),
      baseRef: body.needText('base'),
      headRepository: head.repository,
      headRef: head.ref,
      draft: body.flag('draft', false),
    });
    return created(await readPull(world, pull));
  }),
  repositoryRoute('GET /repos/{owner}/{repo}/pulls/{pull_number}', read, async (world, call, repository) =>
    ok(await readPull(world, needPull(repository, call.params['pull_number']))),
  ),
  repositoryRoute(
    'PATCH /repos/{owner}/{repo}/pulls/{pull_number}',
    write,
    async (world, call, repository) => {
      const pull = needPull(repository, call.params['pull_number']);
      const actor = actorOf(world, call.caller);
      if (
        actor.id !== pull.author.id &&
        call.caller.kind === 'user' &&
        !atLeast(roleOf(world, actor, repository), 'triage')
      )
        throw notFound();
      const { body } = call;
      await editPull(world, pull, actor, {
        title: body.text('title'),
        body: body.text('body'),
        base: body.text('base'),
        state: body.text('state'),
      });
      return ok(await readPull(world, pull));
    },
  ),
  repositoryRoute(
    'GET /repos/{owner}/{repo}/pulls/{pull_number}/commits',
    read,
    async (world, call, repository) => {
      const pull = needPull(repository, call.params['pull_number']);
      const commits = await listCommits(repository.directory, [
        '--reverse',
        '--topo-order',
        `${pull.baseSha}..${pull.headSha}`,
      ]);
      return paged(call, commits.slice(0, 250), (commit) => commitShape(world, repository, commit));
    },
  ),
  repositoryRoute(
    'GET /repos/{owner}/{repo}/pulls/{pull_number}/files',
    read,
    async (world, call, repository) => {
      const pull = needPull(repository, call.params['pull_number']);
      const base = await mergeBase(repository.directory, pull.baseSha, pull.headSha);
      const files = await changedFiles(repository.directory, base, pull.headSha);
      return paged(call, files.slice(0, 3000), (file) => fileShape(world, repository, file, pull.headSha));
    },
  ),
  repositoryRoute(
    'PUT /repos/{owner}/{repo}/pulls/{pull_number}/merge',
    { app: 'contents:write', user: 'write' },
    (world, call, repository) =>
      exclusive(repository, async () => {
        const pull = needPull(repository, call.params['pull_number']);
        const method = call.body.text('merge_method') ?? 'merge';
        if (method !== 'merge' && method !== 'squash' && method !== 'rebase')
          throw invalid('Validation Failed');
        const sha = await mergePull(world, pull, actorOf(world, call.caller), {
          method,
          title: call.body.text('commit_title'),
          message: call.body.text('commit_message'),
          sha: call.body.text('sha'),
        });
        return ok({ sha, merged: true, message: 'Pull Request successfully merged' });
      }),
  ),
  repositoryRoute(
    'GET /repos/{owner}/{repo}/pulls/{pull_number}/reviews',
    read,
    (world, call, repository) => {
      const pull = needPull(repository, call.params['pull_number']);
      const visible = pull.reviews.filter(
        (review) =>
          review.state !== 'PENDING' ||
          (call.caller.kind === 'user' && call.caller.user.id === review.author.id),
      );
      return paged(call, visible, (review) => reviewShape(world, pull, review));
    },
  ),
  repositoryRoute(
    'POST /repos/{owner}/{repo}/pulls/{pull_number}/requested_reviewers',
    { app: 'pull_requests:write', user: 'write' },
    async (world, call, repository) => {
      const pull = needPull(repository, call.params['pull_number']);
      if (call.body.texts('team_reviewers').length > 0)
        throw new Error('The stand-in models no reviews of teams');
      const reviewers = call.body.texts('reviewers').map((login) => needUser(world, login));
      await requestReviews(world, pull, actorOf(world, call.caller), reviewers);
      return created(simplePull(world, pull));
    },
  ),
  repositoryRoute(
    'POST /repos/{owner}/{repo}/pulls/{pull_number}/reviews',
    write,
    async (world, call, repository) => {
      const pull = needPull(repository, call.params['pull_number']);
      if (call.body.objects('comments').length > 0)
        throw new Error('The stand-in does not model comments on lines');
      const review = await submitReview(world, pull, actorOf(world, call.caller), {
        event: call.body.text('event'),
        body: call.body.text('body') ?? '',
        commit: call.body.text('commit_id'),
      });
      return ok(reviewShape(world, pull, review));
    },
  ),
  repositoryRoute(
    'PUT /repos/{owner}/{repo}/pulls/{pull_number}/reviews/{review_id}/dismissals',
    { app: 'pull_requests:write', user: 'write' },
    (world, call, repository) => {
      const pull = needPull(repository, call.params['pull_number']);
      const review = reviewOf(pull, call.params['review_id']);
      if (review.state !== 'APPROVED' && review.state !== 'CHANGES_REQUESTED')
        throw invalid(`Can not dismiss a ${review.state.toLowerCase()} pull request review`);
      dismissReview(world, pull, review, actorOf(world, call.caller));
      return ok(reviewShape(world, pull, review));
    },
  ),
  repositoryRoute(
    'GET /repos/{owner}/{repo}/commits/{commit_sha}/pulls',
    read,
    async (world, call, repository) => {
      const pulls = (await pullsOfCommit(repository, call.params['commit_sha'] ?? '')).filter(
        (pull) => pull !== undefined,
      );
      return paged(call, pulls, (pull) => simplePull(world, pull));
    },
  ),
  repositoryRoute(
    'POST /repos/{owner}/{repo}/issues/{issue_number}/labels',
    label,
    async (world, call, repository) => {
      const pull = needPull(repository, call.params['issue_number']);
      await addLabels(world, pull, actorOf(world, call.caller), call.body.texts('labels'));
      return ok(pull.labels.map((each) => labelShape(world, repository, each)));
    },
  ),
  repositoryRoute(
    'DELETE /repos/{owner}/{repo}/issues/{issue_number}/labels/{name}',
    label,
    async (world, call, repository) => {
      const pull = needPull(repository, call.params['issue_number']);
      const name = call.params['name'] ?? '';
      if (!(await removeLabel(world, pull, actorOf(world, call.caller), name))) throw notFound();
      return ok(pull.labels.map((each) => labelShape(world, repository, each)));
    },
  ),
];
