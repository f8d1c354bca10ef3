/** What one benchmark found: rows to read, and ratios to compare with other runs. */
export interface Benchmark {
  readonly rows: readonly Readonly<Record<string, string | number>>[];
  readonly ratios: Readonly<Record<string, number>>;
}

export interface BenchmarkOptions {
  /** How many entries the large log has. */
  readonly entries?: number;
}
