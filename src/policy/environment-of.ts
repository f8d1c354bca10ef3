import type { EnvironmentPolicy, Policy } from './schema.ts';

/** What the policy says of an environment, by its exact name; null where it says nothing. */
export function environmentOf(policy: Policy, name: string): EnvironmentPolicy | null {
  return Object.hasOwn(policy.environments, name) ? (policy.environments[name] ?? null) : null;
}
