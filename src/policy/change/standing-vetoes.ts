import type { Actor } from '../../domain/actor.ts';
import type { ChangeFacts, DismissalFacts, ReviewFacts } from '../../domain/change-facts.ts';
import { authorsOfChange } from '../authorship.ts';
import { eligibility } from '../eligibility.ts';
import type { People } from '../schema.ts';

/** A request for changes by one who may veto, which nobody who could has lifted. */
export interface StandingVeto {
  /** Null: the account is deleted, so whether it was one of them can't be told. */
  readonly login: string | null;
  readonly review: number;
  /** Who dismissed it without being able to lift it: a login, or nothing where that isn't known. Null: it wasn't dismissed. */
  readonly dismissedBy: string | null;
}

/**
 * The vetoes that stand. One is a request for changes, and it outlives every push. It is lifted by whoever gave it, with an
 * approval, or by one of those who may veto, by dismissing it, unless they made a part of the change: on GitHub everybody
 * with write access may dismiss a review, its author's included. What a dismissed review said is in the dismissal; where
 * GitHub doesn't tell, it is taken for a veto.
 */
export function standingVetoes(by: People, facts: ChangeFacts): readonly StandingVeto[] {
  const dismissals = new Map(facts.dismissals.items.map((each) => [each.review, each]));
  const authors = authorsOfChange(facts);
  const mayLift = (actor: Actor | null) =>
    actor !== null && !authors.has(actor.id) && eligibility(actor, by, facts.roles).is === 'yes';
  const vetoOf = (review: ReviewFacts): StandingVeto[] => {
    const { id, state, author } = review;
    const dismissal = dismissals.get(id);
    if (saidBy(review, dismissal) === 'approved') return [];
    if (state === 'dismissed' && mayLift(dismissal?.by ?? null)) return [];
    const dismissedBy = state === 'dismissed' ? (dismissal?.by?.login ?? '') : null;
    return [{ login: author?.login ?? null, review: id, dismissedBy }];
  };
  const spoken = facts.reviews.items.filter(({ state }) => state !== 'commented' && state !== 'pending');
  const nobodys = spoken.filter(({ author }) => author === null);
  const people = Map.groupBy(
    spoken.filter(({ author }) => author !== null),
    ({ author }) => author?.id ?? 0,
  );
  const newest = [...people.values()].flatMap((said) => {
    const last = said.toSorted(older).at(-1);
    const author = last?.author ?? null;
    return last !== undefined && author !== null && eligibility(author, by, facts.roles).is !== 'no'
      ? last
      : [];
  });
  return [...newest, ...nobodys].flatMap(vetoOf).toSorted((a, b) => a.review - b.review);
}

/** What a review said before it was dismissed; unknown is as bad as a no. */
function saidBy({ state }: ReviewFacts, dismissal: DismissalFacts | undefined): ReviewFacts['state'] {
  if (state !== 'dismissed') return state;
  return dismissal?.was ?? 'changes_requested';
}

function older(a: ReviewFacts, b: ReviewFacts): number {
  const [first, second] = [timeOf(a), timeOf(b)];
  return first === second ? a.id - b.id : first < second ? -1 : 1;
}

/** Without a time, an approval is taken as the oldest and anything else as the newest: whichever lifts less. */
function timeOf({ submittedAt, state }: ReviewFacts): number {
  const at = submittedAt === null ? Number.NaN : Date.parse(submittedAt);
  if (!Number.isNaN(at)) return at;
  return state === 'approved' ? -Infinity : Infinity;
}
