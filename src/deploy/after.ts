/** A script, and what it reads from the same stream. */
export async function* after(
  script: string,
  input: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  yield Buffer.from(script);
  yield* input;
}
