/** `countersign reperform`: makes every recorded decision and answer to a command again, from the facts and the policy that the ledger holds. */
import { parseArgs } from 'node:util';
import type { CommandAnswer } from '../domain/command-answer.ts';
import {
  countDecisions,
  type DecisionFilter,
  recordedAnswers,
  recordedDecisions,
} from '../evidence/recorded-decisions.ts';
import { reperform, reperformAnswer } from '../evidence/reperform.ts';
import type { ReadEntry } from '../ledger/store/read.ts';
import { aboutEntry } from './about-entry.ts';
import type { CommandIo } from './command-io.ts';
import { openLedgerSource } from './ledger-source.ts';
import { countOf, progressLine } from './progress-line.ts';
import { wrongCallText } from './wrong-call.ts';

const USAGE = `countersign reperform [--since DATE]

Makes each recorded decision, and each answer to a command, again from the facts and the policy that its entry holds, and lists those that
come out otherwise. --since takes a date or a moment, as 2026-01-31. Exits with 0 if all come out the same, 1 if one doesn't, 2 if
the ledger couldn't be read.

  DATABASE_URL   any login that may read the ledger
`;

/** Runs the command and answers its exit code. */
export async function run(args: readonly string[], io: CommandIo): Promise<number> {
  let since: string | undefined;
  try {
    const { values } = parseArgs({
      args: [...args],
      options: { since: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
    });
    if (values.help === true) {
      io.stdout.write(USAGE);
      return 0;
    }
    since = values.since;
    if (since !== undefined && Number.isNaN(Date.parse(since))) {
      throw new Error(`--since is ${JSON.stringify(since)}; it must be a date, as 2026-01-31`);
    }
  } catch (error) {
    io.stderr.write(`countersign: ${wrongCallText(error)}\n\n${USAGE}`);
    return 2;
  }
  const ledger = await openLedgerSource(io.env);
  const progress = progressLine(io, 'making the decisions again:');
  const counts = { same: 0, otherwise: 0, erased: 0 };
  try {
    const filter = since === undefined ? {} : { since: new Date(since).toISOString() };
    const size = await countDecisions(ledger.db, filter);
    for await (const [entry, difference] of madeAgain(ledger.db, filter)) {
      progress.show(counts.same + counts.otherwise + counts.erased, size);
      counts[difference === null ? 'same' : difference === 'erased' ? 'erased' : 'otherwise'] += 1;
      if (difference === null || difference === 'erased') continue;
      progress.clear();
      io.stdout.write(`${nameOf(entry)}: ${difference}\n`);
    }
  } finally {
    progress.clear();
    await ledger.close();
  }
  const { same, otherwise, erased } = counts;
  const lost = erased === 0 ? '' : `; ${erased} can't be made again, since what they rest on was erased`;
  io.stdout.write(
    otherwise === 0
      ? `${countOf(same, 'decision comes', 'decisions come')} out as recorded${lost}\n`
      : `${otherwise} of ${countOf(same + otherwise, 'decision comes', 'decisions come')} out otherwise than recorded${lost}\n`,
  );
  return otherwise === 0 ? 0 : 1;
}

/** Each entry with what comes out otherwise when it is made again; null: nothing does. */
async function* madeAgain(
  db: Parameters<typeof recordedDecisions>[0],
  filter: DecisionFilter,
): AsyncGenerator<readonly [ReadEntry, string | null]> {
  for await (const found of recordedDecisions(db, filter)) {
    const difference = 'erased' in found ? 'erased' : reperform(found);
    if (difference === null || difference === 'erased') {
      yield [found.entry, difference];
      continue;
    }
    const { recorded, again, gates } = difference;
    const where = gates.join(', ') || 'the whole';
    yield [found.entry, `recorded ${recorded.verdict}, and ${again.verdict} when made again (${where})`];
  }
  for await (const found of recordedAnswers(db, filter)) {
    if ('erased' in found) {
      yield [found.entry, 'erased'];
      continue;
    }
    const again = reperformAnswer(found);
    yield [
      found.entry,
      again === null ? null : `recorded ${saidOf(found.answer)}, and ${saidOf(again)} when made again`,
    ];
  }
}

const saidOf = (answer: CommandAnswer): string =>
  answer.verdict === 'refused' ? `refused (${answer.code})` : answer.verdict;

function nameOf({ id, index, content }: ReadEntry): string {
  const entry = index === null ? `entry ${id}` : `entry ${index}`;
  return `${entry} (${content.kind}, ${content.repository?.name ?? 'no repository'} ${aboutEntry(content)})`;
}
