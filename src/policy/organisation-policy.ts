import { matchesBranch } from './branch-glob.ts';
import type { Liftable } from './emergency-schema.ts';
import type { EmergencyPolicy, EnvironmentPolicy, Policy } from './schema.ts';

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
    return [name, tightened(environment, asked ?? {}, baseline.changes !== undefined)] as const;
  });
  return {
    ...own,
    mode: 'enforce',
    changes: baseline.changes ?? { ...own.changes, branches: [] },
    environments: Object.fromEntries(environments),
    fromOrganisation: true,
  };
}

type Asked = NonNullable<Policy['baseline']>['environments'][string];

function tightened(own: EnvironmentPolicy, asked: Asked, asksOfChanges: boolean): EnvironmentPolicy {
  const { deploy, emergency: _, ...others } = asked;
  const given = Object.fromEntries(Object.entries(others).filter(([, value]) => value !== undefined));
  const { emergency, ...rest } = own;
  return {
    ...rest,
    ...given,
    deploy: { ...own.deploy, ...deploy },
    ...(emergency === undefined ? {} : { emergency: tightenedEmergency(emergency, asked, asksOfChanges) }),
  };
}

/**
 * The terms on which a repository's emergency lifts what stands in the organisation's policy. What the baseline itself asks for
 * is lifted only where the baseline says so; who may declare one may also ask for a deployment, so whom the baseline lets do that counts.
 */
function tightenedEmergency(own: EmergencyPolicy, asked: Asked, asksOfChanges: boolean): EmergencyPolicy {
  const terms = asked.emergency;
  if (terms === 'forbidden') return { ...own, lifts: [] };
  const asks: Readonly<Record<Liftable, boolean>> = {
    approvals: asked.approvals !== undefined,
    after: asked.after !== undefined,
    freeze: asked.freeze !== undefined,
    changes: asksOfChanges,
  };
  return {
    by: terms?.by ?? asked.deploy?.by ?? own.by,
    confirm: terms?.confirm ?? own.confirm,
    valid: terms?.valid ?? own.valid,
    lifts: terms?.lifts ?? own.lifts.filter((each) => !asks[each]),
    review: {
      within: terms?.review?.within ?? own.review.within,
      by: terms?.review?.by ?? own.review.by,
    },
  };
}

/** The policies that ask something of changes to a branch: the repository's own, the organisation's, both or neither. */
export function policiesGuarding(policy: Policy, branch: string): readonly Policy[] {
  return [policy, organisationPolicy(policy)].flatMap((each) =>
    each !== null && matchesBranch(each.changes.branches, branch) ? [each] : [],
  );
}
