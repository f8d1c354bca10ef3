/** The repository itself: its branches, commits, files, comparisons, activity and who may do what in it. */
import path from 'node:path/posix';

import {
  branchTip,
  changedFiles,
  isAncestor,
  listCommits,
  listTree,
  mergeBase,
  readBlob,
  readCommit,
  resolveCommit,
  type GitCommit,
} from '../git/commits.ts';
import { listBranches } from '../git/refs.ts';
import { findAccount, findRepository, findTeam, needUser } from '../find.ts';
import { HttpError, notFound, ok, paged, type Call } from '../http.ts';
import { isProtected } from '../rules/demands.ts';
import { atLeast, legacyPermission, roleOf } from '../rules/roles.ts';
import { fullTeam, nodeId, simpleUser } from '../shapes/accounts.ts';
import { commitShape, fileShape } from '../shapes/commits.ts';
import { fullRepository, repositoryApi, repositoryWeb } from '../shapes/repository.ts';
import type { Repository, Role } from '../state.ts';
import type { World } from '../world.ts';
import { protectionShape } from '../shapes/protection.ts';
import { repositoryRoute, type Route } from './route.ts';

async function needCommit(repository: Repository, name: string): Promise<string> {
  const sha = await resolveCommit(repository.directory, name.replace(/^(heads|tags)\//, 'refs/$1/'));
  if (sha === null) throw new HttpError(422, `No commit found for SHA: ${name}`);
  return sha;
}

/** `owner:branch` names a branch of a fork. */
async function end(world: World, repository: Repository, name: string): Promise<string> {
  const [owner = '', branch] = name.split(':');
  const from = branch === undefined ? repository : findRepository(world, owner, repository.name);
  const sha = from === null ? null : await resolveCommit(from.directory, branch ?? name);
  if (sha === null) throw notFound();
  return sha;
}

async function compare(world: World, call: Call, repository: Repository): Promise<ReturnType<typeof ok>> {
  const { directory } = repository;
  const [base = '', head = ''] = (call.params['basehead'] ?? '').split('...');
  const from = await end(world, repository, base);
  const to = await end(world, repository, head);
  const common = await mergeBase(directory, from, to);
  if (common === null) throw new HttpError(404, `No common ancestor between ${base} and ${head}.`);
  const ahead = await listCommits(directory, ['--reverse', '--topo-order', `${from}..${to}`]);
  const behind = (await listCommits(directory, [`${to}..${from}`])).length;
  const status =
    from === to
      ? 'identical'
      : ahead.length > 0 && behind > 0
        ? 'diverged'
        : ahead.length > 0
          ? 'ahead'
          : 'behind';
  const paging = call.query.has('page') || call.query.has('per_page');
  const size = Math.min(100, Number(call.query.get('per_page') ?? 30));
  const page = Number(call.query.get('page') ?? 1);
  const shown = paging ? ahead.slice((page - 1) * size, page * size) : ahead.slice(-250);
  const files = page === 1 ? (await changedFiles(directory, common, to)).slice(0, 300) : [];
  const shape = (commit: GitCommit): Record<string, unknown> => commitShape(world, repository, commit);
  const web = `${repositoryWeb(world, repository)}/compare/${base}...${head}`;
  const last = Math.max(1, Math.ceil(ahead.length / size));
  const link = (number: number, rel: string): string => {
    const address = new URL(call.address);
    address.searchParams.set('page', String(number));
    return `<${address.href}>; rel="${rel}"`;
  };
  return {
    ...ok({
      url: `${repositoryApi(world, repository)}/compare/${base}...${head}`,
      html_url: web,
      permalink_url: web,
      diff_url: `${web}.diff`,
      patch_url: `${web}.patch`,
      base_commit: shape(await readCommit(directory, from)),
      merge_base_commit: shape(await readCommit(directory, common)),
      status,
      ahead_by: ahead.length,
      behind_by: behind,
      total_commits: ahead.length,
      commits: shown.map(shape),
      ...(page === 1 ? { files: files.map((file) => fileShape(world, repository, file, to)) } : {}),
    }),
    headers: paging && page < last ? { link: [link(page + 1, 'next'), link(last, 'last')].join(', ') } : {},
  };
}

async function contents(world: World, call: Call, repository: Repository): Promise<ReturnType<typeof ok>> {
  const ref = call.query.get('ref') ?? repository.defaultBranch;
  const sha = await resolveCommit(repository.directory, ref.replace(/^(heads|tags)\//, 'refs/$1/'));
  if (sha === null) throw new HttpError(404, `No commit found for the ref ${ref}`);
  const wanted = (call.params['path'] ?? '').replace(/^\/+|\/+$/g, '');
  const entries = await listTree(repository.directory, sha, wanted, false);
  const entry = wanted === '' ? undefined : entries[0];
  if (wanted !== '' && entry === undefined) throw notFound();
  const describe = (item: {
    path: string;
    sha: string;
    size: number;
    type: string;
  }): Record<string, unknown> => {
    const name = item.path.split('/').map(encodeURIComponent).join('/');
    const api = `${repositoryApi(world, repository)}/contents/${name}?ref=${encodeURIComponent(ref)}`;
    const html = `${repositoryWeb(world, repository)}/blob/${ref}/${name}`;
    const file = item.type === 'blob';
    const gitUrl = `${repositoryApi(world, repository)}/git/${file ? 'blobs' : 'trees'}/${item.sha}`;
    return {
      type: file ? 'file' : 'dir',
      size: item.size,
      name: path.basename(item.path),
      path: item.path,
      sha: item.sha,
      url: api,
      git_url: gitUrl,
      html_url: html,
      download_url: file ? `${repositoryWeb(world, repository)}/raw/${ref}/${name}` : null,
      _links: { self: api, git: gitUrl, html },
    };
  };
  if (entry === undefined || entry.type === 'tree')
    return ok((await listTree(repository.directory, sha, wanted, true)).map(describe));
  const blob = await readBlob(repository.directory, entry.sha);
  if (call.accept.includes('raw'))
    return {
      status: 200,
      body: blob,
      headers: { 'content-type': 'application/vnd.github.raw+json; charset=utf-8' },
    };
  const encoded = blob.toString('base64').replaceAll(/.{60}/g, '$&\n');
  // Above one megabyte GitHub gives no content, only the entry.
  const large = blob.length > 1_048_576;
  return ok({ ...describe(entry), encoding: large ? 'none' : 'base64', content: large ? '' : encoded });
}

async function pullsOf(repository: Repository, sha: string): Promise<number[]> {
  const { directory } = repository;
  const known = await resolveCommit(directory, sha);
  if (known === null) throw new HttpError(422, `No commit found for SHA: ${sha}`);
  const main = await branchTip(directory, repository.defaultBranch);
  const landed = main !== null && (await isAncestor(directory, known, main));
  const found: number[] = [];
  for (const pull of repository.pulls.values()) {
    if (pull.merge?.sha === known) found.push(pull.number);
    else if (landed && pull.merge === null) continue;
    else {
      const inRange =
        (await isAncestor(directory, known, pull.headSha)) &&
        !(await isAncestor(directory, known, pull.baseSha));
      const rebased =
        pull.merge !== null &&
        (await isAncestor(directory, known, pull.merge.sha)) &&
        !(await isAncestor(directory, known, pull.baseSha));
      if (inRange || rebased) found.push(pull.number);
    }
  }
  return found;
}

/** Pull requests that a commit belongs to: on the default branch those merged with it, elsewhere open ones too. */
export async function pullsOfCommit(
  repository: Repository,
  sha: string,
): Promise<ReturnType<Repository['pulls']['get']>[]> {
  return (await pullsOf(repository, sha)).map((number) => repository.pulls.get(number));
}

const read = { app: 'contents:read', user: 'read' } as const;
const metadata = { app: 'metadata:read', user: 'read' } as const;
const administration = { app: 'administration:read', user: 'admin' } as const;

/** What GitHub calls a role where it is a team's. */
const TEAM_PERMISSIONS: Readonly<Record<Role, string>> = {
  none: 'pull',
  read: 'pull',
  triage: 'triage',
  write: 'push',
  maintain: 'maintain',
  admin: 'admin',
};

export const repositoryRoutes: readonly Route[] = [
  repositoryRoute('GET /repos/{owner}/{repo}', metadata, (world, _call, repository) =>
    ok(fullRepository(world, repository)),
  ),
  repositoryRoute('GET /repos/{owner}/{repo}/activity', read, (world, call, repository) => {
    const ref = call.query.get('ref');
    const full = ref === null || ref.startsWith('refs/') ? ref : `refs/heads/${ref}`;
    const type = call.query.get('activity_type');
    const actor = call.query.get('actor');
    const chosen = repository.activities.filter(
      (one) =>
        (full === null || one.ref === full) &&
        (type === null || one.type === type) &&
        (actor === null || one.actor.login === actor),
    );
    const ordered = call.query.get('direction') === 'asc' ? chosen.toReversed() : chosen;
    const after = Number(call.query.get('after') ?? 0);
    const size = Math.min(100, Number(call.query.get('per_page') ?? 30));
    const page = ordered.slice(after, after + size);
    const next = new URL(call.address);
    next.searchParams.set('after', String(after + size));
    return {
      ...ok(
        page.map((one) => ({
          id: one.id,
          node_id: nodeId('Push', one.id),
          before: one.before,
          after: one.after,
          ref: one.ref,
          timestamp: one.at,
          activity_type: one.type,
          actor: simpleUser(world, one.actor),
        })),
      ),
      headers: after + size < ordered.length ? { link: `<${next.href}>; rel="next"` } : {},
    };
  }),
  repositoryRoute('GET /repos/{owner}/{repo}/branches', read, async (world, call, repository) => {
    const wanted = call.query.get('protected');
    const branches = (await listBranches(repository.directory)).filter(
      ({ name }) => wanted === null || isProtected(repository, name) === (wanted === 'true'),
    );
    return paged(call, branches, ({ name, sha }) => ({
      name,
      commit: { sha, url: `${repositoryApi(world, repository)}/commits/${sha}` },
      protected: isProtected(repository, name),
    }));
  }),
  repositoryRoute('GET /repos/{owner}/{repo}/branches/{branch}', read, async (world, call, repository) => {
    const name = call.params['branch'] ?? '';
    const sha = await branchTip(repository.directory, name);
    if (sha === null) throw new HttpError(404, 'Branch not found');
    const api = `${repositoryApi(world, repository)}/branches/${encodeURIComponent(name)}`;
    return ok({
      name,
      commit: commitShape(world, repository, await readCommit(repository.directory, sha)),
      _links: { self: api, html: `${repositoryWeb(world, repository)}/tree/${name}` },
      protected: isProtected(repository, name),
      protection: protectionShape(world, repository, name, true),
      protection_url: `${api}/protection`,
    });
  }),
  repositoryRoute(
    'GET /repos/{owner}/{repo}/collaborators/{username}/permission',
    metadata,
    (world, call, repository) => {
      const account = findAccount(world, call.params['username'] ?? '');
      if (account?.kind === 'Bot')
        return ok({
          permission: 'none',
          role_name: 'none',
          user: { ...simpleUser(world, account), role_name: 'none' },
        });
      const user = needUser(world, call.params['username'] ?? '');
      const role = roleOf(world, user, repository);
      const at = (level: string): boolean =>
        ['none', 'read', 'triage', 'write', 'maintain', 'admin'].indexOf(role) >=
        ['none', 'read', 'triage', 'write', 'maintain', 'admin'].indexOf(level);
      return ok({
        permission: legacyPermission(role),
        role_name: role,
        user: {
          ...simpleUser(world, user),
          permissions: {
            pull: at('read'),
            triage: at('triage'),
            push: at('write'),
            maintain: at('maintain'),
            admin: at('admin'),
          },
          role_name: role,
        },
      });
    },
  ),
  repositoryRoute('GET /repos/{owner}/{repo}/teams', administration, (world, call, repository) => {
    const teams = [...repository.teams].flatMap(([id, role]) => {
      const team = findTeam(world, id);
      return team === null ? [] : [{ team, role }];
    });
    return paged(call, teams, ({ team, role }) => ({
      ...fullTeam(world, team),
      permission: TEAM_PERMISSIONS[role],
      permissions: {
        pull: atLeast(role, 'read'),
        triage: atLeast(role, 'triage'),
        push: atLeast(role, 'write'),
        maintain: atLeast(role, 'maintain'),
        admin: atLeast(role, 'admin'),
      },
    }));
  }),
  repositoryRoute('GET /repos/{owner}/{repo}/commits', read, async (world, call, repository) => {
    const sha = await resolveCommit(repository.directory, call.query.get('sha') ?? repository.defaultBranch);
    if (sha === null) throw notFound();
    const filters = ['since', 'until'].flatMap((key) =>
      call.query.has(key) ? [`--${key}=${call.query.get(key) ?? ''}`] : [],
    );
    const all = await listCommits(repository.directory, [...filters, sha]);
    const author = call.query.get('author')?.toLowerCase();
    const commits = all.filter(
      (commit) => author === undefined || commit.author.email.toLowerCase() === author,
    );
    return paged(call, commits, (commit) => commitShape(world, repository, commit));
  }),
  repositoryRoute('GET /repos/{owner}/{repo}/commits/{ref}', read, async (world, call, repository) => {
    const sha = await needCommit(repository, call.params['ref'] ?? '');
    if (call.accept.includes('sha'))
      return {
        status: 200,
        body: Buffer.from(sha),
        headers: { 'content-type': 'application/vnd.github.sha; charset=utf-8' },
      };
    const commit = await readCommit(repository.directory, sha);
    const files = await changedFiles(repository.directory, commit.parents[0] ?? null, sha);
    const additions = files.reduce((sum, file) => sum + file.additions, 0);
    const deletions = files.reduce((sum, file) => sum + file.deletions, 0);
    return ok({
      ...commitShape(world, repository, commit),
      stats: { total: additions + deletions, additions, deletions },
      files: files.slice(0, 300).map((file) => fileShape(world, repository, file, sha)),
    });
  }),
  repositoryRoute('GET /repos/{owner}/{repo}/compare/{basehead}', read, compare),
  repositoryRoute('GET /repos/{owner}/{repo}/contents/{path}', read, contents),
  repositoryRoute('GET /repos/{owner}/{repo}/git/ref/{ref}', read, async (world, call, repository) => {
    const ref = `refs/${call.params['ref'] ?? ''}`;
    const sha = await resolveCommit(repository.directory, ref);
    if (sha === null) throw notFound();
    const api = repositoryApi(world, repository);
    return ok({
      ref,
      node_id: nodeId('Ref', ref),
      url: `${api}/git/${ref}`,
      object: { sha, type: 'commit', url: `${api}/git/commits/${sha}` },
    });
  }),
];
