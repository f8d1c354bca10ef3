/** The scripts that make a release on a host, and say what is in one. */
import { releasePath, stagingPath, verifiedNote } from './host-paths.ts';
import { quote, scriptLine } from './quote.ts';
import { CLEAR_STAGED, OPEN, RUNS, type RunIdentity, fenced } from './script-frame.ts';

const q = quote;

/** Sets `processors`, and `share`: how many of so many names each of them gets at once, as far as an argument list holds them. */
function shares(files: number): readonly string[] {
  return [
    'processors=$(nproc 2>/dev/null) || processors=1',
    `share=$(( ${files} / processors + 1 ))`,
    'if [ "$share" -lt 100 ]; then share=100; elif [ "$share" -gt 4000 ]; then share=4000; fi',
  ];
}

/**
 * An empty staging folder, then copies of the files that stay as they are, whose names (NUL after each) follow on the
 * stream. Only they are copied, so nothing that the running release has beside its commit (what a build left, a link
 * where the new commit has a folder) can come along. A file that can't be copied is missed when the release is read back.
 * As many processes copy as the host has processors. Where two want to make a folder at once, one of them fails and does it again.
 */
export function stageScript(
  run: RunIdentity,
  base: { readonly release: string; readonly copy: string; readonly files: number } | null,
): string {
  const part = stagingPath(run);
  return scriptLine([
    ...fenced(run),
    CLEAR_STAGED,
    RUNS,
    `if runs ${q(releasePath(run.release))}; then refuse switch_conflict ${q(releasePath(run.release))}; fi`,
    `rm -f -- ${q(verifiedNote(run.release))}`,
    // A build may have left folders that can't be written to.
    `if ! rm -rf -- ${q(releasePath(run.release))} 2>/dev/null; then chmod -R u+rwX -- ${q(releasePath(run.release))}; rm -rf -- ${q(releasePath(run.release))}; fi`,
    `mkdir -- ${q(part)}`,
    OPEN,
    ...(base === null
      ? []
      : [
          `cd -- ${q(releasePath(base.release))}`,
          ...shares(base.files),
          `copy=${q(`cp ${base.copy} --parents --`)}`,
          `xargs -0 -n "$share" -P "$processors" sh -c ${q('to=$0; by=$1; shift; $by "$@" "$to" 2>/dev/null || $by "$@" "$to" || :')} ${q(part.replace('releases/', '../'))} "$copy"`,
        ]),
    'say staged yes',
  ]);
}

/**
 * Unpacks an archive from the stream. GNU tar would read 10 KiB at a time from it; as an option BusyBox's wouldn't know how to be told. It
 * also keeps out what the account may have put into the variable.
 */
export const UNPACK = 'TAR_OPTIONS=--blocking-factor=128 tar -x -o --no-same-permissions -f -';

/** Unpacks the archive that follows on the stream, and says what is in the release then: about so many files. */
export function receiveScript(run: RunIdentity, withArchive: boolean, files: number): string {
  return scriptLine([
    ...fenced(run),
    `cd -- ${q(stagingPath(run))}`,
    OPEN,
    ...(withArchive ? [UNPACK] : []),
    ...readBackStatements(`../.${run.release}.${run.attempt}.hashes.part`, files, MEND_FOLDERS),
  ]);
}

/** After a `find` condition that no folder fits: gives folders the rights that git's have. */
const MEND_FOLDERS = '-o -type d ! -perm 755 -exec chmod 755 {} +';

/**
 * Hashes the files it is given, below the folder that comes before them: by openssl where it is there and says what is expected of the first,
 * which uses what the processor has for it; else by sha256sum. Whether the hashes are right is seen in the end.
 */
const HASH = [
  'to=$0/hashes.$$',
  'while [ -e "$to" ]; do to=$to.x; done',
  'first=',
  'if openssl dgst -sha256 -r "$@" > "$to" 2>/dev/null; then IFS= read -r first < "$to" || :; fi',
  'if [ "${#first}" -eq "$((66 + ${#1}))" ]; then case "$first" in *" *$1") exit 0 ;; esac; fi',
  'exec sha256sum -- "$@" > "$to"',
].join('; ');

/** Says each link and then its target, into a file. */
const LINKS = 'for link; do printf "%s\\n" "$link"; readlink "$link"; done >> "$0"';

/**
 * Says what is in the staged release: each file's hash, each thing's type, mode and size, each link's target. The hashes
 * are made by as many processes as the host has processors, each into a file of its own below `aside`, since what they'd print at
 * once would mix. openssl takes as long to start as to hash a hundred files, so each gets its share of them at once, as far as an
 * argument list holds it. What is `also` done is done before anything is looked at.
 */
function readBackStatements(aside: string, files: number, also = ''): readonly string[] {
  return [
    `if [ -e ${q(aside)} ]; then rm -rf -- ${q(aside)}; fi`,
    `mkdir -- ${q(aside)}`,
    `find . -type f -print0 ${also} > ${q(`${aside}/names`)}`,
    ...shares(files),
    `xargs -0 -n "$share" -P "$processors" sh -c ${q(`if [ "$#" -gt 0 ]; then ${HASH}; fi`)} ${q(aside)} < ${q(`${aside}/names`)} & hashing=$!`,
    'say section entries',
    `find . -exec stat -c '%f %s %n' {} + -type l -exec sh -c ${q(LINKS)} ${q(`${aside}/links`)} {} +`,
    'say section links',
    `if [ -e ${q(`${aside}/links`)} ]; then cat ${q(`${aside}/links`)}; fi`,
    'wait "$hashing"',
    'say section files',
    `set -- ${q(aside)}/hashes.*`,
    'if [ -e "$1" ]; then cat -- "$@"; fi',
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

/** Says what is in a release that is kept, or runs, and changes nothing of it: about so many files. */
export function readKeptScript(run: RunIdentity, release: string, files: number): string {
  return scriptLine([
    ...fenced(run),
    `cd -- ${q(releasePath(release))}`,
    OPEN,
    ...readBackStatements(`../.${run.release}.${run.attempt}.hashes.part`, files),
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
