import type { Actor } from '../domain/actor.ts';
import type { ChangeFacts, CommitFacts } from '../domain/change-facts.ts';

/** Everyone whom a change's facts name as having made something of it. */
export function peopleIn({ pullRequest, pushers, commits }: ChangeFacts): readonly Actor[] {
  return [
    pullRequest.author,
    ...(pushers.known ? pushers.value : []),
    ...commits.items.flatMap(actorsOf),
  ].flatMap((actor) => actor ?? []);
}

/** Whom a commit names, where they have an account. */
export function actorsOf({ author, committer, coAuthors }: CommitFacts): readonly (Actor | null)[] {
  return [author, committer, ...coAuthors].map(({ actor }) => actor);
}
