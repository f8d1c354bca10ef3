/**
 * What is said to a host, as text: one script a phase, each safe to run again. Pure. A script is one line for
 * `SCRIPT_READER`; lists, archives and hooks follow it on the same stream. What it reports back comes on lines that start
 * with the run's nonce, as a login script may print what it likes. POSIX sh only: no pipes and no `&&` for control, since
 * `set -e` doesn't look there.
 */
import {
  CURRENT,
  HISTORY,
  LOCK,
  lockOwner,
  MUTEX,
  NEXT,
  OWN,
  partPath,
  previousNote,
  releasePath,
  stagingPath,
  verifiedNote,
  withdrawnNote,
} from './host-paths.ts';
import { quote, scriptLine } from './quote.ts';

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

/** What a hook may know, beside the plain things that keep programs from asking questions. */
export interface HookEnvironment {
  readonly release: string;
  readonly commit: string;
  readonly environment: string;
}

const q = quote;

/** Exit code of a script that refuses; its reason is in its report. */
export const REFUSED = 70;

function preamble(nonce: string): readonly string[] {
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
 * the script, or its `OPEN`: the kernel holds the mutex, and lets go of it when the script ends, however it does.
 */
function fenced(run: RunIdentity): readonly string[] {
  return [
    ...preamble(run.nonce),
    `cd -- ${q(run.path)}`,
    ...ALONE,
    `holder=$(readlink ${LOCK} || :)`,
    `case "$holder" in ${q(lockOwner(run))}) ;; ${q(`${run.release}/`)}*) refuse taken_over "$holder" ;; *) refuse lock_lost "$holder" ;; esac`,
  ];
}

/** Whoever holds the lock may: what lies half-staged or half-removed was left by somebody who has nothing to do here any more. */
const CLEAR_STAGED =
  'for left in releases/.*.part; do if [ -d "$left" ]; then chmod -R u+rwX -- "$left"; rm -rf -- "$left"; fi; done';

const ALONE = [`exec 9>>${MUTEX}`, 'flock 9'];
/** Lets others look at the lock, before what waits for our stream or for a command: the next attempt waits for neither. */
const OPEN = 'exec 9>&-';

const PROGRAMS =
  'cat chmod cp df dirname find flock grep id ln mkdir mktemp mv readlink rm sh sha256sum stat tail tar timeout xargs';

/** Looks, and changes nothing but a scratch folder of its own. */
export function probeScript({ nonce, path, release }: RunIdentity, shared: readonly string[]): string {
  return scriptLine([
    ...preamble(nonce),
    `for program in ${PROGRAMS}; do if ! command -v "$program" >/dev/null 2>&1; then say missing "$program"; fi; done`,
    'scratch=$(mktemp -d)',
    'ln -s a "$scratch/x"',
    'ln -s b "$scratch/y"',
    'if ! mv -fT "$scratch/x" "$scratch/y" 2>/dev/null; then say missing "mv -T"; fi',
    'mkdir "$scratch/from" "$scratch/from/d" "$scratch/to"',
    'echo > "$scratch/from/d/f"',
    'copy=none',
    `for flags in '-dR --preserve=mode,timestamps --reflink=auto' '-dR --preserve=mode,timestamps'; do if [ "$copy" = none ]; then if (cd "$scratch/from"; cp $flags --parents -- d/f ../to) 2>/dev/null; then copy=$flags; fi; fi; done`,
    'say copy "$copy"',
    'rm -rf -- "$scratch"',
    'say uid "$(id -u)"',
    `there=${q(path)}`,
    'while [ ! -d "$there" ]; do there=$(dirname -- "$there"); done',
    'if [ ! -w "$there" ]; then say unwritable "$there"; fi',
    'say space "$(df -Pk -- "$there" | tail -n 1)"',
    'say inodes "$(df -Pi -- "$there" 2>/dev/null | tail -n 1)"',
    `if [ -d ${q(path)} ]; then cd -- ${q(path)}; else say done new; exit 0; fi`,
    `if [ -L ${CURRENT} ]; then say current "$(readlink ${CURRENT})"; elif [ -e ${CURRENT} ]; then say blocked ${CURRENT}; fi`,
    `if [ -L ${LOCK} ]; then say lock "$(readlink ${LOCK} || :)"; fi`,
    'for entry in releases/*; do if [ -d "$entry" ]; then say release "${entry#releases/}"; fi; done',
    `for note in ${OWN}/releases/*.verified; do if [ -f "$note" ]; then name=\${note##*/}; say ours "\${name%.verified}"; fi; done`,
    `if [ -f ${HISTORY} ]; then while IFS= read -r name; do say activated "$name"; done < ${HISTORY}; fi`,
    `if [ -f ${q(verifiedNote(release))} ]; then say verified "$(cat ${q(verifiedNote(release))})"; fi`,
    `if [ -f ${q(previousNote(release))} ]; then say previous "$(cat ${q(previousNote(release))})"; fi`,
    `if [ -f ${q(withdrawnNote(release))} ]; then say withdrawn "$(cat ${q(withdrawnNote(release))})"; fi`,
    ...shared.map((name) => `if [ -e ${q(`shared/${name}`)} ]; then say shared ${q(name)}; fi`),
    'say done existing',
  ]);
}

/**
 * Takes the host's lock: a symbolic link whose target is its owner, made by one system call, so that it never stands
 * without saying whose it is. Held by an earlier attempt at the same release: takes it over, and that attempt changes
 * nothing here any more.
 */
export function lockScript(run: RunIdentity): string {
  const { path, release } = run;
  return scriptLine([
    ...preamble(run.nonce),
    `mkdir -p -- ${q(path)}`,
    `cd -- ${q(path)}`,
    `mkdir -p releases shared ${OWN} ${OWN}/releases`,
    ...ALONE,
    `holder=$(readlink ${LOCK} || :)`,
    `if [ -z "$holder" ]; then ln -sT ${q(lockOwner(run))} ${LOCK}; say lock taken; exit 0; fi`,
    // Without a slash: as an older version of ours wrote it.
    `case "$holder" in ${q(release)}|${q(`${release}/`)}*) ;; *) refuse lock_held "$(stat -c %Y ${LOCK}) $(date +%s) \${holder%%/*}" ;; esac`,
    `rm -f ${LOCK}.next`,
    `ln -sT ${q(lockOwner(run))} ${LOCK}.next`,
    `mv -fT -- ${LOCK}.next ${LOCK}`,
    'say lock continued',
  ]);
}

/** Gives the lock back, if it is ours, and leaves nothing half-staged. */
export function unlockScript(run: RunIdentity): string {
  return scriptLine([
    ...preamble(run.nonce),
    `cd -- ${q(run.path)}`,
    ...ALONE,
    `if [ "$(readlink ${LOCK} || :)" != ${q(lockOwner(run))} ]; then say lock gone; exit 0; fi`,
    // What can't be cleared now is at the next deployment: it is no reason to keep the lock.
    `if ! (${CLEAR_STAGED}) 2>/dev/null; then say left staged; fi`,
    // What a full disk or a crash left of something that is written aside and renamed.
    `rm -f ${HISTORY}.new ${NEXT} ${LOCK}.next ${OWN}/releases/*.new`,
    `rm -f ${LOCK}`,
    'say lock released',
  ]);
}

/**
 * An empty staging folder, then copies of the files that stay as they are, whose names (NUL after each) follow on the
 * stream. Only they are copied, so nothing that the running release has beside its commit (what a build left, a link
 * where the new commit has a folder) can come along. A file that can't be copied is missed when the release is read back.
 */
export function stageScript(
  run: RunIdentity,
  base: { readonly release: string; readonly copy: string } | null,
): string {
  const part = stagingPath(run);
  return scriptLine([
    ...fenced(run),
    CLEAR_STAGED,
    `if [ "$(readlink ${CURRENT} || :)" = ${q(releasePath(run.release))} ]; then refuse switch_conflict ${q(releasePath(run.release))}; fi`,
    `rm -f -- ${q(verifiedNote(run.release))}`,
    `if [ -d ${q(releasePath(run.release))} ]; then rm -rf -- ${q(releasePath(run.release))}; fi`,
    `mkdir -- ${q(part)}`,
    OPEN,
    ...(base === null
      ? []
      : [
          `cd -- ${q(releasePath(base.release))}`,
          `xargs -0 sh -c ${q(`cp ${base.copy} --parents -- "$@" "$0" || :`)} ${q(part.replace('releases/', '../'))}`,
        ]),
    'say staged yes',
  ]);
}

/** Unpacks the archive that follows on the stream, and says what is in the release then. */
export function receiveScript(run: RunIdentity, withArchive: boolean): string {
  return scriptLine([
    ...fenced(run),
    `cd -- ${q(stagingPath(run))}`,
    OPEN,
    ...(withArchive ? ['tar -x -o --no-same-permissions -f -'] : []),
    'find . -type d ! -perm 755 -exec chmod 755 {} +',
    ...readBackStatements(`../.${run.release}.${run.attempt}.hashes.part`),
  ]);
}

/** SHA-256 of "abc", and how openssl says it. */
const OPENSSL_SAYS = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad *stdin';

/**
 * Says what is in the staged release: each file's hash, mode and size, each folder, each link's target, and anything else. The hashes
 * are made by as many processes as the host has processors, each into a file of its own below `aside`, since what they'd print at
 * once would mix; by openssl where it is there and works, which uses what the processor has for it.
 */
function readBackStatements(aside: string): readonly string[] {
  return [
    `rm -rf -- ${q(aside)}`,
    `mkdir -- ${q(aside)}`,
    `find . -type f -print0 > ${q(`${aside}/names`)}`,
    "hash='sha256sum --'",
    `if [ "$(printf abc | openssl dgst -sha256 -r 2>/dev/null || :)" = ${q(OPENSSL_SAYS)} ]; then hash='openssl dgst -sha256 -r'; fi`,
    `xargs -0 -n 256 -P "$(nproc 2>/dev/null || echo 1)" sh -c ${q('to=$0; by=$1; shift; if [ "$#" -gt 0 ]; then exec $by "$@" >> "$to/hashes.$$"; fi')} ${q(aside)} "$hash" < ${q(`${aside}/names`)} & hashing=$!`,
    'say section modes',
    "find . -type f -exec stat -c '%a %s %n' {} +",
    'say section folders',
    "find . -type d -exec stat -c '%a %n' {} +",
    'say section links',
    `find . -type l -exec sh -c ${q('for link; do printf "%s\\n" "$link"; readlink "$link"; done')} sh {} +`,
    'say section others',
    'find . ! -type f ! -type d ! -type l -print',
    'wait "$hashing"',
    'say section files',
    `find ${q(aside)} -type f -name 'hashes.*' -exec cat {} +`,
    'say section end',
    `rm -rf -- ${q(aside)}`,
  ];
}

/** Removes what the read-back found wrong in the staged release; the names (NUL after each) follow on the stream. */
export function discardScript(run: RunIdentity): string {
  return scriptLine([
    ...fenced(run),
    `cd -- ${q(stagingPath(run))}`,
    OPEN,
    'xargs -0 rm -rf --',
    'say discarded yes',
  ]);
}

/**
 * Gives a verified release its final name, and links into it what outlives releases. The note goes first: alone it means nothing,
 * and a release without its note would have to be staged again.
 */
export function finishStagingScript(run: RunIdentity, digest: string, shared: readonly SharedName[]): string {
  const note = verifiedNote(run.release);
  return scriptLine([
    ...fenced(run),
    `if [ -e ${q(releasePath(run.release))} ]; then refuse verification_failed ${q(`${releasePath(run.release)} came to be in between`)}; fi`,
    `printf '%s\\n' ${q(digest)} > ${q(`${note}.new`)}`,
    `mv -fT -- ${q(`${note}.new`)} ${q(note)}`,
    `mv -T -- ${q(stagingPath(run))} ${q(releasePath(run.release))}`,
    ...shareStatements(run, shared),
    'say finished yes',
  ]);
}

/** Says what is in a release that is kept, or runs, and changes nothing of it. */
export function readKeptScript(run: RunIdentity, release: string): string {
  return scriptLine([
    ...fenced(run),
    `cd -- ${q(releasePath(release))}`,
    OPEN,
    ...readBackStatements(`../.${run.release}.${run.attempt}.hashes.part`),
  ]);
}

/** `folder`: made where it doesn't exist yet. */
interface SharedName {
  readonly name: string;
  readonly folder: boolean;
}

/** Links what outlives releases into a release that stands already. */
export function shareScript(run: RunIdentity, shared: readonly SharedName[]): string {
  return scriptLine([...fenced(run), ...shareStatements(run, shared), 'say shared yes']);
}

function shareStatements(run: RunIdentity, shared: readonly SharedName[]): readonly string[] {
  return shared.flatMap(({ name, folder }) => {
    const names = name.split('/');
    const place = `${releasePath(run.release)}/${name}`;
    const above = place.slice(0, place.lastIndexOf('/'));
    return [
      ...(folder ? [`mkdir -p -- ${q(`shared/${name}`)}`] : []),
      `mkdir -p -- ${q(above)}`,
      `rm -rf -- ${q(place)}`,
      `ln -sT -- ${q(`${'../'.repeat(names.length + 1)}shared/${name}`)} ${q(place)}`,
    ];
  });
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

/**
 * Points `current` at the release, if it still points where we saw it. The new link is made aside and renamed over the
 * old one: a reader sees one or the other. What was there before is noted first, for whoever takes up after a crash.
 */
export function switchScript(run: RunIdentity, expected: string | null): string {
  const target = releasePath(run.release);
  return scriptLine([
    ...fenced(run),
    ...readCurrent(),
    `if [ "$now" = ${q(target)} ]; then say switched already; exit 0; fi`,
    `if [ "$now" != ${q(expected ?? '')} ]; then refuse switch_conflict "$now"; fi`,
    `if [ ! -d ${q(target)} ]; then refuse verification_failed ${q(`${target} is gone`)}; fi`,
    `printf '%s\\n' "$now" > ${q(previousNote(run.release))}`,
    ...point(target),
    `say switched "$(readlink ${CURRENT})"`,
  ]);
}

/**
 * Points `current` back at what it pointed at before, or removes it where there was nothing. That it does, and why (one line), is noted
 * first: whoever takes up after a crash then goes on with that, and doesn't switch once more.
 */
export function switchBackScript(run: RunIdentity, previous: string | null, why: string): string {
  const note = withdrawnNote(run.release);
  return scriptLine([
    ...fenced(run),
    `printf '%s\\n' ${q(why)} > ${q(`${note}.new`)}`,
    `mv -fT -- ${q(`${note}.new`)} ${q(note)}`,
    ...readCurrent(),
    `if [ "$now" = ${q(previous ?? '')} ]; then say restored already; exit 0; fi`,
    `if [ "$now" != ${q(releasePath(run.release))} ]; then refuse switch_conflict "$now"; fi`,
    ...(previous === null
      ? [`rm -f ${CURRENT}`]
      : [
          `if [ ! -d ${q(previous)} ]; then refuse switch_conflict ${q(`${previous} is gone`)}; fi`,
          ...point(previous),
        ]),
    'say restored yes',
  ]);
}

function readCurrent(): readonly string[] {
  return [
    `if [ -L ${CURRENT} ]; then now=$(readlink ${CURRENT}); elif [ -e ${CURRENT} ]; then refuse switch_conflict "a file or folder"; else now=; fi`,
  ];
}

function point(target: string): readonly string[] {
  return [`rm -f ${NEXT}`, `ln -sT -- ${q(target)} ${NEXT}`, `mv -fT -- ${NEXT} ${CURRENT}`];
}

/** Notes the release as activated and removes the named ones, never what `current` points at. */
export function pruneScript(run: RunIdentity, remove: readonly string[]): string {
  return scriptLine([
    ...fenced(run),
    `if [ -f ${HISTORY} ]; then grep -vxF -e ${q(run.release)} ${HISTORY} > ${HISTORY}.new || :; else : > ${HISTORY}.new; fi`,
    `printf '%s\\n' ${q(run.release)} >> ${HISTORY}.new`,
    `mv -fT ${HISTORY}.new ${HISTORY}`,
    `running=$(readlink ${CURRENT} || :)`,
    ...remove.flatMap((release) => [
      // Renamed first: a release that is half removed must not stand under its final name.
      `if [ "$running" != ${q(releasePath(release))} ]; then if [ -d ${q(releasePath(release))} ]; then mv -T -- ${q(releasePath(release))} ${q(partPath(release))}; rm -rf -- ${q(partPath(release))}; fi; rm -f -- ${q(verifiedNote(release))} ${q(previousNote(release))} ${q(withdrawnNote(release))}; say pruned ${q(release)}; fi`,
    ]),
    'say done prune',
  ]);
}

/** Removes a release that nobody wants any more, whole or half-staged, unless it is what runs. */
export function discardReleaseScript(run: RunIdentity): string {
  const release = releasePath(run.release);
  return scriptLine([
    ...fenced(run),
    `if [ "$(readlink ${CURRENT} || :)" = ${q(release)} ]; then refuse switch_conflict ${q(release)}; fi`,
    'for left in releases/.*.part; do if [ -d "$left" ]; then chmod -R u+rwX -- "$left"; rm -rf -- "$left"; fi; done',
    `rm -f -- ${q(verifiedNote(run.release))}`,
    `if [ -d ${q(release)} ]; then mv -T -- ${q(release)} ${q(partPath(run.release))}; rm -rf -- ${q(partPath(run.release))}; fi`,
    'say discarded yes',
  ]);
}

/** Removes this run's own release with its notes, unless it runs. Nothing of the others is touched, nor the history. */
export function removeOwnScript(run: RunIdentity): string {
  const own = releasePath(run.release);
  const part = partPath(run.release);
  const notes = [verifiedNote, previousNote, withdrawnNote].map((note) => q(note(run.release)));
  return scriptLine([
    ...fenced(run),
    `if [ "$(readlink ${CURRENT} || :)" = ${q(own)} ]; then refuse switch_conflict ${q(own)}; fi`,
    // Renamed first: a release that is half removed must not stand under its final name.
    `if [ -d ${q(own)} ]; then mv -T -- ${q(own)} ${q(part)}; fi`,
    `if [ -d ${q(part)} ]; then chmod -R u+rwX -- ${q(part)}; rm -rf -- ${q(part)}; fi`,
    `rm -f -- ${notes.join(' ')}`,
    'say removed yes',
  ]);
}

/** Says what runs, and changes nothing. */
export function inspectScript({ nonce, path }: Pick<RunIdentity, 'nonce' | 'path'>): string {
  return scriptLine([
    ...preamble(nonce),
    `if [ ! -d ${q(path)} ]; then say done absent; exit 0; fi`,
    `cd -- ${q(path)}`,
    `if [ -L ${CURRENT} ]; then say current "$(readlink ${CURRENT})"; elif [ -e ${CURRENT} ]; then say blocked ${CURRENT}; fi`,
    `if [ -L ${LOCK} ]; then say lock "$(readlink ${LOCK} || :)"; say since "$(stat -c %Y ${LOCK} || :) $(date +%s)"; fi`,
    'say done present',
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
    `if [ "$(readlink ${CURRENT} || :)" = ${q(releasePath(release))} ]; then refuse switch_conflict ${q(releasePath(release))}; fi`,
    `case "$(readlink ${LOCK} || :)" in ${q(release)}|${q(`${release}/`)}*) if ! (${CLEAR_STAGED}) 2>/dev/null; then say left staged; fi; rm -f ${LOCK} ;; esac`,
    'say done withdrawn',
  ]);
}
