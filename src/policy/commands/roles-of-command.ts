import type { Command } from '../../domain/command.ts';
import type { RolesAsked } from '../../domain/role-facts.ts';
import { environmentOf } from '../environment-of.ts';
import { reviewOf } from '../review-of.ts';
import { countsPermission } from '../roles-asked.ts';
import type { People, Policy } from '../schema.ts';
import { sidesOf } from './may-they.ts';

/**
 * The roles to resolve before a command is judged: those that its right may come from, on either side. `environment`: of the emergency
 * that it names.
 */
export function rolesOfCommand(
  policy: Policy,
  command: Command,
  environment: string | null = null,
): RolesAsked {
  const asking = sidesOf(policy).flatMap((side) => peopleAsked(side, command, environment) ?? []);
  return {
    teams: [...new Set(asking.flatMap(({ teams }) => teams ?? []))].toSorted(),
    permissions: asking.some(countsPermission),
  };
}

function peopleAsked(side: Policy, command: Command, of: string | null): People | undefined {
  const environment = 'environment' in command ? command.environment : of;
  const named = environment === null ? null : environmentOf(side, environment);
  switch (command.name) {
    case 'deploy':
      return named?.deploy.by;
    case 'lock':
    case 'unlock':
      return named?.lock?.by;
    case 'rollback':
      return named?.rollback?.by;
    case 'emergency':
      return named?.emergency?.by;
    case 'confirm':
      return named?.emergency?.confirm;
    case 'review':
      return environment === null ? undefined : reviewOf(side, environment).by;
    case 'help':
    case 'misread':
      return undefined;
  }
}
