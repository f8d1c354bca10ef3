/** Compares two names as git, `sort` under LC_ALL=C and our manifests order them: by their UTF-8 bytes. */
export function byBytes(a: string, b: string): number {
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  let at = 0;
  while (at < length && a.charCodeAt(at) === b.charCodeAt(at)) at += 1;
  if (at === length) return a.length - b.length;
  const [unit, other] = [a.charCodeAt(at), b.charCodeAt(at)];
  // UTF-16's order is UTF-8's up to where its pairs begin.
  if (unit < FIRST_OF_PAIRS && other < FIRST_OF_PAIRS) return unit - other;
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

const FIRST_OF_PAIRS = 0xd800;
