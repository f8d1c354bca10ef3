import type { Command } from '../../domain/command.ts';
import type { RolesAsked } from '../../domain/role-facts.ts';
import { environmentOf } from '../environment-of.ts';
import { organisationPolicy } from '../organisation-policy.ts';
import type { Policy } from '../schema.ts';

/** The roles to resolve before a command is judged: those that its right may come from, on either side. */
export function rolesOfCommand(policy: Policy, command: Command): RolesAsked {
  const asking = [policy, organisationPolicy(policy)].flatMap((side) => {
    if (side === null || !('environment' in command)) return [];
    const named = environmentOf(side, command.environment);
    return [command.name === 'deploy' ? named?.deploy.by : named?.lock?.by].flatMap((people) => people ?? []);
  });
  return {
    teams: [...new Set(asking.flatMap(({ teams }) => teams ?? []))].toSorted(),
    permissions: asking.some(({ permission }) => permission !== undefined),
  };
}
