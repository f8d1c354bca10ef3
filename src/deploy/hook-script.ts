/** The script that runs an operator's command on a host, and what follows it on the stream. */
import { releasePath } from './host-paths.ts';
import type { DeployStep } from './plan.ts';
import { quote, scriptLine } from './quote.ts';
import { OPEN, type RunIdentity, fenced } from './script-frame.ts';

const q = quote;

/** What a hook may know, beside the plain things that keep programs from asking questions. */
export interface HookEnvironment {
  /** In whose folder it runs. */
  readonly release: string;
  readonly commit: string;
  readonly environment: string;
}

/** One of the operator's commands, at its step. */
export interface Hook extends HookEnvironment {
  readonly step: DeployStep;
  readonly command: string;
}

/**
 * Runs what follows on the stream, exports first, in a release's folder. It gets no input, no terminal, and is ended
 * (TERM, ten seconds later KILL, its whole process group) when its time is up.
 */
export function hookScript(run: RunIdentity, release: string, seconds: number): string {
  return scriptLine([
    ...fenced(run),
    `cd -- ${q(releasePath(release))}`,
    OPEN,
    'say hook starts',
    `exec timeout -k 10 ${Math.ceil(seconds)} sh -c ${q('eval "$(cat)" </dev/null')}`,
  ]);
}

/** What follows a hook's script on the stream: environment, then the operator's command. */
export function hookInput(command: string, environment: HookEnvironment): string {
  const variables: readonly (readonly [string, string])[] = [
    ['COUNTERSIGN_RELEASE', environment.release],
    ['COUNTERSIGN_COMMIT', environment.commit],
    ['COUNTERSIGN_ENVIRONMENT', environment.environment],
    ['CI', '1'],
    ['DEBIAN_FRONTEND', 'noninteractive'],
    ['GIT_TERMINAL_PROMPT', '0'],
    ['SUDO_ASKPASS', '/bin/false'],
  ];
  const exports = variables.map(([name, value]) => `export ${name}=${q(value)}\n`).join('');
  return `unset LC_ALL\n${exports}set -e\n${command}\n`;
}
