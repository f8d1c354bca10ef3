import { parseArgs } from 'node:util';
import { deadJobs, type DeadJob } from '../db/dead-jobs.ts';
import { openQueue } from '../db/queue.ts';
import { CodedError } from '../domain/coded-error.ts';
import type { CommandIo } from './command-io.ts';
import { openLedgerSource } from './ledger-source.ts';
import { wrongCallText } from './wrong-call.ts';

const USAGE = `countersign redrive [--all | ID …]

Lists the jobs that were given up after their last attempt, oldest first, each with what it failed with. With ids, or with
--all, puts them back into their queues, where they are tried anew; nothing that was done already is done twice.

  DATABASE_URL   the writer's login, as for start
`;

/** `countersign redrive`: 0 when done, 1 when some of the ids are no given-up job, 2 when it could not be done. */
export async function run(args: readonly string[], io: CommandIo): Promise<number> {
  let asked: { readonly all: boolean; readonly ids: readonly string[] };
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { all: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
    });
    if (values.help === true) {
      io.stdout.write(USAGE);
      return 0;
    }
    if (values.all === true && positionals.length > 0) throw new Error('redrive takes either --all or ids');
    asked = { all: values.all === true, ids: positionals };
  } catch (error) {
    io.stderr.write(`countersign: ${wrongCallText(error)}\n\n${USAGE}`);
    return 2;
  }
  const source = await openLedgerSource(io.env, 'writerUrl');
  const quiet = { error: () => undefined, warn: () => undefined };
  const queue = openQueue(source.db, source.url, { log: quiet });
  try {
    const dead = await deadJobs(source.db);
    const ids = asked.all ? dead.map(({ id }) => id) : asked.ids;
    if (ids.length === 0) {
      io.stdout.write(dead.length === 0 ? 'no job was given up\n' : dead.map(lineOf).join(''));
      return 0;
    }
    const known = new Set(dead.map(({ id }) => id));
    const given = ids.filter((id) => known.has(id));
    for (const id of ids)
      if (!known.has(id)) io.stderr.write(`countersign redrive: ${id} is no job that was given up\n`);
    let moved = 0;
    if (given.length > 0) {
      await queue.start();
      moved = await queue.redrive(given);
    }
    io.stdout.write(`${moved} of ${ids.length} put back\n`);
    return moved === ids.length ? 0 : 1;
  } catch (error) {
    if (error instanceof CodedError) throw error;
    io.stderr.write(`countersign redrive: ${error instanceof Error ? error.message : String(error)}\n`);
    return 2;
  } finally {
    await queue.stop();
    await source.close();
  }
}

function lineOf({ id, queue, key, since, attempts, error }: DeadJob): string {
  const head = `${id}  ${queue}${key === null ? '' : ` ${key}`}`;
  return `${head}\n  given up ${since.toISOString()} after ${attempts} attempts: ${error}\n`;
}
