/** How a command that threw ends: what is said of it. */
import { CodedError } from '../domain/coded-error.ts';
import { errorCodeOf } from '../domain/error-code.ts';

/** PostgreSQL's `insufficient_privilege`. */
const NOT_ALLOWED = '42501';

/**
 * Errors with a code of ours are written for people, and a connection that breaks is no fault in the program; anything else
 * is a bug of ours, and its stack is what helps.
 */
export function failureText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof CodedError) return error.message;
  const code = errorCodeOf(error) ?? '';
  if (code === NOT_ALLOWED)
    return `the database refuses the login of DATABASE_URL (${error.message}): give the one that Countersign itself writes with.`;
  return /^(?:ECONN|ENOTFOUND|EAI_|ETIMEDOUT|EHOST|ENETUNREACH|EPIPE)/.test(code)
    ? `a connection broke or did not come about: ${error.message || code}.`
    : (error.stack ?? error.message);
}
