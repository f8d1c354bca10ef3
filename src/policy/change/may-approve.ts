import type { Actor } from '../../domain/actor.ts';
import type { ChangeFacts } from '../../domain/change-facts.ts';
import { either, eligibility, type Eligibility } from '../eligibility.ts';
import { owns } from '../owns.ts';
import { type Ownership, ownershipOf } from '../ownership.ts';
import type { Approvers } from '../schema.ts';

/** What somebody's approval is worth, by who they are. */
export interface Worth {
  /** Whether it is one of the number that is required. */
  readonly required: Eligibility;
  /** Whether it is an owner's, of any of the changed files. */
  readonly owner: Eligibility;
}

/**
 * Opens the judgement of who may approve a change. Where code owners are asked, an owner's approval is one of the required
 * number only if every changed file (of those that are concerned) has an owner: otherwise the owner of one file could answer for another that nobody owns.
 */
export function openWorth(
  from: Approvers,
  facts: ChangeFacts,
  concerns?: (path: string) => boolean,
): (actor: Actor) => Worth {
  const ownership = from.codeowners === true ? ownershipOf(facts, concerns) : null;
  return (actor) => {
    const named = eligibility(actor, from, facts.roles);
    const owner = ownership === null ? NO : ownsAny(actor, ownership, facts);
    const areAllOwned = ownership?.is === 'known' && ownership.unowned.length + ownership.lost.length === 0;
    return { owner, required: areAllOwned ? either([named, owner]) : named };
  };
}

const NO: Eligibility = { is: 'no' };

function ownsAny(actor: Actor, ownership: Ownership, facts: ChangeFacts): Eligibility {
  if (ownership.is === 'unknown') return { is: 'unknown', role: 'code owner', why: ownership.why };
  return either(ownership.owned.map((group) => owns(actor, group, facts)));
}
