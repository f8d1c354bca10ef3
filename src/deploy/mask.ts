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

/**
 * Shapes by which those who hand out secrets make them known, and lines that name one. The first group, where there is one, stays. What
 * repeats is bounded, or begins where nothing else can: whoever prints the text mustn't decide how long we look at it.
 */
const SHAPES: readonly RegExp[] = [
  /()-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g,
  /()\b(?:gh[opsur]_\w{20,}|github_pat_\w{20,}|glpat-[\w-]{20,}|npm_\w{30,}|xox[a-z]-[\w-]{10,})/g,
  /()\b(?:A(?:KIA|SIA)[0-9A-Z]{16}|AIza[\w-]{35}|(?:sk|rk|pk)_(?:live|test)_\w{10,}|sk-[\w-]{20,})/g,
  /()\beyJ[\w-]{5,500}\.[\w-]{5,}\.[\w-]*/g,
  /(\b[a-z][a-z0-9+.-]{0,30}:\/\/[^\s:/@]*:)[^\s/@]+(?=@)/gi,
  /(\b(?:bearer|basic) )[\w.~+/-]{16,}=*/gi,
  /((?:^|[^A-Za-z0-9])(?:secret|token|passw(?:or)?d|passphrase|api_?key|private_?key|access_?key|credentials?)(?:[_-][A-Za-z0-9]+){0,8}["']?\s*[=:]\s*)(?:"[^"\n]+"|'[^'\n]+'|[^\s"']+)/gi,
];

/** `text` with every secret replaced: those that are known, and what looks like one. */
export function mask(text: string, secrets: readonly string[]): string {
  const known = secretTexts(secrets).reduce((masked, secret) => masked.replaceAll(secret, MASK), text);
  return SHAPES.reduce((masked, shape) => masked.replace(shape, `$1${MASK}`), known);
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
