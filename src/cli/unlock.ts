import { parseArgs } from 'node:util';
import { removeLock } from '../pipeline/set-lock.ts';
import { changeLock } from './change-lock.ts';
import type { CommandIo } from './command-io.ts';

const USAGE = `countersign unlock OWNER/NAME ENVIRONMENT [--why TEXT]

Removes the lock of an environment, whoever set it, and has what waits for it judged again. Recorded in the ledger as lock.removed.

  --why TEXT     sealed beside the entry

  DATABASE_URL   the writer's login, as for start
`;

/** `countersign unlock`: 0 when it is unlocked, 1 when it wasn't locked, 2 when the call is wrong or it could not be done. */
export async function run(args: readonly string[], io: CommandIo): Promise<number> {
  let asked: { readonly repository: string; readonly environment: string; readonly why: string | null };
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { why: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
    });
    if (values.help === true) {
      io.stdout.write(USAGE);
      return 0;
    }
    const [repository, environment, ...more] = positionals;
    if (repository === undefined || environment === undefined || more.length > 0)
      throw new Error('unlock takes OWNER/NAME and the name of an environment');
    asked = { repository, environment, why: values.why ?? null };
  } catch (error) {
    io.stderr.write(`countersign: ${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
    return 2;
  }
  const { environment, repository, why } = asked;
  const id = await changeLock(io, asked, (tx, surroundings, place) =>
    removeLock(tx, surroundings, { ...place, by: null, delivery: null, why }),
  );
  io.stdout.write(
    id === null
      ? `${environment} of ${repository} is not locked\n`
      : `${environment} of ${repository} is unlocked, by entry ${id}\n`,
  );
  return id === null ? 1 : 0;
}
