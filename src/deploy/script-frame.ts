/**
 * What the scripts said to a host have in common. Each is text, one script a phase, safe to run again. Pure. A script is one line
 * for `SCRIPT_READER`; lists, archives and hooks follow it on the same stream. What it reports back comes on lines that start with
 * the run's nonce, as a login script may print what it likes. POSIX sh only: no pipes and no `&&` for control, since `set -e`
 * doesn't look there. Each process costs a host a millisecond or two: what the shell knows by itself is asked of it, and `$(…)` holds one
 * command alone, which takes the place of the shell's copy.
 */
import { CURRENT, LOCK, lockOwner, MUTEX } from './host-paths.ts';
import { quote } from './quote.ts';

const q = quote;

/** What every script of one run shares. */
export interface RunIdentity {
  /** Unguessable, so that nothing but our own script can report. */
  readonly nonce: string;
  /** The target's path on the host. */
  readonly path: string;
  readonly release: string;
  /** Names this attempt at the release in the lock. Not the nonce: a command of the operator's can read the lock. */
  readonly attempt: string;
}

/** Exit code of a script that refuses; its reason is in its report. */
export const REFUSED = 70;

export const ALONE = [`exec 9>>${MUTEX}`, 'flock 9'];
/** Lets others look at the lock, before what waits for our stream or for a command: the next attempt waits for neither. */
export const OPEN = 'exec 9>&-';

/**
 * Whoever holds the lock may: what lies half-staged or half-removed was left by somebody who has nothing to do here any more. But what that
 * one began may still write there for a moment, and then the folder isn't empty when it is removed: so it is tried again. What is left even
 * then is said and stops nothing, since every attempt stages in a folder of its own.
 */
export const CLEAR_STAGED =
  'for left in releases/.*.part; do for pause in 0 1 1; do if [ -d "$left" ]; then if [ "$pause" != 0 ]; then sleep "$pause" || :; fi; chmod -R u+rwX -- "$left" 2>/dev/null || :; rm -rf -- "$left" 2>/dev/null || :; fi; done; if [ -d "$left" ]; then say left "$left"; fi; done';

/**
 * `runs releases/ID`: whether `current` leads there, however it is written: a person or another tool may have made it absolute. Where it
 * leads nowhere, what stands in it counts.
 */
export const RUNS = `runs() { if [ -e ${CURRENT} ]; then [ ${CURRENT} -ef "$1" ]; else [ "$(readlink ${CURRENT})" = "$1" ]; fi; }`;

export function preamble(nonce: string): readonly string[] {
  return [
    'set -eu',
    'umask 022',
    'LC_ALL=C',
    'export LC_ALL',
    `say() { printf '%s %s %s\\n' ${q(nonce)} "$1" "$2"; }`,
    `refuse() { say refused "$1 $2"; exit ${REFUSED}; }`,
    // A login script may have left half a line.
    'echo',
  ];
}

/**
 * Fencing: whoever lost the lock changes nothing any more. No other script can take it between this look and the end of
 * the script, or its `OPEN`: the kernel holds the mutex, and lets go of it when the script ends, however it does. `before`: what
 * may take long, and comes before the look.
 */
export function fenced(run: RunIdentity, before: readonly string[] = []): readonly string[] {
  return [
    ...preamble(run.nonce),
    `cd -- ${q(run.path)}`,
    ...before,
    ...ALONE,
    `holder=$(readlink ${LOCK}) || :`,
    `case "$holder" in ${q(lockOwner(run))}) ;; ${q(`${run.release}/`)}*) refuse taken_over "$holder" ;; *) refuse lock_lost "$holder" ;; esac`,
  ];
}
