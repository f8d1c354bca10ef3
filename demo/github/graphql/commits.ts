/** Commits, checks on them, and files, as GraphQL objects. */
import { accountOfEmail } from '../find.ts';
import {
  listCommits,
  readBlob,
  readCommit,
  type GitCommit,
  type Signature,
  listTree,
} from '../git/commits.ts';
import { ACTIONS_APP_ID, appIdOf, latestCheckRuns, latestStatuses } from '../rules/checks.ts';
import { demandsOn } from '../rules/demands.ts';
import { nodeId } from '../shapes/accounts.ts';
import { repositoryWeb } from '../shapes/repository.ts';
import type { CheckRun, CommitStatus, Repository } from '../state.ts';
import { pullsOfCommit } from '../routes/repositories.ts';
import { connection, type ConnectionArguments } from './connection.ts';
import { need, type Asking } from './context.ts';
import { actorObject, gitUserObject } from './people.ts';

type Fields = Record<string, unknown>;

function gitActor(asking: Asking, who: Signature): Fields {
  const account = accountOfEmail(asking.world, who.email);
  return {
    __typename: 'GitActor',
    name: who.name,
    email: who.email,
    date: who.date,
    avatarUrl: () => `${asking.world.url}/avatars/e/${encodeURIComponent(who.email)}`,
    user: account === null ? null : gitUserObject(asking, account),
  };
}

/** A commit's author, then whoever its `Co-authored-by` trailers name. */
function authorsOf(commit: GitCommit): Signature[] {
  const found = [commit.author];
  for (const line of commit.message.split('\n')) {
    const match = /^co-authored-by:\s*(.*?)\s*<([^>]+)>\s*$/i.exec(line);
    const email = match?.[2] ?? '';
    if (match !== null && !found.some((one) => one.email.toLowerCase() === email.toLowerCase()))
      found.push({ name: match[1] ?? '', email, date: commit.author.date });
  }
  return found;
}

/** Whether a pull request's base branch requires a check of this name. */
function required(
  asking: Asking,
  repository: Repository,
  name: string,
  number: number | null | undefined,
): boolean {
  const pull = number === null || number === undefined ? undefined : repository.pulls.get(number);
  if (pull === undefined) throw new Error('isRequired needs the number of a pull request');
  return demandsOn(asking.world, repository, pull.baseRef).some((demand) =>
    demand.checks.some((check) => check.context === name),
  );
}

function appObject(run: CheckRun): Fields {
  return {
    __typename: 'App',
    id: nodeId('App', appIdOf(run)),
    databaseId: appIdOf(run),
    slug: run.app?.slug ?? 'github-actions',
    name: run.app?.name ?? 'GitHub Actions',
  };
}

function checkRunObject(asking: Asking, repository: Repository, run: CheckRun): Fields {
  const web = `${repositoryWeb(asking.world, repository)}/runs/${run.id}`;
  return {
    __typename: 'CheckRun',
    id: nodeId('CheckRun', run.id),
    databaseId: run.id,
    name: run.name,
    status: run.status.toUpperCase(),
    conclusion: run.conclusion?.toUpperCase() ?? null,
    externalId: run.externalId,
    detailsUrl: run.detailsUrl ?? web,
    url: web,
    permalink: web,
    startedAt: run.startedAt,
    completedAt: run.completedAt,
    title: run.title,
    summary: run.summary,
    text: run.text,
    isRequired: ({ pullRequestNumber }: { readonly pullRequestNumber?: number | null }) =>
      required(asking, repository, run.name, pullRequestNumber),
    checkSuite: {
      __typename: 'CheckSuite',
      id: nodeId('CheckSuite', run.suite.id),
      databaseId: run.suite.id,
      app: appObject(run),
      workflowRun:
        run.app === null && appIdOf(run) === ACTIONS_APP_ID ? workflowRunObject(repository, run) : null,
    },
  };
}

function workflowRunObject(repository: Repository, check: CheckRun): Fields | null {
  const run = [...repository.runs.values()].find((one) => one.suite.id === check.suite.id);
  if (run === undefined) return null;
  return {
    __typename: 'WorkflowRun',
    databaseId: run.id,
    event: run.event,
    runNumber: run.number,
    workflow: { __typename: 'Workflow', databaseId: run.workflowId, name: run.name },
  };
}

function statusObject(asking: Asking, repository: Repository, status: CommitStatus): Fields {
  return {
    __typename: 'StatusContext',
    id: nodeId('StatusContext', status.id),
    context: status.context,
    state: status.state.toUpperCase(),
    description: status.description,
    targetUrl: status.targetUrl,
    createdAt: status.createdAt,
    creator: actorObject(asking, status.creator),
    isRequired: ({ pullRequestNumber }: { readonly pullRequestNumber?: number | null }) =>
      required(asking, repository, status.context, pullRequestNumber),
  };
}

function rollup(asking: Asking, repository: Repository, sha: string): Fields | null {
  need(asking, repository, 'checks:read');
  need(asking, repository, 'statuses:read');
  const runs = latestCheckRuns(repository, sha);
  const statuses = latestStatuses(repository, sha);
  if (runs.length + statuses.length === 0) return null;
  const states = [
    ...runs.map((run) => (run.status === 'completed' ? (run.conclusion ?? 'failure') : 'pending')),
    ...statuses.map((status) => status.state),
  ];
  const bad = states.some((state) => !['success', 'neutral', 'skipped', 'pending'].includes(state));
  const state = bad ? 'FAILURE' : states.includes('pending') ? 'PENDING' : 'SUCCESS';
  return {
    __typename: 'StatusCheckRollup',
    id: nodeId('StatusCheckRollup', sha),
    state,
    contexts: (args: ConnectionArguments) =>
      connection([...runs, ...statuses], args, (one) =>
        'context' in one ? statusObject(asking, repository, one) : checkRunObject(asking, repository, one),
      ),
  };
}

export function commitObject(asking: Asking, repository: Repository, commit: GitCommit): Fields {
  const { directory } = repository;
  const [headline = ''] = commit.message.split('\n');
  return {
    __typename: 'Commit',
    id: nodeId('Commit', commit.sha),
    oid: commit.sha,
    abbreviatedOid: commit.sha.slice(0, 7),
    url: `${repositoryWeb(asking.world, repository)}/commit/${commit.sha}`,
    message: commit.message,
    messageHeadline: headline,
    messageBody: commit.message.slice(headline.length).trim(),
    authoredDate: commit.author.date,
    committedDate: commit.committer.date,
    authoredByCommitter: commit.author.email === commit.committer.email,
    committedViaWeb: repository.signed.has(commit.sha),
    author: gitActor(asking, commit.author),
    committer: gitActor(asking, commit.committer),
    authors: (args: ConnectionArguments) =>
      connection(authorsOf(commit), args, (who) => gitActor(asking, who)),
    tree: { __typename: 'Tree', oid: commit.tree },
    file: async ({ path }: { readonly path: string }) => {
      need(asking, repository, 'contents:read');
      const [entry] = await listTree(directory, commit.sha, path, false);
      if (entry === undefined) return null;
      return {
        __typename: 'TreeEntry',
        name: path.split('/').at(-1),
        path: entry.path,
        type: entry.type,
        mode: Number.parseInt(entry.mode, 8),
        oid: entry.sha,
        size: entry.size,
        object: () =>
          entry.type === 'blob' ? blobObject(repository, entry.sha) : { __typename: 'Tree', oid: entry.sha },
      };
    },
    parents: async (args: ConnectionArguments) => {
      const parents = await Promise.all(commit.parents.map((sha) => readCommit(directory, sha)));
      return connection(parents, args, (parent) => commitObject(asking, repository, parent));
    },
    signature: repository.signed.has(commit.sha)
      ? {
          __typename: 'GpgSignature',
          isValid: true,
          wasSignedByGitHub: true,
          state: 'VALID',
          email: 'noreply@github.com',
          signer: gitUserObject(asking, asking.world.webFlow),
          verifiedAt: commit.committer.date,
          keyId: 'B5690EEEBB952194',
        }
      : null,
    statusCheckRollup: () => rollup(asking, repository, commit.sha),
    associatedPullRequests: async (args: ConnectionArguments) => {
      need(asking, repository, 'pull_requests:read');
      const pulls = (await pullsOfCommit(repository, commit.sha)).filter((pull) => pull !== undefined);
      return connection(pulls, args, (pull) => asking.make.pull(asking, pull));
    },
    history: async (
      args: ConnectionArguments & {
        readonly since?: string | null;
        readonly until?: string | null;
        readonly path?: string | null;
      },
    ) => {
      const filters = [
        ...(typeof args.since === 'string' ? [`--since=${args.since}`] : []),
        ...(typeof args.until === 'string' ? [`--until=${args.until}`] : []),
      ];
      const paths = typeof args.path === 'string' ? ['--', args.path] : [];
      return connection(await listCommits(directory, [...filters, commit.sha, ...paths]), args, (one) =>
        commitObject(asking, repository, one),
      );
    },
  };
}

export async function blobObject(repository: Repository, oid: string): Promise<Fields> {
  const content = await readBlob(repository.directory, oid);
  const binary = content.includes(0);
  // GitHub cuts a blob's text at 512 kB.
  const limit = 512_000;
  return {
    __typename: 'Blob',
    id: nodeId('Blob', oid),
    oid,
    byteSize: content.length,
    isBinary: binary,
    isTruncated: content.length > limit,
    text: binary ? null : content.subarray(0, limit).toString('utf8'),
  };
}
