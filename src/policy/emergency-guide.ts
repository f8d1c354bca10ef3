import type { EmergencyCode } from './emergency-sentences.ts';
import { fine, wrong, type Guide } from './guide.ts';

const ANEW = 'Declare another one with `/countersign emergency`.';

/** The manual's rows about emergencies and their reviews. */
export const EMERGENCY_GUIDE: Readonly<Record<EmergencyCode, Guide>> = {
  emergency_lifts: fine(
    'A confirmed emergency lifts the gates that are named, which would have held, for this deployment alone.',
  ),
  emergency_not_needed: fine('An emergency stands, and nothing would have held without it.'),
  emergency_unconfirmed: wrong(
    'An emergency was declared, and no second person has confirmed it.',
    'One of those who are named confirms it with `/countersign confirm`, before it ends.',
  ),
  emergency_expired: wrong('The emergency’s time is over.', ANEW),
  emergency_erased: wrong('What was declared as an emergency was erased, which ended it.', ANEW),
  emergency_spent: wrong('The emergency was used up by another deployment: each is for one.', ANEW),
  emergency_not_in_policy: wrong(
    'An emergency was declared, and the policy, or the organisation’s baseline, lets none lift anything here.',
    'Nothing, in this emergency: name who may under `emergency` in a reviewed pull request for the next one.',
  ),
  emergency_declarer_not_allowed: wrong(
    'Whoever declared the emergency isn’t among `emergency.by` any more.',
    'Somebody who is declares another one.',
  ),
  emergency_confirmer_not_allowed: wrong(
    'Whoever confirmed the emergency isn’t among `emergency.confirm` any more.',
    'Declare another one, and have somebody confirm it who is.',
  ),
  emergency_confirmer_is_author: wrong(
    'Whoever confirmed the emergency made a part of what is deployed.',
    'Declare another one, and have somebody confirm it who made nothing of it.',
  ),
  emergency_confirmer_not_second: wrong(
    'The emergency was confirmed by whoever declared it or asked for the deployment: that is one person, not two.',
    'Declare another one, and have somebody else confirm it.',
  ),
  emergency_second_unknown: wrong(
    'Who made a part of what is deployed isn’t known, so it may have been whoever confirmed the emergency.',
    'Mend what the range says isn’t known, or take it out of what is deployed.',
  ),
  emergency_unknown: wrong(
    'Whether an emergency stands can’t be told: our records and the ledger don’t agree, or weren’t read.',
    'Run `countersign verify`, and ask who can write to the database.',
  ),
  emergency_review_overdue: wrong(
    'An emergency was used, or a job ran without approval, and nobody reviewed it in time. Everything of the repository but a rollback is held.',
    'Somebody who is named and took no part in it reviews it with `/countersign review`.',
  ),
  emergency_review_open: fine('An emergency, or a job that ran without approval, awaits its review in time.'),
  emergency_reviews_unknown: wrong(
    'Whether a review is overdue can’t be told: our records and the ledger don’t agree, or weren’t read.',
    'Run `countersign verify`, and ask who can write to the database.',
  ),
  emergencies_reviewed: fine('No review is open.'),
};
