/** The scripts that look at a host and change nothing of what is deployed there. */
import { CURRENT, HISTORY, LOCK, OWN, previousNote, verifiedNote, withdrawnNote } from './host-paths.ts';
import { quote, scriptLine } from './quote.ts';
import { type RunIdentity, preamble } from './script-frame.ts';

const q = quote;

const PROGRAMS =
  'cat chmod cp date df dirname find flock grep id ln mkdir mktemp mv readlink rm sh sha256sum sleep stat tail tar timeout xargs';

/** Reports the last line that it reads. */
const sayLast = (word: string): string =>
  `{ last=; while IFS= read -r line; do last=$line; done; say ${word} "$last"; }`;

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
    `df -Pk -- "$there" | ${sayLast('space')}`,
    `df -Pi -- "$there" 2>/dev/null | ${sayLast('inodes')}`,
    `if [ -d ${q(path)} ]; then cd -- ${q(path)}; else say done new; exit 0; fi`,
    `if [ -L ${CURRENT} ]; then say current "$(readlink ${CURRENT})"; elif [ -e ${CURRENT} ]; then say blocked ${CURRENT}; fi`,
    `if [ -L ${LOCK} ]; then say lock "$(readlink ${LOCK} || :)"; fi`,
    'for entry in releases/*; do if [ -d "$entry" ]; then say release "${entry#releases/}"; fi; done',
    `for note in ${OWN}/releases/*.verified; do if [ -f "$note" ]; then name=\${note##*/}; say ours "\${name%.verified}"; fi; done`,
    `if [ -f ${HISTORY} ]; then while IFS= read -r name; do say activated "$name"; done < ${HISTORY}; fi`,
    `if [ -f ${q(verifiedNote(release))} ]; then say verified "$(cat ${q(verifiedNote(release))})"; fi`,
    // One that says that nothing ran has a line, too.
    `if [ -s ${q(previousNote(release))} ]; then say previous "$(cat ${q(previousNote(release))})"; fi`,
    `if [ -f ${q(withdrawnNote(release))} ]; then say withdrawn "$(cat ${q(withdrawnNote(release))})"; fi`,
    ...shared.map((name) => `if [ -e ${q(`shared/${name}`)} ]; then say shared ${q(name)}; fi`),
    'say done existing',
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
