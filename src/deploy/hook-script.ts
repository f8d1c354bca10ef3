/**
 * The script that runs an operator's command on a host, and what follows it on the stream. No two of them run at once below one
 * target's path: a command lives on where the worker that began it was killed or the connection went, and would run beside the
 * next attempt's in the same folder.
 */
import { HOOK, releasePath } from './host-paths.ts';
import type { DeployStep } from './plan.ts';
import { quote, scriptLine } from './quote.ts';
import type { Report } from './report.ts';
import { OPEN, type RunIdentity, fenced } from './script-frame.ts';

const q = quote;

/** Exit code where the command didn't arrive whole; nobody is there to see it. */
const CUT_OFF = 74;
/** Between TERM and KILL. */
const KILL_AFTER = 10;
/** How much longer than it may take a command can be there: until it is killed, and some for a busy host. */
const MORE_SECONDS = KILL_AFTER + 15;

/** For so many seconds a script waits at most for a command that still runs, where each may take so many. */
export const waitingSeconds = (seconds: number): number => Math.ceil(seconds) + MORE_SECONDS;

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
 * Waits for a command that still runs, and has its place from then on; says how many seconds that took. The lock is on what descriptor
 * 8 has open: it is free when whoever has it is gone, however that came.
 */
function alone(seconds: number): readonly string[] {
  return [
    `exec 8>>${HOOK}`,
    `if ! flock -n 8; then from=$(date +%s); if ! timeout ${waitingSeconds(seconds)} flock 8; then refuse hook_runs "$(cat ${HOOK})"; fi; say waited "$(( $(date +%s) - from ))"; fi`,
  ];
}

/** Follows the command on the stream, which also ends where the connection does: half a command may mean anything. */
const WHOLE = '# whole';
const RUN_WHOLE = `text=$(cat); case "$text" in *"${WHOLE}") eval "\${text%"${WHOLE}"}" </dev/null ;; *) exit ${CUT_OFF} ;; esac`;

/** How many seconds a script said it waited. */
export function waitedSeconds(report: Report): number {
  const waited = Number(report.value('waited') ?? 0);
  return Number.isSafeInteger(waited) && waited > 0 ? waited : 0;
}

/** Gives a process group what is left to it between TERM and KILL. */
const END_GROUP = [
  `left=${KILL_AFTER}`,
  'while [ "$left" -gt 0 ]; do if ! kill -0 "-$leader" 2>/dev/null; then break; fi; sleep 1; left=$((left - 1)); done',
  'kill -KILL "-$leader" 2>/dev/null || :',
].join('; ');

/** Waits until no command of an earlier attempt runs any more. */
export function hookEndedScript(run: RunIdentity, seconds: number): string {
  return scriptLine([...fenced(run, alone(seconds)), 'say hook ended']);
}

/**
 * Runs what follows on the stream, exports first, in a release's folder, once no other command runs. It gets no input, no terminal,
 * and is ended (TERM, ten seconds later KILL, its whole process group) when its time is up. The lock is this shell's and
 * `timeout`'s, not the command's own: a server which it leaves running in the background keeps nobody waiting.
 */
export function hookScript(
  run: RunIdentity,
  { step, release }: Pick<Hook, 'step' | 'release'>,
  seconds: number,
): string {
  // For whoever waits for it. The parent of the command's shell is `timeout`, which leads its process group; BusyBox's is no parent.
  const note = `printf "%s\\n" "$0 $PPID" > ../../${HOOK}`;
  return scriptLine([
    ...fenced(run, alone(seconds)),
    `cd -- ${q(releasePath(release))}`,
    OPEN,
    'say hook starts',
    'code=0',
    `timeout -k ${KILL_AFTER} ${Math.ceil(seconds)} sh -c ${q(`${note}; exec 8>&-; ${RUN_WHOLE}`)} ${q(`${step} ${release}`)} || code=$?`,
    // It ends as soon as the command's shell does: what that had started may still be there, told to end or deaf to it.
    `if [ "$code" -eq 124 ]; then leader=; read -r step release leader < ../../${HOOK} || :; if [ "$leader" != "$$" ]; then ${END_GROUP}; fi; fi`,
    'exit "$code"',
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
  return `unset LC_ALL\n${exports}set -e\n${command}\n${WHOLE}\n`;
}
