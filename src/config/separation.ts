import type { Target } from '../domain/deploy.ts';

/** What must not be shared between two environments. */
export interface Separable {
  readonly target: Target;
  readonly reference: string;
  /** Of the credential; null where this process doesn't read it. */
  readonly fingerprint: string | null;
}

export interface Overlap {
  /** The later one of the two. */
  readonly index: number;
  readonly key: 'environment' | 'credential' | 'path';
  readonly message: string;
}

/**
 * Environments must not be able to reach one another: no two may have the same credential, or lie on the same host in
 * the same folder or in one inside the other. A host under two names can't be told apart here.
 */
export function overlaps(targets: readonly Separable[]): Overlap[] {
  return targets.flatMap((later, index) =>
    targets.slice(0, index).flatMap((earlier) => between(earlier, later, index)),
  );
}

function between(earlier: Separable, later: Separable, index: number): Overlap[] {
  const name = nameOf(earlier.target);
  if (name.toLowerCase() === nameOf(later.target).toLowerCase()) {
    return [{ index, key: 'environment', message: `${name} is there twice; one environment is one target` }];
  }
  const found: Overlap[] = [];
  const sameKey = earlier.fingerprint !== null && earlier.fingerprint === later.fingerprint;
  if (sameKey || earlier.reference === later.reference) {
    const message = `${nameOf(later.target)} has the same credential as ${name}; give each environment a key of its own`;
    found.push({ index, key: 'credential', message });
  }
  const host = earlier.target.hosts.find((a) => later.target.hosts.some((b) => placeOf(a) === placeOf(b)));
  if (
    host !== undefined &&
    (within(earlier.target.path, later.target.path) || within(later.target.path, earlier.target.path))
  ) {
    const message = `${nameOf(later.target)} and ${name} share ${earlier.target.path} on ${placeOf(host)}; give each environment a host or a path of its own`;
    found.push({ index, key: 'path', message });
  }
  return found;
}

const nameOf = (target: Target): string => `${target.repository} (${target.environment})`;
const placeOf = (host: Target['hosts'][number]): string => `${host.host.toLowerCase()}:${host.port}`;
const within = (outer: string, inner: string): boolean => inner === outer || inner.startsWith(`${outer}/`);
