/** Takes secrets out of what a host said before it is stored or shown. */
const MASK = '[masked]';
/** Shorter ones would blank ordinary words; nothing we are given as a secret is that short. */
const SHORTEST = 6;

/** The texts to look for: each secret, and each line of one that has several (a private key's). */
export function secretTexts(secrets: readonly string[]): readonly string[] {
  const texts = secrets.flatMap((secret) => [
    secret,
    secret.trim(),
    ...secret.split(/\r?\n/).map((line) => line.trim()),
  ]);
  const lengthy = texts.filter(
    (text) => text.length >= SHORTEST && !/^-----(?:BEGIN|END) [A-Z ]+-----$/.test(text),
  );
  return [...new Set(lengthy)].sort((a, b) => b.length - a.length);
}

/** `text` with every secret replaced. */
export function mask(text: string, secrets: readonly string[]): string {
  return secretTexts(secrets).reduce((masked, secret) => masked.replaceAll(secret, MASK), text);
}

/** The two ends of an output that was cut in its middle: also what the cut left of a secret at either edge goes. */
export function maskCut(
  head: string,
  tail: string,
  secrets: readonly string[],
): { head: string; tail: string } {
  let first = mask(head, secrets);
  let last = mask(tail, secrets);
  for (const secret of secretTexts(secrets)) {
    for (let length = secret.length - 1; length > 3; length -= 1) {
      if (first.endsWith(secret.slice(0, length))) first = first.slice(0, -length) + MASK;
      if (last.startsWith(secret.slice(-length))) last = MASK + last.slice(length);
    }
  }
  return { head: first, tail: last };
}
