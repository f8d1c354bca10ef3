import type { ReasonCode } from '../domain/reason.ts';
import type { AboutByCode } from './reasons.ts';
import { although, asked, code, list, login, sha, words } from './sentence-parts.ts';
import { moment } from './timing-sentences.ts';

/** The codes of emergencies and of the reviews that they leave open. */
export type EmergencyCode = Extract<ReasonCode, `emergency_${string}` | 'emergencies_reviewed'>;

/** One sentence each, as in `explain.ts`. */
export const EMERGENCY_SENTENCES: {
  readonly [Code in EmergencyCode]: (about: AboutByCode[Code]) => string;
} = {
  emergency_lifts: ({ emergency, target, gates, declaredBy, confirmedBy, until, why, incident }) =>
    `${named(emergency)} lifts ${list(gates, 'and', code)}, which would have held ${sha(target)}, until ${moment(until)}. ${login(declaredBy)} declared it (${words(why)}${incident === '' ? '' : `; incident ${words(incident)}`}), and ${login(confirmedBy)} confirmed it.`,
  emergency_not_needed: ({ emergency }) => `${named(emergency)} lifts nothing: nothing would have held.`,
  emergency_unconfirmed: ({ emergency, login: who, until, asked: names }) =>
    `${named(emergency)}, which ${login(who)} declared, lifts nothing until a second person confirms it, before ${moment(until)}: ${asked(names)}, with ${code(`/countersign confirm ${plainId(emergency)}`)}.`,
  emergency_expired: ({ emergency, until }) =>
    `${named(emergency)} ended at ${moment(until)}: declare another one.`,
  emergency_erased: ({ emergency }) =>
    `${named(emergency)} ended when what was declared was erased: declare another one.`,
  emergency_spent: ({ emergency }) =>
    `${named(emergency)} was used up by another deployment: declare another one.`,
  emergency_not_in_policy: ({ emergency, environment }) =>
    `${named(emergency)} lifts nothing: the policy lets no emergency lift anything on ${code(environment)}.`,
  emergency_declarer_not_allowed: ({ emergency, login: who, asked: names, ...but }) =>
    `${named(emergency)} lifts nothing: ${login(who)}, who declared it, ${notNamed(who, names, but)}.`,
  emergency_confirmer_not_allowed: ({ emergency, login: who, asked: names, ...but }) =>
    `${named(emergency)} lifts nothing: ${login(who)}, who confirmed it, ${notNamed(who, names, but)}.`,
  emergency_confirmer_is_author: ({ emergency, login: who, commit }) =>
    `${named(emergency)} lifts nothing: ${login(who)}, who confirmed it, made ${commit === undefined ? 'a part of what is deployed' : `commit ${sha(commit)}`}.`,
  emergency_confirmer_not_second: ({ emergency, login: who, as }) =>
    `${named(emergency)} lifts nothing: ${login(who)}, who confirmed it, ${as === 'declarer' ? 'declared it' : 'asked for the deployment'} too.`,
  emergency_second_unknown: ({ emergency, login: who, why }) =>
    `${named(emergency)} doesn’t lift ${code('changes')}: whether ${login(who)}, who confirmed it, made a part of what is deployed can’t be told (${words(why)}).`,
  emergency_unknown: ({ environment, why }) =>
    `Whether an emergency on ${code(environment)} stands is not known: ${words(why)}.`,
  emergency_review_overdue: ({ emergency, environment, of, commit, at, due, asked: names }) =>
    `${reviewed(of, emergency)} on ${code(environment)} (${sha(commit)}, ${moment(at)}) had to be reviewed by ${moment(due)}, and nothing of this repository but a rollback is deployed until it is: ${asked(names)}, with ${code(`/countersign review ${plainId(emergency)} justified WHY`)} (or ${code('unjustified')}).`,
  emergency_review_open: ({ emergency, environment, of, due, asked: names }) =>
    `${reviewed(of, emergency)} on ${code(environment)} has to be reviewed by ${moment(due)}, by ${asked(names)}; after that it holds whatever of this repository would be deployed.`,
  emergency_reviews_unknown: ({ why }) =>
    `Whether a review of an emergency is overdue is not known: ${words(why)}.`,
  emergencies_reviewed: () => 'No review of an emergency is open.',
};

const plainId = (id: unknown): string => String(id).replaceAll(/[^0-9a-f]/g, '');
const named = (id: unknown): string => `Emergency ${code(plainId(id))}`;
const reviewed = (of: unknown, id: unknown): string =>
  of === 'bypass' ? `Bypass ${code(plainId(id))}` : named(id);

/** `isn’t somebody of team leads`, or what else is wrong with them. */
function notNamed(who: unknown, names: unknown, but: Parameters<typeof although>[1]): string {
  const wrong = although(who, but);
  return wrong === null ? `isn’t ${asked(names)}` : `may not: ${wrong}`;
}
