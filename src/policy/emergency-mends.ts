import type { EmergencyCode } from './emergency-sentences.ts';
import { moment } from './timing-sentences.ts';
import type { Mend } from './who-can-mend.ts';

type About = Parameters<Mend['what']>[0];
type Open = Exclude<
  EmergencyCode,
  'emergency_lifts' | 'emergency_not_needed' | 'emergency_review_open' | 'emergencies_reviewed'
>;

const text = (value: About[string] | undefined) => String(value ?? '?');
const named = (about: About) => `emergency ${text(about['emergency'])}`;
const operator = () => ['the operator'];

/** What stands in the way by an emergency or its review, as clauses that can follow "Held: ". */
export function emergencyMends(
  mend: (rank: Mend['rank'], what: Mend['what'], who?: Mend['who']) => Mend,
  askedFor: Mend['who'],
): Readonly<Record<Open, Mend>> {
  const anew = (why: string) => mend(1, (about) => `${named(about)} ${why}: declare another one`);
  return {
    emergency_review_overdue: mend(
      0,
      (about) =>
        `the review of ${about['of'] === 'bypass' ? 'bypass' : 'emergency'} ${text(about['emergency'])} is overdue since ${moment(text(about['due']))}`,
      askedFor,
    ),
    emergency_reviews_unknown: mend(2, () => 'whether a review is overdue is not known', operator),
    // First of what a person decides: it lifts the rest.
    emergency_unconfirmed: mend(
      0,
      (about) => `${named(about)} has to be confirmed by a second person`,
      askedFor,
    ),
    emergency_expired: anew('is over'),
    emergency_erased: anew('ended when what was declared was erased'),
    emergency_spent: anew('was used up by another deployment'),
    emergency_not_in_policy: mend(1, (about) => `the policy lets ${named(about)} lift nothing`),
    emergency_declarer_not_allowed: anew(`was declared by somebody who may not`),
    emergency_confirmer_not_allowed: anew('was confirmed by somebody who may not'),
    emergency_confirmer_is_author: anew('was confirmed by an author of what is deployed'),
    emergency_confirmer_not_second: anew('was confirmed by no second person'),
    emergency_second_unknown: mend(
      2,
      (about) => `who made what is deployed isn't known, so ${named(about)} doesn't lift its review`,
    ),
    emergency_unknown: mend(2, () => 'whether an emergency stands is not known', operator),
  };
}
