import { matchesBranch } from './branch-glob.ts';
import type { EnvironmentPolicy, Policy } from './schema.ts';

/**
 * What an organisation's baseline asks of this repository, as a policy of its own: the repository's with the baseline's asks
 * in the place of its asks. Both are judged and both have to pass, so nothing that stands here can loosen what the repository
 * asks for. Null: there is no baseline.
 */
export function organisationPolicy(policy: Policy): Policy | null {
  const { baseline, ...own } = policy;
  if (baseline === undefined) return null;
  const environments = Object.entries(own.environments).map(([name, environment]) => {
    const asked = Object.hasOwn(baseline.environments, name) ? baseline.environments[name] : undefined;
    return [name, tightened(environment, asked ?? {})] as const;
  });
  return {
    ...own,
    mode: 'enforce',
    changes: baseline.changes ?? { ...own.changes, branches: [] },
    environments: Object.fromEntries(environments),
    fromOrganisation: true,
  };
}

function tightened(
  own: EnvironmentPolicy,
  { deploy, ...asked }: NonNullable<Policy['baseline']>['environments'][string],
): EnvironmentPolicy {
  const given = Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== undefined));
  return { ...own, ...given, deploy: { ...own.deploy, ...deploy } };
}

/** The policies that ask something of changes to a branch: the repository's own, the organisation's, both or neither. */
export function policiesGuarding(policy: Policy, branch: string): readonly Policy[] {
  return [policy, organisationPolicy(policy)].flatMap((each) =>
    each !== null && matchesBranch(each.changes.branches, branch) ? [each] : [],
  );
}
