import { z } from 'zod';
import type { CommitFacts } from '../domain/change-facts.ts';
import { emailKey } from './co-authors.ts';
import { restActor } from './wire-actor.ts';
import { COMMIT_PARTS, graphqlCommit, sha } from './wire-commit.ts';

const TRACED_PARTS = `${COMMIT_PARTS}
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
${TRACED_PARTS}`;
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

const tracedCommit = z
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

/** A page of REST's comparison: which commits, and which accounts REST knows for their e-mails (bots too). */
export const comparisonPage = z.object({
  status: z.enum(['ahead', 'behind', 'identical', 'diverged']),
  total_commits: z.int(),
  commits: z.array(
    z.object({
      sha,
      author: restActor,
      committer: restActor,
      commit: z.object({ author: email, committer: email }),
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
