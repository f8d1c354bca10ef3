/** Pull requests and their reviews as GraphQL objects. */
import { mergeableState, settleMergeability } from '../acts/pull-requests.ts';
import { changedFiles, listCommits, mergeBase, readCommit, branchTip } from '../git/commits.ts';
import { demandsOn, standingReviews } from '../rules/demands.ts';
import { atLeast, authorAssociation, roleOf } from '../rules/roles.ts';
import { nodeId } from '../shapes/accounts.ts';
import { pullWeb } from '../shapes/pulls.ts';
import type { Pull, PullEvent, Review } from '../state.ts';
import { connection, type ConnectionArguments } from './connection.ts';
import { need, type Asking } from './context.ts';
import { actorObject, teamObject, teamsOf } from './people.ts';

type Fields = Record<string, unknown>;

const orNull = (text: string | undefined): string | null => text ?? null;

async function pullCommits(pull: Pull): ReturnType<typeof listCommits> {
  return listCommits(pull.repository.directory, [
    '--reverse',
    '--topo-order',
    `${pull.baseSha}..${pull.headSha}`,
  ]);
}

function reviewObject(asking: Asking, pull: Pull, review: Review): Fields {
  const { repository } = pull;
  return {
    __typename: 'PullRequestReview',
    id: nodeId('PullRequestReview', review.id),
    databaseId: review.id,
    fullDatabaseId: String(review.id),
    state: review.state,
    body: review.body,
    submittedAt: review.submittedAt,
    createdAt: review.submittedAt,
    author: actorObject(asking, review.author),
    authorAssociation: authorAssociation(repository, review.author),
    authorCanPushToRepository: atLeast(roleOf(asking.world, review.author, repository), 'write'),
    url: `${pullWeb(asking.world, pull)}#pullrequestreview-${review.id}`,
    commit: async () =>
      asking.make.commit(asking, repository, await readCommit(repository.directory, review.commit)),
    onBehalfOf: (args: ConnectionArguments) =>
      connection(teamsOf(asking, repository.teams.keys(), review.author.id), args, (team) =>
        teamObject(asking, team),
      ),
    pullRequest: () => pullObject(asking, pull),
  };
}

function decision(asking: Asking, pull: Pull): string | null {
  const demands = demandsOn(asking.world, pull.repository, pull.baseRef).filter(
    (demand) => demand.pullRequest,
  );
  if (demands.length === 0) return null;
  const { approvals, refusals } = standingReviews(asking.world, pull);
  if (refusals.length > 0) return 'CHANGES_REQUESTED';
  return demands.every((demand) => approvals.length >= demand.approvals) ? 'APPROVED' : 'REVIEW_REQUIRED';
}

const EVENT_NAMES: Readonly<Record<PullEvent['type'], string>> = {
  HeadRefForcePushedEvent: 'HEAD_REF_FORCE_PUSHED_EVENT',
  ReviewDismissedEvent: 'REVIEW_DISMISSED_EVENT',
  LabeledEvent: 'LABELED_EVENT',
  UnlabeledEvent: 'UNLABELED_EVENT',
  RenamedTitleEvent: 'RENAMED_TITLE_EVENT',
  BaseRefChangedEvent: 'BASE_REF_CHANGED_EVENT',
  BaseRefForcePushedEvent: 'BASE_REF_FORCE_PUSHED_EVENT',
  BaseRefDeletedEvent: 'BASE_REF_DELETED_EVENT',
  AutomaticBaseChangeSucceededEvent: 'AUTOMATIC_BASE_CHANGE_SUCCEEDED_EVENT',
  AddedToMergeQueueEvent: 'ADDED_TO_MERGE_QUEUE_EVENT',
  RemovedFromMergeQueueEvent: 'REMOVED_FROM_MERGE_QUEUE_EVENT',
};

function eventObject(asking: Asking, pull: Pull, event: PullEvent): Fields {
  const { directory } = pull.repository;
  const commit = (sha: string) => async (): Promise<Fields> =>
    asking.make.commit(asking, pull.repository, await readCommit(directory, sha));
  return {
    __typename: event.type,
    id: nodeId(event.type, event.id),
    createdAt: event.at,
    actor: actorObject(asking, event.actor),
    ...(event.type === 'HeadRefForcePushedEvent' || event.type === 'BaseRefForcePushedEvent'
      ? { beforeCommit: commit(event.before), afterCommit: commit(event.after) }
      : {}),
    ...(event.type === 'BaseRefChangedEvent'
      ? { databaseId: event.id, previousRefName: event.before, currentRefName: event.after }
      : {}),
    ...(event.type === 'RenamedTitleEvent' ? { previousTitle: event.before, currentTitle: event.after } : {}),
    ...(event.type === 'BaseRefDeletedEvent' ? { databaseId: event.id, baseRefName: event.before } : {}),
    ...(event.type === 'AutomaticBaseChangeSucceededEvent'
      ? { oldBase: event.before, newBase: event.after }
      : {}),
    ...(event.type === 'AddedToMergeQueueEvent' ? { enqueuer: actorObject(asking, event.actor) } : {}),
    ...(event.type === 'RemovedFromMergeQueueEvent' ? { reason: event.after } : {}),
    ...(event.type === 'ReviewDismissedEvent'
      ? {
          databaseId: event.id,
          previousReviewState: event.before,
          review: event.review === null ? null : reviewObject(asking, pull, event.review),
        }
      : {}),
  };
}

interface TimelineArguments extends ConnectionArguments {
  readonly itemTypes?: readonly string[] | null;
}

interface ReviewArguments extends ConnectionArguments {
  readonly states?: readonly string[] | null;
  readonly author?: string | null;
}

function visibleReviews(asking: Asking, pull: Pull): Review[] {
  const own = asking.caller.kind === 'user' ? asking.caller.user.id : null;
  return pull.reviews.filter((review) => review.state !== 'PENDING' || review.author.id === own);
}

/** A pull request. Whatever costs git is made only when it is asked for. */
export function pullObject(asking: Asking, pull: Pull): Fields {
  const { world } = asking;
  const { repository } = pull;
  const { directory } = repository;
  const files = async (): ReturnType<typeof changedFiles> =>
    changedFiles(directory, await mergeBase(directory, pull.baseSha, pull.headSha), pull.headSha);
  return {
    __typename: 'PullRequest',
    id: nodeId('PullRequest', pull.id),
    databaseId: pull.id,
    fullDatabaseId: String(pull.id),
    number: pull.number,
    title: pull.title,
    body: pull.body ?? '',
    url: pullWeb(world, pull),
    state: pull.merge === null ? pull.state.toUpperCase() : 'MERGED',
    isDraft: pull.draft,
    closed: pull.state === 'closed',
    merged: pull.merge !== null,
    mergedAt: pull.merge?.at ?? null,
    closedAt: pull.closedAt,
    createdAt: pull.createdAt,
    updatedAt: pull.updatedAt,
    mergedBy: pull.merge === null ? null : actorObject(asking, pull.merge.by),
    mergeCommit: async () => {
      const sha = pull.merge?.sha;
      return sha === undefined
        ? null
        : asking.make.commit(asking, repository, await readCommit(directory, sha));
    },
    mergeable: async () => {
      if (pull.state === 'closed') return 'UNKNOWN';
      const known = pull.mergeable;
      if (known === null) await settleMergeability(pull);
      return known === null ? 'UNKNOWN' : known ? 'MERGEABLE' : 'CONFLICTING';
    },
    mergeStateStatus: async () => (await mergeableState(world, pull)).toUpperCase(),
    reviewDecision: () => decision(asking, pull),
    author: actorObject(asking, pull.author),
    authorAssociation: authorAssociation(repository, pull.author),
    baseRefName: pull.baseRef,
    baseRefOid: pull.baseSha,
    headRefName: pull.headRef,
    headRefOid: pull.headSha,
    isCrossRepository: pull.headRepository.id !== repository.id,
    headRepository: () => asking.make.repository(asking, pull.headRepository),
    headRepositoryOwner: () => ({
      ...actorObject(asking, world.webFlow),
      __typename: pull.headRepository.owner.kind,
      id: nodeId(pull.headRepository.owner.kind, pull.headRepository.owner.id),
      login: pull.headRepository.owner.login,
    }),
    baseRepository: () => asking.make.repository(asking, repository),
    repository: () => asking.make.repository(asking, repository),
    baseRef: async () =>
      (await branchTip(directory, pull.baseRef)) === null
        ? null
        : asking.make.ref(asking, repository, pull.baseRef),
    headRef: async () =>
      (await branchTip(pull.headRepository.directory, pull.headRef)) === null
        ? null
        : asking.make.ref(asking, pull.headRepository, pull.headRef),
    changedFiles: async () => (await files()).length,
    additions: async () => (await files()).reduce((sum, file) => sum + file.additions, 0),
    deletions: async () => (await files()).reduce((sum, file) => sum + file.deletions, 0),
    files: async (args: ConnectionArguments) =>
      connection((await files()).slice(0, 3000), args, (file) => ({
        __typename: 'PullRequestChangedFile',
        path: file.filename,
        additions: file.additions,
        deletions: file.deletions,
        changeType: file.status === 'removed' ? 'DELETED' : file.status.toUpperCase(),
      })),
    labels: (args: ConnectionArguments) =>
      connection(pull.labels, args, ({ id, name }) => ({
        __typename: 'Label',
        id: nodeId('Label', id),
        name,
        color: 'ededed',
        isDefault: false,
      })),
    commits: async (args: ConnectionArguments) =>
      connection((await pullCommits(pull)).slice(0, 250), args, (commit) => ({
        __typename: 'PullRequestCommit',
        id: nodeId('PullRequestCommit', commit.sha),
        commit: asking.make.commit(asking, repository, commit),
      })),
    reviews: (args: ReviewArguments) => {
      need(asking, repository, 'pull_requests:read');
      const chosen = visibleReviews(asking, pull).filter(
        (review) =>
          (args.states === null || args.states === undefined || args.states.includes(review.state)) &&
          (args.author === null || args.author === undefined || args.author === review.author.login),
      );
      return connection(chosen, args, (review) => reviewObject(asking, pull, review));
    },
    reviewRequests: (args: ConnectionArguments) =>
      connection([...pull.requestedReviewers], args, (reviewer) => ({
        __typename: 'ReviewRequest',
        id: nodeId('ReviewRequest', `${pull.id}:${reviewer.id}`),
        databaseId: reviewer.id,
        asCodeOwner: false,
        requestedReviewer: actorObject(asking, reviewer),
      })),
    latestReviews: (args: ConnectionArguments) => {
      const latest = new Map(visibleReviews(asking, pull).map((review) => [review.author.id, review]));
      return connection([...latest.values()], args, (review) => reviewObject(asking, pull, review));
    },
    statusCheckRollup: async () => {
      const head = asking.make.commit(asking, repository, await readCommit(directory, pull.headSha))[
        'statusCheckRollup'
      ];
      return typeof head === 'function' ? (head as () => unknown)() : null;
    },
    timelineItems: (args: TimelineArguments) => {
      const types = args.itemTypes;
      if (types === null || types === undefined)
        throw new Error('The stand-in models timelineItems only with itemTypes');
      for (const type of types)
        if (!Object.values(EVENT_NAMES).includes(type))
          throw new Error(`The stand-in does not model ${type}`);
      const chosen = pull.events.filter((event) => types.includes(EVENT_NAMES[event.type]));
      return {
        ...connection(chosen, args, (event) => eventObject(asking, pull, event)),
        updatedAt: pull.updatedAt,
      };
    },
    autoMergeRequest: null,
    isInMergeQueue:
      repository.queues.get(pull.baseRef)?.entries.some((entry) => entry.pull === pull) === true,
    lastEditedAt: null,
    permalink: orNull(pullWeb(world, pull)),
  };
}
