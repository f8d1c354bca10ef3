/** A branch's `CODEOWNERS` as it was read. Never the head's: who wants to change the owners doesn't choose them. */
export interface CodeOwnersFile {
  /** Of the three places where GitHub looks, the first that has one. */
  readonly path: string;
  /** The commit that it was read from. */
  readonly commit: string;
  readonly text: string;
}

/** The owners of some files whose roles have to be known before anybody can judge. */
export interface OwnersNamed {
  /** Slugs of teams in the repository's organisation. */
  readonly teams: readonly string[];
  /** E-mails as they are written. */
  readonly emails: readonly string[];
  /** Whether anybody is named by login or e-mail: then their permission counts. */
  readonly people: boolean;
}

/** Whom a file of this text names as owners of these paths; the policy's own reading, passed to whoever gathers. */
export type OwnersAmong = (text: string, paths: readonly string[], organisation: string) => OwnersNamed;
