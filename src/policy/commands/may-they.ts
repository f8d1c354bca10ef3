import type { CommandFacts } from '../../domain/command-facts.ts';
import { eligibility, namesOf } from '../eligibility.ts';
import { environmentOf } from '../environment-of.ts';
import { organisationPolicy } from '../organisation-policy.ts';
import type { EnvironmentPolicy, People, Policy } from '../schema.ts';
import { although, asked, code, login, words } from '../sentence-parts.ts';
import { type Refusal, refused } from './answers.ts';

export interface Right {
  /** What they would do: `deploy to production`, as Markdown. */
  readonly act: string;
  /** Whom an environment's policy gives it to; undefined: nobody. */
  readonly by: (environment: EnvironmentPolicy) => People | undefined;
}

/**
 * Null where the commenter has a right on an environment; otherwise why not. Where the organisation's baseline names people too, both
 * have to name them, since a baseline only tightens. The policy's `observe` opens nothing here: an act isn't a verdict.
 * The policy must name the environment: of one that it doesn't name nothing is asked here, of nobody.
 */
export function mayThey(
  policy: Policy,
  { commenter, roles }: Pick<CommandFacts, 'commenter' | 'roles'>,
  environment: string,
  { act, by }: Right,
): Refusal | null {
  const sides = sidesOf(policy).flatMap((side) => {
    const named = environmentOf(side, environment);
    return named === null ? [] : [by(named)];
  });
  return areThey({ commenter, roles }, act, sides);
}

/** The repository's policy, and what its organisation asks for beside it. */
export const sidesOf = (policy: Policy): readonly Policy[] =>
  [policy, organisationPolicy(policy)].flatMap((side) => side ?? []);

/** Null where the commenter is among each of these; undefined: nobody is. */
export function areThey(
  { commenter, roles }: Pick<CommandFacts, 'commenter' | 'roles'>,
  act: string,
  sides: readonly (People | undefined)[],
): Refusal | null {
  for (const people of sides) {
    if (people === undefined)
      return refused('nobody_may', `The policy gives nobody the right to ${act} by a comment.`);
    const eligible = eligibility(commenter, people, roles);
    if (eligible.is === 'unknown') {
      const why = `Whether ${login(commenter.login)} has ${code(eligible.role)} could not be found out: ${words(eligible.why)}.`;
      return refused('role_unknown', why);
    }
    if (eligible.is === 'no') {
      const instead = although(commenter.login, eligible.although ?? {});
      const why = `${login(commenter.login)} may not ${act}: ${instead ?? `the policy asks for ${asked(namesOf(people))}`}.`;
      return refused('not_allowed', why);
    }
  }
  return null;
}
