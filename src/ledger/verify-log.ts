/**
 * Verifies a log, one bundle of 256 entries at a time. It grows two trees, one from the entries' bytes and one from the
 * stored leaf hashes, and lets each signed checkpoint say which of the two is what was signed; where they part, that names
 * the entry. Memory doesn't grow with the log.
 */
import { CodedError } from '../domain/coded-error.ts';
import type { Checkpoint } from './checkpoint.ts';
import type { EntryContent } from './entry.ts';
import { parseEntry } from './entry.ts';
import type { Findings, SignedSize } from './finding.ts';
import { checkpointName } from './finding.ts';
import { GrowingTree } from './growing-tree.ts';
import { HASH_SIZE, leafHash, sameHash } from './hash.ts';
import { KeyChain } from './key-chain.ts';
import type { HeldEntry, LogSource, SourceCheckpoint, SourceEntry, SourceTile } from './log-source.ts';
import type { PartedEntry } from './parted-entries.ts';
import { addAltered, addParted, addUnsigned, isGone, nameOf } from './parted-entries.ts';
import type { Retired } from './retired-entries.ts';
import { RetiredEntries } from './retired-entries.ts';
import { rootAt } from './root-at.ts';
import { TILE_WIDTH, hashOf } from './tiles.ts';
import { verifyEdges, verifyFullTile } from './verify-tiles.ts';

export interface VerifiedTree {
  readonly checkpoints: number;
  readonly newest: (SignedSize & { readonly root: Uint8Array }) | null;
  /** Root over all entries, when the trees agree. */
  readonly root: Uint8Array | null;
  /** The keys that signed one after the other, as the log itself says: the first, and each that the one before vouched for. */
  readonly vkeys: readonly string[];
  /** Those of them whose signature is on a checkpoint here. */
  readonly signers: readonly string[];
  /** Keys that the newest entries name as the next ones, under no checkpoint yet. */
  readonly awaited: readonly string[];
  /** Null where every entry has its bytes. */
  readonly retired: Retired | null;
}

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
  readonly #keys: KeyChain;
  readonly #retired: RetiredEntries;
  #bytes = new GrowingTree();
  /** The same object as `#bytes` for as long as both agree. */
  #hashes: GrowingTree = this.#bytes;
  /** Where bytes and stored hashes differ, since the last checkpoint that told which is right. */
  #parted: PartedEntry[] = [];
  /** Entries proven altered, named once the newest checkpoint over them is known. */
  #altered: PartedEntry[] = [];
  readonly #signed: AsyncIterator<SourceCheckpoint, void>;
  /** The first checkpoint that wasn't compared yet; null after the last. */
  #next: SourceCheckpoint | null = null;
  #checkpoints = 0;
  #newest: VerifiedTree['newest'] = null;
  /** Neither tree is what was signed: from here on roots prove nothing more. */
  #lost = false;

  constructor(source: LogSource, findings: Findings) {
    this.#source = source;
    this.#findings = findings;
    this.#keys = new KeyChain(source.vkey);
    this.#retired = new RetiredEntries(source.claimedMinimum);
    this.#signed = source.checkpoints();
  }

  async run(progress: (entries: number) => void): Promise<VerifiedTree> {
    const { size } = this.#source;
    await this.#advance();
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
    return {
      checkpoints: this.#checkpoints,
      newest: this.#newest,
      root: agreed ? this.#bytes.root() : null,
      vkeys: this.#keys.vkeys,
      signers: this.#keys.signers,
      awaited: this.#keys.awaited,
      retired,
    };
  }

  /**
   * An entry that claims a retirement says in which archive the bytes are. Whether that was kept only it can show; but at the
   * least its checkpoint must be one of this log's own.
   */
  async #judgeRetired(): Promise<Retired | null> {
    const isOwn = async (note: string): Promise<boolean> => {
      const named = this.#keys.openPast(note);
      const root = named === null ? null : await rootAt(this.#source, named.size);
      return named !== null && root !== null && sameHash(root, named.root);
    };
    const judge = { signed: this.#newest?.size ?? 0, isOwn, archived: this.#source.archived === true };
    return await this.#retired.judge(judge, this.#findings);
  }

  /** A full bundle in one go, where all of it holds: the usual case, for which nothing need be looked at twice. */
  async #whole(index: number, width: number): Promise<boolean> {
    if (width < TILE_WIDTH || this.#hashes !== this.#bytes) return false;
    const whole = await this.#source.whole(index);
    if (whole === null) return false;
    if (this.#next === null || this.#next.size >= this.#bytes.size + TILE_WIDTH) {
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
      if (content !== null) {
        held.push({ index: index * TILE_WIDTH + at, content });
        this.#rotated(index * TILE_WIDTH + at, content);
        this.#retired.met(index * TILE_WIDTH + at, content);
      }
      if (this.#next !== null && this.#next.size <= this.#bytes.size) await this.#judge();
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

  #rotated(index: number, { ledger }: EntryContent): void {
    if (ledger?.act !== 'rotated') return;
    const wrong = this.#keys.rotate(index, ledger.from, ledger.to);
    if (wrong !== null)
      this.#findings.add('key_mismatch', index, `Entry ${index} rotates the log's key, but ${wrong}.`);
  }

  /** Whoever may record entries can claim a rotation; the log goes on without it, so that all else is still judged. */
  #unfounded(): void {
    for (const { index, from, to, size } of this.#keys.takeUnfounded()) {
      this.#findings.add(
        'key_mismatch',
        index,
        `Entry ${index} says that ${to} signs after ${from}, and the first checkpoint over it (${size}) is not signed by both, so the ` +
          'log goes on without that key: whoever recorded it can write here and has not the key before; change the password of the writer’s login.',
      );
    }
  }

  /** Compares the trees with every checkpoint over what was read so far. */
  async #judge(): Promise<void> {
    for (let next = this.#next; next !== null && next.size <= this.#bytes.size; next = this.#next) {
      const signed = this.#open(next);
      if (signed !== null && !this.#lost) {
        if (signed.size === this.#bytes.size) await this.#compare(signed, next.signedAt);
        else this.#findings.add('checkpoint_altered', null, `Checkpoint ${signed.size} is out of order.`);
      }
      await this.#advance();
    }
  }

  async #advance(): Promise<void> {
    const { value } = await this.#signed.next();
    this.#next = value ?? null;
    if (this.#next !== null) this.#checkpoints += 1;
  }

  /** Null, and a finding, where the checkpoint isn't one that the log's key signed. */
  #open(stored: SourceCheckpoint): Checkpoint | null {
    try {
      const signed = this.#keys.open(stored.note, stored.size);
      this.#unfounded();
      if (signed.size === stored.size && (stored.root === null || sameHash(stored.root, signed.root)))
        return signed;
      this.#findings.add(
        'checkpoint_altered',
        null,
        `Checkpoint ${stored.size} was altered: its row does not say what its signed note says.`,
      );
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
      this.#findings.add(
        'checkpoint_altered',
        null,
        `Checkpoint ${stored.size} was altered: ${error.message}`,
      );
    }
    return null;
  }

  async #compare(signed: Checkpoint, signedAt: string | null): Promise<void> {
    const hashesHold = sameHash(this.#hashes.root(), signed.root);
    const bytesHold = this.#hashes === this.#bytes ? hashesHold : sameHash(this.#bytes.root(), signed.root);
    const since = this.#newest;
    if (!hashesHold && !bytesHold) {
      this.#lost = true;
      this.#range(since, { size: signed.size, signedAt });
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
    for (; this.#next !== null; await this.#advance()) {
      if (this.#open(this.#next) !== null) beyond = this.#next;
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

  #range(since: SignedSize | null, until: SignedSize): void {
    const from = since === null ? 0 : since.size;
    const which =
      until.size - from === 1
        ? `Entry ${from} was`
        : `Of the entries ${from} to ${until.size - 1}, at least one was`;
    const good =
      since === null
        ? 'no earlier checkpoint holds'
        : `all before were last known good under ${checkpointName(since)}`;
    this.#findings.add(
      'range_altered',
      from,
      `${which} altered or removed together with its stored hash, for they do not lead to the root of ${checkpointName(until)}; ${good}.`,
    );
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
