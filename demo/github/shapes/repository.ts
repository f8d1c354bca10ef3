/** A repository as GitHub's REST API and webhooks write it. */
import type { Repository } from '../state.ts';
import type { World } from '../world.ts';
import { nodeId, simpleOrganization, simpleUser } from './accounts.ts';

export const repositoryName = (repository: Repository): string =>
  `${repository.owner.login}/${repository.name}`;
export const repositoryApi = (world: World, repository: Repository): string =>
  `${world.apiUrl}/repos/${repositoryName(repository)}`;
export const repositoryWeb = (world: World, repository: Repository): string =>
  `${world.url}/${repositoryName(repository)}`;

const TEMPLATES: Readonly<Record<string, string>> = {
  archive_url: '/{archive_format}{/ref}',
  assignees_url: '/assignees{/user}',
  blobs_url: '/git/blobs{/sha}',
  branches_url: '/branches{/branch}',
  collaborators_url: '/collaborators{/collaborator}',
  comments_url: '/comments{/number}',
  commits_url: '/commits{/sha}',
  compare_url: '/compare/{base}...{head}',
  contents_url: '/contents/{+path}',
  contributors_url: '/contributors',
  deployments_url: '/deployments',
  downloads_url: '/downloads',
  events_url: '/events',
  forks_url: '/forks',
  git_commits_url: '/git/commits{/sha}',
  git_refs_url: '/git/refs{/sha}',
  git_tags_url: '/git/tags{/sha}',
  hooks_url: '/hooks',
  issue_comment_url: '/issues/comments{/number}',
  issue_events_url: '/issues/events{/number}',
  issues_url: '/issues{/number}',
  keys_url: '/keys{/key_id}',
  labels_url: '/labels{/name}',
  languages_url: '/languages',
  merges_url: '/merges',
  milestones_url: '/milestones{/number}',
  notifications_url: '/notifications{?since,all,participating}',
  pulls_url: '/pulls{/number}',
  releases_url: '/releases{/id}',
  stargazers_url: '/stargazers',
  statuses_url: '/statuses/{sha}',
  subscribers_url: '/subscribers',
  subscription_url: '/subscription',
  tags_url: '/tags',
  teams_url: '/teams',
  trees_url: '/git/trees{/sha}',
};

/** What every mention of a repository has. */
export function minimalRepository(world: World, repository: Repository): Record<string, unknown> {
  const api = repositoryApi(world, repository);
  return {
    id: repository.id,
    node_id: nodeId('Repository', repository.id),
    name: repository.name,
    full_name: repositoryName(repository),
    private: repository.private,
    owner: simpleUser(world, repository.owner),
    html_url: repositoryWeb(world, repository),
    description: null,
    fork: repository.fork !== null,
    url: api,
    ...Object.fromEntries(Object.entries(TEMPLATES).map(([key, end]) => [key, api + end])),
  };
}

/** As in a pull request's head and base, and in webhooks. */
export function repositoryShape(world: World, repository: Repository): Record<string, unknown> {
  const web = repositoryWeb(world, repository);
  const open = [...repository.pulls.values()].filter((pull) => pull.state === 'open').length;
  return {
    ...minimalRepository(world, repository),
    created_at: repository.createdAt,
    updated_at: repository.pushedAt,
    pushed_at: repository.pushedAt,
    git_url: `${web.replace(/^https?/, 'git')}.git`,
    ssh_url: `git@github.com:${repositoryName(repository)}.git`,
    clone_url: `${web}.git`,
    svn_url: web,
    homepage: null,
    size: 0,
    stargazers_count: 0,
    watchers_count: 0,
    language: null,
    has_issues: true,
    has_projects: false,
    has_downloads: true,
    has_wiki: false,
    has_pages: false,
    has_discussions: false,
    forks_count: 0,
    mirror_url: null,
    archived: repository.archived,
    disabled: false,
    open_issues_count: open,
    license: null,
    allow_forking: true,
    is_template: false,
    web_commit_signoff_required: false,
    topics: [],
    visibility: repository.private ? 'private' : 'public',
    forks: 0,
    open_issues: open,
    watchers: 0,
    default_branch: repository.defaultBranch,
  };
}

/** The answer to GET /repos/{owner}/{repo}. */
export function fullRepository(world: World, repository: Repository): Record<string, unknown> {
  return {
    ...repositoryShape(world, repository),
    subscribers_count: 0,
    network_count: 0,
    allow_merge_commit: true,
    allow_squash_merge: true,
    allow_rebase_merge: true,
    allow_auto_merge: false,
    delete_branch_on_merge: false,
    ...(repository.owner.kind === 'Organization'
      ? { organization: simpleUser(world, repository.owner) }
      : {}),
    ...(repository.fork === null
      ? {}
      : { parent: repositoryShape(world, repository.fork), source: repositoryShape(world, repository.fork) }),
  };
}

/** The part of a webhook that says where it happened. */
export function whereabouts(world: World, repository: Repository): Record<string, unknown> {
  return {
    repository: repositoryShape(world, repository),
    ...(repository.owner.kind === 'Organization'
      ? { organization: simpleOrganization(world, repository.owner) }
      : {}),
  };
}
