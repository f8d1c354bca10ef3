import type { CommandAnswer } from '../domain/command-answer.ts';
import type { CommandFacts } from '../domain/command-facts.ts';
import type { PolicySource } from '../domain/policy-reading.ts';
import { gatherCommand } from '../facts/gather-command.ts';
import { judgeCommand } from '../policy/commands/judge-command.ts';
import { rolesOfCommand } from '../policy/commands/roles-of-command.ts';
import type { CommandJob } from './jobs.ts';
import type { Pipeline } from './pipeline.ts';
import { policyInForce } from './policy-in-force.ts';
import { readRanThere } from './ran-there.ts';
import { readLockFacts } from './read-lock.ts';

export interface AssessedCommand {
  readonly source: PolicySource;
  readonly facts: CommandFacts;
  readonly answer: CommandAnswer;
}

/** Facts, then judgement, of one command, by the policy of the repository's default branch. Writes nothing. */
export async function assessCommand(
  pipeline: Pick<Pipeline, 'db' | 'github' | 'now'>,
  { repository, number, commenter, command }: CommandJob,
): Promise<AssessedCommand> {
  const { db } = pipeline;
  const github = await pipeline.github(repository.installationId);
  const { source, reading, trust } = await policyInForce(pipeline, github, repository);
  const facts = await gatherCommand(github, {
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
    roles:
      reading.kind === 'valid' ? rolesOfCommand(reading.policy, command) : { teams: [], permissions: false },
    now: pipeline.now(),
  });
  return { source, facts, answer: judgeCommand(reading, facts) };
}
