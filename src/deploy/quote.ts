/**
 * The one place where data becomes shell text. Everything that a repository, an operator or a host chose goes through
 * here or travels on standard input; property-tested against `sh`, `bash`, `dash` and BusyBox.
 */

/** One shell word that means exactly `text` to every POSIX shell. */
export function quote(text: string): string {
  if (text.includes('\0')) throw new RangeError('a shell word cannot hold a NUL byte');
  if (!text.isWellFormed()) throw new RangeError('a shell word cannot hold half of a surrogate pair');
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/**
 * The command line that every exchange with a host starts with: it reads one line, our script, and runs it with the rest
 * of the stream as its input. Nothing of ours is in the argument list, where `ps` shows it, and the text means the same to
 * any login shell (csh, fish). POSIX has `read` take no byte past the newline, so the data after it arrives whole.
 */
export const SCRIPT_READER = `exec sh -c 'IFS= read -r script || exit 74; eval "$script"'`;

/** Statements as the one line that `SCRIPT_READER` takes. */
export function scriptLine(statements: readonly string[]): string {
  const line = statements.join('; ');
  if (/[\n\r\0]/.test(line))
    throw new RangeError('a script must be one line: data with line breaks goes on standard input');
  return `${line}\n`;
}
