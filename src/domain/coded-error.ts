/**
 * An error that people act on: `code` is stable, `message` says what is wrong, where (file, line or key) and the mend.
 * Anything else that is thrown is a bug of ours.
 */
export class CodedError<Code extends string = string> extends Error {
  readonly code: Code;

  constructor(code: Code, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'CodedError';
    this.code = code;
  }
}
