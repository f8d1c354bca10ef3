import { z } from 'zod';
import type { CommandedPull, CommandFacts } from '../domain/command-facts.ts';
import { type Known, known, unknown } from '../domain/known.ts';
import { fullName, type RepositoryRef } from '../domain/repository.ts';
import type { RolesAsked } from '../domain/role-facts.ts';
import { askRest } from './ask-github.ts';
import { freeze } from './freeze.ts';
import { isRefusal } from './github-error.ts';
import type { GitHubReader } from './github-reader.ts';
import { openRoles } from './read-roles.ts';

export interface CommandAsked extends Pick<
  CommandFacts,
  | 'repository'
  | 'number'
  | 'commenter'
  | 'command'
  | 'policy'
  | 'lock'
  | 'ran'
  | 'declared'
  | 'emergency'
  | 'change'
> {
  readonly roles: RolesAsked;
  /** When it is gathered, RFC 3339 in UTC. */
  readonly now: string;
}

/** Reads what is judged about one command: the commenter's roles as they are now, and its pull request where it is about that. */
export async function gatherCommand(
  github: GitHubReader,
  { roles, now, ...asked }: CommandAsked,
): Promise<CommandFacts> {
  const { repository, number, commenter, command } = asked;
  const people = [commenter];
  const [pullRequest, resolved] = await Promise.all([
    command.name === 'deploy' || command.name === 'emergency'
      ? readCommandedPull(github, repository, number)
      : null,
    openRoles(github, repository).of(roles, { named: people, acting: people }),
  ]);
  return freeze({ schema: 'command-facts/v1', gatheredAt: now, ...asked, pullRequest, roles: resolved });
}

const answer = z.object({
  number: z.int(),
  state: z.enum(['open', 'closed']),
  merged: z.boolean(),
  merge_commit_sha: z.string().nullish(),
  base: z.object({ ref: z.string(), repo: z.object({ id: z.int() }) }),
});

/** Before it is merged, GitHub's `merge_commit_sha` is a trial of its own, which is on no branch. */
async function readCommandedPull(
  github: GitHubReader,
  repository: RepositoryRef,
  number: number,
): Promise<Known<CommandedPull>> {
  try {
    const pull = await askRest(
      github,
      'GET /repos/{owner}/{repo}/pulls/{pull_number}',
      { owner: repository.owner, repo: repository.name, pull_number: number },
      answer,
      `reading pull request ${number} of ${fullName(repository)}`,
    );
    if (pull.base.repo.id !== repository.id) return unknown('it is another repository’s by now');
    const mergeCommit = pull.merged ? (pull.merge_commit_sha ?? null) : null;
    return known({ state: pull.merged ? 'merged' : pull.state, baseRef: pull.base.ref, mergeCommit });
  } catch (error) {
    if (isRefusal(error)) return unknown(error.message);
    throw error;
  }
}
