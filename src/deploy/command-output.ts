import { maskCut, mask } from './mask.ts';

/** What a command prints, kept to a size: its beginning and its end, where the reason usually stands. */
export class CommandOutput {
  readonly #most: number;
  readonly #head: Buffer[] = [];
  #headSize = 0;
  #tail: Buffer[] = [];
  #tailSize = 0;
  #dropped = 0;

  constructor(most: number) {
    this.#most = most;
  }

  add(chunk: Buffer): void {
    const half = Math.ceil(this.#most / 2);
    const first = chunk.subarray(0, Math.max(0, half - this.#headSize));
    if (first.length > 0) {
      this.#head.push(Buffer.from(first));
      this.#headSize += first.length;
    }
    const rest = chunk.subarray(first.length);
    if (rest.length === 0) return;
    this.#tail.push(Buffer.from(rest));
    this.#tailSize += rest.length;
    while (this.#tailSize > this.#most - half) {
      const oldest = this.#tail[0];
      if (oldest === undefined) break;
      const excess = Math.min(oldest.length, this.#tailSize - (this.#most - half));
      if (excess === oldest.length) this.#tail = this.#tail.slice(1);
      else this.#tail[0] = oldest.subarray(excess);
      this.#tailSize -= excess;
      this.#dropped += excess;
    }
  }

  get truncated(): boolean {
    return this.#dropped > 0;
  }

  /** All of it as text; for what is parsed, and only where it isn't truncated. */
  whole(): string {
    return Buffer.concat([...this.#head, ...this.#tail]).toString('utf8');
  }

  /** For people, with secrets taken out. */
  masked(secrets: readonly string[]): string {
    if (!this.truncated) return mask(this.whole(), secrets);
    const head = Buffer.concat(this.#head).toString('utf8');
    const tail = Buffer.concat(this.#tail).toString('utf8');
    const ends = maskCut(head, tail, secrets);
    return `${ends.head}\n[… ${this.#dropped} bytes left out …]\n${ends.tail}`;
  }
}
