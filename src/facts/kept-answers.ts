import type { GitHubAnswer } from './github-reader.ts';

/** What GitHub answered, kept with the ETag by which it says whether that still holds. */
export interface KeptAnswer {
  readonly etag: string;
  readonly headers: GitHubAnswer['headers'];
  /** As JSON: whoever is given it may do with it what they want. */
  readonly body: string;
}

const SIZE_AT_MOST = 32 * 1024 * 1024;

/** The answers of one process, of all installations. What was used longest ago is forgotten first. */
export class KeptAnswers {
  readonly #kept = new Map<string, KeptAnswer>();
  readonly #atMost: number;
  #size = 0;

  /** `atMost`: characters of all bodies together. */
  constructor(atMost = SIZE_AT_MOST) {
    this.#atMost = atMost;
  }

  get(key: string): KeptAnswer | null {
    const kept = this.#kept.get(key);
    if (kept === undefined) return null;
    this.#kept.delete(key);
    this.#kept.set(key, kept);
    return kept;
  }

  put(key: string, kept: KeptAnswer): void {
    this.#forget(key);
    if (kept.body.length > this.#atMost) return;
    this.#kept.set(key, kept);
    this.#size += kept.body.length;
    for (const oldest of this.#kept.keys()) {
      if (this.#size <= this.#atMost) return;
      this.#forget(oldest);
    }
  }

  #forget(key: string): void {
    this.#size -= this.#kept.get(key)?.body.length ?? 0;
    this.#kept.delete(key);
  }
}
