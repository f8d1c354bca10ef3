/**
 * Where things lie below a target's path on a host:
 * `releases/ID` (a final name means verified), `releases/.ID.ATTEMPT.part` (being staged), `shared/`, `current`, and our own
 * folder `.countersign/` with the lock, what keeps two scripts or two commands apart, the history of activated releases and a note per release.
 */

/** `releases/ID`, which is also what `current` points at. */
export const releasePath = (release: string): string => `releases/${release}`;

/** Where a release is taken apart. */
export const partPath = (release: string): string => `releases/.${release}.part`;

/** Where one attempt stages a release. Each has its own, so that one which was taken over can't write into its successor's. */
export const stagingPath = ({ release, attempt }: { release: string; attempt: string }): string =>
  `releases/.${release}.${attempt}.part`;

export const CURRENT = 'current';
export const OWN = '.countersign';
export const LOCK = `${OWN}/lock`;
/** Held (`flock`) by a script while it looks whose the lock is and does what it may do only then. */
export const MUTEX = `${OWN}/mutex`;
/** Held (`flock`) for as long as a command of the operator's runs, whoever's attempt began it; names what runs, or ran last. */
export const HOOK = `${OWN}/hook`;
export const NEXT = `${OWN}/next`;
/** Releases that became active, oldest first. */
export const HISTORY = `${OWN}/history`;
/** Says that a release was read back and found right: the digest of its manifest. */
export const verifiedNote = (release: string): string => `${OWN}/releases/${release}.verified`;
/** What `current` pointed at before it was switched to this release. */
export const previousNote = (release: string): string => `${OWN}/releases/${release}.previous`;
/** Says that a release was, or was about to be, switched back, and why: it is never switched to again. */
export const withdrawnNote = (release: string): string => `${OWN}/releases/${release}.withdrawn`;

/** A release's name: no slash, no dot in front, nothing a shell or `find` could read as something else. */
export function isReleaseName(name: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/.test(name);
}

/** What the lock says: the release that is being deployed, and which attempt at it goes on. */
export const lockOwner = ({ release, attempt }: { release: string; attempt: string }): string =>
  `${release}/${attempt}`;

/** The release that `current`'s target names, where it is one of `path`'s own; null for anything else. */
export function releaseOfLink(target: string, path: string): string | null {
  const below = target.startsWith(`${path}/`) ? target.slice(path.length + 1) : target;
  const name = /^(?:\.\/)?releases\/([^/]+)\/?$/.exec(below)?.[1];
  return name !== undefined && isReleaseName(name) ? name : null;
}
