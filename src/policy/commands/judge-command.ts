/** May they, and what exactly would be done? A pure function of the policy and the facts of one command. */
import type { CommandAnswer } from '../../domain/command-answer.ts';
import type { CommandFacts } from '../../domain/command-facts.ts';
import { nearest } from '../../domain/nearest.ts';
import { environmentOf } from '../environment-of.ts';
import { explain } from '../explain.ts';
import type { PolicyReading } from '../policy-reading.ts';
import type { Policy } from '../schema.ts';
import { code, list, words } from '../sentence-parts.ts';
import { withoutPolicy, withUnreviewedPolicy } from '../without-policy.ts';
import { accepted, refused } from './answers.ts';
import { mayThey } from './may-they.ts';
import { judgeConfirmation, judgeDeclaration } from './judge-emergency.ts';
import { judgeReview } from './judge-review.ts';
import { judgeRollback } from './judge-rollback.ts';
import { mergedThere } from './merged-there.ts';
import { misreadSentence } from './misread-sentence.ts';

/**
 * Judges a command. What it can't find out is refused with the reason, never left waiting: whoever wrote it can write it again.
 * Whether what it asks for then happens is for the gates, which see the deployment as they see any other.
 */
export function judgeCommand(reading: PolicyReading, facts: CommandFacts): CommandAnswer {
  const { command } = facts;
  if (command.name === 'help') return { schema: 'command-answer/v1', verdict: 'help' };
  if (command.name === 'misread') return refused('misread', misreadSentence(command.problem));
  if (reading.kind !== 'valid') {
    const [gate] = withoutPolicy('deployment', reading, null).gates;
    return refused('no_policy', (gate?.reasons ?? []).map(explain).join(' '));
  }
  if (!facts.policy.trusted) {
    const [gate] = withUnreviewedPolicy(facts.policy).gates;
    return refused('policy_unreviewed', (gate?.reasons ?? []).map(explain).join(' '));
  }
  const { policy } = reading;
  if (command.name === 'review') return judgeReview(policy, command, facts);
  if (command.name === 'confirm') return judgeConfirmation(policy, facts);
  if (environmentOf(policy, command.environment) === null) return unnamed(policy, command.environment);
  switch (command.name) {
    case 'deploy':
      return deploy(policy, command.environment, facts);
    case 'lock': {
      const { environment, why, only: pullRequest } = command;
      return (
        lockable(policy, environment, facts) ?? accepted({ kind: 'lock', environment, why, pullRequest })
      );
    }
    case 'rollback':
      return judgeRollback(policy, command, facts);
    case 'emergency':
      return judgeDeclaration(policy, command, facts);
    case 'unlock': {
      const { environment, why } = command;
      return (
        lockable(policy, environment, facts) ??
        unlockable(environment, facts) ??
        accepted({ kind: 'unlock', environment, why })
      );
    }
  }
}

function unnamed(policy: Policy, environment: string): CommandAnswer {
  const known = Object.keys(policy.environments).toSorted();
  const meant = nearest(environment, known);
  const said = `The policy names no environment ${code(environment)}`;
  if (meant !== null) return refused('no_such_environment', `${said}; did you mean ${code(meant)}?`);
  const names = known.length === 0 ? 'none' : list(known, 'and', code);
  return refused('no_such_environment', `${said}; it names ${names}.`);
}

/** The pull request's own merge is deployed, and nothing else: what is open isn't on any branch that may be. */
function deploy(policy: Policy, environment: string, facts: CommandFacts): CommandAnswer {
  const not = mayThey(policy, facts, environment, {
    act: `deploy to ${code(environment)}`,
    by: (each) => each.deploy.by,
  });
  if (not !== null) return not;
  const merged = mergedThere(policy, environment, facts);
  return 'verdict' in merged ? merged : accepted({ kind: 'deploy', environment, ...merged });
}

function lockable(policy: Policy, environment: string, facts: CommandFacts): CommandAnswer | null {
  return mayThey(policy, facts, environment, {
    act: `lock and unlock ${code(environment)}`,
    by: (each) => each.lock?.by,
  });
}

function unlockable(environment: string, { lock }: CommandFacts): CommandAnswer | null {
  if (lock === null)
    return refused('lock_unknown', `Whether ${code(environment)} is locked was not looked up.`);
  if (!lock.known) {
    const why = `Whether ${code(environment)} is locked can’t be told (${words(lock.why)}): lock it anew, and then unlock it.`;
    return refused('lock_unknown', why);
  }
  return lock.value === null ? refused('not_locked', `${code(environment)} is not locked.`) : null;
}
