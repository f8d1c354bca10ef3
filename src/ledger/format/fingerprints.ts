/**
 * Remembers very many names in eight bytes each. A fingerprint is a keyed hash: who doesn't know the key, which is made for one run,
 * can't make up a name that is taken for another.
 */
import { hash } from 'node:crypto';

/** Of a name: the first eight bytes of SHA-256(key ‖ name). */
export function fingerprint(key: string, name: string): bigint {
  return hash('sha256', `${key}${name}`, 'buffer').readBigUInt64LE(0);
}

export class Fingerprints {
  #all = new BigUint64Array(256);
  #length = 0;
  #sorted = true;

  add(one: bigint): void {
    if (this.#length === this.#all.length) {
      const larger = new BigUint64Array(this.#all.length * 2);
      larger.set(this.#all);
      this.#all = larger;
    }
    this.#all[this.#length] = one;
    this.#length += 1;
    this.#sorted = false;
  }

  has(one: bigint): boolean {
    const all = this.#all.subarray(0, this.#length);
    if (!this.#sorted) all.sort();
    this.#sorted = true;
    let [from, to] = [0, all.length];
    while (from < to) {
      const middle = Math.floor((from + to) / 2);
      const there = all[middle] ?? 0n;
      if (there === one) return true;
      if (there < one) from = middle + 1;
      else to = middle;
    }
    return false;
  }
}
