import type { ChangeFacts } from '../../domain/change-facts.ts';
import type { CommandAnswer } from '../../domain/command-answer.ts';
import type { CommandFacts } from '../../domain/command-facts.ts';
import type { PolicySource } from '../../domain/policy-reading.ts';
import { gatherChange } from '../../facts/gather-change.ts';
import { gatherCommand } from '../../facts/gather-command.ts';
import { judgeCommand } from '../../policy/commands/judge-command.ts';
import { rolesOfCommand } from '../../policy/commands/roles-of-command.ts';
import type { CommandJob } from '../jobs.ts';
import type { Pipeline } from '../pipeline.ts';
import { policyInForce } from '../policy/policy-in-force.ts';
import { pushesTo } from '../change/pushes-to.ts';
import { knownTreesOf } from '../trees-of.ts';
import { findEmergency, readDeclared } from '../emergency/read-emergencies.ts';
import { readRanThere } from '../deployment/ran-there.ts';
import { readLockFacts } from './read-lock.ts';

export interface AssessedCommand {
  readonly source: PolicySource;
  readonly facts: CommandFacts;
  readonly answer: CommandAnswer;
}

/** Facts, then judgement, of one command, by the policy of the repository's default branch. Writes nothing. */
export async function assessCommand(
  pipeline: Pick<Pipeline, 'db' | 'github' | 'now' | 'appId' | 'trees' | 'log' | 'githubAhead'>,
  { repository, number, commenter, command }: CommandJob,
): Promise<AssessedCommand> {
  const { db } = pipeline;
  const github = await pipeline.github(repository.installationId);
  const { source, reading, trust } = await policyInForce(pipeline, github, repository);
  const named =
    command.name === 'confirm' || command.name === 'review'
      ? await findEmergency(db, repository.id, command.emergency)
      : null;
  const about = named?.known === true ? named.value : null;
  const gathered = await gatherCommand(github, {
    repository,
    number,
    commenter,
    command,
    policy: trust,
    lock:
      command.name === 'unlock' || command.name === 'rollback'
        ? await readLockFacts(db, repository.id, command.environment)
        : null,
    ran: command.name === 'rollback' ? await readRanThere(db, repository, command.environment) : null,
    ...(command.name === 'emergency'
      ? { declared: await readDeclared(db, repository.id, command.environment) }
      : {}),
    ...(named === null ? {} : { emergency: named }),
    // Its own pull request alone: one that it wasn't declared on is refused, whoever made that.
    ...(command.name === 'confirm' && about?.pullRequest === number
      ? { change: await readChange(pipeline, github, { repository, number }) }
      : {}),
    roles:
      reading.kind === 'valid'
        ? rolesOfCommand(reading.policy, command, about?.environment ?? null)
        : { teams: [], permissions: false },
    now: pipeline.now(),
  });
  const facts: CommandFacts = { ...gathered, githubAhead: pipeline.githubAhead() };
  return { source, facts, answer: judgeCommand(reading, facts) };
}

/** Who made a pull request, and nothing else of it. */
async function readChange(
  pipeline: Pick<Pipeline, 'db' | 'appId' | 'now' | 'trees' | 'log'>,
  github: Parameters<typeof gatherChange>[0],
  { repository, number }: Pick<CommandJob, 'repository' | 'number'>,
): Promise<ChangeFacts> {
  return gatherChange(github, {
    repository,
    number,
    appId: pipeline.appId,
    pushes: await pushesTo(pipeline.db, repository, number),
    trees: knownTreesOf(pipeline, repository),
    roles: { teams: [], permissions: false },
    paths: false,
    now: pipeline.now(),
  });
}
