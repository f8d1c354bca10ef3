import type { Host, Target } from '../domain/deploy.ts';

/** What must not be shared between two environments. */
export interface Separable {
  readonly target: Target;
  readonly reference: string;
  /** Of the credential; null where this process doesn't read it. */
  readonly fingerprint: string | null;
  /** The same of the keys for hosts on the way. */
  readonly jumps: readonly { readonly reference: string; readonly fingerprint: string | null }[];
}

export interface Overlap {
  /** The later one of the two. */
  readonly index: number;
  readonly key: 'environment' | 'credential' | 'path';
  readonly message: string;
}

/**
 * Environments must not be able to reach one another: no two may have the same credential, or lie on the same host in
 * the same folder or in one inside the other. A host under another name is known by its key.
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
  const keys = keysOf(earlier);
  if (keysOf(later).some((key) => keys.some((other) => isSameKey(key, other)))) {
    const message = `${nameOf(later.target)} has the same credential as ${name}; give each environment a key of its own`;
    found.push({ index, key: 'credential', message });
  }
  if (within(earlier.target.path, later.target.path) || within(later.target.path, earlier.target.path)) {
    const host = sharedHost(earlier.target, later.target);
    if (host !== null) {
      const message = `${nameOf(later.target)} and ${name} share ${earlier.target.path} on ${host}; give each environment a host or a path of its own`;
      found.push({ index, key: 'path', message });
    }
  }
  return found;
}

/** In words; null where they have none in common. */
function sharedHost(earlier: Target, later: Target): string | null {
  for (const a of earlier.hosts) {
    for (const b of later.hosts) {
      if (placeOf(a) === placeOf(b)) return placeOf(a);
      const key = pinsOf(a.fingerprint).find((pin) => pinsOf(b.fingerprint).includes(pin));
      if (key !== undefined)
        return `${placeOf(a)}, which has the same host key ${key} as ${placeOf(b)} (where these are two machines after all, make each a host key of its own)`;
    }
  }
  return null;
}

type Key = Separable['jumps'][number];

/** Of a host on the way, too: whoever has it is that environment there. */
const keysOf = ({ reference, fingerprint, jumps }: Separable): readonly Key[] => [
  { reference, fingerprint },
  ...jumps,
];
const isSameKey = (a: Key, b: Key): boolean =>
  a.reference === b.reference || (a.fingerprint !== null && a.fingerprint === b.fingerprint);

const nameOf = (target: Target): string => `${target.repository} (${target.environment})`;
/** One address in two networks is two places; which network, the host on the way decides. */
const placeOf = ({ host, port, jump }: Target['hosts'][number]): string =>
  `${host.toLowerCase()}:${port}${jump === undefined ? '' : ` by way of ${jump.host.toLowerCase()}:${jump.port}`}`;
const pinsOf = (fingerprint: Host['fingerprint']): readonly string[] => [fingerprint].flat();
const within = (outer: string, inner: string): boolean => inner === outer || inner.startsWith(`${outer}/`);
