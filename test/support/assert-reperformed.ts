import type { Kysely } from 'kysely';
import type { Database } from '../../src/db/database.ts';
import { recordedAnswers, recordedDecisions } from '../../src/evidence/recorded-decisions.ts';
import { reperform, reperformAnswer } from '../../src/evidence/reperform.ts';

/** Makes every decision, and every answer to a command, that a test had recorded again, and fails with those that come out otherwise. Answers how many there were. */
export async function assertReperformed(db: Kysely<Database>): Promise<number> {
  let count = 0;
  const otherwise: string[] = [];
  for await (const found of recordedDecisions(db)) {
    if ('erased' in found) continue;
    count += 1;
    const difference = reperform(found);
    if (difference !== null) {
      const { kind } = found.entry.content;
      otherwise.push(`${kind} ${found.entry.id}: ${JSON.stringify(difference, null, 1)}`);
    }
  }
  for await (const found of recordedAnswers(db)) {
    if ('erased' in found) continue;
    count += 1;
    const again = reperformAnswer(found);
    if (again !== null) {
      const difference = { recorded: found.answer, again };
      otherwise.push(`command.answered ${found.entry.id}: ${JSON.stringify(difference, null, 1)}`);
    }
  }
  if (otherwise.length > 0) {
    throw new Error(`decisions that come out otherwise when made again:\n${otherwise.join('\n')}`);
  }
  return count;
}
