/** A log as an exported directory holds it. Every file may come from a stranger; a file that isn't there is a finding. */
import { join } from 'node:path';
import { z } from 'zod';
import type { BundleThreads } from './bundle-threads.ts';
import { Erasures } from './erasures.ts';
import type { Findings } from './finding.ts';
import { entryName } from './finding.ts';
import { ExportedPeople, linesIn, unreadable } from './exported-people.ts';
import { readPlainFile } from './plain-file.ts';
import { readRetiredFiles } from './retired-files.ts';
import { Fingerprints, fingerprint } from '../format/fingerprints.ts';
import type { Unreferenced } from './unreferenced-files.ts';
import { findUnreferenced } from './unreferenced-files.ts';
import type { EntryContent } from '../format/entry.ts';
import { parseEntry } from '../format/entry.ts';
import type {
  HeldEntry,
  LogSource,
  Rotation,
  SourceCheckpoint,
  SourceEntry,
  SourceTile,
  WholeBundle,
} from './log-source.ts';
import { commitmentOf } from '../format/seal.ts';
import { TILE_WIDTH, tilePath } from '../format/tiles.ts';

const checkpointLine = z.object({
  size: z.int(),
  // It is shown, so it must be a time and nothing else.
  signedAt: z.iso.datetime({ precision: 3 }).nullable(),
  note: z.string(),
});

export class DirectorySource implements LogSource {
  readonly vkey: string;
  readonly size: number;
  readonly vouched: ReadonlyMap<number, Rotation> | null;
  readonly documents = { held: 0 };
  readonly directory: string;
  readonly #newest: SourceCheckpoint;
  /** Null where nobody walks through it. */
  readonly #bundles: BundleThreads | null;
  readonly #people = new ExportedPeople();
  /** Of the documents that entries seal, by {@link #key}. */
  readonly #sealed = new Fingerprints();
  readonly #key: string;
  readonly erasures = new Erasures();
  /** The last bundle that was read, where there is more in it than its entries. */
  #leftover: string | null = null;
  #minimum = 0;
  #kept: ReadonlySet<number> = new Set();
  #bare = false;

  /** `newest`: the directory's `checkpoint`, whose signature was judged. */
  constructor(
    directory: string,
    vkey: string,
    newest: SourceCheckpoint,
    more: { readonly bundles?: BundleThreads; readonly vouched?: ReadonlyMap<number, Rotation> | null } = {},
  ) {
    this.directory = directory;
    this.#bundles = more.bundles ?? null;
    this.#key = this.#bundles?.key ?? '';
    this.vouched = more.vouched ?? null;
    this.vkey = vkey;
    this.#newest = newest;
    this.size = newest.size;
  }

  /** How many people are known. */
  get people(): number {
    return this.#people.count;
  }

  get claimedMinimum(): number {
    return this.#minimum;
  }

  get bare(): boolean {
    return this.#bare;
  }

  async bundle(index: number, width: number): Promise<(SourceEntry | null)[]> {
    const bundle = await this.#read(tilePath('entries', index, width));
    if (bundle === null && index * TILE_WIDTH < this.#minimum) return await this.#keptOf(index, width);
    const entries: (SourceEntry | null)[] = [];
    let at = 0;
    for (let number = 0; number < width; number += 1) {
      const length = bundle !== null && at + 2 <= bundle.length ? bundle.readUInt16BE(at) : null;
      const bytes = bundle === null || length === null ? null : bundle.subarray(at + 2, at + 2 + length);
      at += 2 + (length ?? 0);
      const there = bytes !== null && bytes.length === length;
      entries.push(there ? sourceEntry(bytes) : null);
    }
    if (bundle !== null && bundle.length > at) this.#leftover = tilePath('entries', index, width);
    return entries;
  }

  async whole(index: number): Promise<WholeBundle | null> {
    const judged = (await this.#bundles?.take(index)) ?? null;
    if (judged === null) return null;
    const { root, who, documents } = judged;
    // Where something is gone, it has to be said of which entry. Who is missing already need not be said again.
    const people = who.flatMap((each) => JSON.parse(each) as EntryContent['who']);
    this.#people.met(people);
    for (const sealed of documents.sealed) this.#sealed.add(sealed);
    if (documents.gone.length > 0 || people.some((person) => this.#isMissing(person))) return null;
    return {
      root,
      beside: async () => {
        this.documents.held += documents.held;
      },
    };
  }

  async #keptOf(index: number, width: number): Promise<(SourceEntry | null)[]> {
    const entries: (SourceEntry | null)[] = [];
    for (let at = index * TILE_WIDTH; at < index * TILE_WIDTH + width; at += 1) {
      const bytes = this.#kept.has(at) ? await this.#read(`kept/${at}`) : null;
      entries.push(bytes === null ? null : sourceEntry(bytes));
    }
    return entries;
  }

  /** Reads which entries were retired before this export; must be called before the entries are looked at. */
  async readRetired(): Promise<void> {
    const { minimum, kept, bare } = await readRetiredFiles(this.directory);
    [this.#minimum, this.#kept, this.#bare] = [minimum, kept, bare];
  }

  async tile(level: number, index: number, width: number): Promise<SourceTile | null> {
    const hashes = await this.#read(tilePath(level, index, width));
    return hashes === null ? null : { hashes, root: null };
  }

  /** Those of `checkpoints.jsonl`, which may be missing; then, whatever that says, `checkpoint` itself. */
  async *checkpoints(): AsyncGenerator<SourceCheckpoint, void> {
    let newest = this.#newest;
    for await (const line of linesIn(join(this.directory, 'checkpoints.jsonl'))) {
      const parsed = checkpointLine.safeParse(json(line));
      if (!parsed.success)
        yield {
          size: 0,
          root: null,
          note: '',
          signedAt: null,
          unreadable: unreadable('checkpoints.jsonl', line),
        };
      else if (parsed.data.note === newest.note) newest = { ...newest, signedAt: parsed.data.signedAt };
      else yield { ...parsed.data, size: Math.min(parsed.data.size, this.size), root: null };
    }
    yield newest;
  }

  async beside(entries: readonly HeldEntry[], findings: Findings): Promise<void> {
    if (this.#leftover !== null) {
      findings.add(
        'entry_altered',
        null,
        `${this.#leftover} holds more than its entries: bytes that nobody signed.`,
      );
      this.#leftover = null;
    }
    for (const { index, content } of entries) {
      this.erasures.see(index, content);
      this.erasures.lookFor(this.#people.known, { index, content });
      this.#people.met(content.who);
      for (const { name, commitment } of content.documents) {
        const hex = Buffer.from(commitment, 'base64url').toString('hex');
        this.#sealed.add(fingerprint(this.#key, hex));
        const [body, salt] = [
          await this.#read(`documents/${hex}`),
          await this.#read(`documents/${hex}.salt`),
        ];
        if (body === null || salt === null) {
          this.erasures.missingDocument(commitment, name, { index, content });
          continue;
        }
        this.documents.held += 1;
        if (commitmentOf(salt, body).toString('hex') !== hex) {
          const entry = entryName({
            index,
            id: content.id,
            kind: content.kind,
            recordedAt: content.recorded,
          });
          findings.add(
            'document_altered',
            index,
            `The sealed document "${name}" of ${entry.replace('Entry', 'entry')} was altered: documents/${hex}; the entry itself holds.`,
          );
        }
      }
    }
  }

  /** Reads who people are; must be called before the entries are looked at. */
  async readPeople(findings: Findings): Promise<void> {
    await this.#people.read(this.directory, findings);
  }

  /** What was put beside the log; every entry that is here must have been looked beside. Answers which files belong to nothing. */
  async judgeUnreferenced(findings: Findings): Promise<Unreferenced> {
    this.#people.judgeUnnamed(findings);
    return await findUnreferenced(this.directory, {
      size: this.size,
      minimum: this.#minimum,
      isSealed: (hex) => this.#sealed.has(fingerprint(this.#key, hex)),
      unsealed: (path) =>
        findings.add(
          'document_altered',
          null,
          `${path} is sealed by no entry here: it was put beside the log.`,
        ),
    });
  }

  #isMissing({ actor, login }: EntryContent['who'][number]): boolean {
    const { known } = this.#people;
    return !(known.has(actor) && known.has(login)) && !this.erasures.misses(actor);
  }

  async #read(path: string): Promise<Buffer | null> {
    return await readPlainFile(join(this.directory, path));
  }
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function sourceEntry(bytes: Uint8Array): SourceEntry {
  return { bytes, ...named(bytes), leafHash: null, hint: () => null };
}

/** As its bytes name it, which is all there is here. */
function named(bytes: Uint8Array): { id: string | null; kind: string | null; recordedAt: string | null } {
  try {
    const { id, kind, recorded } = parseEntry(bytes);
    return { id, kind, recordedAt: recorded };
  } catch {
    return { id: null, kind: null, recordedAt: null };
  }
}
