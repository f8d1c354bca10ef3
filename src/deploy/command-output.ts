import { maskCut, mask } from './mask.ts';

/** What a command prints, kept to a size: its beginning and its end, where the reason usually stands. */
export class CommandOutput {
  readonly #half: number;
  readonly #rest: number;
  readonly #head = new GrowingBytes();
  readonly #tail = new GrowingBytes();
  #dropped = 0;

  constructor(most: number) {
    this.#half = Math.ceil(most / 2);
    this.#rest = most - this.#half;
  }

  add(chunk: Buffer): void {
    const first = chunk.subarray(0, Math.max(0, this.#half - this.#head.size));
    this.#head.add(first);
    this.#tail.add(chunk.subarray(first.length));
    // Not for each piece: a host may send its output a byte at a time.
    if (this.#tail.size > 2 * this.#rest) this.#cut();
  }

  get truncated(): boolean {
    this.#cut();
    return this.#dropped > 0;
  }

  /** All of it as text; for what is parsed, and only where it isn't truncated. */
  whole(): string {
    this.#cut();
    return Buffer.concat([this.#head.bytes, this.#tail.bytes]).toString('utf8');
  }

  /** For people, with secrets taken out. */
  masked(secrets: readonly string[]): string {
    if (!this.truncated) return mask(this.whole(), secrets);
    const ends = maskCut(this.#head.bytes.toString('utf8'), this.#tail.bytes.toString('utf8'), secrets);
    return `${ends.head}\n[… ${this.#dropped} bytes left out …]\n${ends.tail}`;
  }

  #cut(): void {
    this.#dropped += this.#tail.keepLast(this.#rest);
  }
}

/** Bytes in the order in which they came. It grows by doubling, so that many small pieces cost no more than a few large ones. */
class GrowingBytes {
  #buffer = Buffer.alloc(0);
  size = 0;

  get bytes(): Buffer {
    return this.#buffer.subarray(0, this.size);
  }

  add(chunk: Buffer): void {
    const size = this.size + chunk.length;
    if (size > this.#buffer.length) {
      const larger = Buffer.alloc(Math.max(size, 2 * this.#buffer.length));
      this.#buffer.copy(larger, 0, 0, this.size);
      this.#buffer = larger;
    }
    chunk.copy(this.#buffer, this.size);
    this.size = size;
  }

  /** Drops the oldest but so many; how many those were. */
  keepLast(most: number): number {
    const excess = Math.max(0, this.size - most);
    if (excess > 0) {
      this.#buffer.copyWithin(0, excess, this.size);
      this.size -= excess;
    }
    return excess;
  }
}
