import { z } from 'zod';
import type { DismissalFacts, FileFacts, ReviewFacts } from '../domain/change-facts.ts';
import { known, unknown, type Known } from '../domain/known.ts';
import type { Listed } from '../domain/listed.ts';
import { ACTOR_PARTS, graphqlActor } from './wire-actor.ts';
import { CHECK_PARTS, graphqlChecks, pageInfo } from './wire-check.ts';
import { COMMIT_PARTS, graphqlCommit, sha } from './wire-commit.ts';
import { utcTime } from './wire-time.ts';

const COMMITS = '{ totalCount pageInfo { hasNextPage endCursor } nodes { commit { ...CommitParts } } }';
const REVIEWS = `{ totalCount pageInfo { hasNextPage endCursor } nodes {
  databaseId fullDatabaseId state submittedAt author { ...ActorParts } commit { oid }
} }`;
const FILES =
  '{ totalCount pageInfo { hasNextPage endCursor } nodes { path changeType additions deletions } }';
const LABELS = '{ totalCount pageInfo { hasNextPage endCursor } nodes { name } }';
/** `PullRequestParts`, and what it is made of. */
export const PULL_REQUEST_FRAGMENTS = `${ACTOR_PARTS}${COMMIT_PARTS}${CHECK_PARTS}
fragment PullRequestParts on PullRequest {
  number title url state isDraft headRefOid headRefName baseRefName baseRefOid isCrossRepository mergedAt
  author { ...ActorParts }
  mergedBy { ...ActorParts }
  mergeCommit { ...CommitParts }
  commits(first: 100) ${COMMITS}
  head: commits(last: 1) { nodes { commit { oid statusCheckRollup { contexts(first: 100) { ...CheckParts } } } } }
  reviews(first: 100) ${REVIEWS}
  reviewRequests(first: 100) { nodes { requestedReviewer { ... on User { databaseId } } } }
  changedFiles
  files(first: 100) ${FILES}
  labels(first: 100) ${LABELS}
  baseChanges: timelineItems(
    last: 1
    itemTypes: [
      BASE_REF_CHANGED_EVENT BASE_REF_FORCE_PUSHED_EVENT AUTOMATIC_BASE_CHANGE_SUCCEEDED_EVENT BASE_REF_DELETED_EVENT
    ]
  ) {
    nodes {
      ... on BaseRefChangedEvent { createdAt }
      ... on BaseRefForcePushedEvent { createdAt }
      ... on AutomaticBaseChangeSucceededEvent { createdAt }
      ... on BaseRefDeletedEvent { createdAt }
    }
  }
  described: timelineItems(last: 1, itemTypes: [LABELED_EVENT UNLABELED_EVENT RENAMED_TITLE_EVENT]) {
    nodes {
      ... on LabeledEvent { createdAt }
      ... on UnlabeledEvent { createdAt }
      ... on RenamedTitleEvent { createdAt }
    }
  }
  dismissals: timelineItems(first: 100, itemTypes: [REVIEW_DISMISSED_EVENT]) {
    pageInfo { hasNextPage endCursor }
    nodes {
      ... on ReviewDismissedEvent { previousReviewState actor { ...ActorParts } review { databaseId fullDatabaseId } }
    }
  }
  queued: timelineItems(last: 1, itemTypes: [ADDED_TO_MERGE_QUEUE_EVENT]) {
    nodes { ... on AddedToMergeQueueEvent { actor { ...ActorParts } } }
  }
}`;

/** One query for many pull requests: `p0` is the first of `numbers`, which come as variables `n0` and so on. */
export function pullRequestsQuery(count: number): string {
  const indices = Array.from({ length: count }, (_, index) => index);
  const variables = indices.map((index) => `, $n${index}: Int!`).join('');
  const fields = indices.map((index) => `p${index}: pullRequest(number: $n${index}) { ...PullRequestParts }`);
  return `query PullRequests($owner: String!, $name: String!${variables}) {
  repository(owner: $owner, name: $name) {
    databaseId
    ${fields.join('\n    ')}
  }
}
${PULL_REQUEST_FRAGMENTS}`;
}

/** The further pages. Each asks for the head again: a page of another head is of no use. */
export const MORE_COMMITS = `query MoreCommits($owner: String!, $name: String!, $number: Int!, $after: String!) {
  repository(owner: $owner, name: $name) {
    pullRequest(number: $number) { headRefOid commits(first: 100, after: $after) ${COMMITS} }
  }
}
${COMMIT_PARTS}`;

export const MORE_REVIEWS = `query MoreReviews($owner: String!, $name: String!, $number: Int!, $after: String!) {
  repository(owner: $owner, name: $name) {
    pullRequest(number: $number) { headRefOid reviews(first: 100, after: $after) ${REVIEWS} }
  }
}
${ACTOR_PARTS}`;

export const MORE_FILES = `query MoreFiles($owner: String!, $name: String!, $number: Int!, $after: String!) {
  repository(owner: $owner, name: $name) {
    pullRequest(number: $number) { headRefOid files(first: 100, after: $after) ${FILES} }
  }
}`;

export const MORE_LABELS = `query MoreLabels($owner: String!, $name: String!, $number: Int!, $after: String!) {
  repository(owner: $owner, name: $name) {
    pullRequest(number: $number) { headRefOid labels(first: 100, after: $after) ${LABELS} }
  }
}`;

export const CHECKS_OF_COMMIT = `query ChecksOfCommit($owner: String!, $name: String!, $oid: GitObjectID!, $after: String) {
  repository(owner: $owner, name: $name) {
    object(oid: $oid) { ... on Commit { statusCheckRollup { contexts(first: 100, after: $after) { ...CheckParts } } } }
  }
}
${CHECK_PARTS}`;

export const commitsPage = z.object({
  totalCount: z.int(),
  pageInfo,
  nodes: z.array(z.object({ commit: graphqlCommit }).nullable()).nullish(),
});

const REVIEW_STATES = {
  APPROVED: 'approved',
  CHANGES_REQUESTED: 'changes_requested',
  COMMENTED: 'commented',
  DISMISSED: 'dismissed',
  PENDING: 'pending',
} as const satisfies Record<string, ReviewFacts['state']>;

const reviewState = z.enum(Object.keys(REVIEW_STATES) as (keyof typeof REVIEW_STATES)[]);
const reviewId = z.object({
  databaseId: z.int().nullish(),
  // `databaseId` is a 32-bit number and on its way out; this one comes as a text or a number.
  fullDatabaseId: z.coerce.number().int().safe().nullish(),
});

const review = reviewId
  .extend({
    state: reviewState,
    submittedAt: utcTime.nullable(),
    author: graphqlActor,
    commit: z.object({ oid: sha }).nullable(),
  })
  .transform((wire, context): ReviewFacts => {
    const id = wire.fullDatabaseId ?? wire.databaseId;
    if (typeof id !== 'number' || id <= 0) {
      context.addIssue({ code: 'custom', message: 'a review without an id' });
      return z.NEVER;
    }
    return {
      id,
      author: wire.author,
      state: REVIEW_STATES[wire.state],
      commit: wire.commit?.oid ?? null,
      submittedAt: wire.submittedAt,
    };
  });

export const reviewsPage = z.object({
  totalCount: z.int(),
  pageInfo,
  nodes: z.array(review.nullable()).nullish(),
});

const FILE_STATES = {
  ADDED: 'added',
  DELETED: 'removed',
  MODIFIED: 'modified',
  RENAMED: 'renamed',
  COPIED: 'copied',
  CHANGED: 'changed',
} as const satisfies Record<string, FileFacts['status']>;

const file = z
  .object({
    path: z.string().min(1),
    changeType: z.enum(Object.keys(FILE_STATES) as (keyof typeof FILE_STATES)[]),
    additions: z.int(),
    deletions: z.int(),
  })
  .transform(({ path, changeType, additions, deletions }): FileFacts => {
    return { path, status: FILE_STATES[changeType], previousPath: null, additions, deletions };
  });

const filesPage = z.object({ totalCount: z.int(), pageInfo, nodes: z.array(file.nullable()).nullish() });

const labelsPage = z.object({
  totalCount: z.int(),
  pageInfo,
  nodes: z.array(z.object({ name: z.string() }).nullable()).nullish(),
});

/** When the newest event of a kind was. What can't be told is unknown, which nothing is later than. */
const newestEvent = (hidden: string) =>
  z
    .object({ nodes: z.array(z.object({ createdAt: utcTime }).nullable()).nullish() })
    .transform(({ nodes }): Known<string | null> => {
      if (nodes === undefined || nodes === null) return unknown('GitHub tells no timeline of it');
      const [newest] = nodes;
      if (newest === null) return unknown(hidden);
      return known(newest?.createdAt ?? null);
    });

/** One that GitHub hides, or of a review that is gone, leaves the list incomplete. */
const dismissals = z
  .object({
    pageInfo,
    nodes: z
      .array(
        z
          .object({ previousReviewState: reviewState, actor: graphqlActor, review: reviewId.nullable() })
          .nullable(),
      )
      .nullish(),
  })
  .transform(({ pageInfo: { hasNextPage }, nodes }): Listed<DismissalFacts> => {
    const items = (nodes ?? []).flatMap((node) => {
      const id = node?.review?.fullDatabaseId ?? node?.review?.databaseId;
      if (node === null || typeof id !== 'number') return [];
      return { review: id, was: REVIEW_STATES[node.previousReviewState], by: node.actor };
    });
    return { complete: !hasNextPage && items.length === nodes?.length, items };
  });

/** Who put it into a merge queue last; `actor` is null of a deleted account. */
const queued = z
  .object({ nodes: z.array(z.object({ actor: graphqlActor }).nullable()).nullish() })
  .transform(({ nodes }) => nodes?.[0] ?? null);

/** People alone: of a team nobody can tell who is asked. What is beyond the first hundred goes unsaid; nothing rests on it. */
const reviewRequests = z
  .object({
    nodes: z
      .array(
        z.object({ requestedReviewer: z.object({ databaseId: z.int().nullish() }).nullish() }).nullable(),
      )
      .nullish(),
  })
  .nullish()
  .transform((wire): readonly number[] =>
    (wire?.nodes ?? []).flatMap((node) => node?.requestedReviewer?.databaseId ?? []),
  );

const rollup = z.object({ contexts: graphqlChecks }).nullable();

export const wirePullRequest = z.object({
  number: z.int(),
  title: z.string(),
  url: z.string(),
  state: z.enum(['OPEN', 'CLOSED', 'MERGED']),
  isDraft: z.boolean(),
  headRefOid: sha,
  headRefName: z.string(),
  baseRefName: z.string(),
  baseRefOid: sha,
  isCrossRepository: z.boolean(),
  mergedAt: utcTime.nullable(),
  author: graphqlActor,
  mergedBy: graphqlActor,
  mergeCommit: graphqlCommit.nullable(),
  commits: commitsPage,
  head: z.object({
    nodes: z
      .array(z.object({ commit: z.object({ oid: sha, statusCheckRollup: rollup }) }).nullable())
      .nullish(),
  }),
  reviews: reviewsPage,
  reviewRequests,
  changedFiles: z.int(),
  // Null where GitHub couldn't make the comparison.
  files: filesPage.nullable(),
  labels: labelsPage.nullable(),
  baseChanges: newestEvent('GitHub hides when its base was changed'),
  described: newestEvent('GitHub hides when its title or labels were changed'),
  dismissals,
  queued,
});

export type WirePullRequest = z.output<typeof wirePullRequest>;

export const pullRequestsAnswer = z.object({
  repository: z.object({ databaseId: z.int() }).catchall(wirePullRequest.nullable()),
});

export const moreCommitsAnswer = z.object({
  repository: z.object({ pullRequest: z.object({ headRefOid: sha, commits: commitsPage }) }),
});
export const moreReviewsAnswer = z.object({
  repository: z.object({ pullRequest: z.object({ headRefOid: sha, reviews: reviewsPage }) }),
});
export const moreFilesAnswer = z.object({
  repository: z.object({ pullRequest: z.object({ headRefOid: sha, files: filesPage.nullable() }) }),
});
export const moreLabelsAnswer = z.object({
  repository: z.object({ pullRequest: z.object({ headRefOid: sha, labels: labelsPage.nullable() }) }),
});
export const checksOfCommitAnswer = z.object({
  repository: z.object({ object: z.object({ statusCheckRollup: rollup.optional() }).nullable() }),
});
