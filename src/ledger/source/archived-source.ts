/**
 * A log whose older entries are read from archives: exports of the same log, made before those entries were retired. An archive
 * proves itself by its root, which must be this log's own at its size; then its bytes are held against this log's hashes.
 */
import { join } from 'node:path';
import { CodedError } from '../../domain/coded-error.ts';
import type { Checkpoint } from '../format/checkpoint.ts';
import { parseCheckpoint } from '../format/checkpoint.ts';
import { sum } from './counts.ts';
import { DirectorySource } from './directory-source.ts';
import { readPlainFile } from './plain-file.ts';
import type { Erasures } from './erasures.ts';
import type { Findings } from './finding.ts';
import { leafHash, sameHash } from '../format/hash.ts';
import type {
  HeldEntry,
  LogSource,
  Rotation,
  SourceCheckpoint,
  SourceEntry,
  SourceTile,
  WholeBundle,
} from './log-source.ts';
import { addAlteredIndex } from './retired-entries.ts';
import { rootAt } from './root-at.ts';
import { TILE_WIDTH, hashOf } from '../format/tiles.ts';

/** What keeps account of what stands beside it. */
interface AccountedSource extends LogSource {
  readonly documents: { readonly held: number };
  readonly erasures: Erasures;
}

export class ArchivedSource implements LogSource {
  readonly #live: AccountedSource;
  readonly #archives: readonly DirectorySource[];
  /** Whose bytes stand in for entries of bundles that weren't looked beside yet. */
  readonly #filled = new Map<number, DirectorySource>();
  /** Of those, the ones for which the index of the log has another hash than the archive's bytes. */
  readonly #misindexed = new Set<number>();
  readonly archived: boolean;
  #read = 0;

  private constructor(live: AccountedSource, archives: readonly DirectorySource[], archived: boolean) {
    this.#live = live;
    this.#archives = archives;
    this.archived = archived;
  }

  /**
   * An archive that isn't this log's is a finding, and isn't read. `directories`: null where none was given at all, which is
   * not to say that there is none; empty where some were, and none of this log. Throws `archive_unreadable`.
   */
  static async open(
    live: AccountedSource,
    directories: readonly string[] | null,
    findings: Findings,
  ): Promise<ArchivedSource> {
    const archives: DirectorySource[] = [];
    for (const directory of directories ?? []) {
      const note = (await readPlainFile(join(directory, 'checkpoint')))?.toString();
      if (note === undefined)
        throw new CodedError(
          'archive_unreadable',
          `${directory} holds no exported log: there is no file named checkpoint in it.`,
        );
      const { size, root } = await checked(live, directory, note, findings);
      if (size === null) continue;
      const archive = new DirectorySource(directory, live.vkey, { size, root, note, signedAt: null });
      await archive.readPeople(findings);
      await archive.readRetired();
      archives.push(archive);
    }
    return new ArchivedSource(live, archives, directories !== null);
  }

  get archives(): readonly DirectorySource[] {
    return this.#archives;
  }

  get vkey(): string {
    return this.#live.vkey;
  }

  get vouched(): ReadonlyMap<number, Rotation> | null {
    return this.#live.vouched ?? null;
  }

  get bare(): boolean {
    return this.#live.bare ?? false;
  }

  get size(): number {
    return this.#live.size;
  }

  get claimedMinimum(): number {
    return this.#live.claimedMinimum;
  }

  /** How many entries were read from an archive. */
  get read(): number {
    return this.#read;
  }

  /** Those of the log itself and those of the archives. */
  get documents(): { readonly held: number } {
    return { held: sum([this.#live, ...this.#archives].map(({ documents }) => documents.held)) };
  }

  /** What the log says of erasures, and then what the entries do that were read from archives. */
  get erasures(): readonly Erasures[] {
    return [this.#live.erasures, ...this.#archives.map(({ erasures }) => erasures)];
  }

  /** A bundle that is to be filled from an archive is looked at entry by entry. */
  async whole(index: number): Promise<WholeBundle | null> {
    return index * TILE_WIDTH < this.claimedMinimum ? null : await this.#live.whole(index);
  }

  async bundle(index: number, width: number): Promise<(SourceEntry | null)[]> {
    const entries = [...(await this.#live.bundle(index, width))];
    for (const archive of this.#archives) {
      const there = Math.min(width, archive.size - index * TILE_WIDTH);
      if (there <= 0 || !entries.some(isMissing)) continue;
      const found = await archive.bundle(index, Math.min(TILE_WIDTH, archive.size - index * TILE_WIDTH));
      for (let at = 0; at < there; at += 1) {
        const [own, other] = [entries[at] ?? null, found[at] ?? null];
        if (!isMissing(own) || other === null || isMissing(other)) continue;
        const hint = (): string => `in the archive ${archive.directory}`;
        entries[at] = { ...other, leafHash: own?.leafHash ?? null, hint, archived: true };
        this.#filled.set(index * TILE_WIDTH + at, archive);
        const indexed = own?.leafHash ?? null;
        if (indexed !== null && other.bytes !== null && !sameHash(indexed, leafHash(other.bytes)))
          this.#misindexed.add(index * TILE_WIDTH + at);
        this.#read += 1;
      }
    }
    return entries;
  }

  /**
   * Entry 0, which says whether this log goes on for another one; null where its bytes are neither here nor, as the tree has them, in
   * an archive. May be asked before and after the walk.
   */
  async first(): Promise<Uint8Array | null> {
    if (this.size === 0) return null;
    const [own] = await this.#live.bundle(0, Math.min(TILE_WIDTH, this.size));
    if (own?.bytes !== undefined && own.bytes !== null) return own.bytes;
    const tile = await this.#live.tile(0, 0, Math.min(TILE_WIDTH, this.size));
    for (const archive of this.#archives) {
      const [copy] = await archive.bundle(0, Math.min(TILE_WIDTH, archive.size));
      const bytes = copy?.bytes ?? null;
      if (bytes !== null && tile !== null && sameHash(leafHash(bytes), hashOf(tile.hashes, 0))) return bytes;
    }
    return null;
  }

  tile(level: number, index: number, width: number): Promise<SourceTile | null> {
    return this.#live.tile(level, index, width);
  }

  checkpoints(): AsyncIterator<SourceCheckpoint, void> {
    return this.#live.checkpoints();
  }

  async beside(entries: readonly HeldEntry[], findings: Findings): Promise<void> {
    await this.#live.beside(
      entries.filter(({ index }) => !this.#filled.has(index)),
      findings,
    );
    for (const archive of this.#archives) {
      await archive.beside(
        entries.filter(({ index }) => this.#filled.get(index) === archive),
        findings,
      );
    }
    for (const { index } of entries) {
      this.#filled.delete(index);
      // Its bytes are those of the tree, so it is the index that is wrong.
      if (this.#misindexed.delete(index)) addAlteredIndex(index, findings);
    }
  }
}

/** One entry's bytes; null where the archive hasn't got it. Nothing is judged: a proof does that. */
export async function readArchivedEntry(directory: string, index: number): Promise<Uint8Array | null> {
  const note = (await readPlainFile(join(directory, 'checkpoint')))?.toString();
  if (note === undefined)
    throw new CodedError(
      'archive_unreadable',
      `${directory} holds no exported log: there is no file named checkpoint in it.`,
    );
  const { size, root } = parseCheckpoint(note);
  if (index >= size) return null;
  const archive = new DirectorySource(directory, '', { size, root, note, signedAt: null });
  await archive.readRetired();
  const bundle = Math.floor(index / TILE_WIDTH);
  const entries = await archive.bundle(bundle, Math.min(TILE_WIDTH, size - bundle * TILE_WIDTH));
  return entries[index % TILE_WIDTH]?.bytes ?? null;
}

function isMissing(entry: SourceEntry | null): boolean {
  return entry === null || entry.bytes === null;
}

/** `size` null, and a finding, where the archive is no part of this log. */
async function checked(
  live: LogSource,
  directory: string,
  note: string,
  findings: Findings,
): Promise<Checkpoint | { readonly size: null; readonly root: null }> {
  const refuse = (why: string): { size: null; root: null } => {
    findings.add('archive_mismatch', null, `The archive ${directory} is no part of this log: ${why}.`);
    return { size: null, root: null };
  };
  let checkpoint: Checkpoint;
  try {
    checkpoint = parseCheckpoint(note);
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    return refuse(error.message.replace(/\.$/, ''));
  }
  const name = live.vkey.split('+', 1)[0];
  if (checkpoint.origin !== name) return refuse(`it is of ${checkpoint.origin}, and this is ${name}`);
  if (checkpoint.size > live.size)
    return refuse(`it is over ${checkpoint.size} entries, and here are only ${live.size}`);
  const root = await rootAt(live, checkpoint.size);
  if (root === null || !sameHash(root, checkpoint.root))
    return refuse(
      `the first ${checkpoint.size} entries here do not lead to the root that it was signed over`,
    );
  return checkpoint;
}
