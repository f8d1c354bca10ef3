/**
 * Verifies a log, one bundle of 256 entries at a time. It grows two trees, one from the entries' bytes and one from the
 * stored leaf hashes, and lets each signed checkpoint say which of the two is what was signed; where they part, that names
 * the entry. Memory doesn't grow with the log.
 */
import { addAlteredRange } from './altered-range.ts';
import type { Checkpoint } from '../format/checkpoint.ts';
import { parseCheckpoint } from '../format/checkpoint.ts';
import type { EntryContent } from '../format/entry.ts';
import { parseEntry } from '../format/entry.ts';
import type { Findings, SignedSize } from '../source/finding.ts';
import { checkpointName } from '../source/finding.ts';
import { GrowingTree } from '../format/growing-tree.ts';
import { HASH_SIZE, leafHash, sameHash } from '../format/hash.ts';
import type { HeldEntry, LogSource, SourceEntry, SourceTile } from '../source/log-source.ts';
import type { PartedEntry } from './parted-entries.ts';
import { addAltered, addParted, addUnsigned, isGone, nameOf } from './parted-entries.ts';
import type { Retired } from '../source/retired-entries.ts';
import { RetiredEntries } from '../source/retired-entries.ts';
import { rootAt } from '../source/root-at.ts';
import { SignedCheckpoints } from './signed-checkpoints.ts';
import { TILE_WIDTH, hashOf } from '../format/tiles.ts';
import type { VerifiedTree } from './verified-tree.ts';
import { verifyEdges, verifyFullTile } from './verify-tiles.ts';

/** Calls `progress` with the number of entries read so far. */
export async function verifyLog(
  source: LogSource,
  findings: Findings,
  progress: (entries: number) => void,
): Promise<VerifiedTree> {
  const walk = new Walk(source, findings);
  return await walk.run(progress);
}

class Walk {
  readonly #source: LogSource;
  readonly #findings: Findings;
  readonly #signed: SignedCheckpoints;
  readonly #retired: RetiredEntries;
  #bytes = new GrowingTree();
  /** The same object as `#bytes` for as long as both agree. */
  #hashes: GrowingTree = this.#bytes;
  /** Where bytes and stored hashes differ, since the last checkpoint that told which is right. */
  #parted: PartedEntry[] = [];
  /** Entries proven altered, named once the newest checkpoint over them is known. */
  #altered: PartedEntry[] = [];
  #newest: VerifiedTree['newest'] = null;
  /** Neither tree is what was signed: from here on roots prove nothing more. */
  #lost = false;

  constructor(source: LogSource, findings: Findings) {
    this.#source = source;
    this.#findings = findings;
    this.#signed = new SignedCheckpoints(source, findings);
    this.#retired = new RetiredEntries(source.claimedMinimum);
  }

  async run(progress: (entries: number) => void): Promise<VerifiedTree> {
    const { size } = this.#source;
    await this.#signed.advance();
    await this.#judge();
    for (let index = 0; index * TILE_WIDTH < size && !this.#lost; index += 1) {
      const width = Math.min(TILE_WIDTH, size - index * TILE_WIDTH);
      if (!(await this.#whole(index, width))) await this.#bundle(index, width);
      progress(index * TILE_WIDTH + width);
    }
    await this.#unsigned();
    if (this.#newest !== null) addAltered(this.#altered, this.#newest, this.#findings);
    if (!this.#lost && this.#hashes === this.#bytes)
      await verifyEdges(this.#bytes, this.#source, this.#findings);
    const retired = this.#lost ? null : await this.#judgeRetired();
    const agreed = this.#bytes === this.#hashes && !this.#lost;
    if (agreed) this.#signed.assertAllMet();
    return {
      checkpoints: this.#signed.count,
      newest: this.#newest,
      root: agreed ? this.#bytes.root() : null,
      vkeys: this.#signed.keys.vkeys,
      signers: this.#signed.keys.signers,
      awaited: this.#signed.keys.awaited,
      retired,
    };
  }

  /**
   * An entry that claims a retirement says in which archive the bytes are. Whether that was kept only it can show; but at the
   * least its checkpoint must be one of this log's own.
   */
  async #judgeRetired(): Promise<Retired | null> {
    const isOwn = async (note: string): Promise<boolean> => {
      const named = this.#signed.keys.openPast(note) ?? this.#ownByRoot(note);
      const root = named === null ? null : await rootAt(this.#source, named.size);
      return named !== null && root !== null && sameHash(root, named.root);
    };
    const { archived = false, bare = false } = this.#source;
    return await this.#retired.judge(
      { signed: this.#newest?.size ?? 0, isOwn, archived, bare },
      this.#findings,
    );
  }

  /**
   * A bare copy has no entry that tells of keys before the one that signs, if those entries are older than what it has. Then it is
   * enough that the checkpoint is of this log's own entries, which the newest signature is over.
   */
  #ownByRoot(note: string): Checkpoint | null {
    if (this.#source.bare !== true) return null;
    const checkpoint = parseCheckpoint(note);
    return checkpoint.origin === this.#source.vkey.split('+', 1)[0] ? checkpoint : null;
  }

  /** A full bundle in one go, where all of it holds: the usual case, for which nothing need be looked at twice. */
  async #whole(index: number, width: number): Promise<boolean> {
    if (width < TILE_WIDTH || this.#hashes !== this.#bytes) return false;
    const whole = await this.#source.whole(index);
    if (whole === null) return false;
    if (this.#signed.next === null || this.#signed.next.size >= this.#bytes.size + TILE_WIDTH) {
      this.#bytes.appendTile(whole.root);
      await this.#judge();
      await this.#finished(null);
    } else {
      // A checkpoint lies within it, and is over some of its leaves only.
      const tile = await this.#source.tile(0, index, TILE_WIDTH);
      if (tile?.hashes.length !== TILE_WIDTH * HASH_SIZE) return false;
      for (let at = 0; at < TILE_WIDTH && !this.#lost; at += 1) {
        this.#bytes.append(hashOf(tile.hashes, at));
        await this.#judge();
      }
      await this.#finished(tile);
    }
    await whole.beside();
    return true;
  }

  async #bundle(index: number, width: number): Promise<void> {
    const entries = await this.#source.bundle(index, width);
    const tile = await this.#source.tile(0, index, width);
    if (tile?.hashes.length !== width * HASH_SIZE) {
      this.#findings.add(
        'tile_altered',
        null,
        `Tile ${index} of level 0 ${tile === null ? 'is gone' : 'was cut'}.`,
      );
    }
    const held: HeldEntry[] = [];
    for (let at = 0; at < width; at += 1) {
      const content = this.#leaf(
        index * TILE_WIDTH + at,
        entries[at] ?? null,
        tile === null ? null : hashOf(tile.hashes, at),
      );
      if (this.#lost) break;
      if (entries[at]?.archived === true) this.#retired.elsewhere(index * TILE_WIDTH + at);
      if (content !== null) {
        held.push({ index: index * TILE_WIDTH + at, content });
        this.#signed.met(index * TILE_WIDTH + at, content);
        this.#retired.met(index * TILE_WIDTH + at, content);
      }
      if (this.#signed.next !== null && this.#signed.next.size <= this.#bytes.size) await this.#judge();
    }
    await this.#finished(tile);
    await this.#source.beside(held, this.#findings);
  }

  /** Adds one leaf to both trees, and returns the entry if its bytes are what the stored hash says. */
  #leaf(index: number, entry: SourceEntry | null, stored: Uint8Array | null): EntryContent | null {
    const fromBytes = entry === null || entry.bytes === null ? null : leafHash(entry.bytes);
    const fromStore = stored?.length === HASH_SIZE ? stored : null;
    const either = fromBytes ?? fromStore;
    if (either === null) {
      this.#gone(index, entry);
      return null;
    }
    if (fromBytes === null && this.#retired.claims(index)) {
      this.#bytes.append(either);
      if (this.#hashes !== this.#bytes) this.#hashes.append(either);
      this.#retired.standIn(index, entry, either, this.#findings);
      return null;
    }
    const content = read(entry);
    if (fromBytes !== null && (fromStore === null || sameHash(fromBytes, fromStore))) {
      this.#bytes.append(fromBytes);
      if (this.#hashes !== this.#bytes) this.#hashes.append(fromBytes);
      if (content === null)
        this.#findings.add(
          'entry_altered',
          index,
          `${nameOf({ index, entry, content: null })} is no entry of ours, though it is what was signed.`,
        );
      return content;
    }
    if (this.#hashes === this.#bytes) this.#hashes = this.#bytes.copy();
    this.#bytes.append(either);
    this.#hashes.append(fromStore ?? either);
    // A deleted entry leaves both trees with the stored hash; it is named all the same.
    addParted(this.#parted, { index, last: index, entry, content });
    return null;
  }

  /** Compares the trees with every checkpoint over what was read so far. */
  async #judge(): Promise<void> {
    for (
      let next = this.#signed.next;
      next !== null && next.size <= this.#bytes.size;
      next = this.#signed.next
    ) {
      const signed = this.#signed.open(next);
      if (signed !== null && !this.#lost) {
        if (signed.size === this.#bytes.size) await this.#compare(signed, next.signedAt);
        else this.#findings.add('checkpoint_altered', null, `Checkpoint ${signed.size} is out of order.`);
      }
      await this.#signed.advance();
    }
  }

  async #compare(signed: Checkpoint, signedAt: string | null): Promise<void> {
    const hashesHold = sameHash(this.#hashes.root(), signed.root);
    const bytesHold = this.#hashes === this.#bytes ? hashesHold : sameHash(this.#bytes.root(), signed.root);
    const since = this.#newest;
    if (!hashesHold && !bytesHold) {
      this.#lost = true;
      addAlteredRange(since, { size: signed.size, signedAt }, this.#findings);
      return;
    }
    if (hashesHold) {
      for (const parted of this.#parted) addParted(this.#altered, parted);
      this.#bytes = this.#hashes;
    } else {
      // An entry that is gone left the stored hash in both trees.
      for (const parted of this.#parted.filter(isGone)) addParted(this.#altered, parted);
      for (const { index } of this.#parted.filter((parted) => !isGone(parted))) {
        this.#findings.add(
          'hash_altered',
          index,
          `The stored hash of entry ${index} was altered; the entry itself is what ${checkpointName({ size: signed.size, signedAt })}, covers.`,
        );
      }
      this.#hashes = this.#bytes;
    }
    this.#parted = [];
    this.#newest = { size: signed.size, signedAt, root: signed.root };
    await this.#finished(null);
  }

  /** Compares tiles that became full with the stored ones, once it is clear which tree is right. */
  async #finished(levelZero: SourceTile | null): Promise<void> {
    if (this.#hashes !== this.#bytes) return;
    for (const tile of this.#bytes.takeFinished()) {
      const stored =
        tile.level === 0 && levelZero !== null
          ? levelZero
          : await this.#source.tile(tile.level, tile.index, TILE_WIDTH);
      verifyFullTile(tile, stored, this.#findings);
    }
  }

  /** What is left when the entries end: entries no checkpoint covers, checkpoints over entries that aren't there. */
  async #unsigned(): Promise<void> {
    addUnsigned(this.#parted, this.#lost, this.#findings);
    let beyond: SignedSize | null = null;
    for (; this.#signed.next !== null; await this.#signed.advance()) {
      if (this.#signed.open(this.#signed.next) !== null) beyond = this.#signed.next;
    }
    const { size } = this.#source;
    if (beyond !== null && beyond.size > size) {
      this.#findings.add(
        'entry_deleted',
        size,
        `${size + 1 === beyond.size ? `Entry ${size} is` : `Entries ${size} to ${beyond.size - 1} are`} gone; they were last known good under ${checkpointName(beyond)}.`,
      );
    }
  }

  #gone(index: number, entry: SourceEntry | null): void {
    this.#lost = true;
    const last = this.#source.size - 1;
    const which =
      last === index
        ? `${nameOf({ index, entry, content: null })} is`
        : `Entries from ${index} on (up to ${last}) are`;
    const good = this.#newest === null ? '' : `; all before are good under ${checkpointName(this.#newest)}`;
    this.#findings.add('entry_deleted', index, `${which} gone, with the stored hash${good}.`);
  }
}

function read(entry: SourceEntry | null): EntryContent | null {
  if (entry === null || entry.bytes === null) return null;
  try {
    return parseEntry(entry.bytes);
  } catch {
    return null;
  }
}
