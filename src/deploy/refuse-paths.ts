/**
 * Which trees are refused before any host is spoken to: paths, modes and links that could leave the release or mean
 * something else on the host than they do in git. Everything here is the commit's, so the author of a change chose it.
 */
import { DeployError } from './deploy-error.ts';

/** One line of `git ls-tree -r`. */
export interface TreeEntry {
  readonly path: string;
  readonly mode: string;
  readonly oid: string;
}

/** What `refuseTree` leaves: only files, executable files and symbolic links. */
export interface DeployableEntry extends TreeEntry {
  readonly mode: '100644' | '100755' | '120000';
}

const LONGEST_PATH = 1024;
const LONGEST_NAME = 255;

/** Why this path may not be deployed, or null. */
export function pathProblem(path: string): string | null {
  if (path === '') return 'it is empty';
  if (path.startsWith('/')) return 'it is absolute';
  // eslint-disable-next-line no-control-regex -- control characters are just what is looked for
  if (/[\u0000-\u001f\u007f]/.test(path)) return 'it holds a control character or a line break';
  if (!path.isWellFormed() || path.includes('\ufffd')) return 'it is not valid UTF-8';
  if (Buffer.byteLength(path) > LONGEST_PATH) return `it is longer than ${LONGEST_PATH} bytes`;
  for (const name of path.split('/')) {
    if (name === '') return 'it has an empty component';
    if (name === '.' || name === '..') return `it has the component "${name}"`;
    if (isGitFolder(name)) return `"${name}" stands for git's own folder`;
    if (Buffer.byteLength(name) > LONGEST_NAME) return `a component is longer than ${LONGEST_NAME} bytes`;
  }
  return null;
}

/**
 * Why this link may not be deployed, or null. `..` counts only at the front, where it climbs real folders of the tree:
 * further on it could climb out of wherever another link leads, and then what the text says isn't where it goes.
 */
export function linkProblem(path: string, target: string): string | null {
  if (target === '') return 'it points at nothing';
  if (target.startsWith('/')) return `it points outside the release, at "${printable(target)}"`;
  // eslint-disable-next-line no-control-regex -- control characters are just what is looked for
  if (/[\u0000-\u001f\u007f]/.test(target) || target.includes('\ufffd'))
    return 'its target holds a control character or is not UTF-8';
  if (Buffer.byteLength(target) > LONGEST_PATH) return `its target is longer than ${LONGEST_PATH} bytes`;
  const names = target.split('/').filter((name) => name !== '' && name !== '.');
  const firstDown = names.findIndex((name) => name !== '..');
  const climbs = firstDown === -1 ? names.length : firstDown;
  if (climbs > path.split('/').length - 1) return `it points outside the release, at "${printable(target)}"`;
  if (names.slice(climbs).includes('..')) {
    return `its target "${printable(target)}" has ".." after a name: write the ".." first, or none`;
  }
  return null;
}

/** Throws unless every entry may be deployed; says which may not and why. */
export function refuseTree(entries: readonly TreeEntry[]): readonly DeployableEntry[] {
  const submodules = entries.filter((entry) => entry.mode === '160000').map((entry) => entry.path);
  if (submodules.length > 0) {
    throw new DeployError(
      'submodule',
      `The commit has submodules (${listed(submodules)}), and what they point at is not part of it, so it cannot be deployed as approved. Vendor their files, or take them out of what is deployed.`,
    );
  }
  const files = new Set<string>();
  const deployable: DeployableEntry[] = [];
  for (const { path, mode, oid } of entries) {
    const problem = pathProblem(path) ?? (files.has(path) ? 'the tree has it twice' : null);
    if (problem !== null) throw refusedPath(path, problem);
    if (mode !== '100644' && mode !== '100755' && mode !== '120000') {
      throw refusedPath(
        path,
        `its mode is ${mode}; only files, executable files and symbolic links are deployed`,
      );
    }
    files.add(path);
    deployable.push({ path, mode, oid });
  }
  for (const { path } of deployable) {
    for (const folder of foldersAbove(path)) {
      if (files.has(folder)) throw refusedPath(path, `"${printable(folder)}" is both a file and a folder`);
    }
  }
  return deployable;
}

/** The error for one path, naming it in printable characters. */
export function refusedPath(path: string, problem: string): DeployError {
  return new DeployError(
    'path_refused',
    `"${printable(path)}" cannot be deployed: ${problem}. Rename or remove it in the repository.`,
  );
}

/** Every folder above a path, outermost first. */
export function foldersAbove(path: string): readonly string[] {
  const names = path.split('/');
  return names.slice(0, -1).map((_, index) => names.slice(0, index + 1).join('/'));
}

/** The folders above a path that aren't in `known` yet, outermost first; they are from then on. */
export function newFoldersAbove(path: string, known: Set<string>): readonly string[] {
  // Mostly its folder had another file before.
  const end = path.lastIndexOf('/');
  if (end === -1 || known.has(path.slice(0, end))) return [];
  const found = foldersAbove(path).filter((folder) => !known.has(folder));
  for (const folder of found) known.add(folder);
  return found;
}

/** Names for a message: a few of them, and how many more. */
export function listed(names: readonly string[], most = 5): string {
  const shown = names.slice(0, most).map(printable).join(', ');
  return names.length > most ? `${shown} and ${names.length - most} more` : shown;
}

/** Text of unknown origin for a message: control characters spelt out. */
export function printable(text: string): string {
  // eslint-disable-next-line no-control-regex -- control characters are just what is replaced
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, (character) => {
    return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
  });
}

/** `.git` as any common file system may read it: any case, NTFS short name, trailing dots and blanks, invisible characters. */
function isGitFolder(name: string): boolean {
  const visible = name.normalize('NFKC').replace(/\p{Default_Ignorable_Code_Point}/gu, '');
  return /^(?:\.git|git~1)[. ]*$/i.test(visible);
}
