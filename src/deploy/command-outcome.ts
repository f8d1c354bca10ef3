import type { CommandOutcome } from '../domain/deploy.ts';
import type { DeployStep } from './plan.ts';
import type { CommandResult } from './ssh-command.ts';

/** What is kept of a command that ended: secrets masked, our own reports (they begin with the nonce) left out. */
export function commandOutcome(
  step: DeployStep,
  { end, output, milliseconds }: CommandResult,
  { secrets, nonce }: { readonly secrets: readonly string[]; readonly nonce: string },
): CommandOutcome {
  return {
    step,
    exitCode: end.kind === 'exited' ? end.code : null,
    signal: end.kind === 'signalled' ? end.signal : null,
    output: output
      .masked(secrets)
      .split('\n')
      .filter((line, index) => !line.startsWith(`${nonce} `) && !(index === 0 && line === ''))
      .join('\n'),
    truncated: output.truncated,
    milliseconds,
  };
}
