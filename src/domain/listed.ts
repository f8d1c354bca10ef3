/**
 * A list read from GitHub page by page. `complete: false` means that GitHub ended it early (250 commits, 300 files, a
 * page that failed): whoever judges it must hold, for what isn't seen can't be approved.
 */
export interface Listed<T> {
  readonly complete: boolean;
  readonly items: readonly T[];
}
