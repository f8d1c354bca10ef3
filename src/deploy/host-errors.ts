/** What a host's refusal, and a command that didn't end well, come to: an error that somebody can act on, in their words. Pure. */
import { DeployError } from './deploy-error.ts';
import type { DeployStep } from './plan.ts';
import { printable } from './refuse-paths.ts';
import type { Refusal } from './report.ts';
import type { CommandEnd } from './ssh-command.ts';

/** One of our scripts refused to do its work; `about` is masked already. */
export function refusalError(
  { reason, about: words }: Refusal,
  { name, path }: { readonly name: string; readonly path: string },
): DeployError {
  switch (reason) {
    case 'lock_held': {
      const [since, now, ...owner] = words.split(' ');
      const age = Number(now) - Number(since);
      return new DeployError(
        'lock_held',
        `${name} is locked by ${owner.join(' ')}${Number.isSafeInteger(age) ? ` since ${age} seconds` : ''}. If no deployment of that name runs any more, break its lock (countersign host unlock) and deploy again.`,
      );
    }
    case 'hook_runs': {
      const [step = '', release = '', leader = ''] = words.split(' ');
      return new DeployError(
        'lock_held',
        `On ${name}, the ${step.replaceAll('_', '-')} command of ${release} still runs (process ${leader}), longer than it may, and two at once are never run: see there what keeps it, end it (kill -KILL -${leader}), and deploy again.`,
      );
    }
    case 'lock_lost':
      return new DeployError(
        'lock_lost',
        `The lock on ${name} is ${words === '' ? 'gone' : `held by ${words}`} in the middle of this deployment: somebody removed it. Nothing more was changed there.`,
      );
    case 'taken_over':
      return new DeployError(
        'taken_over',
        `Another attempt at this deployment took over ${name}, so this one stopped. It changed nothing there since.`,
      );
    case 'switch_conflict':
      return new DeployError(
        'switch_conflict',
        `${path}/current on ${name} was changed by somebody else (it is now: ${words === '' ? 'nothing' : words}), so it was left alone.`,
      );
    default:
      return new DeployError('verification_failed', `${name} refused: ${words}.`);
  }
}

const SWITCHES: ReadonlySet<DeployStep> = new Set<DeployStep>(['switch', 'switch_back']);

export interface EndedCommand {
  /** The host's. */
  readonly name: string;
  readonly step: DeployStep;
  /** `the step "stage"`, `the before-switch command` */
  readonly what: string;
  readonly end: CommandEnd;
  readonly milliseconds: number;
  /** How many it may take. */
  readonly seconds: number;
  /** Masked. */
  readonly printed: string;
  /** Whether the end of that may be in the error, which everybody reads who sees the repository. */
  readonly quoted: boolean;
}

/** A command ended otherwise than with exit code 0, or nobody saw how. */
export function commandError({
  name,
  step,
  what,
  end,
  milliseconds,
  seconds,
  printed,
  quoted,
}: EndedCommand): DeployError {
  const words = printed.trim().split('\n').slice(-3).map(printable).join(' / ');
  const tail = words === '' || !quoted ? '' : ` It said: ${words}`;
  if (end.kind === 'lost')
    return new DeployError('connection_lost', `The connection to ${name} was lost during ${what}.`);
  if (end.kind === 'timed_out') {
    return new DeployError(
      'no_answer',
      `${what} on ${name} gave no answer for ${Math.round(milliseconds / 1000)} seconds.`,
    );
  }
  // Of our own steps these two may have been done already when it died: that has to be looked at.
  if (SWITCHES.has(step) && (end.kind === 'signalled' || end.code > 128)) {
    const how = end.kind === 'signalled' ? printable(end.signal) : `exit code ${end.code}`;
    return new DeployError(
      'no_answer',
      `On ${name}, ${what} was killed (${how}) before it could say whether it was done.`,
    );
  }
  if (/No space left on device|Disk quota exceeded/i.test(words)) {
    return new DeployError('disk_full', `The disk of ${name} became full during ${what}.${tail}`);
  }
  const code = step === 'health' ? 'health_failed' : 'command_failed';
  // 124 and 137 are how `timeout` tells that it ended the command; BusyBox's lets the signal show.
  if (end.kind === 'signalled' || end.code === 124 || end.code === 137) {
    const late = milliseconds >= seconds * 1000;
    const how = end.kind === 'signalled' ? printable(end.signal) : `exit code ${end.code}`;
    const why = late ? `took longer than the ${seconds} seconds it may` : 'was killed';
    return new DeployError(
      late && step !== 'health' ? 'timeout' : code,
      `On ${name}, ${what} ${why} (${how}).${tail}`,
    );
  }
  return new DeployError(code, `On ${name}, ${what} ended with exit code ${end.code}.${tail}`);
}
