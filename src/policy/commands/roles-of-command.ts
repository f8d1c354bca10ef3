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
    const by = {
      deploy: named?.deploy.by,
      lock: named?.lock?.by,
      unlock: named?.lock?.by,
      rollback: named?.rollback?.by,
    }[command.name];
    return by ?? [];
  });
  return {
    teams: [...new Set(asking.flatMap(({ teams }) => teams ?? []))].toSorted(),
    permissions: asking.some(({ permission }) => permission !== undefined),
  };
}
