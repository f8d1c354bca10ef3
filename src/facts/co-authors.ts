/** Who a `Co-authored-by:` line names. */
export interface NamedCoAuthor {
  readonly name: string;
  /** Empty where the line has none: nobody can be matched to it, so that it holds. */
  readonly email: string;
}

/**
 * `Co-authored-by: Name <email>`: in any case, anywhere in the message. GitHub counts only the trailers at the end; we
 * are more generous, since a co-author who is missed could approve their own work. Indentation, a quoting `>` and a list's
 * dash don't hide one. The message is attacker-controlled: no pattern here may take more than linear time.
 */
const LINE = /^[\s>*-]*co-authored-by[ \t]*:(.*)$/i;

/** Everyone whom a commit message names as a co-author, each e-mail once, in the order of the message. */
export function coAuthorsIn(message: string): readonly NamedCoAuthor[] {
  const found = new Map<string, NamedCoAuthor>();
  for (const line of message.split(/\r\n|[\n\r\u2028\u2029]/)) {
    for (const named of namedIn(LINE.exec(line)?.[1]?.trim() ?? '')) {
      const key = emailKey(named.email) || named.name;
      if (!found.has(key)) found.set(key, named);
    }
  }
  return [...found.values()];
}

/** Several on one line (`A <a@x>, B <b@x>`) are each named: GitHub reads one a line, people write more. */
function namedIn(value: string): readonly NamedCoAuthor[] {
  if (value === '') return [];
  const pairs = value.split('>').slice(0, -1);
  const named = pairs.flatMap((pair) => {
    const open = pair.lastIndexOf('<');
    if (open < 0) return [];
    return [
      {
        name: pair
          .slice(0, open)
          .replace(/^[\s,;]+/, '')
          .trim(),
        email: pair.slice(open + 1).trim(),
      },
    ];
  });
  return named.length > 0 ? named : [{ name: value, email: '' }];
}

/** E-mails are the same address whatever their case: GitHub compares them so. */
export function emailKey(email: string): string {
  return email.trim().toLowerCase();
}
