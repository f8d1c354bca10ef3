import type { Actor } from '../domain/actor.ts';
import type { ChangeFacts } from '../domain/change-facts.ts';
import { known, unknown } from '../domain/known.ts';
import type { ProtectionFacts } from '../domain/protection-facts.ts';
import type { RepositoryRef } from '../domain/repository.ts';
import type { RolesAsked } from '../domain/role-facts.ts';
import type { AtMerge } from './at-merge.ts';
import { peopleOf } from './gather-change.ts';
import type { GitHubReader } from './github-reader.ts';
import { inParallel } from './in-parallel.ts';
import { openActivity } from './open-activity.ts';
import { type SeenPush, withSeen } from './pushers-of.ts';
import { ownersAt, ownersNamed } from './owners-at.ts';
import { type MadeAnew, makeAnew, withMadeAnew } from './made-anew.ts';
import { readBaseMerges } from './read-base-merges.ts';
import { readCodeOwners } from './read-code-owners.ts';
import { readLandings, withLanding } from './read-landings.ts';
import { type PullRequestReading, readPullRequests } from './read-pull-requests.ts';
import { readPushers } from './read-pushers.ts';
import type { RoleReader } from './read-roles.ts';
import type { TreeReader } from './tree-reader.ts';
import type { WirePullRequest } from './wire-pull-request.ts';

export interface ChangesAsked {
  readonly repository: RepositoryRef;
  readonly numbers: Iterable<number>;
  /** What was read already: of some of them, or of others too. */
  readonly read?: readonly WirePullRequest[];
  /** Pushes to a pull request's head that webhooks told of. */
  readonly pushesOf: (number: number) => Promise<readonly SeenPush[]> | readonly SeenPush[];
  readonly roles: RolesAsked;
  /** Whether the policy asks which files are changed. */
  readonly paths: boolean;
  /** What an update from the base, and a merge, are made anew by. */
  readonly trees: TreeReader;
  /** What was found out of a pull request when its merge was recorded, so that it isn't done twice; null: nothing was. */
  readonly atMerge?: (number: number, sha: string) => Promise<AtMerge | null>;
  /** Whether what their merges left is compared: not where that is judged by itself. */
  readonly landings: boolean;
  readonly now: string;
}

/** Of more pull requests than this the whole repository's activity is read at once. */
const MANY = 3;

/** The pull requests that a range of commits came from, each with its own facts but for the branch's protection. */
export async function gatherChanges(
  github: GitHubReader,
  asked: ChangesAsked,
  roleReader: RoleReader,
): Promise<readonly ChangeFacts[]> {
  const { repository, numbers, pushesOf, roles, paths, now } = asked;
  const ordered = [...new Set(numbers)].sort((a, b) => a - b);
  const alone = await readPullRequests(github, repository, ordered, { paths }, asked.read);
  const merges = await inParallel(alone, (reading) => recorded(reading, asked));
  const open = alone.filter((reading, index) => pushersAtMerge(reading, merges[index]) === null);
  const activity = openActivity(github, repository, { many: open.length > MANY });
  const landings = await readLandings(
    github,
    repository,
    alone.flatMap(({ pullRequest }, index) => (merges[index]?.onGitHub === true ? [] : pullRequest)),
    activity,
  );
  const readings = alone.map((reading, index) =>
    withLanding(
      reading,
      merges[index]?.onGitHub === true ? known(true) : landings.get(reading.pullRequest.number),
    ),
  );
  const owners =
    roles.codeOwners === undefined ? [] : await readCodeOwners(github, repository, readings.map(ownersAt));
  const owning = readings.map((reading, index) => ({
    reading,
    codeOwners: owners[index],
    merge: merges[index] ?? null,
  }));
  return inParallel(owning, async ({ reading, codeOwners, merge }): Promise<ChangeFacts> => {
    const { number, baseRef } = reading.pullRequest;
    const named = ownersNamed(roles, repository, reading, codeOwners);
    const seen = await pushesOf(number);
    const pushed = pushersAtMerge(reading, merge);
    const pushers =
      pushed === null
        ? await readPushers(github, repository, reading, seen, activity)
        : known(withSeen(pushed, seen));
    const made = await madeAnew(github, reading, merge, asked);
    return {
      schema: 'change-facts/v1',
      gatheredAt: now,
      repository,
      ...withMadeAnew(reading, made),
      pushers,
      protection: notRead(baseRef),
      ...(codeOwners === undefined ? {} : { codeOwners }),
      roles: await roleReader.of(roles, peopleOf(reading, pushers), named),
    };
  });
}

async function madeAnew(
  github: GitHubReader,
  reading: PullRequestReading,
  merge: AtMerge | null,
  { repository, trees, landings }: ChangesAsked,
): Promise<MadeAnew> {
  if (!landings)
    return { baseMerges: await readBaseMerges(github, repository, reading, trees), landing: null };
  return merge?.made ?? makeAnew(github, repository, reading, trees);
}

async function recorded(
  { pullRequest: { number, merged } }: PullRequestReading,
  { atMerge }: ChangesAsked,
): Promise<AtMerge | null> {
  return merged === null || atMerge === undefined ? null : atMerge(number, merged.commit.sha);
}

/** Who pushed its head, by the record of its merge and by the names they go by now; null where that doesn't tell all of them. */
function pushersAtMerge(
  reading: PullRequestReading,
  merge: AtMerge | null | undefined,
): readonly Actor[] | null {
  const pushed = merge?.pushed ?? null;
  if (pushed?.head !== reading.pullRequest.headSha) return null;
  const { named } = peopleOf(reading, known([]));
  const now = new Map(named.map((actor) => [actor.id, actor]));
  return pushed.pushers.map((actor) => now.get(actor.id) ?? actor);
}

/** How the branch is protected today says nothing about a merge of last week: that is in the merge's own entry. */
function notRead(branch: string): ProtectionFacts {
  const why = 'not read for a range of commits: it is recorded with the merge';
  return { branch, appId: null, classic: unknown(why), rulesets: unknown(why) };
}
