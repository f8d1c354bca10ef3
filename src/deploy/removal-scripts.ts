/** The scripts that remove releases from a host, never the one that runs. */
import { HISTORY, partPath, previousNote, releasePath, verifiedNote, withdrawnNote } from './host-paths.ts';
import { quote, scriptLine } from './quote.ts';
import { CLEAR_STAGED, RUNS, type RunIdentity, fenced } from './script-frame.ts';

const q = quote;

/** Notes the release as activated and removes the named ones, never what `current` points at. */
export function pruneScript(run: RunIdentity, remove: readonly string[]): string {
  return scriptLine([
    ...fenced(run),
    // Cut: each look at the host reads all of it, and what may be kept of activated releases is far less.
    `if [ -f ${HISTORY} ]; then grep -vxF -e ${q(run.release)} ${HISTORY} | tail -n 999 > ${HISTORY}.new; else : > ${HISTORY}.new; fi`,
    `printf '%s\\n' ${q(run.release)} >> ${HISTORY}.new`,
    `mv -fT ${HISTORY}.new ${HISTORY}`,
    RUNS,
    ...remove.flatMap((release) => [
      // Renamed first: a release that is half removed must not stand under its final name. What a process of the release's own still writes is
      // cleared when the lock is given back.
      `if ! runs ${q(releasePath(release))}; then if [ -d ${q(releasePath(release))} ]; then mv -T -- ${q(releasePath(release))} ${q(partPath(release))}; rm -rf -- ${q(partPath(release))} 2>/dev/null || :; fi; rm -f -- ${q(verifiedNote(release))} ${q(previousNote(release))} ${q(withdrawnNote(release))}; say pruned ${q(release)}; fi`,
    ]),
    'say done prune',
  ]);
}

/** Removes a release that nobody wants any more, whole or half-staged, unless it is what runs. */
export function discardReleaseScript(run: RunIdentity): string {
  const release = releasePath(run.release);
  return scriptLine([
    ...fenced(run),
    RUNS,
    `if runs ${q(release)}; then refuse switch_conflict ${q(release)}; fi`,
    CLEAR_STAGED,
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
    RUNS,
    `if runs ${q(own)}; then refuse switch_conflict ${q(own)}; fi`,
    // Renamed first: a release that is half removed must not stand under its final name.
    `if [ -d ${q(own)} ]; then mv -T -- ${q(own)} ${q(part)}; fi`,
    `if [ -d ${q(part)} ]; then chmod -R u+rwX -- ${q(part)}; rm -rf -- ${q(part)}; fi`,
    `rm -f -- ${notes.join(' ')}`,
    'say removed yes',
  ]);
}
