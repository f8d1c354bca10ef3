/** People as an exported directory has them in `subjects.jsonl`: what their rows open, and which of them entries name. */
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import type { EntryContent } from '../format/entry.ts';
import type { Findings } from './finding.ts';
import { actorReference, loginReference } from '../format/seal.ts';
import { assertPlainFile, isAbsent } from './plain-file.ts';

const subjectLine = z.object({
  // It is shown, so it must be a reference and nothing else.
  ref: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
  githubId: z.int(),
  secret: z.string(),
  logins: z.array(z.string()),
});

export class ExportedPeople {
  /** Opened references, each with what it is. */
  readonly #opened = new Map<string, string>();
  /** By entries that were met. */
  readonly #named = new Set<string>();
  #count = 0;

  get count(): number {
    return this.#count;
  }

  get known(): { has(reference: string): boolean } {
    return this.#opened;
  }

  /** Must be called before the entries are looked at. */
  async read(directory: string, findings: Findings): Promise<void> {
    for await (const line of linesIn(join(directory, 'subjects.jsonl'))) {
      const parsed = subjectLine.safeParse(json(line));
      if (!parsed.success) {
        findings.add('subject_altered', null, unreadable('subjects.jsonl', line));
        continue;
      }
      this.#count += 1;
      const { ref, githubId, logins } = parsed.data;
      const secret = Buffer.from(parsed.data.secret, 'base64url');
      if (actorReference(secret, githubId).toString('base64url') !== ref) {
        findings.add(
          'subject_altered',
          null,
          `The person ${ref} in subjects.jsonl was altered: GitHub id ${githubId} does not open it.`,
        );
        continue;
      }
      this.#opened.set(ref, `The person ${ref} in subjects.jsonl (GitHub id ${githubId})`);
      for (const login of logins) {
        const name = `The name ${JSON.stringify(login)} of the person ${ref} in subjects.jsonl`;
        this.#opened.set(loginReference(secret, login).toString('base64url'), name);
      }
    }
  }

  met(who: EntryContent['who']): void {
    for (const { actor, login } of who) this.#named.add(actor).add(login);
  }

  /** An export has those alone that its entries name. Call it where every entry that is here was met. */
  judgeUnnamed(findings: Findings): void {
    for (const [reference, what] of this.#opened) {
      if (this.#named.has(reference)) continue;
      findings.add('subject_altered', null, `${what} is named by no entry here: it was put beside the log.`);
    }
  }
}

/** None where there is no such file. */
export async function* linesIn(path: string): AsyncGenerator<string> {
  await assertPlainFile(path);
  const input = createReadStream(path, 'utf8');
  try {
    for await (const line of createInterface({ input, crlfDelay: Infinity })) if (line !== '') yield line;
  } catch (error) {
    if (!isAbsent(error)) throw error;
  }
}

/** As JSON, so that nothing in it reaches a terminal as it is. */
export function unreadable(file: string, line: string): string {
  return `A line of ${file} can't be read: ${JSON.stringify(line.slice(0, 60))}.`;
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
