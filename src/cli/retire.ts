/** `countersign retire`: takes a past year's entries out of the database, once an archive holds them. */
import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import { databaseAddressProblem } from '../config/database-address.ts';
import { assertConnects } from '../db/connection-problem.ts';
import { openDatabase } from '../db/open-database.ts';
import { CodedError } from '../domain/coded-error.ts';
import { newEntryId } from '../ledger/format/entry-id.ts';
import type { Retirement, RetirementStep } from '../ledger/retire/retire-year.ts';
import { retireYear } from '../ledger/retire/retire-year.ts';
import { entriesInUse } from '../pipeline/entries-in-use.ts';
import type { CommandIo } from './command-io.ts';
import { parseCommandArguments } from './parse-command-arguments.ts';
import { pasteable } from './pasteable.ts';
import type { ProgressLine } from './progress-line.ts';
import { countOf, progressLine } from './progress-line.ts';

const USAGE = `countersign retire --year YEAR --archive DIRECTORY [--vkey KEY] [--reason TEXT --yes]

Takes the entries of a past year out of the database. They stay in DIRECTORY, an export of the whole log that is made first (or
was made before), verified offline, and named in the log by an entry, ledger.pruned. Hashes and checkpoints stay in the database,
so every proof of every entry stays possible. Sealed documents go with their entries; people stay. What the program still rests
on stays too: what runs, what is under way, locks and emergencies that stand, enrolled hosts, and the policies in force.

Without --yes it makes and verifies the archive and says what would go. With --yes it goes; --reason is the retention policy
under which it does, and is recorded with it. Whatever interrupts it, run it again.

  MIGRATION_DATABASE_URL   a login that may act as countersign_owner
  --vkey KEY               the log's public key as you have it from elsewhere; else the database's word is taken for it
`;

const DOING = {
  archive: 'exporting',
  verify: 'verifying',
  state: 'recording',
  drop: 'comparing',
} as const satisfies Record<RetirementStep, string>;

const PATIENCE_MS = { sequencer: 30_000, readers: 600_000 };

/** 0 when it is done, or was only to be looked at; 2 where it could not be done. `now`: RFC 3339. */
export async function run(
  args: readonly string[],
  io: CommandIo,
  now: string = new Date().toISOString(),
): Promise<number> {
  const parsed = parseCommandArguments(
    args,
    { usage: USAGE, options: ['year', 'archive', 'vkey', 'reason'], flags: ['yes'], positionals: 0 },
    io,
  );
  if (typeof parsed === 'number') return parsed;
  const { year, archive, vkey, reason } = parsed.values;
  const yes = parsed.flags.has('yes');
  const mistake =
    year === undefined || !/^\d{4}$/.test(year)
      ? '--year is missing, or no year'
      : archive === undefined
        ? '--archive is missing'
        : yes && (reason ?? '').trim() === ''
          ? '--reason is missing: say under which retention policy the year goes'
          : null;
  const url = io.env['MIGRATION_DATABASE_URL']?.trim() ?? '';
  if (mistake !== null || year === undefined || archive === undefined) {
    io.stderr.write(`countersign: ${mistake}\n\n${USAGE}`);
    return 2;
  }
  if (url === '') {
    io.stderr.write(`countersign: MIGRATION_DATABASE_URL is not set\n\n${USAGE}`);
    return 2;
  }
  const problem = databaseAddressProblem(url);
  if (problem !== null) throw new CodedError('configuration_invalid', `MIGRATION_DATABASE_URL ${problem}.`);
  const db = openDatabase(url, { max: 2, applicationName: 'countersign retire' });
  const line = stepLines(io);
  try {
    await assertConnects(db, { variable: 'MIGRATION_DATABASE_URL', url });
    const retirement = await retireYear(db, {
      year: Number(year),
      archive: resolve(archive),
      vkey: vkey ?? null,
      at: { id: newEntryId(now, randomBytes), now, random: randomBytes },
      inUse: entriesInUse,
      reason: yes ? (reason ?? '') : null,
      patienceMs: PATIENCE_MS,
      progress: line.show,
      tell: (_, sentence) => {
        line.clear();
        io.stdout.write(`${sentence}\n`);
      },
    });
    line.clear();
    io.stdout.write(describe(retirement));
    return 0;
  } catch (error) {
    line.clear();
    if (error instanceof CodedError) throw error;
    io.stderr.write(`countersign retire: ${error instanceof Error ? error.message : String(error)}\n`);
    return 2;
  } finally {
    await db.destroy();
  }
}

/** One progress line at a time, for whichever step is under way. */
function stepLines(io: CommandIo): {
  readonly show: (step: RetirementStep, done: number, size: number) => void;
  readonly clear: () => void;
} {
  let current: { readonly step: RetirementStep; readonly line: ProgressLine } | null = null;
  const clear = (): void => {
    current?.line.clear();
    current = null;
  };
  return {
    show(step, done, size) {
      if (current?.step !== step) {
        clear();
        current = { step, line: progressLine(io, DOING[step]) };
      }
      current?.line.show(done, size);
    },
    clear,
  };
}

function describe({ plan, archive, minimum, done }: Retirement): string {
  const { year } = plan.year;
  const range =
    minimum > plan.from
      ? `entries ${plan.from} to ${minimum - 1}`
      : 'no entries (the year ends within its first 256)';
  if (done === null) {
    return (
      `${year} has ${countOf(plan.entries, 'entry', 'entries')}. Of the log, ${range} would go, but for those that the program still rests on.\n` +
      `Nothing was changed. Keep a copy of ${archive.directory} elsewhere, then run this again with --reason and --yes.\n`
    );
  }
  return (
    `${year} was retired: ${range} of the log are in ${archive.directory}, under checkpoint ${archive.checkpoint.size}.\n` +
    `Gone from the database: ${countOf(done.entries, 'entry', 'entries')}, ${countOf(done.documents, 'document', 'documents')}. ` +
    `Of the year ${countOf(done.stayed, 'entry stays', 'entries stay')}.\n` +
    `Verify both together: npx countersign verify --archive ${pasteable(archive.directory)}\n`
  );
}
