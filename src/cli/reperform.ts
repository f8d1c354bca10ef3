/** `countersign reperform`: makes every recorded decision again, from the facts and the policy that the ledger holds. */
import { parseArgs } from 'node:util';
import { countDecisions, recordedDecisions } from '../evidence/recorded-decisions.ts';
import { reperform } from '../evidence/reperform.ts';
import type { ReadEntry } from '../ledger/read.ts';
import type { CommandIo } from './command-io.ts';
import { openLedgerSource } from './ledger-source.ts';
import { countOf, progressLine } from './progress-line.ts';

const USAGE = `countersign reperform [--since DATE]

Makes each recorded decision again from the facts and the policy that its entry holds, and lists those that come out
otherwise. --since takes a date or a moment, as 2026-01-31. Exits with 0 if all come out the same, 1 if one doesn't, 2 if
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
    io.stderr.write(`countersign: ${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
    return 2;
  }
  const ledger = await openLedgerSource(io.env);
  const progress = progressLine(io, 'making the decisions again:');
  const counts = { same: 0, otherwise: 0, erased: 0 };
  try {
    const filter = since === undefined ? {} : { since: new Date(since).toISOString() };
    const size = await countDecisions(ledger.db, filter);
    for await (const found of recordedDecisions(ledger.db, filter)) {
      progress.show(counts.same + counts.otherwise + counts.erased, size);
      if ('erased' in found) {
        counts.erased += 1;
        continue;
      }
      const difference = reperform(found);
      if (difference === null) {
        counts.same += 1;
        continue;
      }
      counts.otherwise += 1;
      progress.clear();
      const { recorded, again, gates } = difference;
      io.stdout.write(
        `${nameOf(found.entry)}: recorded ${recorded.verdict}, and ${again.verdict} when made again (${gates.join(', ') || 'the whole'})\n`,
      );
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

function nameOf({ id, index, content }: ReadEntry): string {
  const entry = index === null ? `entry ${id}` : `entry ${index}`;
  const about =
    content.pullRequest === null
      ? `${content.environment ?? ''} ${content.commit?.slice(0, 7) ?? ''}`.trim()
      : `#${content.pullRequest}`;
  return `${entry} (${content.kind}, ${content.repository?.name ?? 'no repository'} ${about})`;
}
