/** The scripts that point `current` at a release, and back. */
import { CURRENT, NEXT, previousNote, releasePath, withdrawnNote } from './host-paths.ts';
import { quote, scriptLine } from './quote.ts';
import { RUNS, type RunIdentity, fenced } from './script-frame.ts';

const q = quote;

/**
 * Points `current` at the release, if it still points where we saw it. The new link is made aside and renamed over the
 * old one: a reader sees one or the other. What was there before is noted first, for whoever takes up after a crash.
 */
export function switchScript(run: RunIdentity, expected: string | null): string {
  const target = releasePath(run.release);
  const note = previousNote(run.release);
  return scriptLine([
    ...fenced(run),
    ...readCurrent(),
    `if runs ${q(target)}; then say switched already; exit 0; fi`,
    `if [ "$now" != ${q(expected ?? '')} ]; then refuse switch_conflict "$now"; fi`,
    `if [ ! -d ${q(target)} ]; then refuse verification_failed ${q(`${target} is gone`)}; fi`,
    // Aside first: a full disk would leave an empty note.
    `printf '%s\\n' "$now" > ${q(`${note}.new`)}`,
    `mv -fT -- ${q(`${note}.new`)} ${q(note)}`,
    ...point(target),
    // Nothing is started any more after the rename: it can't fail now.
    'say switched yes',
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
    `if ${previous === null ? '[ -z "$now" ]' : `runs ${q(previous)}`}; then say restored already; exit 0; fi`,
    `if ! runs ${q(releasePath(run.release))}; then refuse switch_conflict "$now"; fi`,
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
    RUNS,
    `if [ -L ${CURRENT} ]; then now=$(readlink ${CURRENT}); elif [ -e ${CURRENT} ]; then refuse switch_conflict "a file or folder"; else now=; fi`,
  ];
}

function point(target: string): readonly string[] {
  return [
    `if [ -L ${NEXT} ] || [ -e ${NEXT} ]; then rm -f ${NEXT}; fi`,
    `ln -sT -- ${q(target)} ${NEXT}`,
    `mv -fT -- ${NEXT} ${CURRENT}`,
  ];
}
