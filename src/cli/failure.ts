/** How a command that threw ends: what is said of it. */
import { CodedError } from '../domain/coded-error.ts';
import { errorCodeOf } from '../domain/error-code.ts';

/** `node:util` could not parse the arguments. */
export function isWrongCall(error: unknown): error is Error {
  return error instanceof Error && (errorCodeOf(error)?.startsWith('ERR_PARSE_ARGS_') ?? false);
}

/**
 * Errors with a code of ours are written for people, and a connection that breaks is no fault in the program; anything else
 * is a bug of ours, and its stack is what helps.
 */
export function failureText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof CodedError) return error.message;
  const code = errorCodeOf(error) ?? '';
  return /^(?:ECONN|ENOTFOUND|EAI_|ETIMEDOUT|EHOST|ENETUNREACH|EPIPE)/.test(code)
    ? `a connection broke or did not come about: ${error.message || code}.`
    : (error.stack ?? error.message);
}
