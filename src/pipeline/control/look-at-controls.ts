import type { ControlsFact } from '../../domain/control-facts.ts';
import { fullName, type RepositoryRef } from '../../domain/repository.ts';
import { controlSettings } from '../../facts/control-settings.ts';
import type { GitHubReader } from '../../facts/github-reader.ts';
import { enforcedOn, readRulesets, RULESETS } from '../../facts/read-branch-controls.ts';
import { readBranchNames } from '../../facts/read-containing-branches.ts';
import { readWholeEnvironment } from '../../facts/read-environment.ts';
import { readProtection } from '../../facts/read-protection.ts';
import { known, unknown } from '../../domain/known.ts';
import type { ProtectionFacts } from '../../domain/protection-facts.ts';
import { judgeBranchControls, judgeEnvironmentControls } from '../../policy/control/judge-controls.ts';
import { organisationPolicy, policiesGuarding } from '../../policy/organisation-policy.ts';
import type { Policy } from '../../policy/schema.ts';
import { ControlJob } from '../jobs.ts';
import { hideOutputSeenByOthers } from '../deployment/shows-output.ts';
import { isLost, noticeLoss } from '../repository/lost-repository.ts';
import { controlsOf, noteControls, type SeenControls } from './note-controls.ts';
import type { Pipeline } from '../pipeline.ts';
import { policyInForce } from '../policy/policy-in-force.ts';

type Cause = Pick<SeenControls, 'delivery' | 'by' | 'named'>;

const BY_ITSELF: Cause = { delivery: null, by: null, named: null };

/** Some changes fire no webhook (classic bypass lists, environments), so everything is looked at again by the clock. */
export const LOOK_EVERY_SECONDS = 3600;

/** Looks at what GitHub enforces on every guarded branch and named environment of a repository, and records what is another. */
export async function lookAtControls(pipeline: Pipeline, data: unknown): Promise<void> {
  const job = ControlJob.parse(data);
  const { repository } = job;
  // Who gets it back has it looked at again.
  if (await isLost(pipeline, repository)) return;
  try {
    await lookNow(pipeline, job);
  } catch (error) {
    if (!(await noticeLoss(pipeline, repository, error))) throw error;
  }
}

async function lookNow(
  pipeline: Pipeline,
  { repository, delivery, by, named = null, byClock }: ControlJob,
): Promise<void> {
  // First of all: a look that fails, or a crash in it, doesn't end the looking.
  if (byClock) await queueClock(pipeline, repository, LOOK_EVERY_SECONDS);
  const github = await pipeline.github(repository.installationId);
  const { changes, guarding, visibility } = await policyInForce(pipeline, github, repository);
  if (visibility !== 'private') await hideOutputSeenByOthers(pipeline, repository);
  const policy = changes.reading.kind === 'valid' ? changes.reading.policy : guarding;
  if (policy === null) return;
  const cause: Cause = { delivery, by, named };
  const rulesetsBegunAt = pipeline.now();
  const rulesets = await readRulesets(github, repository);
  for (const branch of await guardedBranches(pipeline, github, repository, policy)) {
    const protection = await readProtection(github, repository, { branch, appId: pipeline.appId });
    const { subject, parts } = enforcedOn(protection);
    const look = { subject, parts: { ...parts, [RULESETS]: rulesets } };
    await noteControls(pipeline, repository, {
      look,
      begunAt: rulesetsBegunAt,
      judge: () => judgeBranchControls(policy, protection),
      ...cause,
    });
  }
  for (const environment of Object.keys(policy.environments))
    await lookAtEnvironment(pipeline, github, repository, { environment, policy });
}

/** By the clock: the next look at a repository. One that waits already is only brought forward. */
export async function queueClock(
  { queue, db }: Pick<Pipeline, 'queue' | 'db'>,
  repository: RepositoryRef,
  startAfterSeconds: number,
): Promise<void> {
  const job: ControlJob = { repository, delivery: null, by: null, byClock: true };
  await queue.send(db, 'control', job, { key: `${repository.id}:clock`, startAfterSeconds });
}

async function guardedBranches(
  { log }: Pipeline,
  github: GitHubReader,
  repository: RepositoryRef,
  policy: Policy,
): Promise<readonly string[]> {
  const patterns = [policy, organisationPolicy(policy)].flatMap((each) => each?.changes.branches ?? []);
  if (patterns.every((pattern) => !/[*?]/.test(pattern))) return [...new Set(patterns)];
  const names = await readBranchNames(github, repository, (name) => isGuarded(policy, name));
  if (names === null) {
    log.warn({ repository: fullName(repository) }, 'it has too many branches to look at what protects each');
  }
  // What is named outright is looked at also where it isn't there, or is gone.
  return [...new Set([...patterns.filter((pattern) => !/[*?]/.test(pattern)), ...(names ?? [])])];
}

const isGuarded = (policy: Policy, branch: string): boolean => policiesGuarding(policy, branch).length > 0;

/** From a reading of a branch's protection that was made anyway, as a merge's. */
export async function noteBranch(
  pipeline: Pipeline,
  repository: RepositoryRef,
  {
    policy,
    protection,
    begunAt,
    delivery,
  }: {
    readonly policy: Policy;
    readonly protection: ProtectionFacts;
    readonly begunAt: string;
    readonly delivery: string | null;
  },
): Promise<ControlsFact> {
  return noteControls(pipeline, repository, {
    look: enforcedOn(protection),
    begunAt,
    judge: () => judgeBranchControls(policy, protection),
    ...BY_ITSELF,
    delivery,
  });
}

/** The controls that a deployment rests on, looked at now: its environment's and those of its branches that are guarded. */
export async function lookForDeployment(
  pipeline: Pipeline,
  repository: RepositoryRef,
  {
    policy,
    environment,
    branches,
  }: { readonly policy: Policy; readonly environment: string; readonly branches: readonly string[] },
): Promise<readonly ControlsFact[]> {
  const github = await pipeline.github(repository.installationId);
  const found = [
    await lookAtEnvironment(pipeline, github, repository, { environment, policy }),
    // Its hosts are probed by the deployment itself: what the last look found is told with it.
    ...(await controlsOf(pipeline, repository, [{ kind: 'hosts', name: environment }])).map(withoutParts),
  ];
  for (const branch of branches.filter((name) => isGuarded(policy, name))) {
    const begunAt = pipeline.now();
    const protection = await readProtection(github, repository, { branch, appId: pipeline.appId });
    found.push(await noteBranch(pipeline, repository, { policy, protection, begunAt, delivery: null }));
  }
  return found;
}

function withoutParts(seen: ControlsFact & { readonly parts: unknown }): ControlsFact {
  const { parts: _, ...controls } = seen;
  return controls;
}

/** No webhook tells of an environment's rules, so nobody is named. */
async function lookAtEnvironment(
  pipeline: Pipeline,
  github: GitHubReader,
  repository: RepositoryRef,
  { environment, policy }: { readonly environment: string; readonly policy: Policy },
): Promise<ControlsFact> {
  const begunAt = pipeline.now();
  const read = await readWholeEnvironment(github, repository, environment, pipeline.appId);
  const { facts } = read;
  const guardedNow = facts.known && facts.value.guardedByUs.known && facts.value.guardedByUs.value;
  const marks = { [OUR_RULE_SEEN]: known({ seen: String(guardedNow) }) };
  return noteControls(pipeline, repository, {
    look: {
      subject: { kind: 'environment', name: environment },
      parts: {
        environment: read.environment.known
          ? known(controlSettings(read.environment.value))
          : read.environment,
        'protection rules': read.rules.known
          ? known(controlSettings(read.rules.value))
          : unknown(read.rules.why),
        ...(guardedNow ? marks : {}),
      },
    },
    begunAt,
    // Once our rule was on, its absence is a gap: the part stays in its place, since a look without it leaves it there.
    judge: (kept) =>
      judgeEnvironmentControls(policy, environment, {
        environment: facts,
        guarded: guardedNow || kept?.[OUR_RULE_SEEN] !== undefined,
      }),
    ...BY_ITSELF,
  });
}

const OUR_RULE_SEEN = 'our protection rule';
