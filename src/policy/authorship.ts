/** Who made a change, in any part: whoever did can't approve it. */
import type { ChangeFacts, CommitFacts, IdentityFacts } from '../domain/change-facts.ts';
import type { Part } from './reasons.ts';

/** One way in which somebody took part. `commit` is null for the pull request itself and for pushes. */
export interface Contribution {
  readonly as: Part;
  readonly commit: string | null;
}

/** By GitHub id: the one contribution of each person that explains best why they are an author. */
export type Authorship = ReadonlyMap<number, Contribution>;

const BOT_OF_GITHUB = { id: 19_864_447, login: 'web-flow', email: 'noreply@github.com' } as const;

/** The identities of a commit with the part that each has in it. */
export function identitiesOf(
  commit: CommitFacts,
): readonly { readonly as: Part; readonly identity: IdentityFacts }[] {
  return [
    { as: 'author', identity: commit.author },
    { as: 'committer', identity: commit.committer },
    ...commit.coAuthors.map((identity) => ({ as: 'co_author' as const, identity })),
  ];
}

/**
 * Whether an identity is GitHub itself, which merges and commits for people. Its name and e-mail can be written into any
 * commit by anybody, so only GitHub's own signature on the commit makes it so.
 */
export function isGitHubItself({ actor, email }: IdentityFacts, commit: CommitFacts): boolean {
  if (!commit.signedByGitHub) return false;
  if (actor === null) return email.toLowerCase() === BOT_OF_GITHUB.email;
  return isWebFlow(actor);
}

const isWebFlow = ({ id, login }: { id: number; login: string }) =>
  id === BOT_OF_GITHUB.id || login === BOT_OF_GITHUB.login;

/** The identities of a commit that belong to nobody we could name: no account, or GitHub's where GitHub didn't sign. */
export function unmappedIdentities(
  commit: CommitFacts,
): readonly { readonly as: Part; readonly identity: IdentityFacts }[] {
  return identitiesOf(commit).filter(
    ({ identity }) =>
      !isGitHubItself(identity, commit) && (identity.actor === null || isWebFlow(identity.actor)),
  );
}

/** Everyone who made the change: its author, and authors, committers, co-authors and pushers of its commits. */
export function authorsOfChange({ pullRequest, commits, pushers }: ChangeFacts): Map<number, Contribution> {
  const authors = new Map<number, Contribution>();
  for (const commit of commits.items) addCommit(authors, commit);
  for (const { id } of pushers.known ? pushers.value : []) add(authors, id, { as: 'pusher', commit: null });
  if (pullRequest.author !== null)
    add(authors, pullRequest.author.id, { as: 'pull_request_author', commit: null });
  return authors;
}

/** Adds everyone named by a commit. */
export function addCommit(authors: Map<number, Contribution>, commit: CommitFacts): void {
  for (const { as, identity } of identitiesOf(commit)) {
    if (identity.actor === null || isGitHubItself(identity, commit)) continue;
    add(authors, identity.actor.id, { as, commit: commit.sha });
  }
}

/** Adds all of one into another. */
export function addAll(authors: Map<number, Contribution>, more: Authorship): void {
  for (const [id, contribution] of more) add(authors, id, contribution);
}

const WEIGHT: Readonly<Record<Part, number>> = {
  author: 0,
  co_author: 1,
  committer: 2,
  pusher: 3,
  pull_request_author: 4,
};

/** Keeps the same contribution whatever order the commits come in. */
function add(authors: Map<number, Contribution>, id: number, contribution: Contribution): void {
  const before = authors.get(id);
  if (before === undefined || precedes(contribution, before)) authors.set(id, contribution);
}

function precedes(a: Contribution, b: Contribution): boolean {
  if (a.as !== b.as) return WEIGHT[a.as] < WEIGHT[b.as];
  return (a.commit ?? '') < (b.commit ?? '');
}
