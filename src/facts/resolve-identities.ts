import { z } from 'zod';
import type { Actor } from '../domain/actor.ts';
import type { CommitFacts, IdentityFacts } from '../domain/change-facts.ts';
import type { RepositoryRef } from '../domain/repository.ts';
import { askRest } from './ask-github.ts';
import { emailKey } from './co-authors.ts';
import type { GitHubReader } from './github-reader.ts';
import { isGitHubStatus } from './github-error.ts';
import { inParallel } from './in-parallel.ts';
import { restActor } from './wire-actor.ts';
import { WEB_FLOW } from './wire-commit.ts';

/** Beyond so many different unknown e-mails the rest stays unknown, which holds. */
const ASKED_AT_MOST = 50;

const commitAccounts = z.object({ author: restActor, committer: restActor });

/**
 * Fills in the accounts that GraphQL leaves out: its commits name only people, REST's also bots. One request for each
 * e-mail that nobody is known for, since an e-mail belongs to one account. Co-authors are matched to the accounts that
 * are known by then. What GitHub maps to nobody stays `null`; and so does a committer who claims to be GitHub without
 * GitHub's signature, since anyone can write that e-mail into a commit to hide their own.
 */
export async function resolveIdentities(
  github: GitHubReader,
  repository: RepositoryRef,
  commits: readonly CommitFacts[],
  accounts: ReadonlyMap<string, Actor> = new Map(),
): Promise<readonly CommitFacts[]> {
  const known = new Map(accounts);
  for (const { author, committer, coAuthors } of commits) {
    for (const each of [author, committer, ...coAuthors]) note(known, each.email, each.actor);
  }
  const unknown = new Map<string, CommitFacts>();
  for (const commit of commits) {
    for (const each of isWebFlow(commit) ? [commit.author] : [commit.author, commit.committer]) {
      const key = emailKey(each.email);
      if (key !== '' && each.actor === null && !known.has(key)) unknown.set(key, commit);
    }
  }
  await inParallel([...unknown.values()].slice(0, ASKED_AT_MOST), async (commit) => {
    const { author, committer } = await readAccounts(github, repository, commit.sha);
    note(known, commit.author.email, author);
    note(known, commit.committer.email, committer);
  });
  const resolved = (each: IdentityFacts): IdentityFacts => ({
    ...each,
    actor: each.actor ?? known.get(emailKey(each.email)) ?? null,
  });
  return commits.map((commit) => ({
    ...commit,
    author: resolved(commit.author),
    committer:
      isWebFlow(commit) && !commit.signedByGitHub
        ? { ...commit.committer, actor: null }
        : resolved(commit.committer),
    coAuthors: commit.coAuthors.map(resolved),
  }));
}

async function readAccounts(github: GitHubReader, { owner, name }: RepositoryRef, ref: string) {
  try {
    // One file a page: a commit's files come along, and we don't want them.
    const parameters = { owner, repo: name, ref, per_page: 1 };
    const doing = `reading whose commit ${ref} is`;
    return await askRest(
      github,
      'GET /repos/{owner}/{repo}/commits/{ref}',
      parameters,
      commitAccounts,
      doing,
    );
  } catch (error) {
    // A commit of a fork that is gone by now: nobody can be told, and that holds.
    if (isGitHubStatus(error, 404) || isGitHubStatus(error, 422)) return { author: null, committer: null };
    throw error;
  }
}

function isWebFlow({ committer }: CommitFacts): boolean {
  return emailKey(committer.email) === WEB_FLOW;
}

function note(known: Map<string, Actor>, email: string, actor: Actor | null): void {
  const key = emailKey(email);
  if (key !== '' && actor !== null && !known.has(key)) known.set(key, actor);
}
