/** Paths with a NUL after each, as `xargs -0` reads them. */
export function* nulList(paths: readonly string[]): Generator<Buffer> {
  for (let at = 0; at < paths.length; at += 1000) {
    yield Buffer.from(
      paths
        .slice(at, at + 1000)
        .map((path) => `${path}\0`)
        .join(''),
    );
  }
}
