/** The scripts that take a host's lock, give it back, or take it away from another. */
import { HISTORY, HOOK, LOCK, lockOwner, NEXT, OWN, releasePath } from './host-paths.ts';
import { quote, scriptLine } from './quote.ts';
import { CLEAR_STAGED, ALONE, RUNS, type RunIdentity, preamble } from './script-frame.ts';

const q = quote;

/**
 * Takes the host's lock: a symbolic link whose target is its owner, made by one system call, so that it never stands
 * without saying whose it is. Held by an earlier attempt at the same release: takes it over, and that attempt changes
 * nothing here any more. Says as `busy` which command of the operator's still runs here, if one does: nobody whose lock this isn't
 * starts another from now on.
 */
export function lockScript(run: RunIdentity): string {
  const { path, release } = run;
  return scriptLine([
    ...preamble(run.nonce),
    `if [ ! -d ${q(path)} ]; then mkdir -p -- ${q(path)}; fi`,
    `cd -- ${q(path)}`,
    `for folder in releases shared ${OWN} ${OWN}/releases; do if [ ! -d "$folder" ]; then mkdir -p "$folder"; fi; done`,
    ...ALONE,
    `holder=$(readlink ${LOCK}) || :`,
    `exec 8>>${HOOK}`,
    `if ! flock -n 8; then say busy "$(cat ${HOOK})"; fi`,
    `if [ -z "$holder" ]; then ln -sT ${q(lockOwner(run))} ${LOCK}; say lock taken; exit 0; fi`,
    // Without a slash: as an older version of ours wrote it.
    `case "$holder" in ${q(release)}|${q(`${release}/`)}*) ;; *) refuse lock_held "$(stat -c %Y ${LOCK}) $(date +%s) \${holder%%/*}" ;; esac`,
    `rm -f ${LOCK}.next`,
    `ln -sT ${q(lockOwner(run))} ${LOCK}.next`,
    `mv -fT -- ${LOCK}.next ${LOCK}`,
    'say lock continued',
  ]);
}

/** Gives the lock back, if it is ours, and leaves nothing half-staged; what it had to leave, it says. */
export function unlockScript(run: RunIdentity): string {
  return scriptLine([
    ...preamble(run.nonce),
    `cd -- ${q(run.path)}`,
    ...ALONE,
    `holder=$(readlink ${LOCK}) || :`,
    `if [ "$holder" != ${q(lockOwner(run))} ]; then say lock gone; exit 0; fi`,
    // What can't be cleared now is at the next deployment: it is no reason to keep the lock.
    CLEAR_STAGED,
    // What a full disk or a crash left of something that is written aside and renamed.
    `rm -f ${HISTORY}.new ${NEXT} ${LOCK}.next ${OWN}/releases/*.new`,
    `rm -f ${LOCK}`,
    'say lock released',
  ]);
}

/** Takes the lock away from whoever was seen to hold it, and from nobody else who took it since. */
export function breakLockScript(
  { nonce, path }: Pick<RunIdentity, 'nonce' | 'path'>,
  holder: string,
): string {
  return scriptLine([
    ...preamble(nonce),
    `cd -- ${q(`${path}/${OWN}`)}`,
    `cd -- ${q(path)}`,
    ...ALONE,
    `if [ "$(readlink ${LOCK} || :)" = ${q(holder)} ]; then rm -f ${LOCK}; say done broken; else say done changed; fi`,
  ]);
}

/** Takes the lock away from every attempt at a release, and what they staged, unless it runs there. */
export function withdrawScript({
  nonce,
  path,
  release,
}: Pick<RunIdentity, 'nonce' | 'path' | 'release'>): string {
  return scriptLine([
    ...preamble(nonce),
    `if [ ! -d ${q(`${path}/${OWN}`)} ]; then say done absent; exit 0; fi`,
    `cd -- ${q(path)}`,
    ...ALONE,
    RUNS,
    `if runs ${q(releasePath(release))}; then refuse switch_conflict ${q(releasePath(release))}; fi`,
    `case "$(readlink ${LOCK} || :)" in ${q(release)}|${q(`${release}/`)}*) ${CLEAR_STAGED}; rm -f ${LOCK} ;; esac`,
    'say done withdrawn',
  ]);
}
