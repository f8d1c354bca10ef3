import { removeLock } from '../pipeline/command/set-lock.ts';
import { changeLock } from './change-lock.ts';
import type { CommandIo } from './command-io.ts';
import { parseCall } from './parse-command-arguments.ts';
import { readPlace, readWhy } from './read-place.ts';

const USAGE = `countersign unlock OWNER/NAME ENVIRONMENT [--why TEXT]

Removes the lock of an environment, whoever set it, and has what waits for it judged again. Recorded in the ledger as lock.removed.

  --why TEXT     sealed beside the entry

  DATABASE_URL   the writer's login, as for start
`;

/** `countersign unlock`: 0 when it is unlocked, 1 when it wasn't locked, 2 when the call is wrong or it could not be done. */
export async function run(args: readonly string[], io: CommandIo): Promise<number> {
  const asked = parseCall(args, { usage: USAGE, options: ['why'], positionals: 2 }, io, (given) => ({
    ...readPlace(given, 'unlock'),
    why: readWhy(given),
  }));
  if (typeof asked === 'number') return asked;
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
