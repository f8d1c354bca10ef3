/** Comments on pull requests, and the reactions to them. */
import { announce } from '../announce.ts';
import { needPull } from '../find.ts';
import { created, notFound, ok, paged } from '../http.ts';
import { actorOf, authorAssociation } from '../rules/roles.ts';
import { nodeId, simpleUser } from '../shapes/accounts.ts';
import { appShape } from '../shapes/apps.ts';
import { pullWeb, simplePull } from '../shapes/pulls.ts';
import { repositoryApi } from '../shapes/repository.ts';
import type { Comment, Pull, Reaction, Repository } from '../state.ts';
import type { World } from '../world.ts';
import { repositoryRoute, type Route } from './route.ts';

const read = { app: 'issues:read|pull_requests:read', user: 'read' } as const;
const write = { app: 'issues:write|pull_requests:write', user: 'read' } as const;

const CONTENTS = ['+1', '-1', 'laugh', 'confused', 'heart', 'hooray', 'rocket', 'eyes'] as const;

function reactionRollup(url: string, reactions: readonly Reaction[]): Record<string, unknown> {
  const counts = CONTENTS.map((content) => [
    content,
    reactions.filter((one) => one.content === content).length,
  ]);
  return { url, total_count: reactions.length, ...Object.fromEntries(counts) };
}

function commentShape(world: World, repository: Repository, one: Comment): Record<string, unknown> {
  const pull = repository.pulls.get(one.number);
  return {
    id: one.id,
    node_id: nodeId('IssueComment', one.id),
    url: `${repositoryApi(world, repository)}/issues/comments/${one.id}`,
    html_url: pull === undefined ? `${world.url}/` : `${pullWeb(world, pull)}#issuecomment-${one.id}`,
    issue_url: `${repositoryApi(world, repository)}/issues/${one.number}`,
    user: simpleUser(world, one.author),
    body: one.body,
    created_at: one.createdAt,
    updated_at: one.updatedAt,
    author_association: authorAssociation(repository, one.author),
    reactions: reactionRollup(
      `${repositoryApi(world, repository)}/issues/comments/${one.id}/reactions`,
      one.reactions,
    ),
    performed_via_github_app: one.app === null ? null : appShape(world, one.app),
  };
}

/** The issue that every pull request also is. */
function issueShape(world: World, pull: Pull): Record<string, unknown> {
  const api = `${repositoryApi(world, pull.repository)}/issues/${pull.number}`;
  const simple = simplePull(world, pull);
  return {
    url: api,
    repository_url: repositoryApi(world, pull.repository),
    labels_url: `${api}/labels{/name}`,
    comments_url: `${api}/comments`,
    events_url: `${api}/events`,
    html_url: pullWeb(world, pull),
    id: pull.id,
    node_id: nodeId('Issue', pull.id),
    number: pull.number,
    title: pull.title,
    user: simple['user'],
    labels: simple['labels'],
    state: pull.state,
    locked: false,
    assignee: null,
    assignees: [],
    milestone: null,
    comments: pull.repository.comments.filter((one) => one.number === pull.number).length,
    created_at: pull.createdAt,
    updated_at: pull.updatedAt,
    closed_at: pull.closedAt,
    author_association: simple['author_association'],
    active_lock_reason: null,
    draft: pull.draft,
    pull_request: {
      url: simple['url'],
      html_url: simple['html_url'],
      diff_url: simple['diff_url'],
      patch_url: simple['patch_url'],
    },
    body: pull.body,
    // Nobody reacts to a pull request here, only to comments.
    reactions: reactionRollup(`${api}/reactions`, []),
    performed_via_github_app: null,
  };
}

function announceComment(world: World, pull: Pull, one: Comment, action: 'created'): void {
  announce(world, pull.repository, {
    event: 'issue_comment',
    action,
    sender: one.author,
    payload: { issue: issueShape(world, pull), comment: commentShape(world, pull.repository, one) },
  });
}

const reactionShape = (world: World, one: Reaction): Record<string, unknown> => ({
  id: one.id,
  node_id: nodeId('Reaction', one.id),
  user: simpleUser(world, one.author),
  content: one.content,
  created_at: one.createdAt,
});

function needComment(repository: Repository, id: string | undefined): Comment {
  const found = repository.comments.find((one) => one.id === Number(id));
  if (found === undefined) throw notFound();
  return found;
}

export const commentRoutes: readonly Route[] = [
  repositoryRoute(
    'GET /repos/{owner}/{repo}/issues/{issue_number}/comments',
    read,
    (world, call, repository) =>
      paged(
        call,
        repository.comments.filter(
          (one) =>
            one.number === Number(call.params['issue_number']) &&
            one.updatedAt >= (call.query.get('since') ?? ''),
        ),
        (one) => commentShape(world, repository, one),
      ),
  ),
  repositoryRoute(
    'POST /repos/{owner}/{repo}/issues/{issue_number}/comments',
    write,
    (world, call, repository) => {
      const pull = needPull(repository, call.params['issue_number']);
      const author = actorOf(world, call.caller);
      const at = world.timestamp();
      const one: Comment = {
        id: world.id(),
        number: pull.number,
        author,
        app: call.caller.kind === 'installation' ? call.caller.installation.app : null,
        body: call.body.needText('body'),
        createdAt: at,
        updatedAt: at,
        reactions: [],
      };
      repository.comments.push(one);
      announceComment(world, pull, one, 'created');
      return created(commentShape(world, repository, one));
    },
  ),
  repositoryRoute(
    'GET /repos/{owner}/{repo}/issues/comments/{comment_id}/reactions',
    read,
    (world, call, repository) =>
      paged(call, needComment(repository, call.params['comment_id']).reactions, (one) =>
        reactionShape(world, one),
      ),
  ),
  repositoryRoute(
    'POST /repos/{owner}/{repo}/issues/comments/{comment_id}/reactions',
    write,
    (world, call, repository) => {
      const comment = needComment(repository, call.params['comment_id']);
      const author = actorOf(world, call.caller);
      const content = call.body.needText('content');
      // The same reaction twice is one, and GitHub answers with it.
      const standing = comment.reactions.find(
        (one) => one.author.id === author.id && one.content === content,
      );
      if (standing !== undefined) return ok(reactionShape(world, standing));
      const one = { id: world.id(), author, content, createdAt: world.timestamp() };
      comment.reactions.push(one);
      return created(reactionShape(world, one));
    },
  ),
];
