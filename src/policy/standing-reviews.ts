import type { Actor } from '../domain/actor.ts';
import type { ReviewFacts } from '../domain/change-facts.ts';

/** What one person says of a change now. */
export interface StandingReview {
  readonly author: Actor;
  readonly review: ReviewFacts;
}

export interface StandingReviews {
  /** One a person, by GitHub id; `dismissed` says nothing either way. */
  readonly people: readonly StandingReview[];
  /** Reviews of accounts that are deleted: nobody can say whose they were. */
  readonly nobodys: readonly ReviewFacts[];
}

/**
 * The newest review of each person that says yes or no. A comment says neither. A dismissed review takes back everything
 * before it: an older approval doesn't return because a newer objection was dismissed. Of several approvals since then,
 * the one of the head is shown, for each was given to its own commit and none was taken back.
 */
export function standingReviews(reviews: readonly ReviewFacts[], head: string): StandingReviews {
  const people = new Map<number, Said>();
  const nobodys: ReviewFacts[] = [];
  for (const review of reviews) {
    const { author, state } = review;
    if (state === 'commented' || state === 'pending') continue;
    if (author === null) {
      nobodys.push(review);
      continue;
    }
    const dated = { author, review, at: timeOf(review) };
    const said = people.get(author.id) ?? { newest: dated, no: null, yesToHead: null };
    people.set(author.id, said);
    said.newest = newer(said.newest, dated);
    if (state !== 'approved') said.no = newer(said.no, dated);
    else if (review.commit === head) said.yesToHead = newer(said.yesToHead, dated);
  }
  return {
    people: [...people.values()].map(standing).toSorted((a, b) => a.author.id - b.author.id),
    nobodys: nobodys.toSorted((a, b) => a.id - b.id),
  };
}

interface Dated extends StandingReview {
  readonly at: number;
}

interface Said {
  newest: Dated;
  /** The newest objection or dismissal. */
  no: Dated | null;
  /** The newest approval of the head. */
  yesToHead: Dated | null;
}

function standing({ newest, no, yesToHead }: Said): StandingReview {
  const holds =
    newest.review.state === 'approved' && yesToHead !== null && newer(no, yesToHead) === yesToHead;
  const { author, review } = holds ? yesToHead : newest;
  return { author, review };
}

function newer(a: Dated | null, b: Dated): Dated {
  if (a === null) return b;
  return b.at > a.at || (b.at === a.at && b.review.id > a.review.id) ? b : a;
}

/** Without a time, an approval is taken as the oldest and anything else as the newest: whichever approves less. */
function timeOf({ submittedAt, state }: ReviewFacts): number {
  const at = submittedAt === null ? Number.NaN : Date.parse(submittedAt);
  if (!Number.isNaN(at)) return at;
  return state === 'approved' ? -Infinity : Infinity;
}
