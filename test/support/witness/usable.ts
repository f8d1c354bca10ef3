import { SSHD_USABLE } from '../deploy/deploy-world.ts';

/** True where a real sshd lets this user in. In CI it must be so; elsewhere it says aloud what was left out. */
export const GIT_WITNESS_USABLE: boolean = mustBeIn('a git witness over SSH', SSHD_USABLE);

function mustBeIn(what: string, usable: boolean): boolean {
  if (!usable && process.env['CI'] === 'true')
    throw new Error(`${what} must be tested in CI, and can't be here`);
  if (!usable) console.warn(`SKIPPED: ${what} was not tested`);
  return usable;
}
