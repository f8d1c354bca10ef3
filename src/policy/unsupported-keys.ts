/**
 * Keys of the planned policy that this version doesn't enforce. They are refused like unknown keys, but by their name,
 * so that nobody looks for a slip of the pen. `*` stands for any environment's name or list position.
 */
const UNSUPPORTED: ReadonlySet<string> = new Set(['environments.*.deploy.with']);

/** Whether the key at this path is known to us but not enforced yet. */
export function isUnsupportedKey(path: readonly (string | number)[]): boolean {
  const [top, , ...rest] = path.map(String);
  return (
    UNSUPPORTED.has(path.join('.')) ||
    (top === 'environments' && UNSUPPORTED.has(['environments', '*', ...rest].join('.')))
  );
}
