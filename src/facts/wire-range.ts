import { z } from 'zod';
import type { CommitFacts } from '../domain/change-facts.ts';
import { emailKey } from './co-authors.ts';
import { restActor } from './wire-actor.ts';
import { COMMIT_PARTS, graphqlCommit, sha } from './wire-commit.ts';

/** `TracedParts`, which is made of `CommitParts`. */
export const TRACED_FRAGMENT = `
fragment TracedParts on Commit {
  ...CommitParts
  associatedPullRequests(first: 20) { nodes { number merged baseRepository { databaseId } } }
}`;

/** Many commits with their pull requests in one query: `c0` is the first, whose id comes as the variable `o0`. */
export function commitsQuery(count: number): string {
  const indices = Array.from({ length: count }, (_, index) => index);
  const variables = indices.map((index) => `, $o${index}: GitObjectID!`).join('');
  const fields = indices.map((index) => `c${index}: object(oid: $o${index}) { ...TracedParts }`);
  return `query Commits($owner: String!, $name: String!${variables}) {
  repository(owner: $owner, name: $name) {
    databaseId
    ${fields.join('\n    ')}
  }
}
${COMMIT_PARTS}${TRACED_FRAGMENT}`;
}

/** A commit and the pull requests that GitHub associates with it. */
export interface TracedCommit {
  readonly commit: CommitFacts;
  /** Merged ones only: an open pull request that has the commit proves nothing about it. */
  readonly merged: readonly { readonly number: number; readonly repositoryId: number | null }[];
}

const associated = z.object({
  number: z.int(),
  merged: z.boolean(),
  baseRepository: z.object({ databaseId: z.int() }).nullable(),
});

export const tracedCommit = z
  .looseObject({
    associatedPullRequests: z.object({ nodes: z.array(associated.nullable()).nullish() }).nullable(),
  })
  .transform((wire, context): TracedCommit => {
    const commit = graphqlCommit.safeParse(wire);
    if (!commit.success) {
      for (const { path, message } of commit.error.issues)
        context.addIssue({ code: 'custom', path, message });
      return z.NEVER;
    }
    const merged = (wire.associatedPullRequests?.nodes ?? []).flatMap((each) =>
      each?.merged === true
        ? [{ number: each.number, repositoryId: each.baseRepository?.databaseId ?? null }]
        : [],
    );
    return { commit: commit.data, merged };
  });

export const commitsAnswer = z.object({
  repository: z.object({ databaseId: z.int() }).catchall(tracedCommit.nullable()),
});

const email = z
  .object({ email: z.string().nullish() })
  .nullish()
  .transform((who) => emailKey(who?.email ?? ''));

/** As GitHub begins the message of a merge, and ends the first line of a squash's. */
const NAMED = /^Merge pull request #(\d{1,9}) from |^[^\n]* \(#(\d{1,9})\)(?:\r?\n|$)/;

/** The number of the pull request that a commit's message says it merged; null where it says none. */
export function pullRequestIn(message: string): number | null {
  const found = NAMED.exec(message);
  const number = Number(found?.[1] ?? found?.[2] ?? 0);
  return number > 0 ? number : null;
}

/** A page of REST's comparison: which commits, and which accounts REST knows for their e-mails (bots too). */
export const comparisonPage = z.object({
  status: z.enum(['ahead', 'behind', 'identical', 'diverged']),
  total_commits: z.int(),
  commits: z.array(
    z.object({
      sha,
      author: restActor,
      committer: restActor,
      commit: z
        .object({ message: z.string().nullish(), author: email, committer: email })
        .transform(({ message, ...people }) => ({ ...people, names: pullRequestIn(message ?? '') })),
    }),
  ),
});

/** REST's list of the pull requests of one commit. */
export const pullsOfCommit = z.array(
  z
    .object({
      number: z.int(),
      merged_at: z.string().nullish(),
      base: z.object({ repo: z.object({ id: z.int() }).nullish() }),
    })
    .transform((wire) => ({
      number: wire.number,
      merged: typeof wire.merged_at === 'string',
      repositoryId: wire.base.repo?.id ?? null,
    })),
);
