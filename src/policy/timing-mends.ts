import type { Mend } from './who-can-mend.ts';
import type { TimingCode } from './timing-sentences.ts';

type About = Parameters<Mend['what']>[0];
type Open = Exclude<
  TimingCode,
  'order_kept' | 'no_freeze' | 'locked_for_this' | 'not_locked' | 'two_factor_required' | 'saml_linked'
>;

const text = (value: About[string] | undefined) => String(value ?? '?');
const short = (value: About[string] | undefined) => text(value).slice(0, 7);

/** What stands in the way by time, order, a lock or an account, as clauses that can follow "Held: ". */
export function timingMends(
  mend: (rank: Mend['rank'], what: Mend['what'], who?: Mend['who']) => Mend,
): Readonly<Record<Open, Mend>> {
  const there = (about: About) => text(about['environment']);
  return {
    order_missing: mend(
      1,
      (about) => `${short(about['target'])} has to be deployed to ${there(about)} first`,
    ),
    order_not_named: mend(1, (about) => `the policy names no ${there(about)}, which comes first`),
    order_running: mend(3, (about) => `${short(about['target'])} is being deployed to ${there(about)}`),
    order_failed: mend(1, (about) => `${short(about['target'])} did not succeed on ${there(about)}`),
    order_rolled_back: mend(1, (about) => `${short(about['target'])} was taken back on ${there(about)}`),
    order_replaced: mend(
      1,
      (about) => `${short(about['target'])} ran on ${there(about)} for less than ${text(about['soak'])}`,
    ),
    order_unknown: mend(
      2,
      (about) => `what became of ${short(about['target'])} on ${there(about)} is not known`,
      () => ['the operator'],
    ),
    soak_running: mend(3, (about) => `it soaks on ${there(about)} until ${text(about['shown'])}`),
    freeze_lasting: mend(
      3,
      (about) => `the freeze "${text(about['name'])}" lasts until ${text(about['shown'])}`,
    ),
    clock_differs: mend(
      2,
      () => 'the server’s clock and GitHub’s are too far apart to tell what time it is',
      () => ['the operator'],
    ),
    clock_unknown: mend(
      2,
      () => 'what time it is can’t be told without GitHub’s',
      () => ['the operator'],
    ),
    locked: mend(
      1,
      (about) => `${there(about)} is locked: ${text(about['why'])}`,
      (about) => (about['login'] === '' ? ['the operator'] : [text(about['login'])]),
    ),
    lock_unknown: mend(
      2,
      (about) => `whether ${there(about)} is locked is not known`,
      () => ['the operator'],
    ),
    two_factor_not_required: mend(
      2,
      (about) => `${text(about['owner'])} has to require two-factor authentication`,
      owners,
    ),
    two_factor_unknown: mend(
      2,
      (about) =>
        `whether ${text(about['owner'])} requires two-factor authentication can't be read: the App needs the organisation permission “Administration: read”`,
      owners,
    ),
    saml_missing: mend(
      1,
      (about) => `${text(about['login'])} has no SAML identity`,
      (about) => [text(about['login'])],
    ),
    saml_unknown: mend(
      2,
      (about) =>
        `the SAML identities of ${text(about['owner'])} can't be read: the App needs the organisation permissions “Members: read” and “Administration: read”`,
      owners,
    ),
  };
}

const owners = (about: About) => [`an owner of ${text(about['owner'])}`];
