import type { Actor } from '../../domain/actor.ts';
import type { CommandFacts } from '../../domain/command-facts.ts';
import type { PolicyTrust } from '../../domain/policy-trust.ts';
import { environmentOf } from '../environment-of.ts';
import { explain } from '../explain.ts';
import type { PolicyReading } from '../policy-reading.ts';
import { code } from '../sentence-parts.ts';
import { withoutPolicy, withUnreviewedPolicy } from '../without-policy.ts';
import { mayThey } from './may-they.ts';

export interface CancelFacts extends Pick<CommandFacts, 'commenter' | 'roles'> {
  readonly environment: string;
  readonly requester: Actor | null;
  readonly trust: PolicyTrust;
}

/** Null where somebody may cancel a deployment: whoever asked for it, and whoever may deploy there; otherwise why not, as Markdown. */
export function judgeCancel(reading: PolicyReading, facts: CancelFacts): string | null {
  const { commenter, requester, environment, trust } = facts;
  if (requester !== null && requester.id === commenter.id) return null;
  if (reading.kind !== 'valid') {
    const [gate] = withoutPolicy('deployment', reading, null).gates;
    return (gate?.reasons ?? []).map(explain).join(' ');
  }
  if (!trust.trusted) {
    const [gate] = withUnreviewedPolicy(trust).gates;
    return (gate?.reasons ?? []).map(explain).join(' ');
  }
  const { policy } = reading;
  // It may have been taken out of the policy since the deployment started: then nobody is named, which isn't everybody.
  if (environmentOf(policy, environment) === null)
    return `The policy names no environment ${code(environment)} any more, so it gives nobody the right to cancel a deployment there: whoever asked for it may.`;
  const not = mayThey(policy, facts, environment, {
    act: `cancel a deployment to ${code(environment)}`,
    by: (each) => each.deploy.by,
  });
  return not === null ? null : not.why;
}
