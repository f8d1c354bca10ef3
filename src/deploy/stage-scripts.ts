/** The scripts that make a release on a host, and say what is in one. */
import { CURRENT, releasePath, stagingPath, verifiedNote } from './host-paths.ts';
import { quote, scriptLine } from './quote.ts';
import { CLEAR_STAGED, OPEN, type RunIdentity, fenced } from './script-frame.ts';

const q = quote;

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
