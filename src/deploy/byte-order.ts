/** Compares two names as git, `sort` under LC_ALL=C and our manifests order them: by their UTF-8 bytes. */
export function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
