/** Indices of entries as text: `5,17,300-302`, rising. What stays of a retired year is named so in the entry that says so. */

/** First and last of those that follow one another. */
export type IndexRange = readonly [first: number, last: number];

export class IndexRanges {
  /** Rising, with a gap between any two. */
  readonly ranges: readonly IndexRange[];

  private constructor(ranges: readonly IndexRange[]) {
    this.ranges = ranges;
  }

  /** `indices` in any order, each any number of times. */
  static of(indices: Iterable<number>): IndexRanges {
    const ranges: [number, number][] = [];
    for (const index of [...indices].toSorted((a, b) => a - b)) {
      const last = ranges.at(-1);
      if (last !== undefined && index <= last[1] + 1) last[1] = index;
      else ranges.push([index, index]);
    }
    return new IndexRanges(ranges);
  }

  /** Null where the text is anything but what `toString` writes, so that no two readers read two things in it. */
  static parse(text: string): IndexRanges | null {
    if (text === '') return new IndexRanges([]);
    const ranges: IndexRange[] = [];
    let next = 0;
    for (const part of text.split(',')) {
      const [, from, to] = /^(0|[1-9]\d{0,14})(?:-([1-9]\d{0,14}))?$/.exec(part) ?? [];
      const [first, last] = [Number(from), Number(to ?? from)];
      if (from === undefined || first < next || (to !== undefined && last <= first)) return null;
      ranges.push([first, last]);
      // With one between: else it would be the same range.
      next = last + 2;
    }
    return new IndexRanges(ranges);
  }

  /** One past the last index; 0 where there is none. */
  get end(): number {
    const last = this.ranges.at(-1);
    return last === undefined ? 0 : last[1] + 1;
  }

  has(index: number): boolean {
    return this.within(index, index).length > 0;
  }

  /** Those of the indices from `first` to `last` that are in here. */
  within(first: number, last: number): IndexRange[] {
    const found: IndexRange[] = [];
    for (let at = this.#firstEndingAt(first); at < this.ranges.length; at += 1) {
      const [from, to] = this.ranges[at] ?? [0, -1];
      if (from > last) break;
      found.push([Math.max(from, first), Math.min(to, last)]);
    }
    return found;
  }

  /**
   * The same with the narrowest gaps filled, as few as it takes for the text to be no longer than `longest`; null where that isn't enough.
   * What lies before `from` can't be added any more.
   */
  fittedTo(longest: number, from: number): IndexRanges | null {
    if (this.toString().length <= longest) return this;
    const gaps = this.ranges
      .slice(1)
      .map(([next], at) => ({ at, first: (this.ranges[at]?.[1] ?? 0) + 1, next }))
      .filter(({ first }) => first >= from)
      .toSorted((a, b) => a.next - a.first - (b.next - b.first));
    let [low, high] = [0, gaps.length];
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (this.#filled(gaps.slice(0, middle)).toString().length <= longest) high = middle;
      else low = middle + 1;
    }
    const fitted = this.#filled(gaps.slice(0, low));
    return fitted.toString().length <= longest ? fitted : null;
  }

  toString(): string {
    return this.ranges.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(',');
  }

  /** `at`: of the range before the gap. */
  #filled(gaps: readonly { readonly at: number }[]): IndexRanges {
    const filled = new Set(gaps.map(({ at }) => at));
    const ranges: [number, number][] = [];
    for (const [at, [first, end]] of this.ranges.entries()) {
      const before = ranges.at(-1);
      if (before !== undefined && filled.has(at - 1)) before[1] = end;
      else ranges.push([first, end]);
    }
    return new IndexRanges(ranges);
  }

  /** Where the first range is that doesn't end before `index`. */
  #firstEndingAt(index: number): number {
    let [low, high] = [0, this.ranges.length];
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if ((this.ranges[middle]?.[1] ?? 0) < index) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
