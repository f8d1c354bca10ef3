import { errorCodeOf } from '../domain/error-code.ts';
import { nearest } from '../domain/nearest.ts';

/** `node:util` could not parse the arguments. */
export function isWrongCall(error: unknown): error is Error {
  return error instanceof Error && (errorCodeOf(error)?.startsWith('ERR_PARSE_ARGS_') ?? false);
}

/** What is wrong with a call. `known`: the options that there are, as they are written. */
export function wrongCallText(error: unknown, known: readonly string[] = []): string {
  // Node's own sentence tells of a way to write it as an argument, which no command here takes.
  const text =
    typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : String(error);
  const unknown =
    errorCodeOf(error) === 'ERR_PARSE_ARGS_UNKNOWN_OPTION' ? /'(-[^' ]*)/.exec(text)?.[1] : undefined;
  if (unknown === undefined) return text;
  const meant = nearest(unknown, known);
  return `there is no option ${unknown}${meant === null ? '' : `; did you mean ${meant}?`}`;
}
