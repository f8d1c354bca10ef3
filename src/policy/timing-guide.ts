import { fine, wrong, type Guide } from './guide.ts';
import type { TimingCode } from './timing-sentences.ts';

/** The manual's rows about time, order, locks and accounts. */
export const TIMING_GUIDE: Readonly<Record<TimingCode, Guide>> = {
  order_kept: fine('The commit ran where it has to run before, for as long as the policy asks.'),
  order_missing: wrong(
    'The commit was never deployed to an environment that comes before this one.',
    'Deploy it there first. It is judged again when that has ended.',
  ),
  order_not_named: wrong(
    'The organisation’s baseline asks that the commit runs first in an environment that this repository’s policy doesn’t name.',
    'Name that environment in the repository’s policy and deploy there first, or have the baseline changed.',
  ),
  order_running: wrong(
    'The commit is being deployed to an environment that comes before this one.',
    'Nothing to do: it is judged again when that has ended.',
  ),
  order_failed: wrong(
    'The newest deployment of the commit to an environment that comes before didn’t succeed, or nobody knows how it ended.',
    'Deploy it there again, or mend the commit.',
  ),
  order_rolled_back: wrong(
    'After the commit, what had run before it was deployed again in an environment that comes before: somebody took it back.',
    'Deploy it there again if it was taken back by mistake; otherwise mend the commit.',
  ),
  order_replaced: wrong(
    'Another commit took its place in an environment that comes before, before the soak was over.',
    'Deploy the commit that runs there now, or deploy this one there again and let it run.',
  ),
  order_unknown: wrong(
    'What ran in an environment that comes before can’t be told: our records and the ledger don’t agree, or weren’t read.',
    'Run `countersign verify`, and ask who can write to the database.',
  ),
  soak_running: wrong(
    'The commit hasn’t run for as long as the policy asks in an environment that comes before.',
    'Nothing to do: it is judged again by itself at the time that is named.',
  ),
  freeze_lasting: wrong(
    'A freeze lasts: nothing is deployed to the environment until it ends.',
    'Nothing to do: it is judged again by itself at the time that is named.',
  ),
  clock_differs: wrong(
    'The server’s clock and GitHub’s are more than a minute apart, so nobody can tell whether a freeze or an emergency lasts, a soak is over or a review is due.',
    'Set the server’s clock (by NTP). It is judged again within five minutes at first.',
  ),
  clock_unknown: wrong(
    'GitHub’s time isn’t known, so nobody can tell whether the server’s clock is right, by which freezes, soaks, emergencies and reviews are judged.',
    'Nothing to do where GitHub was just asked for the first time; otherwise see whether a proxy takes the `date` off its answers.',
  ),
  no_freeze: fine('No freeze lasts.'),
  locked: wrong(
    'Somebody locked the environment. Only what the lock is for, if it is for anything, may be deployed there.',
    'Ask whoever locked it; who may unlock it is in the policy’s `lock.by`, and the operator can with `npx countersign unlock`.',
  ),
  locked_for_this: fine('The environment is locked for exactly what is deployed.'),
  lock_unknown: wrong(
    'Whether the environment is locked can’t be told: our records and the ledger don’t agree, or weren’t read.',
    'Run `countersign verify`, and ask who can write to the database. Then lock it anew, and unlock it.',
  ),
  not_locked: fine('Nobody locked the environment.'),
  two_factor_required: fine('The organisation requires two-factor authentication.'),
  two_factor_not_required: wrong(
    'The organisation doesn’t require two-factor authentication of its members.',
    'Turn on “Require two-factor authentication” in the organisation’s settings.',
  ),
  two_factor_unknown: wrong(
    'Whether the organisation requires two-factor authentication could not be read. Unknown counts as no.',
    'Give the App _Administration: read_ under “Organization permissions” in its settings, and accept it in the organisation: app.yml asks only for the repository’s permission of that name. A personal account has no such requirement.',
  ),
  saml_linked: fine('Everyone who asked and approved has a SAML identity in the organisation.'),
  saml_missing: wrong(
    'Somebody who asked or approved has no SAML identity in the organisation.',
    'They sign in to the organisation by its identity provider once.',
  ),
  saml_unknown: wrong(
    'The organisation’s SAML identities could not be read. Unknown counts as none.',
    'Give the App _Members: read_ (app.yml asks for it) and _Administration: read_ (it doesn’t) under “Organization permissions” in its settings, and accept them in the organisation; where GitHub still tells it nothing, `saml` can’t be asked for.',
  ),
};
