import type { Command } from '../../domain/command.ts';
import type { CommandAnswer } from '../../domain/command-answer.ts';
import type { CommandFacts } from '../../domain/command-facts.ts';
import type { CommandedEmergency } from '../../domain/emergency-facts.ts';
import { reviewOf } from '../review-of.ts';
import type { Policy } from '../schema.ts';
import { code, login, words } from '../sentence-parts.ts';
import { accepted, refused } from './answers.ts';
import { areThey, sidesOf } from './may-they.ts';

type Review = Extract<Command, { name: 'review' }>;

/**
 * Whether somebody may close an emergency or a bypass by their review: one of those whom the policy of now names, also where it names
 * the environment no more, and nobody who took part.
 */
export function judgeReview(policy: Policy, { verdict, why }: Review, facts: CommandFacts): CommandAnswer {
  const found = facts.emergency;
  if (found === undefined || !found.known) {
    const because = found === undefined ? 'it was not looked up' : found.why;
    return refused('emergency_unknown', `What emergency that is can’t be told: ${words(because)}.`);
  }
  const named = found.value;
  if (named === null) return refused('no_such_emergency', 'This repository has no emergency of that name.');
  if (named.opened === null)
    return refused('not_used', 'It was not used, so there is nothing to review: it ends by itself.');
  if (named.reviewed) return refused('already_reviewed', 'It was reviewed.');
  const { environment, entry, commit } = named;
  const act = `review what went past the gates of ${code(environment)}`;
  const not = areThey(
    facts,
    act,
    sidesOf(policy).map((side) => reviewOf(side, environment).by),
  );
  if (not !== null) return not;
  const part = partOf(named, facts.commenter.id);
  if (part !== null) {
    const who = login(facts.commenter.login);
    return refused('took_part', `${who} ${part}: somebody has to review it who took no part.`);
  }
  return accepted({ kind: 'review', environment, emergency: entry, sha: commit, verdict, why });
}

/**
 * What somebody did in it; null: nothing that is known. Who made what was deployed may be known no more (it was erased, or nothing could be
 * read when it ran); nobody could ever review it if that were held against them.
 */
function partOf({ emergency, opened, madeBy }: CommandedEmergency, id: number): string | null {
  if (emergency?.declaredBy?.id === id) return 'declared it';
  if (emergency?.confirmed?.by?.id === id) return 'confirmed it';
  if (opened?.by.some((actor) => actor.id === id) === true) return 'asked for the deployment, or reported it';
  return madeBy.known && madeBy.value.includes(id) ? 'made a part of what was deployed' : null;
}
