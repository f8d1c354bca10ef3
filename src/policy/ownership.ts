/** Which of a change's files have code owners, and whom; by the base branch's `CODEOWNERS`, never by GitHub's word. */
import type { ChangeFacts } from '../domain/change-facts.ts';
import { changedPaths } from './changed-paths.ts';
import { codeOwnersOf, type Owner, type SkippedLine } from './code-owners.ts';

/** Files that one line of `CODEOWNERS` gives to the same owners. */
export interface OwnedFiles {
  readonly line: number;
  readonly owners: readonly Owner[];
  readonly files: readonly string[];
}

/** Files that nobody would be asked about, because GitHub skips the line that seems to mean them. */
export interface LostFiles extends SkippedLine {
  readonly files: readonly string[];
}

export type Ownership =
  | { readonly is: 'unknown'; readonly why: string }
  | {
      readonly is: 'known';
      /** Where the file is; null: the base has none. */
      readonly path: string | null;
      /** In the order of the lines. */
      readonly owned: readonly OwnedFiles[];
      readonly lost: readonly LostFiles[];
      readonly unowned: readonly string[];
      /** Every line that GitHub skips. */
      readonly skipped: readonly SkippedLine[];
    };

const NOBODY: Omit<Extract<Ownership, { is: 'known' }>, 'path' | 'unowned'> = {
  is: 'known',
  owned: [],
  lost: [],
  skipped: [],
};

/** Who owns what of a change: of all its files, or of those that `concerns` picks. */
export function ownershipOf(facts: ChangeFacts, concerns: (path: string) => boolean = () => true): Ownership {
  const { codeOwners } = facts;
  if (codeOwners === undefined) return { is: 'unknown', why: 'CODEOWNERS was not read' };
  if (!codeOwners.known) return { is: 'unknown', why: codeOwners.why };
  const { complete, items } = changedPaths(facts);
  if (!complete) return { is: 'unknown', why: 'not every changed file could be read' };
  const paths = items.filter(concerns);
  const { value: file } = codeOwners;
  if (file === null) return { ...NOBODY, path: null, unowned: paths };

  const read = codeOwnersOf(file.text);
  const owned = new Map<number, { owners: readonly Owner[]; files: string[] }>();
  const lost = new Map<number, LostFiles & { files: string[] }>();
  const unowned: string[] = [];
  for (const path of paths) {
    const found = read.of(path);
    if (found.owned !== null && found.owned.owners.length > 0) {
      const { line, owners } = found.owned;
      const group = owned.get(line) ?? { owners, files: [] };
      group.files.push(path);
      owned.set(line, group);
    } else if (found.skipped !== null && path !== file.path) {
      // Whoever mends the line changes this very file: it must not wait for owners that only the mended line has.
      const group = lost.get(found.skipped.line) ?? { ...found.skipped, files: [] };
      group.files.push(path);
      lost.set(found.skipped.line, group);
    } else {
      unowned.push(path);
    }
  }
  return {
    is: 'known',
    path: file.path,
    owned: [...owned].map(([line, group]) => ({ line, ...group })).toSorted((a, b) => a.line - b.line),
    lost: [...lost.values()].toSorted((a, b) => a.line - b.line),
    unowned,
    skipped: read.skipped,
  };
}
