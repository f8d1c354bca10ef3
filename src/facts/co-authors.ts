/** Who a `Co-authored-by:` line names. */
export interface NamedCoAuthor {
  readonly name: string;
  /** Empty where the line has none: nobody can be matched to it, so that it holds. */
  readonly email: string;
}

/**
 * `Co-authored-by: Name <email>`: in any case, anywhere in the message. GitHub counts only the trailers at the end; we
 * are more generous, since a co-author who is missed could approve their own work. Indentation, a quoting `>`, a list's
 * dash or number and characters that nobody sees don't hide one; nor does a value that goes on in the next, indented line,
 * as git lets a trailer do. The message is attacker-controlled: no pattern here may take more than linear time.
 */
const LINE = /^[\s>*\-+•\p{C}\p{M}\d.)(\]]*co-authored-by[ \t]*:(.*)$/iu;
/** `on-behalf-of: @LOGIN <email>`: for whom something acted. */
const BEHALF = /^[\s>*\-+•\p{C}\p{M}\d.)(\]]*on-behalf-of[ \t]*:(.*)$/iu;
const LINE_ENDS = /\r\n|[\n\r\v\f\u0085\u2028\u2029]/;

/** Everyone whom a commit message names as a co-author, each e-mail once, in the order of the message. */
export function coAuthorsIn(message: string): readonly NamedCoAuthor[] {
  return trailersIn(message, LINE);
}

/** For whom a commit message says that it was made. Of a bot's commit that is whoever drove the bot. */
export function principalsIn(message: string): readonly NamedCoAuthor[] {
  return trailersIn(message, BEHALF);
}

function trailersIn(message: string, pattern: RegExp): readonly NamedCoAuthor[] {
  const found = new Map<string, NamedCoAuthor>();
  const lines = message.split(LINE_ENDS);
  for (const [index, line] of lines.entries()) {
    const value = pattern.exec(line)?.[1];
    if (value === undefined) continue;
    for (const named of namedIn([value, ...continuation(lines, index + 1)].join(' ').trim())) {
      const key = emailKey(named.email) || named.name;
      if (!found.has(key)) found.set(key, named);
    }
  }
  return [...found.values()];
}

/** The lines from one on that are indented, and so belong to the trailer before them. Another trailer never does. */
function continuation(lines: readonly string[], from: number): readonly string[] {
  let end = from;
  while (end < lines.length && goesOn(lines[end] ?? '')) end += 1;
  return lines.slice(from, end);
}

const goesOn = (line: string): boolean => /^[ \t]+\S/.test(line) && !LINE.test(line) && !BEHALF.test(line);

/**
 * Several on one line (`A <a@x>, B <b@x>`) are each named: GitHub reads one a line, people write more. What can't be read,
 * or isn't there, is a co-author without an e-mail: somebody is named, and nobody knows whom.
 */
function namedIn(value: string): readonly NamedCoAuthor[] {
  const parts = value.split('>');
  const rest = trimmed(parts.pop() ?? '');
  const named = parts.map((pair): NamedCoAuthor => {
    const open = pair.lastIndexOf('<');
    if (open < 0) return { name: trimmed(pair), email: '' };
    return { name: trimmed(pair.slice(0, open)), email: pair.slice(open + 1).trim() };
  });
  return rest === '' && named.length > 0 ? named : [...named, { name: rest, email: '' }];
}

const trimmed = (text: string): string => text.replace(/^[\s,;.]+/, '').trim();

/** E-mails are the same address whatever their case: GitHub compares them so. */
export function emailKey(email: string): string {
  return email.trim().toLowerCase();
}
