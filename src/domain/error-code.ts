/**
 * The `code` that Node's own errors carry (`ENOENT`), or null. Not by `instanceof`: what an error is an instance of
 * depends on the realm that made it, and tests run in one of their own.
 */
export function errorCodeOf(error: unknown): string | null {
  return typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string'
    ? error.code
    : null;
}
