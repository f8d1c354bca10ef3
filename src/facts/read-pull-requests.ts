import type { Actor } from '../domain/actor.ts';
import { CodedError } from '../domain/coded-error.ts';
import type {
  CheckFacts,
  CommitFacts,
  DismissalFacts,
  FileFacts,
  PullRequestFacts,
  ReviewFacts,
} from '../domain/change-facts.ts';
import { unknown } from '../domain/known.ts';
import type { Listed } from '../domain/listed.ts';
import { fullName, type RepositoryRef } from '../domain/repository.ts';
import { askGraphql } from './ask-github.ts';
import { GitHubError, isTooMuch } from './github-error.ts';
import type { GitHubReader } from './github-reader.ts';
import { inGroups, inParallel } from './in-parallel.ts';
import { type PullRequestAsked, readAllFiles, readAllLabels } from './read-changed-files.ts';
import { readAllCommits, readAllReviews, readChecks } from './read-pull-request-pages.ts';
import { resolveIdentities } from './resolve-identities.ts';
import { type WirePullRequest, pullRequestsAnswer, pullRequestsQuery } from './wire-pull-request.ts';

/** What GraphQL tells of one pull request, all of it about one head commit. */
export interface PullRequestReading {
  readonly pullRequest: PullRequestFacts;
  readonly commits: Listed<CommitFacts>;
  readonly reviews: Listed<ReviewFacts>;
  readonly dismissals: Listed<DismissalFacts>;
  readonly checks: Listed<CheckFacts>;
  readonly files: Listed<FileFacts>;
  readonly labels: Listed<string>;
}

/**
 * So many pull requests name 280,000 of the 500,000 nodes that GitHub lets one query name. It cuts a query off after ten seconds,
 * too, which depends on how large they are: whatever is too much is asked for in halves.
 */
export const PULL_REQUESTS_TOGETHER = 60;
const ATTEMPTS = 3;

/**
 * Reads pull requests, several in one request. Each reading is consistent: where the head moves while its pages are read,
 * or where GitHub's own parts disagree on it for a moment after a push, that one is read again; `facts_moved` if it
 * doesn't settle, and the caller's retry comes later.
 */
export async function readPullRequests(
  github: GitHubReader,
  repository: RepositoryRef,
  numbers: readonly number[],
  asked: PullRequestAsked,
  /** What was read already: of some of them, or of others too. */
  before: readonly WirePullRequest[] = [],
): Promise<readonly PullRequestReading[]> {
  const found = new Map<number, PullRequestReading>();
  let left = numbers;
  for (let attempt = 1; left.length > 0; attempt += 1) {
    const here = attempt === 1 ? before.filter(({ number }) => left.includes(number)) : [];
    const rest = left.filter((number) => here.every((wire) => wire.number !== number));
    const wires = [...here, ...(await readAll(github, repository, rest))];
    const readings = await inParallel(wires, (wire) => settle(github, repository, wire, asked));
    for (const reading of readings) if (reading !== null) found.set(reading.pullRequest.number, reading);
    left = numbers.filter((number) => !found.has(number));
    if (attempt === ATTEMPTS && left.length > 0) {
      throw new CodedError(
        'facts_moved',
        `${fullName(repository)}#${left.join(', #')} changed while it was read: it is judged again in a moment`,
      );
    }
  }
  return numbers.flatMap((number) => found.get(number) ?? []);
}

async function readAll(
  github: GitHubReader,
  repository: RepositoryRef,
  numbers: readonly number[],
): Promise<readonly WirePullRequest[]> {
  const groups = await inParallel(inGroups(numbers, PULL_REQUESTS_TOGETHER), (group) =>
    readTogether(github, repository, group),
  );
  return groups.flat();
}

/** Those that are too much for one query are asked for in halves. */
async function readTogether(
  github: GitHubReader,
  repository: RepositoryRef,
  numbers: readonly number[],
): Promise<readonly WirePullRequest[]> {
  try {
    return await readGroup(github, repository, numbers);
  } catch (error) {
    if (!isTooMuch(error) || numbers.length === 1) throw error;
    const halves = inGroups(numbers, Math.ceil(numbers.length / 2));
    return (await inParallel(halves, (half) => readTogether(github, repository, half))).flat();
  }
}

async function readGroup(
  github: GitHubReader,
  { id, owner, name }: RepositoryRef,
  numbers: readonly number[],
): Promise<readonly WirePullRequest[]> {
  const variables = Object.fromEntries(numbers.map((number, index) => [`n${index}`, number]));
  const doing = `reading ${owner}/${name}#${numbers.join(', #')}`;
  const query = pullRequestsQuery(numbers.length);
  const { repository } = await askGraphql(
    github,
    query,
    { owner, name, ...variables },
    pullRequestsAnswer,
    doing,
  );
  return numbers.map((number, index) => {
    const wire = repository[`p${index}`];
    // A repository's name can be another's by now.
    if (repository.databaseId === id && typeof wire === 'object' && wire?.number === number) return wire;
    throw new GitHubError(
      'github_refused',
      `GitHub shows no ${owner}/${name}#${number} while ${doing}: it does not exist, or the App is not installed there`,
      { status: 200, said: 'null' },
    );
  });
}

/** The whole of one pull request, or null where its parts are not (or no longer) about the same head. */
async function settle(
  github: GitHubReader,
  repository: RepositoryRef,
  wire: WirePullRequest,
  asked: PullRequestAsked,
): Promise<PullRequestReading | null> {
  const { number, headRefOid: head } = wire;
  const commits = await readAllCommits(github, repository, wire);
  const reviews = commits === null ? null : await readAllReviews(github, repository, wire);
  const files = reviews === null ? null : await readAllFiles(github, repository, wire, asked);
  const labels = files === null ? null : await readAllLabels(github, repository, wire);
  if (commits === null || reviews === null || files === null || labels === null) return null;
  if (wire.state === 'MERGED' && (wire.mergedAt === null || wire.mergeCommit === null)) return null;
  // GitHub updates a pull request's head before its list of commits.
  if (commits.complete && !commits.items.some((commit) => commit.sha === head)) return null;
  const checks = await readChecks(github, repository, wire);

  const merge = wire.mergeCommit;
  const resolved = await resolveIdentities(
    github,
    repository,
    merge === null ? commits.items : [...commits.items, merge],
  );
  const mergeCommit = merge === null ? undefined : resolved.at(-1);
  return {
    pullRequest: {
      number,
      title: wire.title,
      url: wire.url,
      state: STATES[wire.state],
      draft: wire.isDraft,
      author: wire.author,
      headSha: head,
      headRef: wire.headRefName,
      fromFork: wire.isCrossRepository,
      baseRef: wire.baseRefName,
      baseSha: wire.baseRefOid,
      baseChangedAt: wire.baseChanges,
      describedAt: wire.described,
      ...(wire.reviewRequests.length === 0 ? {} : { reviewAsked: wire.reviewRequests }),
      // An open pull request has a `mergeCommit` of a try at merging: only a merged one's is what landed.
      merged:
        wire.state === 'MERGED' && wire.mergedAt !== null && mergeCommit !== undefined
          ? {
              at: wire.mergedAt,
              by: mergerOf(wire),
              ...(wire.queued === null ? {} : { queued: true }),
              commit: mergeCommit,
              onGitHub: unknown(LANDING_NOT_READ),
            }
          : null,
    },
    commits: { complete: commits.complete, items: resolved.slice(0, commits.items.length) },
    reviews,
    dismissals: wire.dismissals,
    checks,
    files,
    labels,
  };
}

/** GitHub's own account, which lands what its merge queues let through. */
const MERGE_QUEUE = 'github-merge-queue[bot]';

/** A queue merges what a person put there: that person answers for the merge, as by the button. */
function mergerOf({ mergedBy, queued }: WirePullRequest): Actor | null {
  return mergedBy?.login === MERGE_QUEUE && queued !== null ? queued.actor : mergedBy;
}

/** How it landed is read of many at once, by whoever asks for that. */
export const LANDING_NOT_READ = 'not read for a pull request by itself';
const STATES = { OPEN: 'open', CLOSED: 'closed', MERGED: 'merged' } as const;
