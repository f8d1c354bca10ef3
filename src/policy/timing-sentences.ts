import type { ReasonCode } from '../domain/reason.ts';
import type { AboutByCode } from './reasons.ts';
import { code, list, login, sha, words } from './sentence-parts.ts';

/** The codes of the gates on order, freezes, locks and accounts. */
export type TimingCode = Extract<
  ReasonCode,
  | `order_${string}`
  | `locked${string}`
  | `two_factor_${string}`
  | `saml_${string}`
  | 'soak_running'
  | 'freeze_lasting'
  | 'clock_differs'
  | 'clock_unknown'
  | 'no_freeze'
  | 'lock_unknown'
  | 'order_not_named'
  | 'not_locked'
>;

/** One sentence each, as in `explain.ts`. */
export const TIMING_SENTENCES: { readonly [Code in TimingCode]: (about: AboutByCode[Code]) => string } = {
  order_kept: ({ environment, target, since, soak }) =>
    `${sha(target)} ran on ${code(environment)} from ${moment(since)}${soak === undefined ? '' : `, for the ${words(soak)} that are asked`}.`,
  order_missing: ({ environment, target }) =>
    `${sha(target)} was never deployed to ${code(environment)}, which comes before: deploy it there first.`,
  order_not_named: ({ environment, target }) =>
    `${sha(target)} has to run on ${code(environment)} first, as the organisation’s baseline asks, and this repository’s policy names no such environment: name it, and deploy there first.`,
  order_running: ({ environment, target }) =>
    `${sha(target)} is being deployed to ${code(environment)}, which comes before.`,
  order_failed: ({ environment, target, outcome }) =>
    outcome === 'unknown'
      ? `How the newest deployment of ${sha(target)} to ${code(environment)} ended is not known: deploy it there again.`
      : `The newest deployment of ${sha(target)} to ${code(environment)} failed: deploy it there again, or mend it.`,
  order_rolled_back: ({ environment, target, instead }) =>
    `${sha(target)} was taken back on ${code(environment)}, where ${sha(instead)} was deployed again after it.`,
  order_replaced: ({ environment, target, soak, instead }) =>
    `${sha(target)} ran on ${code(environment)} for less than the ${words(soak)} that are asked, and then ${sha(instead)} took its place: deploy what runs there now, or deploy it there again.`,
  order_unknown: ({ environment, target, why }) =>
    `What became of ${sha(target)} on ${code(environment)} is not known: ${words(why)}.`,
  soak_running: ({ environment, target, soak, shown }) =>
    `${sha(target)} has to run on ${code(environment)} for ${words(soak)}, and has until ${words(shown)}: it is looked at again then.`,
  clock_differs: ({ ours, githubs }) =>
    `What time it is can’t be told: here it is ${moment(ours)}, and at GitHub ${moment(githubs)}. Set the server’s clock.`,
  clock_unknown: ({ why }) => `What time it is can’t be told without GitHub’s: ${words(why)}.`,
  freeze_lasting: ({ name, shown }) =>
    `The freeze ${code(name)} lasts until ${words(shown)}: it is looked at again then.`,
  no_freeze: () => 'No freeze lasts.',
  locked: ({ environment, login: who, why, since, ...bound }) =>
    `${who === '' ? 'Somebody' : login(who)} locked ${code(environment)} at ${moment(since)}${boundTo(bound)}: ${words(why)}.`,
  locked_for_this: ({ environment, ...bound }) =>
    `${code(environment)} is locked${boundTo(bound)}, and this is it.`,
  lock_unknown: ({ environment, why }) =>
    `Whether ${code(environment)} is locked is not known: ${words(why)}.`,
  not_locked: ({ environment }) => `Nobody locked ${code(environment)}.`,
  two_factor_required: ({ owner }) => `${words(owner)} requires two-factor authentication of its members.`,
  two_factor_not_required: ({ owner }) =>
    `${words(owner)} doesn’t require two-factor authentication of its members: turn it on in the organisation’s settings.`,
  two_factor_unknown: ({ owner, why }) =>
    `Whether ${words(owner)} requires two-factor authentication is not known (${words(why)}): give the App “Administration: read” on the organisation, ${BY_HAND}.`,
  saml_linked: ({ owner, by }) =>
    `${list(by, 'and', login)} ${by?.length === 1 ? 'has' : 'have'} a SAML identity in ${words(owner)}.`,
  saml_missing: ({ owner, login: who }) =>
    `${login(who)} has no SAML identity in ${words(owner)}: they have to sign in by its identity provider once.`,
  saml_unknown: ({ owner, why }) =>
    `The SAML identities of ${words(owner)} are not known (${words(why)}): give the App “Members: read” and “Administration: read” on the organisation, ${BY_HAND}.`,
};

/** Whoever made the App from app.yml sees an “Administration: read” that is there already. */
const BY_HAND =
  'under “Organization permissions” in the App’s settings: the “Administration” that app.yml asks for is the repository’s';

/** `2026-11-22 10:00 UTC` */
export function moment(iso: string): string {
  const [, day, minute] = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d)/.exec(iso) ?? [];
  return day === undefined || minute === undefined ? words(iso, 40) : `${day} ${minute} UTC`;
}

function boundTo({ change, commit }: { readonly change?: number; readonly commit?: string }): string {
  const parts = [
    ...(change === undefined ? [] : [`pull request #${String(change).replaceAll(/\D/g, '')}`]),
    ...(commit === undefined ? [] : [sha(commit)]),
  ];
  return parts.length === 0 ? '' : ` for all but ${parts.join(' at ')}`;
}
