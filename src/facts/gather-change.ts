import type { Actor } from '../domain/actor.ts';
import { CodedError } from '../domain/coded-error.ts';
import type { ChangeFacts } from '../domain/change-facts.ts';
import { type Known, known } from '../domain/known.ts';
import type { ProtectionRules } from '../domain/protection-facts.ts';
import { fullName, type RepositoryRef } from '../domain/repository.ts';
import type { RolesAsked } from '../domain/role-facts.ts';
import { countRequests } from './count-requests.ts';
import { freeze } from './freeze.ts';
import type { GitHubReader } from './github-reader.ts';
import type { SeenPush } from './pushers-of.ts';
import { ownersAt, ownersNamed } from './owners-at.ts';
import { makeAnew, withMadeAnew } from './made-anew.ts';
import { hasLanded, withLanding } from './read-landings.ts';
import { readCodeOwners } from './read-code-owners.ts';
import type { ChangeReading } from './read-change.ts';
import { readProtection } from './read-protection.ts';
import { type PullRequestReading, readPullRequests } from './read-pull-requests.ts';
import { readPushes } from './read-pushers.ts';
import { openRoles } from './read-roles.ts';
import type { TreeReader } from './tree-reader.ts';

export interface ChangeAsked {
  readonly repository: RepositoryRef;
  readonly number: number;
  /** What was read of it just now, and of teams with it. */
  readonly read?: Pick<ChangeReading, 'pullRequest' | 'teams'>;
  /** The classic protection of its base, where that came with it. */
  readonly classic?: ProtectionRules;
  /** Our App's id, by which we know whether GitHub requires our check of us. */
  readonly appId: number;
  /** Pushes to its head that webhooks told of. */
  readonly pushes: readonly SeenPush[];
  readonly roles: RolesAsked;
  /** Whether the policy asks which files are changed. */
  readonly paths: boolean;
  /** Of a merge that is recorded: whether the base's activity has it, and whether that of its head has no gap, is looked at too. */
  readonly landed?: boolean;
  /** What an update from the base, and a merge, are made anew by. */
  readonly trees: TreeReader;
  /** When it is gathered, RFC 3339 in UTC. */
  readonly now: string;
}

/**
 * Reads all that is judged about one pull request. Everything is about one head commit; what GitHub refuses is unknown,
 * what it ends early incomplete. Throws `GitHubError` where it can't be read, `facts_moved` where it won't hold still.
 * GitHub is eventually consistent: right after a push or a merge some of it may be a moment old, and the next event corrects it.
 */
export async function gatherChange(client: GitHubReader, asked: ChangeAsked): Promise<ChangeFacts> {
  const { repository, number } = asked;
  const github = countRequests(client);
  const before = asked.read === undefined ? [] : [asked.read.pullRequest];
  const [reading] = await readPullRequests(github, repository, [number], asked, before);
  if (reading === undefined) {
    throw new CodedError(
      'facts_moved',
      `${fullName(repository)}#${number} could not be read: it is judged again in a moment`,
    );
  }
  // First: an activity that has the merge has every push before it.
  const landed = asked.landed === true && (await hasLanded(github, repository, reading));
  const alone = github.begun === 0;
  const reads = Promise.all([
    readProtection(github, repository, {
      branch: reading.pullRequest.baseRef,
      appId: asked.appId,
      // What came with it is as new as its reviews, as long as nothing had to be asked for since.
      ...(alone && asked.classic !== undefined ? { classic: asked.classic } : {}),
    }),
    readPushes(github, repository, reading, asked.pushes),
    asked.roles.codeOwners === undefined ? [] : readCodeOwners(github, repository, [ownersAt(reading)]),
    makeAnew(github, repository, reading, asked.trees),
  ]);
  const { begun } = github;
  const [protection, { pushers, whole }, [codeOwners], made] = await reads;
  // Last, so that whoever lost a role while the rest was read has lost it here. Teams that came with the pull request are as
  // new as its reviews: good enough where all the rest was asked for at once, right after, and nothing was made anew.
  const atOnce = alone && github.begun === begun && made.landing === null && made.baseMerges.length === 0;
  const owners = ownersNamed(asked.roles, repository, reading, codeOwners);
  const told = atOnce ? asked.read?.teams : undefined;
  const roles = await openRoles(github, repository, told).of(asked.roles, peopleOf(reading, pushers), owners);
  return freeze({
    schema: 'change-facts/v1',
    gatheredAt: asked.now,
    repository,
    ...withMadeAnew(landed ? withLanding(reading, known(true)) : reading, made),
    pushers,
    ...(landed && whole && pushers.known ? { pushesWhole: true } : {}),
    protection,
    ...(codeOwners === undefined ? {} : { codeOwners }),
    roles,
  });
}

/** Everyone whom a pull request's facts name, and those among them who decided something: its reviewers, and who dismissed a review. */
export function peopleOf(
  { pullRequest, commits, reviews, dismissals }: PullRequestReading,
  pushers: Known<readonly Actor[]>,
): { readonly named: readonly Actor[]; readonly acting: readonly Actor[] } {
  const acting = [
    ...reviews.items.map(({ author }) => author),
    ...dismissals.items.map(({ by }) => by),
  ].flatMap((actor) => actor ?? []);
  const identities = commits.items.flatMap(({ author, committer, coAuthors }) => [
    author,
    committer,
    ...coAuthors,
  ]);
  const others = [
    pullRequest.author,
    pullRequest.merged?.by ?? null,
    ...identities.map((each) => each.actor),
  ];
  return {
    named: [...others.flatMap((actor) => actor ?? []), ...acting, ...(pushers.known ? pushers.value : [])],
    acting,
  };
}
